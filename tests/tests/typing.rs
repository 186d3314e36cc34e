//! The user types while the agent works: an edit beside a hunk is merged with it, an edit on it is a conflict that is
//! never written.

use aca_tests::lsp::Editor;
use aca_tests::scenario::{
    FIRST_HUNK, SECOND_HUNK, SHOP, TODO, hunk_states, one_command, state_name, titles, two_hunks,
};
use aca_tests::{TestEnv, wait};
use serde_json::json;

#[test]
fn typing_beside_a_hunk_merges_and_typing_on_it_is_a_conflict() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    env.model().hold_after(3);
    let mut editor = Editor::start(&env, &workspace);
    editor.open("src/user.rs");
    editor.choose("src/user.rs", TODO, titles::DO_THIS);
    editor.await_task(&workspace, "the agent at work", wait::LONG, |task| {
        state_name(task) == "running"
    });
    env.model().await_requests(3, wait::LONG);

    editor.replace(
        "src/user.rs",
        "//! Users of the shop.\n",
        "//! Users of the shop,\n//! one each.\n",
    );
    editor.replace("src/user.rs", "Hello {}", "Good day {}");
    env.model().go_on();
    let task = editor.await_ready(&workspace);
    let typed = editor.text("src/user.rs").to_owned();
    assert_eq!(hunk_states(&editor.proposal(&task)), ["moved", "overlapping"]);

    let all = editor.decide(&task, "accept", json!({ "kind": "all" }));
    assert_eq!(all["decided"].as_array().map(Vec::len), Some(1), "{all:#}");
    assert_eq!(all["refused"].as_array().map(Vec::len), Some(1), "{all:#}");
    let text = editor.text("src/user.rs");
    assert!(text.contains(FIRST_HUNK) && text.contains("//! one each.\n"), "{text}");
    assert!(text.contains("Good day {}") && !text.contains(SECOND_HUNK), "{text}");
    let expected = typed.replace(
        "    // TODO: reject empty names\n    pub fn new(name: &str) -> Self {\n",
        "    pub fn new(name: &str) -> Self {\n        assert!(!name.is_empty(), \"a user has a name\");\n",
    );
    assert_eq!(text, expected);

    editor.replace("src/user.rs", "Good day {}", "Hello {}");
    editor.serve_until("the conflict to dissolve", wait::SHORT, |editor| {
        hunk_states(&editor.proposal(&task)) == ["landed", "moved"]
    });
    editor.choose("src/user.rs", "Hello {}", titles::REJECT);
    let done = editor.await_task(&workspace, "the end", wait::SHORT, |task| state_name(task) == "landed");
    assert_eq!(
        serde_json::to_value(&done.state).unwrap(),
        json!({ "name": "landed", "accepted": 1, "rejected": 1 })
    );
}

#[test]
fn unsaved_text_is_what_the_agent_works_on() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    let path = workspace.path("src/user.rs");
    env.script(&one_command(&format!(
        "sed -i 's/typed but not saved/seen/' {}",
        path.display()
    )));
    let mut editor = Editor::start(&env, &workspace);
    editor.open("src/user.rs");
    editor.replace(
        "src/user.rs",
        "// TODO: reject empty names",
        "// TODO: typed but not saved",
    );
    editor.choose("src/user.rs", "// TODO: typed", titles::DO_THIS);
    let task = editor.await_ready(&workspace);
    let proposal = editor.proposal(&task);
    assert_eq!(proposal.files.len(), 1, "{proposal:#?}");
    assert_eq!(proposal.files[0].hunks[0].new.trim(), "// TODO: seen");
    assert_eq!(task.title, "TODO: typed but not saved");
}
