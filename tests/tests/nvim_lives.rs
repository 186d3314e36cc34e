//! Neovim's plugin where something ends: Neovim itself, its server, the daemon; and beside others: two Neovims on one
//! folder, several projects, files outside any.

use aca_tests::scenario::{FIRST_HUNK, SECOND_HUNK, SHOP, TODO, two_hunks};
use aca_tests::{TestEnv, Workspace, nvim::Nvim, wait};
use rustix::process::Signal;

/// A Neovim that has asked for the TODO, whose agent is held in the middle of its work.
fn at_work(env: &TestEnv, workspace: &Workspace) -> Nvim {
    env.script(&two_hunks(workspace));
    env.model().hold_after(2);
    let nvim = Nvim::open_plugin(env, workspace, "src/user.rs");
    nvim.go_to(TODO);
    nvim.command("Aca do");
    env.model().await_requests(2, wait::LONG);
    nvim
}

fn kill(mut nvim: Nvim) {
    nvim.process().signal(Signal::KILL);
    nvim.process().await_exit(wait::SHORT);
}

#[test]
fn neovim_is_killed_in_a_run_and_in_a_review_and_goes_on() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    kill(at_work(&env, &workspace));
    let second = Nvim::open_plugin(&env, &workspace, "src/user.rs");
    second.await_state("running", wait::SHORT);
    second.command("Aca transcript");
    second.await_screen(&["▸ Read"], wait::SHORT);
    env.model().go_on();
    second.await_screen(&["Empty names are rejected now"], wait::LONG);
    second.press("q");
    second.review();
    kill(second);
    let third = Nvim::open_plugin(&env, &workspace, "src/user.rs");
    let screen = third.review();
    assert!(screen.contains("▴ aca 1/2  a accept"), "{screen}");
    third.press("A");
    third.await_event("AcaReviewClosed", wait::SHORT);
    third.await_state("landed", wait::SHORT);
    let text = third.text();
    assert!(text.contains(FIRST_HUNK) && text.contains(SECOND_HUNK), "{text}");
}

#[test]
fn the_daemon_is_killed_under_a_transcript_and_a_review() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    let nvim = at_work(&env, &workspace);
    nvim.command("Aca transcript");
    nvim.await_screen(&["▸ Read"], wait::SHORT);
    let first = env.daemon();
    let pid = first.pid();
    first.kill();
    env.next_daemon(pid);
    env.model().go_on();
    nvim.await_screen(&["Empty names are rejected now"], wait::LONG);
    nvim.press("q");
    nvim.review();
    let second = env.daemon();
    let pid = second.pid();
    second.kill();
    env.next_daemon(pid);
    nvim.press("a");
    nvim.await_screen(&["▴ aca 1/1"], wait::SHORT);
    assert!(nvim.text().contains(FIRST_HUNK));
    // The server's own end is another matter: the review is closed, and opened again with the server.
    nvim.command("Aca restart");
    nvim.await_event("AcaReviewClosed", wait::SHORT);
    nvim.await_told("the server starts again", wait::SHORT);
    nvim.await_screen(&["▴ aca 1/1  a accept"], wait::SHORT);
    nvim.lua("_G.events = {}");
    nvim.lua("vim.lsp.get_clients({ name = 'aca' })[1].rpc.terminate()");
    nvim.await_event("AcaReviewClosed", wait::SHORT);
    nvim.await_told("the server has ended, and the review with it", wait::SHORT);
    assert_eq!(nvim.lua("return require('aca').statusline()"), "");
    nvim.command("Aca review");
    nvim.await_told("no task waits for review", wait::SHORT);
    nvim.lua("_G.events = {}");
    nvim.command("Aca restart");
    nvim.await_event("AcaAttached", wait::SHORT);
    nvim.review();
    nvim.press("a");
    nvim.await_event("AcaReviewClosed", wait::SHORT);
    assert!(nvim.text().contains(SECOND_HUNK));
}

#[test]
fn two_neovims_review_the_same_proposal() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    let first = at_work(&env, &workspace);
    let second = Nvim::open_plugin(&env, &workspace, "README.md");
    second.await_state("running", wait::SHORT);
    env.model().go_on();
    first.review();
    // The second one shows another file, and is led to the hunks.
    second.review();
    second.await_screen(&["▴ aca 1/2  a accept", "▴ aca 2/2"], wait::SHORT);
    first.press("x");
    first.await_screen(&["▴ aca 1/1  a accept"], wait::SHORT);
    let screen = second.await_screen(&["▴ aca 1/1"], wait::SHORT);
    assert!(!screen.contains(FIRST_HUNK) && screen.contains(SECOND_HUNK), "{screen}");
    second.keep_screen("second-neovim");
    first.press("a");
    first.await_event("AcaReviewClosed", wait::SHORT);
    second.await_event("AcaReviewClosed", wait::SHORT);
    second.await_state("landed", wait::SHORT);
    first.await_state("landed", wait::SHORT);
    assert!(!second.screen().contains("▴ aca"));
}

#[test]
fn each_project_has_its_tasks_and_a_file_outside_any_has_none() {
    let env = TestEnv::new();
    let shop = env.workspace(SHOP);
    let barn = env.workspace_at("barn", "//- /barn.rs\n// TODO: feed the cow\nfn cow() {}\n");
    std::fs::write(env.folder().join("stray.rs"), "// TODO: nobody's\n").unwrap();
    env.script(&two_hunks(&shop));
    env.model().hold_after(0);
    let nvim = Nvim::open_plugin(&env, &shop, "src/user.rs");
    nvim.go_to(TODO);
    nvim.command("Aca do");
    nvim.look("a task", wait::SHORT, "return #require('aca').tasks() == 1");
    nvim.edit(&barn.path("barn.rs").display().to_string());
    nvim.go_to("TODO: feed");
    nvim.command("Aca do");
    nvim.look("two tasks", wait::SHORT, "return #require('aca').tasks() == 2");
    let workspaces = nvim
        .lua("return vim.tbl_map(function(task) return vim.fs.basename(task.workspace) end, require('aca').tasks())");
    assert_eq!(workspaces, serde_json::json!(["shop", "barn"]));
    // A command is about the project of the buffer, so nobody is asked which task is meant.
    nvim.command("Aca stop");
    nvim.look(
        "the task of this project to stop",
        wait::SHORT,
        "return require('aca').tasks()[2].state.name == 'stopped'",
    );
    nvim.command("Aca tasks");
    nvim.await_screen(&["shop  1 task", "barn  1 task"], wait::SHORT);
    nvim.keep_screen("tasks-two-projects");
    nvim.press("q");

    nvim.command(&format!("edit {}", env.folder().join("stray.rs").display()));
    nvim.await_attached();
    nvim.lua("_G.told = {}");
    nvim.go_to("TODO: nobody's");
    nvim.command("Aca do");
    nvim.await_told("no TODO at the cursor", wait::SHORT);
    nvim.command("Aca run anything");
    nvim.await_told("lies in no project", wait::SHORT);
    nvim.command("enew");
    nvim.command("Aca do");
    nvim.await_told("no server is attached to this buffer", wait::SHORT);
    assert_eq!(nvim.lua("return #require('aca').tasks()"), 2);
}

#[test]
fn the_other_view_shows_both_sides_and_takes_what_is_edited() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let nvim = Nvim::open_plugin(&env, &workspace, "src/user.rs");
    nvim.go_to(TODO);
    nvim.command("Aca do");
    nvim.await_state("ready", wait::LONG);
    let before = nvim.text();
    nvim.command("Aca review diff");
    nvim.await_screen(&[TODO, FIRST_HUNK, SECOND_HUNK, "Hello {}"], wait::SHORT);
    let screen = nvim.keep_screen("diff");
    assert!(
        !screen.contains("▴ aca"),
        "the overlay is drawn into the diff:\n{screen}"
    );
    nvim.command("%s/a user has a name/names are not empty/");
    nvim.command("write");
    nvim.look(
        "the hunk to be amended",
        wait::SHORT,
        "local review = require('aca.review').state(); return review.entries[1].hunk.amended == true",
    );
    nvim.go_to("names are not empty");
    nvim.press("a");
    nvim.look(
        "the hunk to land",
        wait::SHORT,
        "return #require('aca.review').state().entries == 1",
    );
    nvim.press("gv");
    nvim.await_screen(&["▴ aca 1/1"], wait::SHORT);
    assert_eq!(nvim.lua("return vim.fn.tabpagenr('$')"), 1);
    let text = nvim.text();
    assert!(text != before && text.contains("names are not empty"), "{text}");
    nvim.press("A");
    nvim.await_event("AcaReviewClosed", wait::SHORT);
    assert!(nvim.text().contains(SECOND_HUNK));
}
