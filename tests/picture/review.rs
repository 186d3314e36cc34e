//! The review of Neovim's plugin over an unchanged buffer.

use std::path::Path;

use aca_tests::nvim::Nvim;
use aca_tests::scenario::{SHOP, TODO, two_hunks};
use aca_tests::{TestEnv, wait};

use crate::{COLUMNS, LOOK, Terminal, screen};

const LINES: usize = 30;

/// The answer to the question for reasons, whenever it comes.
const REASONS: &str = r#"
[[turn]]
match.user = "why each change is there"
reply.text = '''[
{"path": "src/user.rs", "lines": "assert!(!name.is_empty()", "why": "A user without a name cannot be greeted."},
{"path": "src/user.rs", "lines": "Welcome back, {}", "why": "A user who has a name has been here before."}
]'''
"#;

/// Draws the picture.
pub(crate) fn draw(target: &Path) {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace).raw(REASONS));
    let terminal = Terminal::new(&env);
    let nvim = Nvim::open_plugin_with(&env, &workspace, "src/user.rs", LOOK, |nvim| terminal.wrap(nvim));
    nvim.go_to(TODO);
    nvim.command("Aca do");
    nvim.await_state("ready", wait::LONG);
    nvim.command("Aca review");
    nvim.lua("vim.o.cmdheight = 0");
    let shown = wait::until("the review on the screen", wait::SHORT, || {
        nvim.lua("vim.cmd.redraw({ bang = true })");
        let screen = terminal.capture();
        let complete = ["reject", "cannot be greeted", "been here before"];
        complete.iter().all(|text| screen.contains(text)).then_some(screen)
    });
    std::fs::write(target, screen::to_svg(&shown, COLUMNS, LINES)).expect("the picture can be written");
}
