//! What a plain client hears when its user edits a file of a running task.

use serde_json::json;

use super::*;
use crate::landing::tests::Editor;

fn conflict(task: &str, path: &str) -> ConflictParams {
    ConflictParams {
        task: TaskId::new(task),
        title: "sort the users".to_owned(),
        path: path.to_owned(),
        changed: true,
    }
}

#[test]
fn a_hint_is_given_once_for_each_task_and_file() {
    let hints = Hints::default();
    assert!(hints.is_new(&conflict("t", "a.rs")));
    assert!(!hints.is_new(&conflict("t", "a.rs")));
    assert!(hints.is_new(&conflict("t", "b.rs")) && hints.is_new(&conflict("u", "a.rs")));
    hints.forget(&TaskId::new("t"));
    assert!(hints.is_new(&conflict("t", "a.rs")) && !hints.is_new(&conflict("u", "a.rs")));
}

#[test]
fn the_last_of_the_work_is_shown() {
    let said = |number: usize| RecordBody::Said {
        text: format!("{number}"),
    };
    let mut records: Vec<_> = (0..20).map(said).collect();
    records.push(RecordBody::ToolUse {
        id: "x".to_owned(),
        tool: "Edit".to_owned(),
        about: "a.rs".to_owned(),
    });
    records.push(RecordBody::Prompted);
    assert_eq!(work(records.iter()), "13\n14\n15\n16\n17\n18\n19\n· Edit a.rs");
    assert_eq!(work([].iter()), "The agent has not said or done anything yet.");
}

/// A client that asks beside the work of its user is given the choices, and what was chosen is done.
#[tokio::test]
async fn a_client_that_can_ask_asks() {
    let mut editor = Editor::start_as("an editor", json!({ "window": { "showMessage": {} } })).await;
    hint(&editor.connection, conflict("t", "a.rs"));
    let asked = editor.incoming("window/showMessageRequest").await;
    let message = asked["params"]["message"].as_str().unwrap();
    assert!(message.contains("“sort the users” has changed a.rs"), "{message}");
    let titles: Vec<_> = asked["params"]["actions"].as_array().unwrap().iter().collect();
    let titles: Vec<_> = titles.iter().map(|action| action["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Show the agent's work", "Tell the task", "Pause", "Stop"]);
    // The task is gone by now, which the user is told: the choice reached the engine.
    editor.answer(&asked, json!({ "title": "Pause" })).await;
    let told = editor.incoming("window/showMessage").await;
    assert!(
        told["params"]["message"].as_str().unwrap().contains("no task t"),
        "{told}"
    );
}

#[tokio::test]
async fn a_hint_that_is_ignored_does_nothing() {
    let mut editor = Editor::start_as("an editor", json!({ "window": { "showMessage": {} } })).await;
    hint(&editor.connection, conflict("t", "a.rs"));
    let asked = editor.incoming("window/showMessageRequest").await;
    editor.answer(&asked, json!(null)).await;
    hint(&editor.connection, conflict("t", "a.rs"));
    hint(&editor.connection, conflict("t", "b.rs"));
    let asked = editor.incoming("window/showMessageRequest").await;
    assert!(asked["params"]["message"].as_str().unwrap().contains("b.rs"), "{asked}");
}

#[tokio::test]
async fn others_are_told_where_the_choices_are() {
    for (name, capabilities) in [
        ("Neovim", json!({ "window": { "showMessage": {} } })),
        ("an editor", json!({})),
    ] {
        let mut editor = Editor::start_as(name, capabilities).await;
        hint(&editor.connection, conflict("t", "a.rs"));
        let told = editor.incoming("window/showMessage").await;
        assert!(
            told["params"]["message"].as_str().unwrap().contains("code actions"),
            "{told}"
        );
    }
}
