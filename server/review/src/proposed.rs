//! The text that a file would have if every undecided hunk landed, and where each hunk is in it.

use std::ops::Range;

use aca_protocol::HunkId;

use crate::alignment::carried;
use crate::landing::Done;
use crate::ledger::{FileLedger, Resolution, Standing};

/// The live text with every undecided hunk in its place. Where one is in conflict, the agent's version is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// The text.
    pub text: String,
    /// Where it differs from the live text, and where hunks are that are there already: in order, and with the same
    /// lines in both texts between them.
    pub pieces: Vec<Piece>,
}

/// Live lines with what stands in place of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The live lines.
    pub live: Range<usize>,
    /// The lines of the proposed text.
    pub proposed: Range<usize>,
    /// The hunks it comes from, in file order; several, if they share lines.
    pub hunks: Vec<HunkId>,
}

impl FileLedger {
    /// Returns what the file would say if every open hunk landed on `live`: as [`FileLedger::land`] does it, one that is
    /// in conflict with [`Resolution::Agent`].
    pub fn propose(&mut self, live: &str) -> Proposed {
        self.place(live);
        let open = self.hunks().iter().enumerate();
        let open = open.filter(|(_, hunk)| self.standing(&hunk.id) == Some(&Standing::Open));
        let mut left: Vec<(usize, Resolution)> = open.map(|(index, _)| (index, Resolution::Merge)).collect();
        let mut proposed = Proposed {
            text: live.to_owned(),
            pieces: Vec::new(),
        };
        let mut trial = self.clone();
        while !left.is_empty() {
            let placements = trial.place(&proposed.text);
            for (index, resolution) in &mut left {
                if placements.get(*index).is_some_and(|placement| !placement.lands()) {
                    *resolution = Resolution::Agent;
                }
            }
            // Nothing is refused where each has the resolution that it takes.
            let Ok(round) = trial.round(&proposed.text, &left) else {
                break;
            };
            proposed.text = round.text;
            proposed.pieces = composed(&proposed.pieces, &round.done);
            for done in round.done {
                // The hunk is one of the ledger's own.
                let _ = trial.set(&done.id, Standing::Landed { text: done.text });
            }
            left = round.left;
        }
        for piece in &mut proposed.pieces {
            piece.hunks.sort_by_key(|id| self.index(id).unwrap_or(usize::MAX));
        }
        proposed
    }
}

/// Returns the pieces after a further round on the text they lead to. Those that share lines become one.
fn composed(pieces: &[Piece], round: &[Done]) -> Vec<Piece> {
    if pieces.is_empty() {
        let piece = |done: &Done| Piece {
            live: done.before.clone(),
            proposed: done.after.clone(),
            hunks: vec![done.id.clone()],
        };
        return round.iter().map(piece).collect();
    }
    let (mut pieces, mut round) = (pieces.iter().peekable(), round.iter().peekable());
    let (mut last, mut last_done) = (None::<&Piece>, None::<&Done>);
    let mut composed = Vec::new();
    loop {
        let starts = [
            pieces.peek().map(|piece| piece.proposed.start),
            round.peek().map(|done| done.before.start),
        ];
        let Some(start) = starts.into_iter().flatten().min() else {
            return composed;
        };
        let live = |line, last: Option<&Piece>| carried(line, last.map(|piece| (&piece.proposed, &piece.live)));
        let after = |line, last: Option<&Done>| carried(line, last.map(|done| (&done.before, &done.after)));
        let (live_start, after_start) = (live(start, last), after(start, last_done));
        let (mut end, mut hunks) = (start, Vec::new());
        loop {
            if let Some(piece) = pieces.next_if(|piece| piece.proposed.start <= end) {
                end = end.max(piece.proposed.end);
                hunks.extend(piece.hunks.clone());
                last = Some(piece);
            } else if let Some(done) = round.next_if(|done| done.before.start <= end) {
                end = end.max(done.before.end);
                hunks.push(done.id.clone());
                last_done = Some(done);
            } else {
                break;
            }
        }
        composed.push(Piece {
            live: live_start..live(end, last),
            proposed: after_start..after(end, last_done),
            hunks,
        });
    }
}
