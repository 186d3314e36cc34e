//! One proposal with its decisions.

use std::collections::BTreeMap;

use aca_protocol::proposal::{Decision, Selection};
use aca_protocol::{HunkId, TaskId};

use super::file::ChangedFile;
use crate::Error;

/// A proposal and what was decided about it.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    pub(crate) task: TaskId,
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) files: Vec<ChangedFile>,
    pub(crate) decisions: BTreeMap<HunkId, Decision>,
    /// Counts the published views.
    pub(crate) revision: u64,
}

impl Ledger {
    /// Returns what was decided about a hunk.
    pub(crate) fn decision(&self, hunk: &HunkId) -> Option<Decision> {
        self.decisions.get(hunk).copied()
    }

    /// Says whether a hunk is undecided. Where the others are does not matter any more.
    pub(crate) fn is_open(&self) -> bool {
        self.files
            .iter()
            .flat_map(ChangedFile::ids)
            .any(|id| self.decision(&id).is_none())
    }

    /// Returns the hunks a decision is about. For a whole file or proposal, those that are undecided.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the proposal has no such hunk or file.
    pub(crate) fn select(&self, selection: &Selection) -> Result<Vec<HunkId>, Error> {
        let undecided = |file: &ChangedFile| {
            file.ids()
                .into_iter()
                .filter(|id| self.decision(id).is_none())
                .collect::<Vec<_>>()
        };
        match selection {
            Selection::All => Ok(self.files.iter().flat_map(undecided).collect()),
            Selection::File { path } => {
                let mut parts = self.files.iter().filter(|file| file.path == *path).peekable();
                if parts.peek().is_none() {
                    let reason = format!("The proposal of task {} does not touch {path}.", self.task);
                    return Err(Error::NotFound(reason));
                }
                Ok(parts.flat_map(undecided).collect())
            }
            Selection::Hunks { ids } => {
                let known: Vec<HunkId> = self.files.iter().flat_map(ChangedFile::ids).collect();
                match ids.iter().find(|id| !known.contains(id)) {
                    None => Ok(ids.clone()),
                    Some(unknown) => Err(Error::NotFound(format!(
                        "The proposal of task {} has no hunk {unknown}. Ask for the proposal again.",
                        self.task
                    ))),
                }
            }
        }
    }
}
