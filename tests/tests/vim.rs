//! Vim with ALE, configured as `editors/README.md` says. ALE does not offer to apply edits, so what is accepted lands once
//! the file is closed there.

use aca_tests::scenario::{FIRST_HUNK, SECOND_HUNK, SHOP, TODO, titles, two_hunks};
use aca_tests::vim::Vim;
use aca_tests::walk::Keyboard;
use aca_tests::{TestEnv, wait};

#[test]
fn a_todo_becomes_hunks_that_are_rejected_there_and_accepted_beside_it() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let before = workspace.read("src/user.rs");
    let vim = Vim::open(&env, &workspace, "src/user.rs");

    vim.go_to(TODO);
    vim.choose(titles::DO_THIS);
    vim.await_hunks(2, wait::LONG);
    assert_eq!(vim.text(), before);

    vim.next_hunk();
    vim.next_hunk();
    vim.choose(titles::REJECT);
    vim.await_hunks(1, wait::SHORT);

    vim.go_to(TODO);
    vim.choose(titles::ACCEPT);
    vim.terminal().await_text("Close the", wait::SHORT);
    vim.keep("refused");
    vim.terminal().press(&["Enter"]);
    vim.await_hunks(1, wait::SHORT);
    assert_eq!(vim.text(), before);
    assert_eq!(workspace.read("src/user.rs"), before);

    vim.command("edit README.md | bdelete user.rs");
    let accepted = wait::until("the file to be closed", wait::SHORT, || {
        let review = env.run(&workspace, &["review", "--accept", "all"]);
        (review.code == Some(0)).then(|| workspace.read("src/user.rs"))
    });
    assert!(
        accepted.contains(FIRST_HUNK) && !accepted.contains(SECOND_HUNK),
        "{accepted}"
    );
}
