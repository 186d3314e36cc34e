//! Neovim's plugin sends a hunk back, with a remark and out of a conflict, and reviews the next round.

use aca_tests::model::{Script, tool};
use aca_tests::scenario::{FIRST_HUNK, SECOND_HUNK, SHOP, TODO, two_hunks};
use aca_tests::{TestEnv, Workspace, nvim::Nvim, wait};
use serde_json::json;

/// The first round as [`two_hunks`] has it, and a second in which one line is edited once more. The conversation has five
/// replies then: four of the first round, and that to the question for reasons.
fn two_rounds(workspace: &Workspace, old: &str, new: &str) -> Script {
    let path = workspace.path("src/user.rs");
    let edit = json!({ "file_path": path, "old_string": old, "new_string": new });
    let edit = edit
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| format!("{key} = {value}"));
    let edit = edit.collect::<Vec<_>>().join(", ");
    let reasons = r#"[{"path": "src/user.rs", "lines": "assert!(!name.is_empty()", "why": "A user without a name cannot be greeted."}]"#;
    let read = tool("Read", json!({ "file_path": path }));
    let file = read.1["file_path"].to_string();
    two_hunks(workspace).raw(&format!(
        "[[turn]]\nmatch.user = \"why each change is there\"\nreply.text = '''{reasons}'''\n\
         [[turn]]\nmatch.turn = 5\nreply.tool = [{{ name = \"Read\", input = {{ file_path = {file} }} }}]\n\
         [[turn]]\nmatch.turn = 6\nreply.tool = [{{ name = \"Edit\", input = {{ {edit} }} }}]\n\
         [[turn]]\nmatch.turn = 7\nreply.text = \"Done once more.\"\n"
    ))
}

#[test]
fn a_remark_brings_a_second_round() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_rounds(&workspace, "a user has a name", "names are not empty"));
    let nvim = Nvim::open_plugin(&env, &workspace, "src/user.rs");
    nvim.go_to(TODO);
    nvim.command("Aca do");
    nvim.review();
    // The agent's reason stands below its hunk.
    nvim.await_screen(&["A user without a name cannot be greeted."], wait::SHORT);
    nvim.keep_screen("reason");
    let before = nvim.text();

    nvim.press("r");
    nvim.await_screen(&["▴ aca 1/2"], wait::SHORT);
    nvim.answer(&["Another message, please."]);
    nvim.press("r");
    nvim.await_event("AcaReviewClosed", wait::SHORT);
    nvim.await_told("sent back", wait::SHORT);
    nvim.await_told("at work again", wait::SHORT);
    assert_eq!(nvim.lua("return #_G.asked"), 2, "an empty remark was sent");
    nvim.look(
        "the second round",
        wait::LONG,
        "local task = require('aca').tasks()[1]; return task.state.name == 'ready' and task.attempt:find('2$') ~= nil",
    );
    let screen = nvim.review();
    assert!(
        screen.contains("names are not empty") && screen.contains("new in this round"),
        "{screen}"
    );
    assert!(!screen.contains("a user has a name"), "{screen}");
    nvim.keep_screen("second-round");
    assert_eq!(nvim.text(), before);
    nvim.press("A");
    nvim.await_event("AcaReviewClosed", wait::SHORT);
    nvim.await_state("landed", wait::SHORT);
    let text = nvim.text();
    assert!(
        text.contains("names are not empty") && text.contains(SECOND_HUNK),
        "{text}"
    );
    let asked = env.model().requests();
    let has_remark = |body: &[u8]| String::from_utf8_lossy(body).contains("Another message, please.");
    assert!(
        asked.iter().any(|request| has_remark(&request.body)),
        "the remark did not reach the model"
    );
}

#[test]
fn a_conflict_is_made_again_on_what_was_typed() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_rounds(&workspace, "Good day {}", "Good day again, {}"));
    env.model().hold_after(3);
    let nvim = Nvim::open_plugin(&env, &workspace, "src/user.rs");
    nvim.go_to(TODO);
    nvim.command("Aca do");
    env.model().await_requests(3, wait::LONG);
    nvim.command("%s/Hello {}/Good day {}/");
    nvim.flush();
    env.model().go_on();
    nvim.review();
    nvim.go_to("Good day");
    nvim.await_screen(&["cr redo"], wait::SHORT);
    nvim.press("cr");
    nvim.await_event("AcaReviewClosed", wait::SHORT);
    nvim.look(
        "the second round",
        wait::LONG,
        "local task = require('aca').tasks()[1]; return task.state.name == 'ready' and task.attempt:find('2$') ~= nil",
    );
    let screen = nvim.review();
    assert!(
        screen.contains("Good day again, {}") && screen.contains(FIRST_HUNK),
        "{screen}"
    );
    assert!(!screen.contains("conflict:"), "{screen}");
    nvim.keep_screen("redone");
    nvim.press("A");
    nvim.await_state("landed", wait::SHORT);
    assert!(nvim.text().contains("Good day again, {}"));
}
