//! Talks to the person: results on stdout, everything else on stderr; colours and spinners only on a terminal.

mod console;
mod full;
mod input;
mod page;
mod paint;
mod row;
mod said;
mod table;
mod typing;

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::OnceLock;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::exit::Failure;

pub(crate) use console::Console;
pub(crate) use full::FullScreen;
pub(crate) use input::Input;
pub(crate) use page::{Page, help, hints};
pub(crate) use paint::{has_colours, paint};
pub(crate) use row::Row;
pub(crate) use said::Said;
pub(crate) use table::{Align, Cell, Column, cut, table};
pub(crate) use typing::{Typed, Typing};

/// How results are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    json: bool,
}

/// One line that changes while something goes on: a spinner on a terminal, a line per change elsewhere.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    quiet: bool,
    last: String,
}

impl Screen {
    /// Makes the screen of this process.
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether results are JSON.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Whether a person is at a terminal, to see pictures and press keys.
    pub(crate) fn is_interactive(self) -> bool {
        !self.json && io::stdout().is_terminal()
    }

    /// Returns how many columns results may take; nothing where they go to no terminal, and may be as wide as they are.
    pub(crate) fn width(self) -> Option<usize> {
        let is_terminal = io::stdout().is_terminal();
        let size = is_terminal.then(crossterm::terminal::size);
        size?
            .ok()
            .map(|(columns, _)| usize::from(columns))
            .filter(|columns| *columns > 0)
    }

    /// Writes a result for people; nothing where results are JSON.
    pub(crate) fn say(self, text: &str) {
        if !self.json {
            write_out(text);
        }
    }

    /// Writes a result for programs; nothing where results are for people.
    ///
    /// # Errors
    ///
    /// When the result is no JSON, which would be a fault of aca.
    pub(crate) fn result(self, result: &impl Serialize) -> Result<(), Failure> {
        if self.json {
            write_out(&as_json(result)?);
        }
        Ok(())
    }

    /// Writes one result of several for people. Returns whether anybody still reads.
    pub(crate) fn say_line(self, text: &str) -> bool {
        self.json || write_out(text)
    }

    /// Writes one result of several for programs, on a line of its own. Returns whether anybody still reads.
    ///
    /// # Errors
    ///
    /// As [`Screen::result`].
    pub(crate) fn result_line(self, result: &impl Serialize) -> Result<bool, Failure> {
        Ok(!self.json || write_out(&as_json(result)?))
    }

    /// Writes a remark to stderr, made [`harmless`].
    #[expect(clippy::unused_self, reason = "everything a person reads goes through the screen")]
    pub(crate) fn note(self, text: &str) {
        let _ = writeln!(io::stderr(), "{}", harmless(text));
    }

    /// Begins a line that changes.
    pub(crate) fn progress(self) -> Progress {
        let bar = (io::stderr().is_terminal() && !self.json).then(|| {
            let style = ProgressStyle::with_template("{spinner:.cyan} {wide_msg}");
            let bar = ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Progress {
            bar,
            quiet: self.json,
            last: String::new(),
        }
    }
}

impl Progress {
    /// Shows what goes on now.
    pub(crate) fn show(&mut self, text: &str) {
        if text == self.last {
            return;
        }
        text.clone_into(&mut self.last);
        match &self.bar {
            Some(bar) => bar.set_message(text.to_owned()),
            None if self.quiet => {}
            None => {
                let _ = writeln!(io::stderr(), "{text}");
            }
        }
    }

    /// Writes a remark to stderr, made [`harmless`], above the line that changes.
    pub(crate) fn note(&self, text: &str) {
        let write = || {
            let _ = writeln!(io::stderr(), "{}", harmless(text));
        };
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Returns when the person or the system asks the process to end, or its terminal is gone. From the call on, not only
/// from the first look at what it returns, none of that ends the process by itself.
pub(crate) fn interrupted() -> impl Future<Output = ()> + Send {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    // A signal that cannot be listened to ends the process, as ever.
    let heard: Vec<_> = kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect();
    async move {
        let mut heard = heard;
        std::future::poll_fn(|context| {
            let mut all = heard.iter_mut().map(|signal| signal.poll_recv(context));
            match all.any(|heard| heard.is_ready()) {
                true => std::task::Poll::Ready(()),
                false => std::task::Poll::Pending,
            }
        })
        .await;
    }
}

/// Says that the terminal cannot be used for pictures and keys.
pub(crate) fn unusable(error: impl std::fmt::Display) -> Failure {
    Failure::while_doing("The terminal cannot be used", error)
}

/// Makes text of agents and files harmless for a terminal: control characters become visible.
pub(crate) fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => out.push(character),
            _ if character.is_control() || is_deceptive(character) => out.extend(character.escape_unicode()),
            _ => out.push(character),
        }
    }
    out
}

/// Makes a text [`harmless`] that is part of a line: it cannot begin lines of its own.
pub(crate) fn harmless_line(text: &str) -> String {
    harmless(text).replace('\n', "\\n").replace('\t', "\\t")
}

/// Whether a character shows nothing, or reorders others: code would look other than what lands.
fn is_deceptive(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{e0000}'..='\u{e007f}')
}

fn as_json(result: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(result).map_err(|error| Failure::while_doing("The result cannot be written as JSON", error))
}

/// Returns whether anybody reads. If nobody does any more, that is theirs to decide; whatever else goes wrong is
/// [`unwritten`].
fn write_out(text: &str) -> bool {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => true,
        Err(error) => {
            if error.kind() != io::ErrorKind::BrokenPipe {
                let _ = UNWRITTEN.set(error.to_string());
            }
            false
        }
    }
}

/// Why something that a command had to say could not be written.
static UNWRITTEN: OnceLock<String> = OnceLock::new();

/// Returns why results are missing on stdout, such as a disk that is full. A reader who left is no reason.
pub(crate) fn unwritten() -> Option<&'static str> {
    UNWRITTEN.get().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_cannot_write_to_the_terminal_itself() {
        for (text, expected) in [
            ("plain ü\tline\n", "plain ü\tline\n"),
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("a\rb", "a\\u{d}b"),
            ("if \u{202e}resu", "if \\u{202e}resu"),
            ("\u{2067}a\u{61c}\u{e0041}", "\\u{2067}a\\u{61c}\\u{e0041}"),
            ("\u{9b}31m", "\\u{9b}31m"),
        ] {
            assert_eq!(harmless(text), expected);
        }
        assert_eq!(harmless_line("a\n✓ b\t\u{1b}"), "a\\n✓ b\\t\\u{1b}");
    }
}
