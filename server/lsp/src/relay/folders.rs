//! The editor's workspace folders, as far as they changed since it introduced itself.

use lsp_types::{DidChangeWorkspaceFoldersParams, WorkspaceFolder, WorkspaceFoldersChangeEvent};
use tokio_util::bytes::Bytes;

use super::message::{Message, notification};

/// The name of the one message that changes them.
pub(super) const CHANGED: &str = "workspace/didChangeWorkspaceFolders";

/// What changed.
#[derive(Debug, Default)]
pub(super) struct Folders {
    added: Vec<WorkspaceFolder>,
    removed: Vec<WorkspaceFolder>,
    heard: bool,
}

impl Folders {
    /// Takes in what the editor says. A folder that comes back and one that goes again are as if nothing had been.
    pub(super) fn heard(&mut self, message: &Message<'_>) {
        let Some(DidChangeWorkspaceFoldersParams { event }) = message.params() else {
            return;
        };
        self.heard = true;
        for folder in event.removed {
            take_back_or_add(&mut self.added, &mut self.removed, folder);
        }
        for folder in event.added {
            take_back_or_add(&mut self.removed, &mut self.added, folder);
        }
    }

    /// Returns the one notification that says all of it, if there is something to say.
    pub(super) fn change(&self) -> Option<Bytes> {
        let event = WorkspaceFoldersChangeEvent {
            added: self.added.clone(),
            removed: self.removed.clone(),
        };
        // That the editor names its folders counts by itself.
        self.heard
            .then(|| notification(CHANGED, &DidChangeWorkspaceFoldersParams { event }))
    }
}

fn take_back_or_add(opposite: &mut Vec<WorkspaceFolder>, list: &mut Vec<WorkspaceFolder>, folder: WorkspaceFolder) {
    match opposite.iter().position(|known| known.uri == folder.uri) {
        Some(place) => {
            opposite.remove(place);
        }
        None if list.iter().any(|known| known.uri == folder.uri) => {}
        None => list.push(folder),
    }
}
