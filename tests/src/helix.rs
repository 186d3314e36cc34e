//! A real Helix on a terminal, driven by keys and read from its screen.

use std::path::PathBuf;
use std::time::Duration;

use crate::terminal::Terminal;
use crate::walk::Keyboard;
use crate::{TestEnv, Workspace, guide, parts, wait};

/// How the diagnostic of each hunk begins.
const HUNK: &str = "aca proposes";

/// What it says where no code action is offered.
const NO_ACTIONS: &str = "code actions";

/// A Helix that shows a file.
#[derive(Debug)]
pub struct Helix {
    terminal: Terminal,
    copy: PathBuf,
}

impl Helix {
    /// Opens a file of a workspace, set up as the guide says.
    pub fn open(env: &TestEnv, workspace: &Workspace, file: &str) -> Self {
        let folder = env.folder().join("config/helix");
        std::fs::create_dir_all(&folder).unwrap();
        for name in ["languages.toml", "config.toml"] {
            std::fs::write(folder.join(name), guide::configuration("Helix", name)).unwrap();
        }
        let mut command = env.command_with_aca(parts::helix());
        command.current_dir(workspace.root()).arg(file);
        let helix = Self {
            terminal: Terminal::start(env, &command),
            copy: env.folder().join("tmp/copy"),
        };
        helix.terminal.await_text("NOR", wait::SHORT);
        helix
    }

    /// Returns the terminal.
    pub fn terminal(&self) -> &Terminal {
        &self.terminal
    }

    /// Leaves the insert mode. A key that follows too soon would make another key with the escape.
    fn leave(&self) {
        self.terminal.press(&["Escape"]);
        self.terminal.await_text("NOR", wait::SHORT);
    }

    fn ask_for_actions(&self) {
        self.terminal.press(&["Space", "a"]);
        self.terminal
            .await_screen("the keys to be taken", wait::SHORT, |screen| {
                !screen.contains(NO_ACTIONS)
            });
    }

    /// Enters a typed command.
    pub fn command(&self, command: &str) {
        self.terminal.type_text(&format!(":{command}"));
        self.terminal.press(&["Enter"]);
    }
}

impl Keyboard for Helix {
    fn keep(&self, name: &str) {
        self.terminal.keep("helix", name);
    }

    fn show(&self, file: &str) {
        self.command(&format!("open {file}"));
        self.terminal.await_text(&format!(" {file} "), wait::SHORT);
    }

    fn go_to(&self, text: &str) {
        let before = self.text();
        let line = before.lines().position(|line| line.contains(text));
        let line = 1 + line.unwrap_or_else(|| panic!("{before} does not contain {text:?}"));
        self.command(&line.to_string());
        self.terminal.await_text(&format!(" {line}:1\n"), wait::SHORT);
    }

    fn next_hunk(&self) {
        self.terminal.press(&["]", "d"]);
    }

    fn choose(&self, title: &str) {
        // The menu opens when the server has answered; what it answers depends on what it was told before.
        self.ask_for_actions();
        wait::until_true(title, wait::SHORT, || {
            let screen = self.terminal.screen();
            if screen.contains(NO_ACTIONS) {
                // Before the server is up, or before it knows of what was just done. A person asks again.
                self.ask_for_actions();
            }
            screen.contains(title)
        });
        self.keep("actions");
        wait::until_true(title, wait::SHORT, || {
            let chosen = self.terminal.reversed();
            let is_it = chosen.iter().any(|text| text.trim() == title);
            if !is_it {
                self.terminal.press(&["Down"]);
            }
            is_it
        });
        self.terminal.press(&["Enter"]);
    }

    fn type_below(&self, text: &str, line: &str) {
        self.go_to(text);
        self.terminal.press(&["A", "Enter"]);
        self.terminal.type_text(line);
        self.terminal.await_text(line, wait::SHORT);
        self.leave();
    }

    fn await_hunks(&self, count: usize, limit: Duration) {
        self.terminal.await_screen(&format!("{count} hunks"), limit, |screen| {
            screen.matches(HUNK).count() == count
        });
    }

    fn text(&self) -> String {
        // Nothing that is typed is written where the agent's work, or the person's files, are.
        let _ = std::fs::remove_file(&self.copy);
        let copy = self.copy.display();
        self.terminal.press(&["%"]);
        self.command(&format!("pipe-to cat > {copy}.new && mv {copy}.new {copy}"));
        let text = wait::until("the text", wait::SHORT, || std::fs::read_to_string(&self.copy).ok());
        self.terminal.press(&[";"]);
        text
    }

    fn undo(&self) {
        self.terminal.press(&["u"]);
    }

    fn save(&self) {
        self.command("write");
    }
}
