//! Putting chosen hunks into the live text.

use std::ops::Range;

use aca_protocol::HunkId;

use crate::compose::Composer;
use crate::ledger::{FileLedger, Placement, Standing};

/// What to do where the user and a hunk changed the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// The hunk lands only where it merges, so not on [`Placement::Overlap`] and [`Placement::Gone`].
    Merge,
    /// The agent's version of the place replaces the live lines that the placement names.
    Agent,
    /// The live lines that the placement names stay, and the hunk's text follows them.
    Both,
}

/// What the live text becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landed {
    /// The live text in which the chosen hunks have landed.
    pub text: String,
    /// For each chosen hunk, in file order, the text that landed in place of its old text. It is for
    /// [`Standing::Landed`] once the text is seen to be in the file. What else the user changed in the same lines is
    /// part of it where the two cannot be told apart.
    pub hunks: Vec<(HunkId, String)>,
}

impl FileLedger {
    /// Returns the live text in which the chosen hunks have landed, beside everything that was there. What was decided
    /// stays as it is.
    ///
    /// A resolution matters only on [`Placement::Overlap`] and [`Placement::Gone`], and where the user changed lines
    /// that the hunk changes too; elsewhere all three put the hunk's text in place of its lines. A hunk that is there
    /// already changes nothing.
    ///
    /// # Errors
    ///
    /// The chosen hunks that cannot land with their resolution, and those that the file does not have. Nothing lands
    /// then.
    pub fn land(&mut self, live: &str, chosen: &[(HunkId, Resolution)]) -> Result<Landed, Vec<HunkId>> {
        let unknown: Vec<HunkId> = chosen
            .iter()
            .filter(|(id, _)| self.index(id).is_err())
            .map(|(id, _)| id.clone())
            .collect();
        if !unknown.is_empty() {
            return Err(unknown);
        }
        let mut left: Vec<(usize, Resolution)> = chosen
            .iter()
            .filter_map(|(id, resolution)| Some((self.index(id).ok()?, *resolution)))
            .collect();
        left.sort_by_key(|(index, _)| *index);
        left.dedup_by_key(|(index, _)| *index);
        let Round { text, done, mut left } = self.round(live, &left)?;
        let named = |done: Vec<Done>| done.into_iter().map(|done| (done.id, done.text)).collect::<Vec<_>>();
        let mut landed = Landed {
            text,
            hunks: named(done),
        };
        // Hunks that share lines land one after another, each on what the one before left.
        let mut trial = if left.is_empty() { None } else { Some(self.clone()) };
        let mut just_landed = landed.hunks.clone();
        while let Some(trial) = &mut trial
            && !left.is_empty()
        {
            for (id, text) in just_landed {
                // The hunk was found above.
                let _ = trial.set(&id, Standing::Landed { text });
            }
            let round = trial.round(&landed.text, &left)?;
            landed.text = round.text;
            just_landed = named(round.done);
            landed.hunks.extend(just_landed.clone());
            left = round.left;
        }
        let order = |id: &HunkId| self.index(id).unwrap_or(usize::MAX);
        landed.hunks.sort_by_key(|(id, _)| order(id));
        Ok(landed)
    }

    /// Lands those of the chosen hunks that share no lines, at least the first.
    pub(crate) fn round(&mut self, live: &str, chosen: &[(usize, Resolution)]) -> Result<Round, Vec<HunkId>> {
        self.place(live);
        let mut refused = Vec::new();
        let (mut text, mut copied) = (Composer::default(), 0);
        // How many lines the text has, up to the live line `copied`.
        let mut lines = 0;
        let (mut done, mut left, mut free) = (Vec::new(), Vec::new(), 0);
        for &(index, resolution) in chosen {
            let Some(id) = self.hunks().get(index).map(|hunk| hunk.id.clone()) else {
                continue;
            };
            let Some(piece) = self.piece(index, resolution) else {
                refused.push(id);
                continue;
            };
            if piece.expected.start < free || piece.live.start < copied {
                left.push((index, resolution));
                continue;
            }
            free = piece.expected.end;
            let at = lines + piece.live.start - copied;
            let mut after = at..at + piece.live.len();
            if let Some(new) = piece.new {
                text.push(self.live().lines(copied..piece.live.start));
                text.push(&new);
                after.end = at + new.split_inclusive('\n').count();
                (copied, lines) = (piece.live.end, after.end);
            }
            done.push(Done {
                id,
                text: piece.landed,
                before: piece.live,
                after,
            });
        }
        if !refused.is_empty() {
            return Err(refused);
        }
        text.push(self.live().lines(copied..self.live().len()));
        Ok(Round {
            text: text.finish(),
            done,
            left,
        })
    }

    /// Returns what landing a hunk does; none if it cannot land. The live text has been placed.
    fn piece(&self, index: usize, resolution: Resolution) -> Option<Piece> {
        let (placed, site) = (self.placed_at(index)?, self.site(index)?);
        // A landed hunk is to say what landed, any other what it proposes.
        let want = if site.landed {
            self.expected().lines(site.lines.clone())
        } else {
            &site.other
        };
        let (line, lines) = (placed.placement.line(), placed.placement.lines());
        let live = self.live().lines(line..line + lines);
        let (expected, new) = match &placed.placement {
            Placement::AlreadyThere { .. } => (site.lines.clone(), None),
            Placement::Clean { .. } | Placement::Moved { .. } => (site.lines.clone(), Some(want.to_owned())),
            Placement::Touched { .. } if self.expected().lines(placed.expected.clone()) == live => {
                (site.lines.clone(), Some(want.to_owned()))
            }
            Placement::Touched { merged, .. } if resolution == Resolution::Merge => {
                (placed.expected.clone(), Some(merged.clone()))
            }
            Placement::Touched { .. } | Placement::Overlap { .. } | Placement::Gone { .. } => {
                // What landed before may have words of the user's in it; they are in the live text if they are wanted.
                let want = self.proposed_at(index)?;
                let mut text = Composer::default();
                match resolution {
                    Resolution::Merge => return None,
                    Resolution::Agent => {
                        text.push(self.expected().lines(placed.expected.start..site.lines.start));
                        text.push(want);
                        text.push(self.expected().lines(site.lines.end..placed.expected.end));
                    }
                    Resolution::Both => {
                        text.push(live);
                        text.push(want);
                    }
                }
                (placed.expected.clone(), Some(text.finish()))
            }
        };
        let landed = match &new {
            Some(new) if expected == site.lines => new.clone(),
            _ => want.to_owned(),
        };
        Some(Piece {
            expected,
            live: line..line + lines,
            new,
            landed,
        })
    }
}

/// One try to land hunks together.
pub(crate) struct Round {
    pub(crate) text: String,
    pub(crate) done: Vec<Done>,
    /// Those that share lines with one that is done.
    pub(crate) left: Vec<(usize, Resolution)>,
}

/// A hunk that has landed.
pub(crate) struct Done {
    pub(crate) id: HunkId,
    /// The text that stands in place of its old text.
    pub(crate) text: String,
    /// The lines it is about, in the text before the round.
    pub(crate) before: Range<usize>,
    /// The lines in place of them.
    pub(crate) after: Range<usize>,
}

/// What landing a hunk does to the live text.
struct Piece {
    /// The expected lines that it is about.
    expected: Range<usize>,
    /// The live lines in place of them.
    live: Range<usize>,
    /// What these are to say; none if they say it already.
    new: Option<String>,
    /// The text that then stands in place of the hunk's old text.
    landed: String,
}
