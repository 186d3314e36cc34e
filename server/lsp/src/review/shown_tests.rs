//! What a client shows of hunks under review without being asked: diagnostics and lenses.

use std::sync::Arc;

use aca_protocol::proposal::{FileChange, HunkState, Reason};
use lsp_types::{Position, Range};
use serde_json::json;

use super::fixture::{TEXT, conflict, failed_check, hunk, published, review};
use super::{diagnostics, lenses};
use crate::board::Review;
use crate::capabilities::ClientFlags;
use crate::life::fixture::rust_document;

#[test]
fn a_diagnostic_says_what_is_proposed_and_where() {
    let gone = HunkState::Gone {
        reason: "The function was removed.".to_owned(),
    };
    let merged = "two new\n".to_owned();
    let mut reasoned = hunk("t", "h", 1, 2, HunkState::Clean);
    reasoned.view.reason = Some(Reason {
        why: "It was wrong.".to_owned(),
        verified: false,
        calls: Vec::new(),
    });
    let found = published(
        &[
            reasoned,
            hunk("t", "i", 3, 0, HunkState::Clean),
            hunk("t", "j", 3, 1, conflict()),
            hunk("t", "k", 0, 1, HunkState::AlreadyThere),
            hunk("t", "l", 0, 0, gone),
            hunk("t", "m", 1, 1, HunkState::Touched { merged }),
        ],
        true,
    );
    let seen: Vec<_> = found
        .iter()
        .map(|diagnostic| {
            let Range { start, end } = diagnostic.range;
            let message = diagnostic.message.lines().next().unwrap_or_default();
            (
                json!(diagnostic.severity),
                json!(diagnostic.code),
                (start.line, start.character, end.line, end.character),
                message.to_owned(),
            )
        })
        .collect();
    let expected = [
        (3, "pending", (1, 0, 2, 5), "aca proposes to replace 2 lines by 1."),
        (3, "pending", (3, 0, 3, 0), "aca proposes to insert 1 line here."),
        (
            2,
            "conflict",
            (3, 0, 3, 4),
            "This conflicts with what was typed here since. Keep yours, take the agent's, keep both to edit, or ask the \
             agent to redo it.",
        ),
        (
            4,
            "already-there",
            (0, 0, 0, 3),
            "The file already says what aca proposes here.",
        ),
        (
            2,
            "gone",
            (0, 0, 0, 0),
            "The place of this change is gone: The function was removed.",
        ),
        (
            3,
            "touched",
            (1, 0, 1, 3),
            "Lines beside this change were typed since; both fit together, as the lines with = show.",
        ),
    ];
    let expected = expected.map(|(severity, code, range, message)| {
        (json!(severity), json!(code), range, format!("{message} [title of t]"))
    });
    assert_eq!(seen, expected);
    let rest = |n: usize| found[n].message.lines().skip(1).collect::<Vec<_>>();
    assert_eq!(
        rest(0),
        ["Why (unverified): It was wrong.", "- two", "- three", "+ new"]
    );
    assert_eq!(rest(5), ["- two", "+ new", "= two new"]);
    assert_eq!(found[0].data, Some(json!({ "task": "t", "hunk": "h" })));
}

#[test]
fn what_a_check_finds_is_shown_at_the_hunk() {
    let mut checked = hunk("t", "h", 1, 2, HunkState::Clean);
    checked.review = Arc::new(Review {
        check: Some(failed_check("h")),
        ..review("t")
    });
    let found = published(&[checked, hunk("t", "i", 3, 1, HunkState::Clean)], true);
    let seen: Vec<_> = found
        .iter()
        .map(|diagnostic| {
            (
                diagnostic.source.as_deref().unwrap(),
                json!(diagnostic.severity),
                diagnostic.range.start.line,
                diagnostic.message.lines().next().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("aca check", json!(1), 1, "no such name"),
            ("aca check", json!(2), 1, "unused"),
            ("aca", json!(3), 1, "aca proposes to replace 2 lines by 1. [title of t]"),
            ("aca", json!(3), 3, "aca proposes to replace 1 line by 1. [title of t]"),
        ]
    );
}

#[test]
fn a_closed_file_has_its_diagnostics_too() {
    let hunks = [Arc::new(hunk("t", "h", 1, 2, HunkState::Clean))];
    let found = diagnostics(&hunks, None, &ClientFlags::default());
    assert_eq!(
        found[0].range,
        Range {
            start: Position::new(1, 0),
            end: Position::new(3, 0)
        }
    );
}

#[test]
fn lenses_decide_too_and_say_why() {
    let mut reasoned = hunk("t", "h", 1, 2, HunkState::Clean);
    reasoned.view.reason = Some(Reason {
        why: "It was wrong.".to_owned(),
        verified: true,
        calls: Vec::new(),
    });
    let mut unsupported = hunk("t", "j", 3, 1, HunkState::Clean);
    unsupported.change = FileChange::Unsupported { reason: String::new() };
    let pending = [reasoned, hunk("t", "i", 3, 1, conflict()), unsupported].map(Arc::new);
    let found = lenses(&rust_document(TEXT), &pending, &ClientFlags::default());
    let seen: Vec<_> = found
        .iter()
        .map(|lens| (lens.range.start.line, lens.command.as_ref().unwrap().title.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            (1, "✓ accept"),
            (1, "✗ reject"),
            (1, "Why: It was wrong."),
            (3, "conflict: keep mine"),
            (3, "take the agent's"),
            (0, "cannot be landed: ✗ reject"),
        ]
    );
}
