//! The pictures in the READMEs: a real Neovim in a real terminal, and a real VS Code, reviewing what the real Claude Code
//! did in a real container. `aca-picture EDITORS [NAME]...` makes them anew, in the folder of the editors, or only those
//! that are named: `vscode`, `neovim`, `review`.

mod review;
mod screen;
mod vscode;

use std::path::{Path, PathBuf};
use std::process::Command;

use aca_tests::nvim::Nvim;
use aca_tests::scenario::{SHOP, TODO, titles, two_hunks};
use aca_tests::{TestEnv, wait};

const COLUMNS: usize = 100;
const LINES: usize = 42;

/// How the picture's Neovim shows diagnostics; the rest is what every user without plugins writes.
const LOOK: &str = "
vim.o.termguicolors = true
vim.o.number = true
vim.o.signcolumn = 'yes'
vim.o.ruler = false
vim.o.laststatus = 0
vim.diagnostic.config({ virtual_lines = true })
";

const HUNKS: &str = "return #vim.tbl_filter(function(d) return d.source == 'aca' end, vim.diagnostic.get(0)) == 2";

fn main() {
    let editors = PathBuf::from(std::env::args().nth(1).expect("usage: aca-picture EDITORS [NAME]..."));
    let names: Vec<String> = std::env::args().skip(2).collect();
    let is_wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    if is_wanted("vscode") {
        vscode::draw(&editors.join("vscode/pictures"));
    }
    if is_wanted("neovim") {
        neovim(&editors.join("picture.svg"));
    }
    if is_wanted("review") {
        review::draw(&editors.join("nvim/review.svg"));
    }
}

fn neovim(target: &Path) {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let terminal = Terminal::new(&env);
    let nvim = Nvim::open_with(&env, &workspace, "src/user.rs", LOOK, |nvim| terminal.wrap(nvim));
    nvim.go_to(TODO);
    nvim.choose(titles::DO_THIS);
    nvim.wait("two hunks", wait::LONG, HUNKS);
    nvim.lua("vim.cmd.redraw({ bang = true })");
    // From here on Neovim waits for an answer, so only the terminal is asked.
    terminal.press("gra");
    let shown = wait::until("the hunks and the actions on the screen", wait::SHORT, || {
        let screen = terminal.capture();
        let complete =
            screen.contains("Welcome back") && screen.contains(titles::REJECT) && screen.contains("Type number");
        complete.then_some(screen)
    });
    std::fs::write(target, screen::to_svg(&shown, COLUMNS, LINES)).expect("the picture can be written");
}

/// A terminal of its own in a tmux server of its own.
struct Terminal {
    socket: PathBuf,
}

impl Terminal {
    fn new(env: &TestEnv) -> Self {
        Self {
            socket: env.folder().join("tmux"),
        }
    }

    /// Returns a command that runs another in the terminal and ends with it.
    fn wrap(&self, program: &Command) -> Command {
        let mut tmux = self.tmux();
        tmux.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        tmux.env("TERM", "xterm-256color")
            .env("COLORTERM", "truecolor")
            .env("SHELL", "/bin/sh");
        if let Some(folder) = program.get_current_dir() {
            tmux.current_dir(folder);
        }
        let (columns, lines) = (COLUMNS.to_string(), LINES.to_string());
        tmux.args(["new-session", "-d", "-x", &columns, "-y", &lines])
            .arg(program.get_program())
            .args(program.get_args());
        tmux
    }

    /// Types keys.
    fn press(&self, keys: &str) {
        let status = self.tmux().args(["send-keys", "-l", keys]).status().expect("tmux runs");
        assert!(status.success(), "tmux does not take keys");
    }

    /// Returns the screen with its escape sequences.
    fn capture(&self) -> String {
        let output = self
            .tmux()
            .args(["capture-pane", "-e", "-p"])
            .output()
            .expect("tmux runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn tmux(&self) -> Command {
        let mut tmux = Command::new("tmux");
        tmux.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8");
        tmux.args(["-f", "/dev/null", "-S"]).arg(&self.socket);
        tmux
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It fails only when the server has ended already.
        let _ = self.tmux().arg("kill-server").status();
    }
}
