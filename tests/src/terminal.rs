//! A pseudo-terminal with an editor on it: keys go in, the screen comes out. tmux is the terminal.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::{Running, TestEnv, parts, process_alive, wait};

const COLUMNS: &str = "150";
const LINES: &str = "50";

/// What is on the screen stays there when the program ends, for the message of a failed test.
const SETTINGS: &str = "set -g remain-on-exit on\nset -g status off\nset -g default-terminal screen-256color\n";

/// How long a program may take to end when its terminal goes away.
const ENDING: Duration = Duration::from_secs(10);

/// A program on a pseudo-terminal of its own. Both end when this is dropped.
#[derive(Debug)]
pub struct Terminal {
    server: Running,
    socket: PathBuf,
    program: u32,
}

impl Terminal {
    /// Starts a program, which inherits nothing but what `program` says, on a screen of 150 columns and 50 lines.
    pub fn start(env: &TestEnv, program: &Command) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("terminal-")
            .tempdir_in(env.folder())
            .unwrap();
        // It goes with the test's folder.
        let folder = folder.keep();
        let (socket, settings) = (folder.join("socket"), folder.join("tmux.conf"));
        std::fs::write(&settings, SETTINGS).unwrap();
        let mut server = env.command("tmux");
        server.args(["-D", "-f"]).arg(&settings).arg("-S").arg(&socket);
        server.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Running::new(server.spawn().expect("tmux can be started"));
        let mut terminal = Self {
            server,
            socket,
            program: 0,
        };
        wait::until_true("tmux", wait::SHORT, || {
            terminal.tmux(&["list-sessions"]).status().is_ok_and(|it| it.success())
        });
        let mut start = terminal.tmux(&[
            "new-session",
            "-d",
            "-P",
            "-F",
            "#{pane_pid}",
            "-x",
            COLUMNS,
            "-y",
            LINES,
        ]);
        // tmux looks for programs where its client does.
        start.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(folder) = program.get_current_dir() {
            start.arg("-c").arg(folder);
        }
        start.arg("--").arg(program.get_program()).args(program.get_args());
        let pid = said(&mut start);
        terminal.program = pid.trim().parse().expect("tmux names a process");
        terminal
    }

    /// Presses keys, as tmux calls them: `Enter`, `Escape`, `C-x`, `M-x`, `Down`, or a character.
    pub fn press(&self, keys: &[&str]) {
        said(self.tmux(&["send-keys", "--"]).args(keys));
    }

    /// Types a text.
    pub fn type_text(&self, text: &str) {
        said(self.tmux(&["send-keys", "-l", "--"]).arg(text));
    }

    /// Returns what is on the screen, without blanks at the ends of lines.
    pub fn screen(&self) -> String {
        let shown = said(&mut self.tmux(&["capture-pane", "-p"]));
        shown.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }

    /// Keeps the screen as `target/screens/EDITOR/NAME.txt`, for people to look at.
    pub fn keep(&self, editor: &str, name: &str) {
        let folder = parts::checkout().join("target/screens").join(editor);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.txt")), self.screen()).unwrap();
    }

    /// Returns the pieces of text that are shown in reverse video, which is how most menus mark a line.
    pub fn reversed(&self) -> Vec<String> {
        let shown = said(&mut self.tmux(&["capture-pane", "-p", "-e"]));
        let mut pieces = vec![String::new()];
        let mut is_reversed = false;
        for (number, piece) in shown.split("\u{1b}[").enumerate() {
            let (codes, text) = match piece.split_once('m') {
                Some((codes, text)) if number > 0 => (codes, text),
                _ => ("", piece),
            };
            let is_colour = codes.starts_with("38;") || codes.starts_with("48;");
            for code in codes.split(';').filter(|_| !is_colour) {
                match code {
                    "7" => is_reversed = true,
                    "0" | "27" | "" => is_reversed = false,
                    _ => {}
                }
            }
            if is_reversed {
                pieces.last_mut().expect("there is one").push_str(text);
            } else {
                pieces.push(String::new());
            }
        }
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }

    /// Waits until the screen is one that `wanted` accepts, and returns it.
    ///
    /// # Panics
    ///
    /// When it is not for `limit`; the message shows the screen.
    pub fn await_screen(&self, what: &str, limit: Duration, wanted: impl Fn(&str) -> bool) -> String {
        wait::until(what, limit, || {
            let screen = self.screen();
            wanted(&screen).then_some(screen)
        })
    }

    /// Waits until a text is on the screen.
    pub fn await_text(&self, text: &str, limit: Duration) -> String {
        self.await_screen(&format!("{text:?} on the screen"), limit, |screen| {
            screen.contains(text)
        })
    }

    /// Prints the screen of a test that has failed.
    pub(crate) fn print_if_failing(&self) {
        if std::thread::panicking() {
            println!("---- the screen\n{}", self.screen());
        }
    }

    /// Waits for the program's end, in vain if it takes long.
    pub(crate) fn await_end(&self) {
        let deadline = Instant::now() + ENDING;
        while process_alive(self.program) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn tmux(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LANG", "C.UTF-8")
            .arg("-S")
            .arg(&self.socket)
            .args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.print_if_failing();
        // The program is hung up on; Emacs needs a moment for that.
        let _ = self.tmux(&["kill-server"]).status();
        let _ = self.server.wait();
        self.await_end();
    }
}

fn said(command: &mut Command) -> String {
    let output = command.stdout(Stdio::piped()).output().expect("tmux can be started");
    assert!(output.status.success(), "{command:?} failed");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
