//! Buffer and disk part ways in a real Neovim: what is open lands in the buffer, what the disk has stays the user's.

use aca_tests::scenario::one_command;
use aca_tests::{TestEnv, Workspace, nvim::Nvim, wait};

const FILES: &str = "//- /a.txt\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n";

/// What the agent does: a change in the middle.
const CHANGE: &str = "sed -i 's/five/FIVE/' a.txt";

/// A Neovim with the file open, after the agent's run.
fn proposed(env: &TestEnv, workspace: &Workspace) -> Nvim {
    env.script(&one_command(CHANGE));
    let nvim = Nvim::open(env, workspace, "a.txt");
    propose(env, workspace);
    nvim.await_hunks(1, wait::SHORT);
    nvim
}

fn propose(env: &TestEnv, workspace: &Workspace) {
    let run = env.run(workspace, &["run", "shout"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
}

fn accept(env: &TestEnv, workspace: &Workspace, code: i32) {
    let accept = env.run(workspace, &["review", "--accept", "all"]);
    assert_eq!(accept.code, Some(code), "{accept:#?}");
}

#[test]
fn a_file_written_under_a_clean_buffer_lands_in_the_buffer_and_keeps_its_bytes() {
    let env = TestEnv::new();
    let workspace = env.workspace(FILES);
    let nvim = proposed(&env, &workspace);
    let opened = nvim.text();
    let outside = opened.replace("nine", "nine, from outside");
    workspace.write("a.txt", &outside);
    accept(&env, &workspace, 0);
    assert_eq!(nvim.text(), opened.replace("five", "FIVE"));
    assert_eq!(
        workspace.read("a.txt"),
        outside,
        "what another program wrote was overwritten"
    );
    // The editor asks before it overwrites such a file; what it has is kept by both.
    nvim.lua("vim.cmd('silent! checktime')");
    assert_eq!(nvim.text(), opened.replace("five", "FIVE"));
    nvim.careful_edits();
}

#[test]
fn a_clean_buffer_that_is_read_again_is_what_lands_on() {
    let env = TestEnv::new();
    let workspace = env.workspace(FILES);
    let nvim = proposed(&env, &workspace);
    let outside = format!("zero\n{}", nvim.text().replace("nine", "nine, from outside"));
    workspace.write("a.txt", &outside);
    nvim.lua("vim.cmd('silent checktime')");
    nvim.wait(
        "the buffer to be read again",
        wait::SHORT,
        "return vim.fn.getline(1) == 'zero'",
    );
    nvim.wait(
        "the hunk to follow",
        wait::SHORT,
        "local all = vim.diagnostic.get(0); return #all == 1 and all[1].lnum == 5",
    );
    accept(&env, &workspace, 0);
    assert_eq!(nvim.text(), outside.replace("five", "FIVE"));
    nvim.save();
    assert_eq!(workspace.read("a.txt"), outside.replace("five", "FIVE"));
    nvim.careful_edits();
}

#[test]
fn a_file_written_under_a_dirty_buffer_is_not_touched_and_nothing_typed_is_lost() {
    let env = TestEnv::new();
    let workspace = env.workspace(FILES);
    let nvim = proposed(&env, &workspace);
    nvim.type_above("two", "typed");
    let typed = nvim.text();
    let outside = workspace.read("a.txt").replace("nine", "nine, from outside");
    workspace.write("a.txt", &outside);
    nvim.lua("vim.cmd('silent! checktime')");
    assert_eq!(nvim.text(), typed, "the buffer was read again over what was typed");
    accept(&env, &workspace, 0);
    assert_eq!(nvim.text(), typed.replace("five", "FIVE"));
    assert_eq!(
        workspace.read("a.txt"),
        outside,
        "what another program wrote was overwritten"
    );
    // The user decides which of the two stays, and the landing is not undone by it.
    nvim.lua("vim.cmd('silent write!')");
    assert_eq!(workspace.read("a.txt"), typed.replace("five", "FIVE"));
    nvim.careful_edits();
}

#[test]
fn unsaved_text_is_worked_on_and_lands_unsaved() {
    let env = TestEnv::new();
    let workspace = env.workspace(FILES);
    env.script(&one_command("sed -i 's/typed/seen/' a.txt"));
    let nvim = Nvim::open(&env, &workspace, "a.txt");
    nvim.type_above("five", "typed");
    nvim.flush();
    let typed = nvim.text();
    propose(&env, &workspace);
    nvim.await_hunks(1, wait::SHORT);
    nvim.type_above("nine", "later");
    accept(&env, &workspace, 0);
    assert_eq!(
        nvim.text(),
        typed.replace("typed", "seen").replace("nine", "later\nnine")
    );
    assert!(!workspace.read("a.txt").contains("seen"), "an open file was written");
    assert_eq!(nvim.lua("return vim.bo.modified"), true);
    nvim.save();
    assert_eq!(workspace.read("a.txt"), nvim.text());
    nvim.careful_edits();
}

#[test]
fn what_was_typed_on_a_hunk_is_a_conflict_that_is_never_written() {
    let env = TestEnv::new();
    let workspace = env.workspace(FILES);
    let nvim = proposed(&env, &workspace);
    nvim.go_to("five");
    nvim.lua("vim.api.nvim_set_current_line('cinco')");
    let typed = nvim.text();
    nvim.wait(
        "the conflict",
        wait::SHORT,
        "return vim.diagnostic.get(0)[1].message:find('conflicts') ~= nil",
    );
    accept(&env, &workspace, 5);
    assert_eq!(nvim.text(), typed);
    assert!(nvim.careful_edits().is_empty(), "an edit was asked for");
    nvim.save();
    assert_eq!(workspace.read("a.txt"), typed);
}

#[test]
fn a_buffer_that_is_closed_without_saving_leaves_the_file_to_land_on() {
    let env = TestEnv::new();
    let workspace = env.workspace(FILES);
    let nvim = proposed(&env, &workspace);
    nvim.type_above("two", "thrown away");
    nvim.lua("vim.cmd('silent bdelete!')");
    accept(&env, &workspace, 0);
    let expected = "one\ntwo\nthree\nfour\nFIVE\nsix\nseven\neight\nnine\n";
    assert_eq!(workspace.read("a.txt"), expected);
    nvim.edit("a.txt");
    assert_eq!(nvim.text(), expected);
}
