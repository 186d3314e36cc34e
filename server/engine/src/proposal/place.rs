//! Where each hunk of a proposal stands against the live files.

use std::path::Path;

use aca_protocol::HunkId;
use aca_protocol::proposal::{Decision, FileChange, FileView, HunkState, HunkView};
use aca_review::{Hunk, Placement};

use super::file::{ChangedFile, Parts, text};
use super::ledger::Ledger;
use super::live::Live;
use crate::Buffers;

/// Returns a file of the proposal as front ends see it.
pub(super) fn view(ledger: &Ledger, file: &ChangedFile, root: &Path, buffers: &Buffers) -> FileView {
    let live = Live::read(buffers, &root.join(&file.path));
    let hunks = match &file.parts {
        Parts::Lines(hunks) => lines(ledger, file, hunks, &live),
        Parts::Whole(id) => vec![whole(ledger, file, id, &live, root, buffers)],
    };
    FileView {
        path: file.path.clone(),
        change: file.change.clone(),
        hunks,
    }
}

fn lines(ledger: &Ledger, file: &ChangedFile, hunks: &[Hunk], live: &Live) -> Vec<HunkView> {
    let placements = live.bytes().and_then(text).map(|live| place(ledger, file, hunks, live));
    let shown = |(n, hunk): (usize, &Hunk)| {
        let placement = placements.as_ref().and_then(|placements| placements.get(n));
        let gone = || Placement::Overlap {
            line: hunk.base.start,
            lines: 0,
            live: String::new(),
        };
        let placement = placement.cloned().unwrap_or_else(gone);
        let (line, lines) = range(&placement);
        let state = match (ledger.decision(&hunk.id), placement) {
            (Some(Decision::Accept), _) => HunkState::Landed,
            (Some(Decision::Reject | Decision::Reopen), _) => HunkState::Rejected,
            (None, Placement::Clean { .. }) => HunkState::Clean,
            (None, Placement::AlreadyThere { .. }) => HunkState::AlreadyThere,
            (None, Placement::Overlap { live, .. }) => HunkState::Overlapping { live },
        };
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        let lines = u32::try_from(lines).unwrap_or(u32::MAX);
        HunkView::new(hunk.id.clone(), state, line, lines, hunk.old.clone(), hunk.new.clone())
    };
    hunks.iter().enumerate().map(shown).collect()
}

/// Places the hunks of a file on its live text, knowing which of them are in it already.
fn place(ledger: &Ledger, file: &ChangedFile, hunks: &[Hunk], live: &str) -> Vec<Placement> {
    aca_review::place(file.base_text(), live, hunks, &landed(ledger, hunks))
}

fn range(placement: &Placement) -> (usize, usize) {
    match placement {
        Placement::Clean { line, lines }
        | Placement::AlreadyThere { line, lines }
        | Placement::Overlap { line, lines, .. } => (*line, *lines),
    }
}

/// Returns those of `hunks` that have landed.
pub(super) fn landed(ledger: &Ledger, hunks: &[Hunk]) -> Vec<HunkId> {
    let accepted = hunks
        .iter()
        .filter(|hunk| ledger.decision(&hunk.id) == Some(Decision::Accept));
    accepted.map(|hunk| hunk.id.clone()).collect()
}

fn whole(ledger: &Ledger, file: &ChangedFile, id: &HunkId, live: &Live, root: &Path, buffers: &Buffers) -> HunkView {
    let state = match ledger.decision(id) {
        Some(Decision::Accept) => HunkState::Landed,
        Some(Decision::Reject | Decision::Reopen) => HunkState::Rejected,
        None => whole_state(file, live, root, buffers),
    };
    let (old, new) = (shown(file.base.as_deref()), shown(file.result.as_deref()));
    HunkView::new(id.clone(), state, 0, 0, old, new)
}

/// Where an undecided change of a whole file stands.
pub(super) fn whole_state(file: &ChangedFile, live: &Live, root: &Path, buffers: &Buffers) -> HunkState {
    if let Live::Unreadable(reason) = live {
        return HunkState::Overlapping { live: reason.clone() };
    }
    let now = live.bytes();
    let conflict = || HunkState::Overlapping { live: shown(now) };
    match &file.change {
        FileChange::Create if now.is_none() => HunkState::Clean,
        FileChange::Rename { from } => {
            let source = Live::read(buffers, &root.join(from));
            match (source.bytes(), now) {
                (Some(_), None) => HunkState::Clean,
                (None, Some(now)) if file.result.as_deref() == Some(now) => HunkState::AlreadyThere,
                _ => conflict(),
            }
        }
        FileChange::Mode { executable } => match is_executable(&root.join(&file.path)) {
            Some(now) if now == *executable => HunkState::AlreadyThere,
            Some(_) => HunkState::Clean,
            None => conflict(),
        },
        FileChange::Unsupported { reason } => HunkState::Overlapping { live: reason.clone() },
        _ if now == file.result.as_deref() => HunkState::AlreadyThere,
        _ if now == file.base.as_deref() => HunkState::Clean,
        _ => conflict(),
    }
}

/// Whether the file at `path` may be executed by its owner; nothing if there is no plain file.
fn is_executable(path: &Path) -> Option<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    let meta = path.symlink_metadata().ok().filter(std::fs::Metadata::is_file)?;
    Some(meta.permissions().mode() & 0o100 != 0)
}

fn shown(bytes: Option<&[u8]>) -> String {
    match bytes {
        None => String::new(),
        Some(bytes) => text(bytes).map_or_else(|| format!("({} bytes that are not text)", bytes.len()), str::to_owned),
    }
}
