//! What a client is offered on a TODO through the life of its task.

use std::sync::Arc;

use aca_protocol::task::{TaskState, TaskView};
use lsp_types::{Position, Range};
use serde_json::json;

use super::fixture::{rust_document, todo_task};
use super::{actions, lenses};

const TEXT: &str = "fn a() {}\n// TODO sort the users\n// by name\nfn b() {}\n";

fn task(state: TaskState) -> Arc<TaskView> {
    let text = rust_document(TEXT).todos()[0].text.clone();
    Arc::new(TaskView {
        state,
        ..todo_task("t", "a.rs", 1, &text)
    })
}

/// Checks the actions and the lens of the one TODO.
#[track_caller]
fn check(tasks: &[Arc<TaskView>], expected_actions: &[(&str, &str)], lens: (&str, &str)) {
    let document = rust_document(TEXT);
    for line in [1, 2] {
        let at = Range {
            start: Position::new(line, 4),
            end: Position::new(line, 4),
        };
        let found = actions(&document, tasks, at);
        let found: Vec<_> = found
            .iter()
            .map(|action| (action.title.as_str(), action.command.as_ref().unwrap().command.as_str()))
            .collect();
        assert_eq!(found, expected_actions);
    }
    let found = lenses(&document, tasks, 42_000);
    let command = found[0].command.as_ref().unwrap();
    assert_eq!(
        (found.len(), command.title.as_str(), command.command.as_str()),
        (1, lens.0, lens.1)
    );
}

#[test]
fn a_todo_follows_its_task() {
    let run = [("Do this", "aca.server.run")];
    let stop = [("Stop", "aca.server.stop")];
    let review = [
        ("Show the first hunk", "aca.server.showProposal"),
        ("Accept all hunks of this task", "aca.server.acceptAll"),
        ("Reject all hunks of this task", "aca.server.rejectAll"),
    ];
    check(&[], &run, ("▶ Do this", "aca.server.run"));
    check(&[task(TaskState::Queued)], &stop, ("queued", "aca.server.stop"));
    check(
        &[task(TaskState::Preparing {
            step: "building the image".to_owned(),
        })],
        &stop,
        ("preparing: building the image", "aca.server.stop"),
    );
    check(
        &[task(TaskState::Running {
            activity: "editing src/user.rs".to_owned(),
            since_ms: 1_000,
        })],
        &stop,
        ("⟳ editing src/user.rs · 41 s · stop", "aca.server.stop"),
    );
    check(&[task(TaskState::Stopping)], &stop, ("stopping", ""));
    check(
        &[task(TaskState::Stopped)],
        &run,
        ("stopped · ▶ do this again", "aca.server.run"),
    );
    check(
        &[task(TaskState::Ready {
            pending: 3,
            conflicts: 0,
        })],
        &review,
        ("✓ 3 hunks: review", "aca.server.showProposal"),
    );
    check(
        &[task(TaskState::Landed {
            accepted: 1,
            rejected: 0,
        })],
        &run,
        ("landed", ""),
    );
    check(
        &[task(TaskState::Failed {
            reason: "No engine answers.".to_owned(),
        })],
        &run,
        ("failed: No engine answers. · ▶ try again", "aca.server.run"),
    );
}

#[test]
fn an_action_carries_what_it_takes_to_find_the_todo_again() {
    let document = rust_document(TEXT);
    let at = Range {
        start: Position::new(1, 0),
        end: Position::new(1, 0),
    };
    let argument = actions(&document, &[], at)[0]
        .command
        .as_ref()
        .unwrap()
        .arguments
        .as_ref()
        .unwrap()[0]
        .clone();
    assert_eq!(argument["text"], document.todos()[0].text.as_str());
    assert_eq!(
        (&argument["uri"], &argument["version"], &argument["line"]),
        (&json!("file:///w/a.rs"), &json!(7), &json!(1))
    );
}

#[test]
fn several_todos_in_a_selection_are_told_apart() {
    let document = rust_document("// TODO a\nx;\n// TODO b\n");
    let all = Range {
        start: Position::new(0, 0),
        end: Position::new(2, 9),
    };
    let found = actions(&document, &[], all);
    let titles: Vec<_> = found.iter().map(|action| action.title.as_str()).collect();
    assert_eq!(titles, ["Do this: TODO a", "Do this: TODO b"]);
}
