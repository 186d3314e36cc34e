//! Writes what was planned: through the editor that has a file open, by exchange and verification where none has.

use std::path::PathBuf;

use aca_workspace::landing::{self, Expect, LandError, Landed, New, Place};
use aca_workspace::objects::Blob;

use super::late;
use super::live::Live;
use super::perform::Outcome;
use super::plan::{Aim, Change, Draft, Edit};
use super::worker::Worker;
use crate::EditorReply;
use crate::core::Step;

/// What became of one try to write files.
pub(super) enum Tried {
    Done,
    MovedOn,
    Refused(String),
}

impl Worker {
    /// Writes all drafts of an aim, in order.
    pub(super) async fn write_all(&self, aim: &mut Aim, drafts: &[Draft], outcome: &mut Outcome) -> Tried {
        for draft in drafts {
            match self.write(draft, outcome).await {
                Tried::Done => {}
                other => return other,
            }
            if let Change::Move(moving) = &mut aim.change
                && draft.path == moving.to
            {
                // What an earlier try put there is not in the way of the next one.
                moving.over.clone_from(&draft.after);
            }
        }
        Tried::Done
    }

    async fn write(&self, draft: &Draft, outcome: &mut Outcome) -> Tried {
        if draft.before == draft.after {
            return Tried::Done;
        }
        match &draft.edit {
            Some(edit) => self.edit(draft, edit, outcome).await,
            // It was opened since it was planned.
            None if draft.content_changes() && self.is_open(&draft.path) && !self.rests(draft) => Tried::MovedOn,
            None => {
                let (before, after) = (draft.before.clone(), draft.after.clone());
                self.replace(&draft.path, before, after, draft.permissions).await
            }
        }
    }

    pub(super) fn is_open(&self, path: &str) -> bool {
        self.shared.buffers.live(&self.session.root.join(path)).is_some()
    }

    /// Whether an open document says what the disk says, for a file that goes away or that an editor cannot change.
    fn rests(&self, draft: &Draft) -> bool {
        let live = Live::read(&self.shared.buffers, &self.session.root, &draft.path);
        draft.after.is_none() && !live.is_unsaved(&self.session.root, &draft.path)
    }

    async fn edit(&self, draft: &Draft, edit: &Edit, outcome: &mut Outcome) -> Tried {
        let path = self.session.root.join(&draft.path);
        let to_save = self.saves.then(|| Live::on_disk(&self.session.root, &draft.path));
        let label = format!("aca: {}", self.label);
        match edit.buffer.change(&path, edit.after.clone(), label).await {
            EditorReply::Landed => {}
            EditorReply::Stale => return Tried::MovedOn,
            EditorReply::Refused(reason) => return Tried::Refused(reason),
        }
        if let Some(Live::Closed(disk)) = to_save {
            outcome.warnings.extend(self.save(draft, disk).await);
        }
        Tried::Done
    }

    /// Writes what landed in an open document to its file as well, if the document was saved before. Returns what to
    /// know if that did not work.
    async fn save(&self, draft: &Draft, disk: Blob) -> Option<String> {
        let text = |blob: Option<&Blob>| aca_review::text::decode(&blob?.bytes);
        let (on_disk, before, after) = (
            text(Some(&disk))?,
            text(draft.before.as_ref())?,
            text(draft.after.as_ref())?,
        );
        if on_disk.text != before.text {
            return None;
        }
        let reason = match aca_review::text::encode(&after.text, on_disk.encoding) {
            Ok(bytes) => {
                let executable = disk.executable;
                let after = Blob { bytes, executable };
                match self.replace(&draft.path, Some(disk), Some(after), None).await {
                    Tried::Done => return None,
                    Tried::MovedOn => "its file was changed meanwhile.".to_owned(),
                    Tried::Refused(reason) => reason,
                }
            }
            Err(error) => format!("{error}."),
        };
        Some(format!("What landed in {} is not saved: {reason}", draft.path))
    }

    /// Changes one closed file through the workspace's exchange and verification.
    async fn replace(&self, path: &str, before: Option<Blob>, after: Option<Blob>, permissions: Option<u32>) -> Tried {
        let (root, displaced) = (self.session.root.clone(), self.displaced());
        let (named, inbox) = (path.to_owned(), self.shared.inbox.clone());
        let replacing = tokio::task::spawn_blocking(move || {
            let place = Place {
                root: &root,
                displaced: displaced.as_deref(),
            };
            match step(place, &named, before.as_ref(), after.as_ref(), permissions) {
                Ok(Landed::Displaced(displaced)) => {
                    late::watch(late::keep(displaced, (root, named), (before, after)), inbox);
                    Ok(())
                }
                Err(LandError::Moved {
                    path,
                    found,
                    displaced: Some(displaced),
                }) => {
                    // What was in place for a moment may be saved late as well.
                    let was = [before, after].into_iter().flatten();
                    let was = was.into_iter().find(|blob| displaced.had(&blob.bytes));
                    late::watch(late::keep(displaced, (root, named), (was, None)), inbox);
                    Err(LandError::Moved {
                        path,
                        found,
                        displaced: None,
                    })
                }
                other => other.map(drop),
            }
        });
        match replacing.await {
            Ok(Ok(())) => Tried::Done,
            Ok(Err(LandError::Moved { .. })) => Tried::MovedOn,
            Ok(Err(error)) => Tried::Refused(error.to_string()),
            Err(error) => Tried::Refused(error.to_string()),
        }
    }

    /// Where what landings displace is kept for a while; nothing if it cannot be made.
    pub(super) fn displaced(&self) -> Option<PathBuf> {
        let dir = crate::layout::displaced(&self.session.dir);
        match std::fs::create_dir_all(&dir) {
            Ok(()) => Some(dir),
            Err(error) => {
                tracing::warn!(%error, dir = %dir.display(), "what landings displace cannot be kept");
                None
            }
        }
    }

    /// A file that was to move and is at both places by now stays at the old one.
    pub(super) async fn take_back(&self, aim: &Aim, drafts: &[Draft]) {
        let (Change::Move(moving), [arrived, _]) = (&aim.change, drafts) else {
            return;
        };
        if moving.over != arrived.after {
            return;
        }
        let (there, before) = (arrived.after.clone(), arrived.before.clone());
        if let Tried::Refused(reason) = self.replace(&arrived.path, there, before, None).await {
            tracing::warn!(reason, path = arrived.path, "a move could not be taken back");
        }
    }

    /// Finishes a step that was recorded, exactly as it was. Returns whether it is done.
    pub(super) async fn finish(&self, recorded: &Step, before: Option<Blob>, after: Option<Blob>) -> bool {
        let replacing = self.replace(&recorded.path, before, after, recorded.permissions);
        matches!(replacing.await, Tried::Done)
    }
}

impl Draft {
    fn content_changes(&self) -> bool {
        let bytes = |blob: &'_ Option<Blob>| blob.as_ref().map(|blob| blob.bytes.clone());
        bytes(&self.before) != bytes(&self.after)
    }
}

/// Takes one step on disk.
pub(super) fn step(
    place: Place<'_>,
    path: &str,
    before: Option<&Blob>,
    after: Option<&Blob>,
    permissions: Option<u32>,
) -> Result<Landed, LandError> {
    let expect = before.map_or(Expect::Absent, |blob| Expect::Bytes(&blob.bytes));
    let new = after.map_or(New::Remove, |blob| New::Bytes {
        bytes: &blob.bytes,
        // Only a change of it is a change: the user's own permissions stay.
        executable: (before.map(|before| before.executable) != Some(blob.executable)).then_some(blob.executable),
        permissions,
    });
    landing::step(place, path, expect, new)
}
