//! A real Kakoune with kakoune-lsp on a terminal. A person's part goes through the keyboard; where things stand is asked
//! with `kak -p`.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::terminal::Terminal;
use crate::walk::Keyboard;
use crate::{TestEnv, Workspace, guide, parts, wait};

/// What a test needs beside the documented configuration: the other server for the fixture's language is no part of the
/// tests, and kakoune-lsp gives up on a buffer one of whose servers cannot be started.
const MORE: &str = "\nremove-hooks global lsp-filetype-rust\n";

/// The count of diagnostics of the severity that hunks without a conflict have.
const HUNKS: &str = "%opt{lsp_diagnostic_info_count}";

/// The key of the user mode, before Kakoune 2023.
const USER_MODE: &str = "Space";

const SESSION: &str = "walk";

/// A Kakoune that shows a file.
#[derive(Debug)]
pub struct Kakoune {
    terminal: Terminal,
    folder: PathBuf,
}

impl Kakoune {
    /// Opens a file of a workspace, set up as the guide says.
    pub fn open(env: &TestEnv, workspace: &Workspace, file: &str) -> Self {
        let folder = env.folder().join("config/kak");
        std::fs::create_dir_all(&folder).unwrap();
        let rc = guide::configuration("Kakoune", "kakrc");
        std::fs::write(folder.join("kakrc"), format!("{rc}{MORE}")).unwrap();
        env.link_program("kak-lsp", &parts::kakoune_lsp());
        let mut command = env.command_with_aca("kak");
        command.current_dir(workspace.root()).args(["-s", SESSION, file]);
        let kakoune = Self {
            terminal: Terminal::start(env, &command),
            folder: env.folder().join("tmp"),
        };
        kakoune.terminal.await_text("client0", wait::SHORT);
        kakoune.await_server();
        kakoune
    }

    /// Waits until the server is up: what is asked before that may get no answer.
    fn await_server(&self) {
        wait::until_true("the server", wait::SHORT, || {
            self.command("lsp-capabilities") && self.terminal.screen().contains("lsp-code-actions")
        });
        wait::until_true("the editor alone", wait::SHORT, || {
            self.ask("info", "");
            !self.terminal.screen().contains("lsp-code-actions")
        });
    }

    /// Returns the terminal.
    pub fn terminal(&self) -> &Terminal {
        &self.terminal
    }

    /// Has the editor do something, whatever mode the keyboard is in. Says whether there is an editor.
    fn command(&self, command: &str) -> bool {
        let mut child = Command::new("kak")
            .env_clear()
            .env("TMPDIR", &self.folder)
            .args(["-p", SESSION])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Kakoune can be started");
        let mut input = child.stdin.take().expect("it was asked for");
        let written = writeln!(input, "evaluate-commands -client client0 %¶{command}¶");
        drop(input);
        child.wait().expect("it can be waited for").success() && written.is_ok()
    }

    /// Has the editor do something and then expand a text, and returns that.
    fn ask(&self, command: &str, text: &str) -> String {
        let file = self.folder.join("answer");
        // What was written before is not the answer.
        let _ = std::fs::remove_file(&file);
        assert!(self.command(&format!("{command}\necho -to-file {} \"{text}.\"", file.display())));
        wait::until("Kakoune's answer", wait::SHORT, || {
            let answer = std::fs::read_to_string(&file).ok()?;
            answer.trim_end().strip_suffix('.').map(str::to_owned)
        })
    }

    fn await_mode(&self, mode: &str) {
        self.terminal.await_screen(mode, wait::SHORT, |screen| match mode {
            "normal" => !screen.contains(" insert ") && !screen.contains(" prompt "),
            other => screen.contains(&format!(" {other} ")),
        });
    }
}

impl Keyboard for Kakoune {
    /// kakoune-lsp makes a step of its own of each edit.
    const UNDO: usize = 2;

    fn keep(&self, name: &str) {
        self.terminal.keep("kakoune", name);
    }

    fn show(&self, file: &str) {
        self.ask(&format!("edit {file}"), "");
    }

    fn go_to(&self, text: &str) {
        let before = self.text();
        let line = before.lines().position(|line| line.contains(text));
        let line = 1 + line.unwrap_or_else(|| panic!("{before} does not contain {text:?}"));
        self.ask(&format!("select {line}.1,{line}.1"), "");
    }

    fn next_hunk(&self) {
        self.terminal.press(&[USER_MODE, "n"]);
    }

    fn choose(&self, title: &str) {
        self.terminal.press(&[USER_MODE, "a"]);
        // The menu opens when the server has answered.
        self.terminal.await_screen(title, wait::SHORT, |screen| {
            screen.contains(title) && screen.contains(" prompt ")
        });
        self.keep("actions");
        self.terminal.type_text(title);
        self.terminal.press(&["Enter"]);
        self.await_mode("normal");
    }

    fn type_below(&self, text: &str, line: &str) {
        self.go_to(text);
        self.terminal.press(&["A"]);
        self.await_mode("insert");
        self.terminal.press(&["Enter"]);
        self.terminal.type_text(line);
        self.terminal.await_text(line, wait::SHORT);
        self.terminal.press(&["Escape"]);
        self.await_mode("normal");
    }

    fn await_hunks(&self, count: usize, limit: Duration) {
        wait::until_true(&format!("{count} hunks"), limit, || {
            self.ask("", HUNKS) == count.to_string()
        });
    }

    fn text(&self) -> String {
        let copy = self.folder.join("copy");
        let keys = format!("%<a-|>cat <gt> {}<ret>", copy.display());
        self.ask(&format!("evaluate-commands -draft %{{ execute-keys '{keys}' }}"), "");
        std::fs::read_to_string(copy).expect("Kakoune wrote it")
    }

    fn undo(&self) {
        self.terminal.press(&["u"]);
    }

    fn save(&self) {
        self.terminal.type_text(":write");
        self.terminal.press(&["Enter"]);
        self.await_mode("normal");
    }
}

impl Drop for Kakoune {
    fn drop(&mut self) {
        self.terminal.print_if_failing();
        // kakoune-lsp is the session's daemon: it goes when the session ends, not when its terminal does.
        self.command("kill!");
        self.terminal.await_end();
    }
}
