//! A real Vim with ALE on a terminal, driven by keys.

use std::path::PathBuf;
use std::time::Duration;

use crate::terminal::Terminal;
use crate::walk::Keyboard;
use crate::{TestEnv, Workspace, guide, wait};

/// How ALE asks which of several code actions is meant.
const WHICH: &str = "Type number and <Enter>";

/// How many servers have answered.
const UP: &str = "[len(filter(values(ale#lsp#GetConnections()), 'v:val.initialized'))]";

/// A Vim that shows a file.
#[derive(Debug)]
pub struct Vim {
    terminal: Terminal,
    folder: PathBuf,
}

impl Vim {
    /// Opens a file of a workspace, set up as the guide says.
    pub fn open(env: &TestEnv, workspace: &Workspace, file: &str) -> Self {
        let rc = guide::configuration("Vim", "vimrc");
        // No file of Vim's own lies beside the workspace's.
        std::fs::write(env.folder().join("home/.vimrc"), format!("set noswapfile\n{rc}")).unwrap();
        let mut command = env.command_with_aca("vim");
        command.current_dir(workspace.root()).arg(file);
        let vim = Self {
            terminal: Terminal::start(env, &command),
            folder: env.folder().join("tmp"),
        };
        vim.terminal.await_text("All", wait::SHORT);
        wait::until_true("the server", wait::SHORT, || vim.ask(UP).trim() == "1");
        vim
    }

    /// Returns the terminal.
    pub fn terminal(&self) -> &Terminal {
        &self.terminal
    }

    /// Enters a command.
    pub fn command(&self, command: &str) {
        self.terminal.type_text(&format!(":{command}"));
        self.terminal.press(&["Enter"]);
    }

    /// Returns the lines of a list.
    fn ask(&self, list: &str) -> String {
        let file = self.folder.join("answer");
        // What was written before is not the answer.
        let _ = std::fs::remove_file(&file);
        self.command(&format!("silent call writefile({list} + ['.'], '{}')", file.display()));
        wait::until("Vim's answer", wait::SHORT, || {
            let answer = std::fs::read_to_string(&file).ok()?;
            answer.strip_suffix(".\n").map(str::to_owned)
        })
    }
}

impl Keyboard for Vim {
    fn keep(&self, name: &str) {
        self.terminal.keep("vim", name);
    }

    fn show(&self, file: &str) {
        self.command(&format!("edit {file}"));
    }

    fn go_to(&self, text: &str) {
        self.ask(&format!("[search('\\V{text}', 'cw')]"));
    }

    fn next_hunk(&self) {
        self.command("ALENext");
    }

    fn choose(&self, title: &str) {
        self.terminal.press(&["\\", "a"]);
        let screen = self.terminal.await_text(WHICH, wait::SHORT);
        self.keep("actions");
        let number = screen.lines().find_map(|line| line.strip_suffix(&format!(") {title}")));
        self.terminal
            .type_text(number.unwrap_or_else(|| panic!("{title:?} is not offered")));
        self.terminal.press(&["Enter"]);
    }

    fn type_below(&self, text: &str, line: &str) {
        self.go_to(text);
        self.terminal.press(&["A", "Enter"]);
        self.terminal.type_text(line);
        self.terminal.await_text(line, wait::SHORT);
        self.terminal.press(&["Escape"]);
        self.terminal
            .await_screen("normal mode", wait::SHORT, |screen| !screen.contains("-- INSERT --"));
    }

    fn await_hunks(&self, count: usize, limit: Duration) {
        wait::until_true(&format!("{count} hunks"), limit, || {
            let listed = self.ask("[len(ale#engine#GetLoclist(bufnr('')))]");
            listed.trim() == count.to_string()
        });
    }

    fn text(&self) -> String {
        self.ask("getline(1, '$')")
    }

    fn undo(&self) {
        self.terminal.press(&["u"]);
    }

    fn save(&self) {
        self.command("write");
    }
}
