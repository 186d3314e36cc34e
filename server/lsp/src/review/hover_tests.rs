//! What is shown where the pointer rests on a hunk.

use std::sync::Arc;

use aca_protocol::HunkId;
use aca_protocol::proposal::{HunkState, Reason, Since};
use lsp_types::{Hover, HoverContents, MarkupContent, Position, Range};

use super::fixture::{TEXT, conflict, failed_check, hunk, review};
use super::hover;
use crate::board::{Hunk, Review};
use crate::capabilities::ClientFlags;
use crate::life::fixture::rust_document;

fn hovered(hunks: Vec<Hunk>, line: u32, hover_markdown: bool) -> Option<Hover> {
    let hunks: Vec<_> = hunks.into_iter().map(Arc::new).collect();
    let flags = ClientFlags {
        hover_markdown,
        ..ClientFlags::default()
    };
    hover(&rust_document(TEXT), &hunks, Position::new(line, 1), &flags)
}

/// Checks what is shown to a client that shows plain text.
#[track_caller]
fn check(hunks: Vec<Hunk>, line: u32, expected: &str) {
    let hover = hovered(hunks, line, false).unwrap();
    let HoverContents::Markup(MarkupContent { value, .. }) = hover.contents else {
        panic!("{:?}", hover.contents)
    };
    assert_eq!(value, expected.trim_start());
}

fn known() -> Hunk {
    let mut known = hunk("t", "h", 1, 1, HunkState::Clean);
    known.review = Arc::new(Review {
        check: Some(failed_check("h")),
        ..review("t")
    });
    known.view.reason = Some(Reason {
        why: "Two was\nwrong.".to_owned(),
        verified: true,
        calls: Vec::new(),
    });
    known.view.amended = true;
    known.view.since = Since::Changed;
    known.needs = ["a.rs:3", "b.rs:1", "b.rs:2", "b.rs:9"].map(ToOwned::to_owned).to_vec();
    known
}

#[test]
fn everything_known_of_a_hunk_is_shown() {
    check(
        vec![known()],
        1,
        "
aca proposes to replace 1 line by 1. [title of t]
Why: Two was wrong.
It needs the hunks at a.rs:3, b.rs:1, b.rs:2 and 1 more.
A person has changed what it puts here.
It is new or changed since the round before.
The check “make check” failed (exit code 2). It says here: no such name · unused
- two
+ new",
    );
}

#[test]
fn a_hunk_without_a_reason_is_unverified_and_a_check_without_it_says_nothing() {
    let mut unchecked = known();
    let mut check_of_others = failed_check("h");
    check_of_others.hunks = Some(vec![HunkId::new("other")]);
    unchecked.review = Arc::new(Review {
        check: Some(check_of_others),
        ..review("t")
    });
    unchecked.view.reason = None;
    unchecked.view.amended = false;
    unchecked.view.since = Since::Same;
    unchecked.needs.truncate(1);
    check(
        vec![unchecked],
        1,
        "
aca proposes to replace 1 line by 1. [title of t]
Why: the agent gave no reason (unverified).
It needs the hunk at a.rs:3.
It is as it was in the round before.
- two
+ new",
    );
}

#[test]
fn what_was_typed_is_shown_beside_what_is_proposed() {
    let merged = "new typed\n".to_owned();
    let mut claimed = hunk("t", "i", 1, 1, conflict());
    claimed.view.reason = Some(Reason {
        why: "So it is.".to_owned(),
        verified: false,
        calls: Vec::new(),
    });
    check(
        vec![hunk("t", "h", 1, 1, HunkState::Touched { merged }), claimed],
        1,
        "
Lines beside this change were typed since; both fit together, as the lines with = show. [title of t]
Why: the agent gave no reason (unverified).
- two
+ new
With what was typed since:
= new typed

This conflicts with what was typed here since. Keep yours, take the agent's, keep both to edit, or ask the agent to redo it. [title of t]
Why (unverified): So it is.
- two
+ new
Typed since in its place:
! typed",
    );
}

#[test]
fn the_agents_words_are_words_in_markdown_too() {
    let mut hostile = known();
    hostile.review = Arc::new(review("t"));
    hostile.needs.clear();
    hostile.view.amended = false;
    hostile.view.since = Since::First;
    hostile.view.reason = Some(Reason {
        why: "![x](https://example.com/x.png) <b>".to_owned(),
        verified: true,
        calls: Vec::new(),
    });
    hostile.view.new = "```\n".to_owned();
    let hover = hovered(vec![hostile], 1, true).unwrap();
    let HoverContents::Markup(MarkupContent { value, .. }) = hover.contents else {
        panic!("{:?}", hover.contents)
    };
    assert!(
        value.contains(r"Why\: \!\[x\]\(https\:\/\/example\.com\/x\.png\) \<b\>"),
        "{value}"
    );
    assert!(value.ends_with("````diff\n- two\n+ ```\n````"), "{value}");
}

#[test]
fn there_is_nothing_beside_a_hunk() {
    let one = || vec![hunk("t", "h", 1, 2, HunkState::Clean)];
    assert_eq!(hovered(one(), 0, true), None);
    assert_eq!(hovered(one(), 3, true), None);
    let place = Range {
        start: Position::new(1, 0),
        end: Position::new(2, 5),
    };
    assert_eq!(hovered(one(), 2, true).unwrap().range, Some(place));
}
