//! A file of a proposal as a text: what it says now, and what it would say if everything undecided landed.

use std::path::Path;

use aca_protocol::HunkId;
use aca_protocol::methods::ProposalFileParams;
use aca_protocol::proposal::{Decision, FileChange, HunkPlace, ProposalFileView};
use aca_review::ledger::FileLedger;
use aca_review::text;
use aca_workspace::objects::Blob;

use super::content::merged;
use super::file::{ChangedFile, Parts};
use super::live::Live;
use super::worker::Worker;
use crate::core::Task;
use crate::{Buffers, Error};

impl Worker {
    /// Returns a file of a proposal as a text, against what it says at this moment.
    pub(super) async fn file(&mut self, params: ProposalFileParams) -> Result<ProposalFileView, Error> {
        let ProposalFileParams { task, path } = params;
        self.reload(&task).await?;
        self.publish(&task, |_| true);
        let revision = self.view(&task).revision;
        let (root, buffers) = (self.session.root.clone(), &self.shared.clone().buffers);
        let ledger = self.known_mut(&task)?;
        let index = ledger.text_of(&path)?;
        let task_state = &ledger.task;
        let closed = uneditable(task_state);
        let decided = |id: &HunkId| task_state.decisions.get(id).copied();
        let file = ledger.files.get_mut(index);
        let texts = file
            .map(|file| texts(file, decided, &root, buffers))
            .unwrap_or_default();
        let reason = texts.reason.or(closed);
        Ok(ProposalFileView {
            task,
            path,
            revision,
            live: texts.live,
            proposed: texts.proposed,
            hunks: texts.hunks,
            editable: reason.is_none(),
            reason,
        })
    }
}

/// What there is to read of a file.
#[derive(Debug, Default)]
pub(super) struct Texts {
    pub(super) live: Option<String>,
    pub(super) proposed: Option<String>,
    pub(super) hunks: Vec<HunkPlace>,
    /// Why it cannot be edited, or what is missing.
    pub(super) reason: Option<String>,
}

/// Returns what a file says, and what it would say if all its undecided hunks landed.
fn texts(
    file: &mut ChangedFile,
    decided: impl Fn(&HunkId) -> Option<Decision>,
    root: &Path,
    buffers: &Buffers,
) -> Texts {
    let ChangedFile { path, change, parts } = file;
    let live = Live::read(buffers, root, path);
    let (id, base, result) = match parts {
        Parts::Lines { ledger, .. } => return lines(path, ledger, live),
        Parts::Whole { id, base, result, .. } => (&*id, base.as_ref(), result.as_ref()),
    };
    let decision = decided(id);
    let now = match change {
        FileChange::Rename { from } if decision != Some(Decision::Accept) => {
            Live::read(buffers, root, from).content(root, from)
        }
        _ => live.content(root, path),
    };
    let now = now.ok().flatten();
    let proposed = match change {
        _ if decision.is_some() => now.clone(),
        FileChange::Rename { .. } => moved(base, now.as_ref(), result),
        FileChange::Mode { .. } => now.clone(),
        _ => result.cloned(),
    };
    let read = |blob: Option<&Blob>| blob.map(|blob| text::decode(&blob.bytes).map(|decoded| decoded.text));
    let (live, proposed, reason) = match (change, read(now.as_ref()), read(proposed.as_ref())) {
        (FileChange::Unsupported { reason }, ..) => (None, None, Some(reason.clone())),
        (FileChange::Binary, ..) | (_, Some(None), _) | (_, _, Some(None)) => {
            let reason =
                format!("{path} is not text, so there is nothing to read or edit. Accept or reject it as a whole.");
            (None, None, Some(reason))
        }
        (change, live, proposed) => {
            let reason = match change {
                FileChange::Delete => Some(format!("{path} would go away. Reject that to keep it.")),
                FileChange::Mode { .. } => Some(format!("Only the mode of {path} changes. Accept or reject that.")),
                _ => decision.map(|_| format!("{path} is decided. Edit the file itself, or bring it back first.")),
            };
            (live.flatten(), proposed.flatten(), reason)
        }
    };
    let count = |text: &Option<String>| number(text.as_deref().map_or(0, |text| text.split_inclusive('\n').count()));
    let hunk = HunkPlace {
        id: id.clone(),
        line: 0,
        lines: count(&live),
        proposed_line: 0,
        proposed_lines: count(&proposed),
    };
    Texts {
        hunks: decision.is_none().then_some(hunk).into_iter().collect(),
        live,
        proposed,
        reason,
    }
}

/// Returns what a file that moves has in its new place.
pub(super) fn moved(base: Option<&Blob>, now: Option<&Blob>, result: Option<&Blob>) -> Option<Blob> {
    let changed = now.filter(|now| base.is_none_or(|base| base.bytes != now.bytes));
    match changed {
        Some(now) => merged(base, now, result).or_else(|| result.cloned()),
        None => result.cloned(),
    }
}

fn lines(path: &str, ledger: &mut FileLedger, live: Live) -> Texts {
    let live = match live.text(path) {
        Ok(live) => live,
        Err(reason) => {
            return Texts {
                reason: Some(format!("{reason} Bring it back, or reject its hunks.")),
                ..Texts::default()
            };
        }
    };
    let proposed = ledger.propose(&live);
    let hunks = proposed.pieces.iter().flat_map(|piece| {
        let place = |id: &HunkId| HunkPlace {
            id: id.clone(),
            line: number(piece.live.start),
            lines: number(piece.live.len()),
            proposed_line: number(piece.proposed.start),
            proposed_lines: number(piece.proposed.len()),
        };
        piece.hunks.iter().map(place)
    });
    Texts {
        hunks: hunks.collect(),
        live: Some(live),
        proposed: Some(proposed.text),
        reason: None,
    }
}

pub(super) fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Says why nothing of a task's proposal can be edited, if that is so.
pub(super) fn uneditable(task: &Task) -> Option<String> {
    let decided = || "Everything of this proposal is decided, so the text is the file's own. Edit the file.".to_owned();
    task.undecidable()
        .or_else(|| task.pending().next().is_none().then(decided))
}
