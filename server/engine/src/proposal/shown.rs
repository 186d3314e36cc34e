//! What was last shown of a proposal's hunks, kept beside the session.
//!
//! A person may decide what a daemon showed that is gone by now. What its hunks still say counts as looked at; without
//! this, every hunk of a new daemon would be news.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use aca_protocol::proposal::{HunkState, HunkView, ProposalView};
use aca_protocol::{HunkId, TaskId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::layout;

/// Hunks as they were published last.
pub(super) struct Before<'a> {
    /// By this engine.
    hunks: HashMap<&'a HunkId, &'a HunkView>,
    /// By an earlier one, where this one has published nothing yet.
    kept: HashMap<HunkId, Look>,
}

/// One look at a hunk.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Look {
    /// The revision since which the hunk says this.
    seen: u64,
    /// A digest of what it says.
    says: String,
}

impl<'a> Before<'a> {
    /// Takes over what this engine published last of a task; with nothing, it reads what an earlier one did.
    pub(super) fn new(session_dir: &Path, task: &TaskId, known: Option<&'a ProposalView>) -> Self {
        let kept = match known {
            Some(_) => HashMap::new(),
            // What cannot be read is looked at once more.
            None => read(session_dir, task).unwrap_or_default(),
        };
        let hunks = known.into_iter().flat_map(hunks);
        Self {
            hunks: hunks.map(|hunk| (&hunk.id, hunk)).collect(),
            kept,
        }
    }

    /// Returns since which revision a hunk says what it says now, if it did before.
    pub(super) fn since(&self, hunk: &HunkView) -> Option<u64> {
        if let Some(known) = self.hunks.get(&hunk.id) {
            return (says(known) == says(hunk)).then_some(known.seen);
        }
        let look = self.kept.get(&hunk.id)?;
        (look.says == digest(hunk)).then_some(look.seen)
    }

    /// Keeps what is published now for a later engine, if it is something else. It is not made durable: what a crash of
    /// the machine takes is only looked at once more.
    pub(super) fn keep(&self, session_dir: &Path, view: &ProposalView) {
        let is_kept = |hunk: &HunkView| self.hunks.get(&hunk.id).is_some_and(|known| known.seen == hunk.seen);
        if !hunks(view).all(is_kept)
            && let Err(error) = write(session_dir, view)
        {
            tracing::warn!(%error, "what is shown of a proposal cannot be kept");
        }
    }
}

fn hunks(view: &ProposalView) -> impl Iterator<Item = &HunkView> {
    view.files.iter().flat_map(|file| &file.hunks)
}

fn read(session_dir: &Path, task: &TaskId) -> io::Result<HashMap<HunkId, Look>> {
    let text = std::fs::read(layout::shown(session_dir, task))?;
    Ok(serde_json::from_slice(&text)?)
}

fn write(session_dir: &Path, view: &ProposalView) -> io::Result<()> {
    let path = layout::shown(session_dir, &view.task);
    let dir = path.parent().unwrap_or(session_dir);
    std::fs::create_dir_all(dir)?;
    let look = |hunk: &HunkView| Look {
        seen: hunk.seen,
        says: digest(hunk),
    };
    let looks: HashMap<&HunkId, Look> = hunks(view).map(|hunk| (&hunk.id, look(hunk))).collect();
    let mut new = tempfile::Builder::new().prefix(".new-").tempfile_in(dir)?;
    serde_json::to_writer(&mut new, &looks)?;
    new.persist(path)?;
    Ok(())
}

/// What a hunk says, its lines aside. One that only moved says the same.
fn says(hunk: &HunkView) -> (&HunkState, &str, &str, bool) {
    let state = match &hunk.state {
        HunkState::Moved => &HunkState::Clean,
        state => state,
    };
    (state, &hunk.old, &hunk.new, hunk.amended)
}

fn digest(hunk: &HunkView) -> String {
    // Texts and plain words are always JSON.
    let text = serde_json::to_vec(&says(hunk)).unwrap_or_default();
    crate::audit::hexadecimal(&Sha256::digest(text))
}
