//! Putting accepted hunks into the live text.

use std::collections::HashSet;

use aca_protocol::HunkId;

use crate::diff::Lines;
use crate::hunk::Hunk;
use crate::place::{Placement, place};

/// Returns the live text in which the chosen hunks have landed, beside everything that was there.
///
/// `hunks` and `landed` are those of [`place`]. A chosen hunk that is already there changes nothing.
///
/// # Errors
///
/// Returns the chosen hunks that overlap with what someone else wrote, and those that `hunks` does not name. Nothing
/// is applied then.
pub fn apply(
    base: &str,
    live: &str,
    hunks: &[Hunk],
    landed: &[HunkId],
    chosen: &[HunkId],
) -> Result<String, Vec<HunkId>> {
    let known: HashSet<&HunkId> = hunks.iter().map(|hunk| &hunk.id).collect();
    let mut refused: Vec<HunkId> = chosen.iter().filter(|id| !known.contains(id)).cloned().collect();
    let chosen: HashSet<&HunkId> = chosen.iter().collect();
    let placements = place(base, live, hunks, landed);
    let lines = Lines::new(live);
    let (mut text, mut done) = (String::with_capacity(live.len()), 0);
    for (hunk, placement) in hunks.iter().zip(&placements) {
        if !chosen.contains(&hunk.id) {
            continue;
        }
        match placement {
            Placement::Clean { line, lines: replaced } => {
                text.push_str(lines.text(done..*line));
                text.push_str(&hunk.new);
                done = line + replaced;
            }
            Placement::AlreadyThere { .. } => {}
            Placement::Overlap { .. } => refused.push(hunk.id.clone()),
        }
    }
    text.push_str(lines.text(done..lines.len()));
    if refused.is_empty() { Ok(text) } else { Err(refused) }
}
