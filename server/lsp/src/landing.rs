//! Changes an open document for the engine, and believes only what it sees.
//!
//! One `workspace/applyEdit` for one document, versioned and minimal. What the client answers proves little: Neovim
//! skips an edit of a stale version and still answers `applied: true`. The document's own `didChange` counts.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use aca_engine::{EditorReply, EditorRequest};
use lsp_types::request::ApplyWorkspaceEdit;
use lsp_types::{
    ApplyWorkspaceEditParams, ApplyWorkspaceEditResponse, DocumentChanges, OneOf,
    OptionalVersionedTextDocumentIdentifier, TextDocumentEdit, TextEdit, WorkspaceEdit,
};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};
use tower_lsp::jsonrpc;

use crate::capabilities::ClientFlags;
use crate::connection::Connection;
use crate::documents::Document;

/// How long the `didChange` that explains an answer may be behind it: an editor may send a change in pieces, and some
/// refuse an edit of an old version before they have told of the newer one.
const SETTLE: Duration = Duration::from_millis(500);

/// Serves the engine's wishes for as long as the connection lives.
pub(crate) async fn serve(connection: Arc<Connection>, mut requests: mpsc::UnboundedReceiver<EditorRequest>) {
    while let Some(request) = requests.recv().await {
        let connection = Arc::clone(&connection);
        connection
            .background
            .clone()
            .spawn(async move { change(&connection, request).await });
    }
}

async fn change(connection: &Arc<Connection>, request: EditorRequest) {
    let EditorRequest {
        path,
        version,
        before,
        after,
        label,
        reply,
    } = request;
    let outcome = match connection.documents.at(&path) {
        Some(document) if document.version == version && document.text == before => {
            apply(connection, &document, after, label).await
        }
        _ => EditorReply::Stale,
    };
    tracing::debug!(path = %path.display(), ?outcome, "a landing in the editor");
    // Whoever asked may be gone; the document is as it is.
    let _ = reply.send(outcome);
}

async fn apply(connection: &Arc<Connection>, document: &Document, after: String, label: String) -> EditorReply {
    let flags = connection.flags();
    if !flags.apply_edit {
        let reason = "The editor cannot be asked to change a document (it does not offer workspace/applyEdit). Close the \
                      file there, then accept again: aca writes closed files itself.";
        return EditorReply::Refused(reason.to_owned());
    }
    if document.text == after.as_str() {
        return EditorReply::Landed;
    }
    let edit = workspace_edit(document, &after, flags);
    // Both receivers exist before the client can react.
    let seen = connection.documents.expect(&document.uri, after);
    let changes = connection.documents.changes();
    let answer = ask(
        connection,
        ApplyWorkspaceEditParams {
            label: Some(label),
            edit,
        },
    );
    Watch {
        connection,
        document,
        answer: Answer::None,
        deadline: Instant::now() + connection.options.landing_timeout,
    }
    .outcome(seen, changes, answer)
    .await
}

/// Sends the edit. The request lives in a task of its own, so that giving up on it here drops nothing of tower-lsp's.
fn ask(
    connection: &Arc<Connection>,
    params: ApplyWorkspaceEditParams,
) -> oneshot::Receiver<jsonrpc::Result<ApplyWorkspaceEditResponse>> {
    let (sender, receiver) = oneshot::channel();
    let client = connection.client.clone();
    connection.background.spawn(async move {
        // Nobody may be waiting any more.
        let _ = sender.send(client.send_request::<ApplyWorkspaceEdit>(params).await);
    });
    receiver
}

/// Watches one document after an edit was sent.
struct Watch<'a> {
    connection: &'a Connection,
    document: &'a Document,
    answer: Answer,
    deadline: Instant,
}

/// What the client has said about the edit so far.
enum Answer {
    None,
    Applied,
    Refused(String),
}

impl Watch<'_> {
    async fn outcome(
        mut self,
        mut seen: oneshot::Receiver<()>,
        mut changes: watch::Receiver<u64>,
        mut answer: oneshot::Receiver<jsonrpc::Result<ApplyWorkspaceEditResponse>>,
    ) -> EditorReply {
        loop {
            tokio::select! {
                biased;
                landed = &mut seen => return if landed.is_ok() { EditorReply::Landed } else { EditorReply::Stale },
                answer = &mut answer, if matches!(self.answer, Answer::None) => {
                    self.answer = refusal(answer).map_or(Answer::Applied, Answer::Refused);
                }
                _ = changes.changed() => {}
                () = sleep_until(self.deadline) => return self.late(),
            }
            match (&self.answer, self.has_moved_on()) {
                (Answer::Refused(_), true) => return EditorReply::Stale,
                (Answer::Refused(_), false) | (Answer::Applied, true) => {
                    self.deadline = self.deadline.min(Instant::now() + SETTLE);
                }
                (Answer::None, _) | (Answer::Applied, false) => {}
            }
        }
    }

    fn late(self) -> EditorReply {
        let is_safe_to_repeat = match self.answer {
            // An edit that names a version is refused once there is a newer one. One that does not may still be applied,
            // and another one after it.
            Answer::None => self.connection.flags().document_changes,
            Answer::Applied | Answer::Refused(_) => true,
        };
        if is_safe_to_repeat && self.has_moved_on() {
            return EditorReply::Stale;
        }
        EditorReply::Refused(match self.answer {
            Answer::Refused(reason) => reason,
            Answer::None | Answer::Applied => {
                let seconds = self.connection.options.landing_timeout.as_secs_f32();
                format!(
                    "The editor did not show the change within {seconds} s. Look at the document, then accept again."
                )
            }
        })
    }

    fn has_moved_on(&self) -> bool {
        let now = self.connection.documents.get(&self.document.uri);
        now.is_none_or(|now| now.version != self.document.version)
    }
}

/// Returns why the client did not do it, if it says so.
fn refusal(answer: Result<jsonrpc::Result<ApplyWorkspaceEditResponse>, oneshot::error::RecvError>) -> Option<String> {
    match answer {
        Ok(Ok(ApplyWorkspaceEditResponse { applied: true, .. })) => None,
        Ok(Ok(ApplyWorkspaceEditResponse {
            failure_reason: Some(reason),
            ..
        })) => Some(format!("The editor did not apply the change: {reason}")),
        Ok(Ok(_)) => Some("The editor did not apply the change and gave no reason. Accept again.".to_owned()),
        Ok(Err(error)) => Some(format!("The editor answered with an error: {}", error.message)),
        Err(_) => Some("The editor is gone.".to_owned()),
    }
}

fn workspace_edit(document: &Document, after: &str, flags: &ClientFlags) -> WorkspaceEdit {
    let before = document.text.to_string();
    let edits = aca_review::edits(&before, after).into_iter().map(|edit| {
        let (place, new_text) = within_lines(&before, edit.start_byte..edit.end_byte, edit.text);
        let range = flags.encoding.to_range(&document.text, place);
        TextEdit { range, new_text }
    });
    if flags.document_changes {
        let identifier = OptionalVersionedTextDocumentIdentifier {
            uri: document.uri.clone(),
            version: Some(if flags.zero_is_any_version {
                // Whatever is typed meanwhile makes the document newer than one.
                document.version.max(1)
            } else {
                document.version
            }),
        };
        let edit = TextDocumentEdit {
            text_document: identifier,
            edits: edits.map(OneOf::Left).collect(),
        };
        WorkspaceEdit {
            document_changes: Some(DocumentChanges::Edits(vec![edit])),
            ..WorkspaceEdit::default()
        }
    } else {
        let changes = std::collections::HashMap::from([(document.uri.clone(), edits.collect())]);
        WorkspaceEdit {
            changes: Some(changes),
            ..WorkspaceEdit::default()
        }
    }
}

/// Returns an edit that appends lines as one of the last line: Neovim adds an empty line to what is put after all lines.
fn within_lines(before: &str, place: Range<usize>, text: String) -> (Range<usize>, String) {
    let line_end = if before.ends_with("\r\n") { "\r\n" } else { "\n" };
    let appends = place.start == before.len() && before.ends_with(line_end);
    match text.strip_suffix(line_end).filter(|_| appends) {
        Some(lines) => {
            let end = before.len() - line_end.len();
            (end..end, format!("{line_end}{lines}"))
        }
        None => (place, text),
    }
}

#[cfg(test)]
#[path = "landing_tests.rs"]
pub(crate) mod tests;
