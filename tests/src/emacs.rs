//! A real Emacs with eglot on a terminal. A person's part goes through the keyboard; where things stand is asked with
//! `emacsclient`.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::terminal::Terminal;
use crate::walk::Keyboard;
use crate::{TestEnv, Workspace, guide, wait};

/// What a test needs beside the documented configuration: a mode for the fixture's language, which Emacs 28 lacks, no
/// files of Emacs' own beside the workspace's, and a way in.
const MORE: &str = r#"
(add-to-list 'auto-mode-alist '("\\.rs\\'" . prog-mode))
(setq inhibit-startup-screen t make-backup-files nil auto-save-default nil create-lockfiles nil)
(server-start)
"#;

/// A way to another machine that ends on this one.
const REMOTE: &str = r#"
(require 'tramp)
(add-to-list 'tramp-methods
             '("shell" (tramp-login-program "sh") (tramp-login-args (("-i")))
               (tramp-remote-shell "/bin/sh") (tramp-remote-shell-args ("-c"))))
"#;

/// Emacs would compile packages beside the test, and open a window for what it complains about.
const EARLY: &str = "(setq native-comp-deferred-compilation nil native-comp-jit-compilation nil)";

/// How the minibuffer asks which of several code actions is meant.
const WHICH: &str = "Pick an action";

/// An Emacs that shows a file.
#[derive(Debug)]
pub struct Emacs {
    terminal: Terminal,
    folder: PathBuf,
}

impl Emacs {
    /// Opens a file of a workspace, set up as the guide says, and waits until the server manages it.
    pub fn open(env: &TestEnv, workspace: &Workspace, file: &str) -> Self {
        Self::start(env, workspace, file, "")
    }

    /// Like [`Emacs::open`], for a file that is on another machine as far as Emacs knows: TRAMP reaches it through a
    /// shell, and starts the server there.
    pub fn open_remote(env: &TestEnv, workspace: &Workspace, file: &str) -> Self {
        let there = format!("/shell:localhost:{}", workspace.path(file).display());
        let programs = format!("(add-to-list 'tramp-remote-path {:?})\n", env.folder().join("bin"));
        Self::start(env, workspace, &there, &format!("{REMOTE}{programs}"))
    }

    fn start(env: &TestEnv, workspace: &Workspace, file: &str, more: &str) -> Self {
        let folder = env.folder().join("home/.emacs.d");
        std::fs::create_dir_all(&folder).unwrap();
        let init = format!("{}{MORE}{more}", guide::configuration("Emacs", "init.el"));
        std::fs::write(folder.join("early-init.el"), EARLY).unwrap();
        std::fs::write(folder.join("init.el"), init).unwrap();
        let mut command = env.command_with_aca("emacs");
        command.current_dir(workspace.root()).arg("-nw").arg(file);
        let emacs = Self {
            terminal: Terminal::start(env, &command),
            folder: env.folder().to_owned(),
        };
        wait::until_true("Emacs", wait::SHORT, || emacs.try_eval("t").is_some());
        emacs.wait("the server", wait::SHORT, "(eglot-managed-p)");
        emacs
    }

    /// Returns the terminal.
    pub fn terminal(&self) -> &Terminal {
        &self.terminal
    }

    /// Evaluates an expression in the buffer that is shown, and returns what Emacs prints of its value.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub fn eval(&self, expression: &str) -> String {
        self.try_eval(expression)
            .unwrap_or_else(|| panic!("Emacs does not answer {expression}"))
    }

    /// Waits until an expression is not nil.
    pub fn wait(&self, what: &str, limit: Duration, expression: &str) {
        wait::until_true(what, limit, || self.eval(expression) != "nil");
    }

    fn try_eval(&self, expression: &str) -> Option<String> {
        let shown = format!("(with-selected-window (frame-selected-window) {expression})");
        let output = Command::new("emacsclient")
            .env_clear()
            .env("TMPDIR", self.folder.join("tmp"))
            .env("HOME", self.folder.join("home"))
            .args(["--eval", &shown])
            .stdin(Stdio::null())
            .output()
            .expect("emacsclient can be started");
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(said)
    }
}

impl Keyboard for Emacs {
    fn keep(&self, name: &str) {
        self.terminal.keep("emacs", name);
    }

    fn show(&self, file: &str) {
        self.eval(&format!(
            "(find-file (expand-file-name {file:?} (project-root (project-current))))"
        ));
        self.wait("the server", wait::SHORT, "(eglot-managed-p)");
    }

    fn go_to(&self, text: &str) {
        let text = format!("{text:?}");
        self.eval(&format!(
            "(progn (goto-char (point-min)) (search-forward {text}) (goto-char (match-beginning 0)))"
        ));
    }

    fn next_hunk(&self) {
        self.terminal.press(&["C-c", "n"]);
    }

    fn choose(&self, title: &str) {
        self.terminal.press(&["C-c", "a"]);
        self.terminal.await_text(WHICH, wait::SHORT);
        self.keep("actions");
        self.terminal.type_text(title);
        self.terminal.press(&["Enter"]);
        self.terminal
            .await_screen("the minibuffer to go", wait::SHORT, |screen| !screen.contains(WHICH));
    }

    fn type_below(&self, text: &str, line: &str) {
        self.go_to(text);
        self.terminal.press(&["C-e", "Enter"]);
        self.terminal.type_text(line);
        self.wait(
            "what was typed",
            wait::SHORT,
            &format!("(save-excursion (goto-char (point-min)) (search-forward {line:?} nil t))"),
        );
    }

    fn await_hunks(&self, count: usize, limit: Duration) {
        self.wait(
            &format!("{count} hunks"),
            limit,
            &format!("(= {count} (length (flymake-diagnostics)))"),
        );
    }

    fn text(&self) -> String {
        let copy = self.folder.join("tmp/text");
        self.eval(&format!("(write-region nil nil {:?} nil 'silent)", copy));
        std::fs::read_to_string(copy).expect("Emacs wrote it")
    }

    fn undo(&self) {
        self.terminal.press(&["C-/"]);
    }

    fn save(&self) {
        self.terminal.press(&["C-x", "C-s"]);
    }
}
