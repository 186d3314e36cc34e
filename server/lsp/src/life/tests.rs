//! What a client is offered on a TODO through the life of its task.

use std::sync::Arc;

use aca_protocol::session::Recovery;
use aca_protocol::task::{TaskState, TaskView};
use lsp_types::{CodeAction, Position, Range};
use serde_json::json;

use super::fixture::{rust_document, todo_task};
use super::{Context, actions, beside, lenses};
use crate::board::FileBoard;
use crate::documents::Document;
use crate::front_end::FrontEnd;

const TEXT: &str = "fn a() {}\n// TODO sort the users\n// by name\nfn b() {}\n";

fn task(state: TaskState) -> Arc<TaskView> {
    let text = rust_document(TEXT).todos()[0].text.clone();
    Arc::new(TaskView {
        state,
        ..todo_task("t", "a.rs", 1, &text)
    })
}

/// Returns what a plain client is offered.
fn plain_actions(document: &Document, file: &FileBoard, at_work: &[TaskView], selected: Range) -> Vec<CodeAction> {
    actions(&Context {
        document,
        file,
        at_work,
        selected,
        front_end: &FrontEnd::default(),
    })
}

/// Checks the actions and the lenses of the one TODO.
#[track_caller]
fn check(tasks: &[Arc<TaskView>], expected_actions: &[(&str, &str)], expected_lenses: &[(&str, &str)]) {
    let document = rust_document(TEXT);
    for line in [1, 2] {
        let at = Range {
            start: Position::new(line, 4),
            end: Position::new(line, 4),
        };
        let file = FileBoard {
            tasks: tasks.to_vec(),
            ..FileBoard::default()
        };
        let found = plain_actions(&document, &file, &[], at);
        let found: Vec<_> = found
            .iter()
            .map(|action| (action.title.as_str(), action.command.as_ref().unwrap().command.as_str()))
            .collect();
        assert_eq!(found, expected_actions);
    }
    let found = lenses(&document, tasks, 42_000, &FrontEnd::default());
    let commands = found.iter().map(|lens| lens.command.as_ref().unwrap());
    let found: Vec<_> = commands
        .map(|command| (command.title.as_str(), command.command.as_str()))
        .collect();
    assert_eq!(found, expected_lenses);
}

#[test]
fn a_task_that_brought_nothing_can_go_on() {
    let interrupted = |state, ways: &[Recovery]| {
        let task = TaskView {
            recovery: ways.to_vec(),
            ..(*task(state)).clone()
        };
        [Arc::new(task)]
    };
    let lost = TaskState::Lost {
        reason: "It is gone.".to_owned(),
    };
    let recover = "aca.server.recover";
    check(
        &interrupted(lost.clone(), &[Recovery::Again, Recovery::Continue, Recovery::Take]),
        &[
            ("Continue", recover),
            ("Start again", recover),
            ("Take what was found", recover),
            ("Do this", "aca.server.run"),
        ],
        &[
            ("lost: It is gone. · ▶ continue", recover),
            ("start again", recover),
            ("take what was found", recover),
        ],
    );
    check(
        &interrupted(TaskState::Stopped, &[Recovery::Again]),
        &[("Start again", recover), ("Do this", "aca.server.run")],
        &[("stopped · ▶ do this again", "aca.server.run")],
    );
    let ready = TaskState::Ready {
        pending: 1,
        conflicts: 0,
    };
    check(
        &interrupted(ready, &[Recovery::Continue]),
        &[
            ("Continue", recover),
            ("Show the first hunk", "aca.server.showProposal"),
            ("Accept all hunks of this task", "aca.server.acceptAll"),
            ("Reject all hunks of this task", "aca.server.rejectAll"),
        ],
        &[("✓ 1 hunk: review", "aca.server.showProposal"), ("continue", recover)],
    );
    let document = rust_document(TEXT);
    let tasks = interrupted(lost, &[Recovery::Take]);
    let at = Range::new(Position::new(1, 0), Position::new(1, 0));
    let file = FileBoard {
        tasks: tasks.to_vec(),
        ..FileBoard::default()
    };
    let action = plain_actions(&document, &file, &[], at).remove(0);
    let arguments = action.command.unwrap().arguments.unwrap();
    assert_eq!(arguments, [json!({"task": "t", "how": "take"})]);
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
    check(&[], &run, &[("▶ Do this", "aca.server.run")]);
    check(&[task(TaskState::Queued)], &stop, &[("queued", "aca.server.stop")]);
    check(
        &[task(TaskState::Preparing {
            step: "building the image".to_owned(),
        })],
        &stop,
        &[("preparing: building the image", "aca.server.stop")],
    );
    check(
        &[task(TaskState::Running {
            activity: "editing src/user.rs".to_owned(),
            since_ms: 1_000,
        })],
        &[("Pause", "aca.server.pause"), ("Stop", "aca.server.stop")],
        &[
            ("⟳ editing src/user.rs · 41 s · stop", "aca.server.stop"),
            ("pause", "aca.server.pause"),
        ],
    );
    check(
        &[task(TaskState::Paused)],
        &[("Resume", "aca.server.resume"), ("Stop", "aca.server.stop")],
        &[("paused · ▶ resume", "aca.server.resume"), ("stop", "aca.server.stop")],
    );
    check(
        &[task(TaskState::Verifying { since_ms: 40_000 })],
        &stop,
        &[("⟳ verifying · 2 s · stop", "aca.server.stop")],
    );
    check(&[task(TaskState::Stopping)], &stop, &[("stopping", "")]);
    check(
        &[task(TaskState::Stopped)],
        &run,
        &[("stopped · ▶ do this again", "aca.server.run")],
    );
    check(
        &[task(TaskState::Ready {
            pending: 3,
            conflicts: 0,
        })],
        &review,
        &[("✓ 3 hunks: review", "aca.server.showProposal")],
    );
    check(
        &[task(TaskState::Landed {
            accepted: 1,
            rejected: 0,
        })],
        &run,
        &[("landed", "")],
    );
    check(
        &[task(TaskState::Failed {
            reason: "No engine answers.".to_owned(),
        })],
        &run,
        &[("failed: No engine answers. · ▶ try again", "aca.server.run")],
    );
}

#[test]
fn what_was_rejected_of_a_decided_task_can_be_brought_back() {
    let again = [
        ("Do this", "aca.server.run"),
        ("Bring the rejected hunks back", "aca.server.reopen"),
    ];
    check(
        &[task(TaskState::Rejected)],
        &again,
        &[("rejected · ▶ do this again", "aca.server.run")],
    );
    check(
        &[task(TaskState::Landed {
            accepted: 1,
            rejected: 2,
        })],
        &again,
        &[("landed", "")],
    );
}

#[test]
fn all_hunks_are_decided_as_they_were_seen() {
    let task = task(TaskState::Ready {
        pending: 1,
        conflicts: 0,
    });
    let file = FileBoard {
        revisions: [(task.id.clone(), 12)].into(),
        tasks: vec![task],
        ..FileBoard::default()
    };
    let at = Range {
        start: Position::new(1, 0),
        end: Position::new(1, 0),
    };
    let found = plain_actions(&rust_document(TEXT), &file, &[], at);
    let arguments = found[1].command.as_ref().unwrap().arguments.as_ref().unwrap();
    assert_eq!(arguments, &[json!({ "task": "t", "seen": 12 })]);
}

/// Tasks at work on the file of the TODO.
fn at_work(titles: &[&str]) -> Vec<TaskView> {
    let task = |title: &&str| TaskView {
        title: (*title).to_owned(),
        state: TaskState::Running {
            activity: String::new(),
            since_ms: 0,
        },
        ..todo_task(title, "b.rs", 0, "TODO x")
    };
    titles.iter().map(task).collect()
}

#[test]
fn who_else_is_at_work_on_the_file_is_named_before_a_start() {
    let at = Range {
        start: Position::new(1, 0),
        end: Position::new(1, 0),
    };
    for (others, expected) in [
        (&["sort"][..], "Do this (also at work here: sort)"),
        (&["sort", "count"], "Do this (also at work here: sort, count)"),
        (
            &["sort", "count", "trim", "join"],
            "Do this (also at work here: sort, count, 2 more)",
        ),
    ] {
        let found = plain_actions(&rust_document(TEXT), &FileBoard::default(), &at_work(others), at);
        assert_eq!(found[0].title, expected);
    }
}

#[test]
fn tasks_at_work_on_a_file_are_told_held_or_stopped_from_it() {
    let document = rust_document(TEXT);
    let file = document.file.as_ref().unwrap();
    let mut tasks = at_work(&["sort", "count", "trim"]);
    tasks[1].state = TaskState::Paused;
    tasks[2].state = TaskState::Queued;
    let found = beside(file, &tasks, &FrontEnd::default());
    let titles: Vec<_> = found.iter().map(|action| action.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "Tell “sort” that you are editing this file",
            "Pause “sort”",
            "Stop “sort”",
            "Tell “count” that you are editing this file",
            "Resume “count”",
            "Stop “count”",
            "Stop “trim”",
        ]
    );
    let told = &found[0].command.as_ref().unwrap().arguments.as_ref().unwrap()[0];
    assert_eq!(told["task"], "sort");
    assert!(told["text"].as_str().unwrap().contains("The user is changing a.rs"));
}

#[test]
fn an_action_carries_what_it_takes_to_find_the_todo_again() {
    let document = rust_document(TEXT);
    let at = Range {
        start: Position::new(1, 0),
        end: Position::new(1, 0),
    };
    let argument = plain_actions(&document, &FileBoard::default(), &[], at)[0]
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
    let found = plain_actions(&document, &FileBoard::default(), &[], all);
    let titles: Vec<_> = found.iter().map(|action| action.title.as_str()).collect();
    assert_eq!(titles, ["Do this: TODO a", "Do this: TODO b"]);
}
