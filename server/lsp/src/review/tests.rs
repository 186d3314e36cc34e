//! What a client is offered on pending hunks.

use std::sync::Arc;

use aca_protocol::proposal::{FileChange, HunkState, HunkView};
use aca_protocol::{HunkId, TaskId};
use lsp_types::{Position, Range};
use serde_json::json;

use super::{actions, diagnostics, lenses};
use crate::board::Pending;
use crate::documents::Encoding;
use crate::life::fixture::rust_document;

const TEXT: &str = "one\ntwo\nthree\nfour\n";

fn hunk(task: &str, id: &str, line: u32, lines: u32, state: HunkState) -> Arc<Pending> {
    let old: String = TEXT
        .lines()
        .skip(line as usize)
        .take(lines as usize)
        .map(|line| format!("{line}\n"))
        .collect();
    Arc::new(Pending {
        task: TaskId::new(task),
        title: format!("title of {task}"),
        path: "a.rs".to_owned(),
        change: FileChange::Modify,
        hunk: HunkView::new(HunkId::new(id), state, line, lines, old, "new\n".to_owned()),
    })
}

fn conflict() -> HunkState {
    HunkState::Overlapping {
        live: "typed\n".to_owned(),
    }
}

/// Checks the titles of the actions on a line.
#[track_caller]
fn check(pending: &[Arc<Pending>], line: u32, expected: &[&str]) {
    let at = Range {
        start: Position::new(line, 1),
        end: Position::new(line, 1),
    };
    let found = actions(&rust_document(TEXT), pending, at, &[], Encoding::Utf16);
    let titles: Vec<_> = found.iter().map(|action| action.title.as_str()).collect();
    assert_eq!(titles, expected);
    assert!(
        found
            .iter()
            .all(|action| action.edit.is_none() && action.command.is_some())
    );
}

#[test]
fn a_hunk_can_be_decided_where_it_is() {
    let all = [
        "Accept this hunk",
        "Reject this hunk",
        "Accept all in file",
        "Reject all in file",
    ];
    let pending = [hunk("t", "h", 1, 2, HunkState::Clean)];
    check(&pending, 0, &[]);
    check(&pending, 1, &all);
    check(&pending, 2, &all);
    check(&pending, 3, &[]);
    check(&[hunk("t", "h", 1, 0, HunkState::Clean)], 1, &all);
    // Past the last line: at the end of the text.
    check(&[hunk("t", "h", 9, 0, HunkState::Clean)], 4, &all);
}

#[test]
fn a_conflict_can_only_be_rejected() {
    check(
        &[hunk("t", "h", 1, 1, conflict())],
        1,
        &["Reject this hunk", "Accept all in file", "Reject all in file"],
    );
}

#[test]
fn hunks_of_several_tasks_are_told_apart() {
    let pending = [
        hunk("t", "h", 0, 1, HunkState::Clean),
        hunk("u", "i", 0, 1, HunkState::Clean),
    ];
    check(
        &pending,
        0,
        &[
            "Accept this hunk (title of t)",
            "Reject this hunk (title of t)",
            "Accept this hunk (title of u)",
            "Reject this hunk (title of u)",
            "Accept all in file (title of t)",
            "Reject all in file (title of t)",
            "Accept all in file (title of u)",
            "Reject all in file (title of u)",
        ],
    );
}

#[test]
fn a_diagnostic_says_what_is_proposed_and_where() {
    let document = rust_document(TEXT);
    let pending = [
        hunk("t", "h", 1, 2, HunkState::Clean),
        hunk("t", "i", 3, 0, HunkState::Clean),
        hunk("t", "j", 3, 1, conflict()),
        hunk("t", "k", 0, 1, HunkState::AlreadyThere),
    ];
    let found = diagnostics(&pending, Some(&document), Encoding::Utf16);
    let seen: Vec<_> = found
        .iter()
        .map(|diagnostic| {
            let Range { start, end } = diagnostic.range;
            let message = diagnostic.message.lines().next().unwrap_or_default();
            (
                json!(diagnostic.severity),
                (start.line, start.character, end.line, end.character),
                message.to_owned(),
            )
        })
        .collect();
    let expected = [
        (
            json!(3),
            (1, 0, 2, 5),
            "aca proposes to replace 2 lines by 1. [title of t]",
        ),
        (
            json!(3),
            (3, 0, 3, 0),
            "aca proposes to insert 1 line here. [title of t]",
        ),
        (
            json!(2),
            (3, 0, 3, 4),
            "This conflicts with what was typed here since. It can be rejected, or done by hand. [title of t]",
        ),
        (
            json!(4),
            (0, 0, 0, 3),
            "The file already says what aca proposes here. [title of t]",
        ),
    ];
    assert_eq!(
        seen,
        expected.map(|(severity, range, message)| (severity, range, message.to_owned()))
    );
    assert_eq!(
        found[0].message.lines().skip(1).collect::<Vec<_>>(),
        ["- two", "- three", "+ new"]
    );
    assert_eq!(found[0].data, Some(json!({ "task": "t", "hunk": "h" })));
}

#[test]
fn an_action_names_the_diagnostic_it_resolves() {
    let document = rust_document(TEXT);
    let pending = [
        hunk("t", "h", 1, 1, HunkState::Clean),
        hunk("t", "i", 1, 0, HunkState::Clean),
    ];
    let sent = diagnostics(&pending, Some(&document), Encoding::Utf16);
    let at = Range {
        start: Position::new(1, 0),
        end: Position::new(1, 0),
    };
    let found = actions(&document, &pending, at, &sent, Encoding::Utf16);
    assert_eq!(found[0].diagnostics.as_deref(), Some(&sent[..1]));
    assert_eq!(found[2].diagnostics.as_deref(), Some(&sent[1..]));
    assert_eq!(found[4].diagnostics, None);
}

#[test]
fn a_closed_file_has_its_diagnostics_too() {
    let found = diagnostics(&[hunk("t", "h", 1, 2, HunkState::Clean)], None, Encoding::Utf16);
    assert_eq!(
        found[0].range,
        Range {
            start: Position::new(1, 0),
            end: Position::new(3, 0)
        }
    );
}

#[test]
fn lenses_decide_too() {
    let pending = [hunk("t", "h", 1, 2, HunkState::Clean), hunk("t", "i", 3, 1, conflict())];
    let found = lenses(&rust_document(TEXT), &pending, Encoding::Utf16);
    let seen: Vec<_> = found
        .iter()
        .map(|lens| (lens.range.start.line, lens.command.as_ref().unwrap().title.as_str()))
        .collect();
    assert_eq!(seen, [(1, "✓ accept"), (1, "✗ reject"), (3, "conflict: ✗ reject")]);
}
