//! Saves that come late: an editor that had a file open when a landing took its place may write to the old one still.
//!
//! What it writes is the user's, so it is merged into the file that is there now. Where both changed the same lines the
//! user's count, as they would had they saved a moment later.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aca_protocol::HunkId;
use aca_review::ledger::{FileLedger, Placement, Resolution};
use aca_review::text;
use aca_workspace::landing::{Displaced, LandError, Place};
use aca_workspace::objects::Blob;
use tokio::sync::mpsc;

use super::live::Live;
use super::write::step;
use crate::actor::Message;

/// How often a displaced file is looked at, at least. Editors write what they have to write within a few seconds.
const LOOKS: u32 = 10;
/// The time between two looks.
const BETWEEN: Duration = Duration::from_secs(1);
/// How often a late save is merged anew because the file moves on.
const TRIES: usize = 5;

/// A displaced file that is looked after.
pub(super) struct Kept {
    displaced: Displaced,
    root: PathBuf,
    path: String,
    /// What the late saves change: what the file said when it was displaced, or the last of them.
    before: Option<Blob>,
    /// What the file said when all that is known of was in it.
    landed: Option<Blob>,
    /// What was found in it at the last look. It counts once it rests, because it may be half of a save.
    found: Option<Vec<u8>>,
}

/// Returns a displaced file to be looked after. `before` is what it said when it was displaced, and `landed` what took
/// its place.
pub(super) fn keep(
    displaced: Displaced,
    (root, path): (PathBuf, String),
    (before, landed): (Option<Blob>, Option<Blob>),
) -> Kept {
    Kept {
        displaced,
        root,
        path,
        before,
        landed,
        found: None,
    }
}

/// Puts what was written to a file that an earlier process left behind where it belongs, and returns the file to be
/// looked after: a program may have it open still. `made_of` says which content of the file a late save was made of,
/// and `landed` is what landed last.
///
/// # Errors
///
/// A sentence. What was left stays.
pub(super) fn settle(
    mut displaced: Displaced,
    (root, path): (&Path, &str),
    made_of: impl Fn(&[u8]) -> Option<Blob>,
    landed: Option<Blob>,
) -> Result<Kept, String> {
    // Read first: a save that comes between is then a late one, and not what it is compared with.
    let bytes = displaced.read().map_err(|error| error.to_string())?;
    let late = displaced.late_write().map_err(|error| error.to_string())?;
    let executable = landed.as_ref().is_some_and(|landed| landed.executable);
    let before = match &late {
        Some(late) => made_of(late),
        None => Some(Blob { bytes, executable }),
    };
    let mut kept = keep(displaced, (root.to_owned(), path.to_owned()), (before, landed));
    if let Some(late) = late {
        kept.put(late)?;
    }
    Ok(kept)
}

/// Looks after a displaced file for some seconds. What cannot be merged is said to `inbox`. Should this process end
/// meanwhile, the next one that opens the session goes on.
pub(super) fn watch(mut kept: Kept, inbox: mpsc::UnboundedSender<Message>) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return;
    };
    let say = move |error: String| {
        // Nobody is told any more while the engine stops.
        let _ = inbox.send(Message::Problem(error));
    };
    runtime.spawn(async move {
        let mut looks = 0;
        while looks < LOOKS || kept.found.is_some() {
            looks += 1;
            tokio::time::sleep(BETWEEN).await;
            let looking = tokio::task::spawn_blocking(move || kept.look().map(|()| kept));
            match looking.await {
                Ok(Ok(looked)) => kept = looked,
                Ok(Err(error)) => return say(error),
                Err(_) => return,
            }
        }
        let ending = tokio::task::spawn_blocking(move || kept.end());
        if let Ok(Err(error)) = ending.await {
            say(error);
        }
    });
}

impl Kept {
    fn look(&mut self) -> Result<(), String> {
        match self.displaced.late_write().map_err(|error| error.to_string())? {
            Some(late) => self.found = Some(late),
            None => {
                if let Some(late) = self.found.take() {
                    self.put(late)?;
                }
            }
        }
        Ok(())
    }

    fn end(mut self) -> Result<(), String> {
        while let Some(late) = self.displaced.finish().map_err(|error| error.to_string())? {
            self.put(late)?;
        }
        Ok(())
    }

    fn put(&mut self, late: Vec<u8>) -> Result<(), String> {
        let landed = self.merge(&late)?;
        let executable = self.before.as_ref().is_some_and(|before| before.executable);
        self.before = Some(Blob {
            bytes: late,
            executable,
        });
        self.landed = Some(landed);
        Ok(())
    }

    /// Merges what was saved late into what the file says now. Returns what it says then.
    fn merge(&self, late: &[u8]) -> Result<Blob, String> {
        let (root, path, before) = (&self.root, &self.path, self.before.as_ref());
        let place = Place { root, displaced: None };
        let mut tries = 0;
        loop {
            tries += 1;
            let now = match Live::on_disk(root, path) {
                Live::Closed(now) => Some(now),
                _ => None,
            };
            let landed = self.landed.as_ref().map(|blob| &blob.bytes);
            let is_ours = now.is_none() || now.as_ref().map(|now| &now.bytes) == landed;
            let merged = merged(before, late, now.as_ref(), is_ours);
            // What does not merge comes after what landed, but not after what someone else has saved since.
            let merged = merged.or_else(|| is_ours.then(|| late.to_vec()));
            let wanted = Blob {
                bytes: merged.ok_or_else(|| self.unmerged("it has other content by now"))?,
                executable: now.as_ref().or(before).is_some_and(|blob| blob.executable),
            };
            match step(place, path, now.as_ref(), Some(&wanted), None) {
                Ok(_) => return Ok(wanted),
                Err(LandError::Moved { .. }) if tries < TRIES => {}
                Err(error) => return Err(self.unmerged(&error.to_string())),
            }
        }
    }

    fn unmerged(&self, reason: &str) -> String {
        let kept = match self.displaced.path() {
            Some(kept) => format!("What was saved is in {}; compare the two.", kept.display()),
            None => "Save it there again.".to_owned(),
        };
        let path = &self.path;
        format!("{path} was saved while a change landed in it, and the save could not be added: {reason}. {kept}")
    }
}

/// Returns the file with the late changes in it, if all are text. Where they meet others, they take the place of what
/// landed, if the file `is_ours`; what someone else has saved since stays beside them.
fn merged(before: Option<&Blob>, late: &[u8], now: Option<&Blob>, is_ours: bool) -> Option<Vec<u8>> {
    let before = text::decode(&before?.bytes)?;
    let (late, now) = (text::decode(late)?, text::decode(&now?.bytes)?);
    let mut ledger = FileLedger::new("", &before.text, &late.text);
    let resolutions: Vec<Resolution> = ledger
        .place(&now.text)
        .iter()
        .map(|placement| match placement {
            Placement::Overlap { .. } | Placement::Gone { .. } if !is_ours => Resolution::Both,
            _ => Resolution::Agent,
        })
        .collect();
    let hunks = ledger.hunks().iter().map(|hunk| hunk.id.clone());
    let all: Vec<(HunkId, Resolution)> = hunks.zip(resolutions).collect();
    let landed = ledger.land(&now.text, &all).ok()?;
    text::encode(&landed.text, now.encoding).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(text: &str) -> Blob {
        Blob {
            bytes: text.as_bytes().to_vec(),
            executable: false,
        }
    }

    #[test]
    fn two_saves_at_the_same_place_are_both_kept() {
        let (before, late, now) = (blob("one\n"), b"one\nlate\n", blob("ONE\nsince\n"));
        let text = merged(Some(&before), late, Some(&now), false).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("late\n") && text.contains("ONE\nsince\n"), "{text}");
    }
}
