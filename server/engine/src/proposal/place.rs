//! Where each hunk of a proposal stands against the live files.

use std::path::Path;

use aca_protocol::HunkId;
use aca_protocol::proposal::{Decision, FileChange, FileView, HunkState, HunkView};
use aca_review::Hunk;
use aca_review::ledger::{FileLedger, Placement};
use aca_review::text;
use aca_workspace::objects::Blob;

use super::file::{ChangedFile, Parts};
use super::live::Live;
use crate::Buffers;
use crate::core::Task;

/// Returns a file of the proposal as front ends see it, but for what does not depend on the live text.
pub(super) fn view(task: &Task, file: &mut ChangedFile, root: &Path, buffers: &Buffers) -> FileView {
    let live = Live::read(buffers, root, &file.path);
    let hunks = match &mut file.parts {
        Parts::Lines { ledger, .. } => lines(task, &file.path, ledger, live),
        Parts::Whole { id, base, result, .. } => {
            let whole = Whole {
                path: &file.path,
                change: &file.change,
                base: base.as_ref(),
                result: result.as_ref(),
            };
            let state = decided(task, id).unwrap_or_else(|| whole.state(&live, root, buffers));
            let (old, new) = (shown(whole.base), shown(whole.result));
            let amended = task.amended.contains_key(id);
            vec![HunkView {
                amended,
                ..HunkView::new(id.clone(), state, 0, 0, old, new)
            }]
        }
    };
    FileView {
        path: file.path.clone(),
        change: file.change.clone(),
        hunks,
    }
}

fn decided(task: &Task, hunk: &HunkId) -> Option<HunkState> {
    match task.decisions.get(hunk)? {
        Decision::Accept => Some(HunkState::Landed),
        Decision::Reject | Decision::Reopen => Some(HunkState::Rejected),
    }
}

fn lines(task: &Task, path: &str, ledger: &mut FileLedger, live: Live) -> Vec<HunkView> {
    let placements = live.text(path).map(|live| ledger.place(&live).to_vec());
    let shown = |(n, hunk): (usize, &Hunk)| {
        let (state, line, lines) = match &placements {
            Ok(placements) => {
                let placement = placements.get(n);
                let (line, lines) = placement.map_or((hunk.base.start, 0), |found| (found.line(), found.lines()));
                (
                    placement.map_or_else(|| gone(path), |found| state(path, found)),
                    line,
                    lines,
                )
            }
            Err(reason) => (HunkState::Gone { reason: reason.clone() }, hunk.base.start, 0),
        };
        let state = decided(task, &hunk.id).unwrap_or(state);
        let new = ledger.proposed(&hunk.id).unwrap_or(&hunk.new).to_owned();
        let view = HunkView::new(
            hunk.id.clone(),
            state,
            number(line),
            number(lines),
            ledger.replaced(&hunk.id).unwrap_or(&hunk.old).to_owned(),
            new,
        );
        HunkView {
            amended: task.amended.contains_key(&hunk.id),
            ..view
        }
    };
    ledger.hunks().iter().enumerate().map(shown).collect()
}

fn state(path: &str, placement: &Placement) -> HunkState {
    match placement {
        Placement::Clean { .. } => HunkState::Clean,
        Placement::Moved { .. } => HunkState::Moved,
        Placement::Touched { merged, .. } => HunkState::Touched { merged: merged.clone() },
        Placement::Overlap { live, .. } => HunkState::Overlapping { live: live.clone() },
        Placement::AlreadyThere { .. } => HunkState::AlreadyThere,
        Placement::Gone { .. } => gone(path),
    }
}

fn gone(path: &str) -> HunkState {
    HunkState::Gone {
        reason: format!("The lines of {path} that it is about are not there any more."),
    }
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// A change that is decided as a whole.
struct Whole<'a> {
    path: &'a str,
    change: &'a FileChange,
    base: Option<&'a Blob>,
    result: Option<&'a Blob>,
}

impl Whole<'_> {
    /// Where it stands while it is undecided.
    fn state(&self, live: &Live, root: &Path, buffers: &Buffers) -> HunkState {
        let now = match live.content(root, self.path) {
            Ok(now) => now,
            Err(reason) => return HunkState::Gone { reason },
        };
        let now = now.as_ref();
        let conflict = || HunkState::Overlapping { live: shown(now) };
        let missing = |path: &str| HunkState::Gone {
            reason: format!("{path} is not there any more."),
        };
        match self.change {
            FileChange::Unsupported { reason } => HunkState::Gone { reason: reason.clone() },
            FileChange::Mode { executable } => match Live::on_disk(root, self.path) {
                Live::Closed(disk) if disk.executable == *executable => HunkState::AlreadyThere,
                Live::Closed(_) => HunkState::Clean,
                _ => missing(self.path),
            },
            FileChange::Rename { from } => match (Live::read(buffers, root, from).content(root, from), now) {
                (Ok(Some(_)), None) => HunkState::Clean,
                (Ok(None), Some(now)) if same(self.result, Some(now)) => HunkState::AlreadyThere,
                (Ok(None), None) => missing(from),
                (Err(reason), _) => HunkState::Gone { reason },
                _ => conflict(),
            },
            _ if same(self.result, now) => HunkState::AlreadyThere,
            _ if same(self.base, now) => HunkState::Clean,
            _ if now.is_none() => missing(self.path),
            _ => conflict(),
        }
    }
}

fn same(a: Option<&Blob>, b: Option<&Blob>) -> bool {
    a.map(|blob| &blob.bytes) == b.map(|blob| &blob.bytes)
}

/// Returns a content as a person can read it.
fn shown(content: Option<&Blob>) -> String {
    content.map_or_else(String::new, |blob| {
        let decoded = text::decode(&blob.bytes).map(|decoded| decoded.text);
        decoded.unwrap_or_else(|| format!("({} bytes that are not text)", blob.bytes.len()))
    })
}
