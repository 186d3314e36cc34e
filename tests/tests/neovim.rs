//! A real Neovim without a plugin: from a TODO to one hunk accepted and one rejected, in a real container with the real
//! Claude Code.

use aca_tests::scenario::{FIRST_HUNK, SECOND_HUNK, SHOP, TODO, titles, two_hunks};
use aca_tests::{TestEnv, nvim::Nvim, wait};

/// Lua that counts aca's diagnostics in the buffer.
const HUNKS: &str = "#vim.tbl_filter(function(d) return d.source == 'aca' end, vim.diagnostic.get(0))";

#[test]
fn a_todo_becomes_hunks_that_are_accepted_and_rejected() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let before = workspace.read("src/user.rs");
    let nvim = Nvim::open(&env, &workspace, "src/user.rs");

    nvim.go_to(TODO);
    nvim.choose(titles::DO_THIS);
    nvim.wait("two hunks", wait::LONG, &format!("return {HUNKS} == 2"));
    assert_eq!(
        nvim.text(),
        before,
        "a proposal entered the buffer before anyone decided"
    );
    assert_eq!(
        workspace.read("src/user.rs"),
        before,
        "a proposal entered the tree before anyone decided"
    );

    nvim.go_to(TODO);
    nvim.choose(titles::ACCEPT);
    nvim.wait("the first hunk to land", wait::SHORT, &format!("return {HUNKS} == 1"));
    let accepted = nvim.text();
    assert!(accepted.contains(FIRST_HUNK) && !accepted.contains(TODO), "{accepted}");
    assert!(!accepted.contains(SECOND_HUNK), "{accepted}");

    nvim.go_to("Hello {}");
    nvim.choose(titles::REJECT);
    nvim.wait("the second hunk to go", wait::SHORT, &format!("return {HUNKS} == 0"));
    assert_eq!(nvim.text(), accepted, "a rejected hunk changed the buffer");
    assert_eq!(
        workspace.read("src/user.rs"),
        before,
        "an open file was written behind the editor's back"
    );

    nvim.lua("vim.cmd.write()");
    assert_eq!(workspace.read("src/user.rs"), accepted);
    nvim.lua("vim.cmd('silent undo')");
    assert_eq!(nvim.text(), before, "one undo takes the hunk back");
}
