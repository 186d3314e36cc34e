//! Saves that come late: an editor that had a file open when a landing took its place may write to the old one still.
//!
//! What it writes is the user's, so it is merged into the file that is there now. Where both changed the same lines the
//! user's count, as they would had they saved a moment later.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aca_protocol::HunkId;
use aca_review::ledger::{FileLedger, Resolution};
use aca_review::text;
use aca_workspace::landing::{Displaced, LandError, Place};
use aca_workspace::objects::Blob;

use super::live::Live;
use super::write::step;

/// How often a displaced file is looked at, at least. Editors write what they have to write within a few seconds.
const LOOKS: u32 = 10;
/// The time between two looks.
const BETWEEN: Duration = Duration::from_secs(1);
/// How often a late save is merged anew because the file moves on.
const TRIES: usize = 5;

/// A displaced file that is looked after.
struct Kept {
    displaced: Displaced,
    root: PathBuf,
    path: String,
    /// What the late saves change: what the file said when it was displaced, or the last of them.
    before: Option<Blob>,
    /// What was found in it at the last look. It counts once it rests, because it may be half of a save.
    found: Option<Vec<u8>>,
}

/// Looks after a displaced file on a thread of its own. `before` is what it said when it was displaced. Should this
/// process end meanwhile, the next one that opens the session goes on.
pub(super) fn keep(displaced: Displaced, root: PathBuf, path: String, before: Option<Blob>) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return;
    };
    let mut kept = Kept {
        displaced,
        root,
        path,
        before,
        found: None,
    };
    runtime.spawn(async move {
        let mut looks = 0;
        while looks < LOOKS || kept.found.is_some() {
            looks += 1;
            tokio::time::sleep(BETWEEN).await;
            let looking = tokio::task::spawn_blocking(move || kept.look().map(|()| kept));
            match looking.await {
                Ok(Ok(looked)) => kept = looked,
                Ok(Err(error)) => return tracing::warn!(error, "what was saved late is kept beside the session"),
                Err(_) => return,
            }
        }
        let ending = tokio::task::spawn_blocking(move || kept.end());
        if let Ok(Err(error)) = ending.await {
            tracing::warn!(error, "what was saved late is kept beside the session");
        }
    });
}

/// Puts what an earlier process left behind where it belongs, and removes it.
///
/// # Errors
///
/// A sentence. What was left stays.
pub(super) fn settle(displaced: Displaced, root: &Path, path: &str, before: Option<Blob>) -> Result<(), String> {
    let kept = Kept {
        displaced,
        root: root.to_owned(),
        path: path.to_owned(),
        before,
        found: None,
    };
    kept.end()
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
        put(&self.root, &self.path, self.before.as_ref(), &late).map_err(|error| error.to_string())?;
        let executable = self.before.as_ref().is_some_and(|before| before.executable);
        self.before = Some(Blob {
            bytes: late,
            executable,
        });
        Ok(())
    }
}

/// Merges what was saved late into what the file says now.
fn put(root: &Path, path: &str, before: Option<&Blob>, late: &[u8]) -> Result<(), LandError> {
    let place = Place { root, displaced: None };
    let mut tries = 0;
    loop {
        tries += 1;
        let now = match Live::on_disk(root, path) {
            Live::Closed(now) => Some(now),
            _ => None,
        };
        let wanted = Blob {
            bytes: merged(before, late, now.as_ref()).unwrap_or_else(|| late.to_vec()),
            executable: now.as_ref().or(before).is_some_and(|blob| blob.executable),
        };
        match step(place, path, now.as_ref(), Some(&wanted)) {
            Err(LandError::Moved { .. }) if tries < TRIES => {}
            other => return other.map(drop),
        }
    }
}

/// Returns the file with the late changes in it, if all are text.
fn merged(before: Option<&Blob>, late: &[u8], now: Option<&Blob>) -> Option<Vec<u8>> {
    let before = text::decode(&before?.bytes)?;
    let (late, now) = (text::decode(late)?, text::decode(&now?.bytes)?);
    let mut ledger = FileLedger::new("", &before.text, &late.text);
    let all: Vec<(HunkId, Resolution)> = ledger
        .hunks()
        .iter()
        .map(|hunk| (hunk.id.clone(), Resolution::Agent))
        .collect();
    let landed = ledger.land(&now.text, &all).ok()?;
    text::encode(&landed.text, now.encoding).ok()
}
