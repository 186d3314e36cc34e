//! Neovim and the command line review the same proposal and take turns.

use aca_tests::scenario::{FIRST_HUNK, SECOND_HUNK, SHOP, TODO, titles, two_hunks};
use aca_tests::{TestEnv, Workspace, nvim::Nvim, wait};
use serde_json::Value;

/// Returns identifiers and states of all hunks, as the command line lists them.
fn listed(env: &TestEnv, workspace: &Workspace) -> Vec<(String, String)> {
    let list = env.run(workspace, &["review", "--list", "--json"]);
    let proposal: Value = serde_json::from_str(&list.out).unwrap_or_else(|error| panic!("{error}: {list:#?}"));
    let hunks = proposal["files"].as_array().into_iter().flatten();
    let hunks = hunks.flat_map(|file| file["hunks"].as_array().into_iter().flatten());
    let word = |value: &Value| value.as_str().expect("text").to_owned();
    hunks
        .map(|hunk| (word(&hunk["id"]), word(&hunk["state"]["name"])))
        .collect()
}

fn states(env: &TestEnv, workspace: &Workspace) -> Vec<String> {
    listed(env, workspace).into_iter().map(|(_, state)| state).collect()
}

/// A Neovim whose buffer shows two hunks.
fn proposed(env: &TestEnv, workspace: &Workspace) -> Nvim {
    env.script(&two_hunks(workspace));
    let nvim = Nvim::open(env, workspace, "src/user.rs");
    nvim.go_to(TODO);
    nvim.choose(titles::DO_THIS);
    nvim.await_hunks(2, wait::LONG);
    nvim
}

#[test]
fn the_command_line_accepts_and_the_editor_rejects() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    let before = workspace.read("src/user.rs");
    let nvim = proposed(&env, &workspace);
    let hunks = listed(&env, &workspace);
    let accept = env.run(&workspace, &["review", "--accept", &hunks[0].0]);
    assert_eq!(accept.code, Some(0), "{accept:#?}");
    let text = nvim.text();
    assert!(text.contains(FIRST_HUNK) && !text.contains(SECOND_HUNK), "{text}");
    assert_eq!(
        workspace.read("src/user.rs"),
        before,
        "an open file was written behind the editor's back"
    );
    nvim.await_hunks(1, wait::SHORT);
    assert_eq!(states(&env, &workspace)[0], "landed");
    nvim.go_to("Hello {}");
    nvim.choose(titles::REJECT);
    nvim.await_hunks(0, wait::SHORT);
    assert_eq!(nvim.text(), text);
    let finished = env.run(&workspace, &["status", "--json"]);
    let status: Value = serde_json::from_str(&finished.out).expect("JSON");
    let expected = serde_json::json!({ "name": "landed", "accepted": 1, "rejected": 1 });
    assert_eq!(status["tasks"][0]["state"], expected);
    nvim.careful_edits();
}

#[test]
fn the_editor_accepts_and_the_command_line_goes_on() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    let nvim = proposed(&env, &workspace);
    nvim.go_to(TODO);
    nvim.choose(titles::ACCEPT);
    nvim.await_hunks(1, wait::SHORT);
    nvim.type_above("/// Greets", "    // typed between");
    let hunks = listed(&env, &workspace);
    assert_eq!(hunks[0].1, "landed", "{hunks:?}");
    // A decision that was taken already is no error and changes nothing.
    let text = nvim.text();
    let again = env.run(&workspace, &["review", "--accept", &hunks[0].0]);
    assert_eq!(again.code, Some(0), "{again:#?}");
    assert_eq!(nvim.text(), text);
    let accept = env.run(&workspace, &["review", "--accept", &hunks[1].0]);
    assert_eq!(accept.code, Some(0), "{accept:#?}");
    nvim.await_hunks(0, wait::SHORT);
    assert_eq!(nvim.text(), text.replace("Hello {}", "Welcome back, {}"));
    nvim.save();
    assert_eq!(workspace.read("src/user.rs"), nvim.text());
    nvim.careful_edits();
}
