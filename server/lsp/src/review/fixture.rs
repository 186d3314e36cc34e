//! Small hunks for tests.

use std::sync::Arc;

use aca_protocol::proposal::{CheckState, CheckView, FileChange, Finding, HunkState, HunkView};
use aca_protocol::{HunkId, TaskId};
use lsp_types::Diagnostic;

use super::diagnostics;
use crate::board::{Hunk, Review};
use crate::capabilities::ClientFlags;
use crate::life::fixture::rust_document;

/// The live text that the hunks are about.
pub(crate) const TEXT: &str = "one\ntwo\nthree\nfour\n";

/// A hunk that puts `new` in the place of lines of [`TEXT`].
pub(crate) fn hunk(task: &str, id: &str, line: u32, lines: u32, state: HunkState) -> Hunk {
    let text = TEXT.lines().skip(line as usize).take(lines as usize);
    let old = text.map(|line| format!("{line}\n")).collect();
    Hunk {
        review: Arc::new(review(task)),
        path: "a.rs".to_owned(),
        change: FileChange::Modify,
        view: HunkView::new(HunkId::new(id), state, line, lines, old, "new\n".to_owned()),
        needs: Vec::new(),
    }
}

/// A proposal of which nothing is checked or rejected, at revision 9.
pub(crate) fn review(task: &str) -> Review {
    Review {
        task: TaskId::new(task),
        title: format!("title of {task}"),
        revision: 9,
        check: None,
        redo: Vec::new(),
    }
}

/// A failed check of the whole proposal with one error and one warning at a hunk, and one elsewhere.
pub(crate) fn failed_check(hunk: &str) -> CheckView {
    let finding = |error, message: &str, hunk: Option<&str>| Finding {
        path: "a.rs".to_owned(),
        line: 70,
        error,
        message: message.to_owned(),
        hunk: hunk.map(HunkId::new),
    };
    CheckView {
        command: "make check".to_owned(),
        hunks: None,
        state: CheckState::Failed { code: Some(2) },
        findings: vec![
            finding(true, "no such name", Some(hunk)),
            finding(false, "unused", Some(hunk)),
            finding(true, "elsewhere", None),
        ],
        output: String::new(),
    }
}

/// A hunk whose words someone else changed.
pub(crate) fn conflict() -> HunkState {
    HunkState::Overlapping {
        live: "typed\n".to_owned(),
    }
}

/// The diagnostics of hunks of an open document with [`TEXT`].
pub(crate) fn published(hunks: &[Hunk], diagnostic_data: bool) -> Vec<Diagnostic> {
    let hunks: Vec<_> = hunks.iter().cloned().map(Arc::new).collect();
    let flags = ClientFlags {
        diagnostic_data,
        ..ClientFlags::default()
    };
    diagnostics(&hunks, Some(&rust_document(TEXT)), &flags)
}
