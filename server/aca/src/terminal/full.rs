//! The whole terminal for one program, given back in order however the program ends.

use std::io::{self, Stdout};
use std::panic;
use std::sync::Once;

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal};

use super::has_colours;

/// A terminal that shows nothing but what is drawn on it, and gives every key at once. Dropping it gives it back.
pub(crate) struct FullScreen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl FullScreen {
    /// Takes the terminal.
    ///
    /// # Errors
    ///
    /// When stdout is none, or cannot be written.
    pub(crate) fn enter() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                give_back();
                before(info);
            }));
        });
        // Colours are taken away while drawing; otherwise an attribute would be lost with each colour left out.
        crossterm::style::force_color_output(true);
        take()?;
        let terminal = Terminal::new(CrosstermBackend::new(io::stdout())).inspect_err(|_| give_back())?;
        Ok(Self { terminal })
    }

    /// Draws a picture; only what changed since the last one is written.
    ///
    /// # Errors
    ///
    /// When stdout cannot be written.
    pub(crate) fn draw(&mut self, picture: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        let draw = |frame: &mut Frame<'_>| {
            picture(frame);
            if !has_colours() {
                for cell in &mut frame.buffer_mut().content {
                    cell.fg = ratatui::style::Color::Reset;
                    cell.bg = ratatui::style::Color::Reset;
                }
            }
        };
        self.terminal.draw(draw)?;
        Ok(())
    }

    /// Returns the columns and lines there are.
    ///
    /// # Errors
    ///
    /// When the terminal does not say.
    pub(crate) fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    /// Gives the terminal to someone else while `other` runs.
    ///
    /// # Errors
    ///
    /// When it cannot be taken again.
    pub(crate) fn lend<T>(&mut self, other: impl FnOnce() -> T) -> io::Result<T> {
        give_back();
        let result = other();
        take()?;
        self.redraw()?;
        Ok(result)
    }

    /// Makes the next picture be written as a whole.
    ///
    /// # Errors
    ///
    /// When stdout cannot be written.
    pub(crate) fn redraw(&mut self) -> io::Result<()> {
        // Not `clear`: that asks the terminal where its cursor is, and the answer would come among the keys.
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::new(0, 0, size.width, size.height))
    }
}

impl Drop for FullScreen {
    fn drop(&mut self) {
        give_back();
    }
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide).inspect_err(|_| give_back())
}

/// Restores what it can: there is nobody to tell about the rest.
fn give_back() {
    let _ = execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
    let _ = disable_raw_mode();
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::io::Read as _;

    use portable_pty::{CommandBuilder, PtySize, native_pty_system};

    use super::FullScreen;

    /// Tells the test that it is the program on the terminal.
    const PROGRAM: &str = "ACA_TEST_ON_A_TERMINAL";

    /// The test starts itself on a terminal, where it takes the screen and panics.
    #[test]
    fn a_panic_gives_the_terminal_back_before_it_is_said() {
        if env::var_os(PROGRAM).is_some() {
            let mut screen = FullScreen::enter().unwrap();
            screen.draw(|frame| frame.set_cursor_position((1, 1))).unwrap();
            panic!("this is the panic");
        }
        let pair = native_pty_system().openpty(PtySize::default()).unwrap();
        let before = pair.master.get_termios().unwrap();
        let mut command = CommandBuilder::new(env::current_exe().unwrap());
        let name = "terminal::full::tests::a_panic_gives_the_terminal_back_before_it_is_said";
        command.args(["--exact", name, "--nocapture", "--test-threads=1"]);
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env(PROGRAM, "1");
        let mut child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let ended = child.wait().unwrap();
        let after = pair.master.get_termios().unwrap();
        // The terminal hangs up with the last one that has it.
        drop(pair.slave);
        let mut output = Vec::new();
        // On Linux a terminal that hangs up is an error, after everything that was written to it.
        let _ = reader.read_to_end(&mut output);
        let output = String::from_utf8_lossy(&output);
        assert!(!ended.success(), "{output}");
        let place = |text: &str| {
            output
                .find(text)
                .unwrap_or_else(|| panic!("{text:?} is not in {output:?}"))
        };
        assert!(place("\u{1b}[?1049h") < place("\u{1b}[?1049l"), "{output:?}");
        assert!(place("\u{1b}[?1049l") < place("this is the panic"), "{output:?}");
        assert!(
            place("\u{1b}[?25h") < place("this is the panic"),
            "the cursor shows: {output:?}"
        );
        assert_eq!(before, after, "keys are shown and lines are edited again");
    }
}
