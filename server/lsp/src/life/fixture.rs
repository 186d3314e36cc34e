//! Small tasks and documents for tests.

use std::path::PathBuf;
use std::sync::Arc;

use aca_protocol::task::{Origin, TaskState, TaskView, Usage};
use aca_protocol::{SessionId, TaskId};
use lsp_types::Url;

use crate::documents::{Document, WorkspaceFile};
use crate::workspaces::Root;

/// A queued task made from a TODO of the workspace `/w`.
pub(crate) fn todo_task(id: &str, path: &str, line: u32, text: &str) -> TaskView {
    TaskView {
        id: TaskId::new(id),
        session: SessionId::new("s"),
        workspace: PathBuf::from("/w"),
        title: text.to_owned(),
        origin: Origin::Todo {
            path: path.to_owned(),
            line,
            text: text.to_owned(),
        },
        state: TaskState::Queued,
        attempt: None,
        usage: Usage::default(),
        recovery: Vec::new(),
        created_ms: 0,
        changed_ms: 0,
        revision: 1,
    }
}

/// The document `/w/a.rs` at version 7.
pub(crate) fn rust_document(text: &str) -> Document {
    let root = Arc::new(Root::for_test("/w"));
    let file = WorkspaceFile {
        path: root.canonical.join("a.rs"),
        relative: "a.rs".to_owned(),
        root,
    };
    Document::open(Url::parse("file:///w/a.rs").unwrap(), "rust", 7, text, Some(file))
}
