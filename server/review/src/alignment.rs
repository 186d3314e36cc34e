//! Which lines a change touches, however the difference is drawn.

use std::ops::Range;

use imara_diff::Token;

use crate::diff::{Change, reach};

/// Returns the lines of `before` that the changes to `after` may be said to touch, in order.
pub(crate) fn touched(before: &[Token], after: &[Token], changes: &[Change]) -> Vec<Range<usize>> {
    let reaches = changes.iter().enumerate().map(|(index, change)| {
        let above = index.checked_sub(1).and_then(|index| changes.get(index));
        let below = changes.get(index + 1);
        let within =
            above.map_or(0, |change| change.before.end)..below.map_or(before.len(), |change| change.before.start);
        let new = after.get(change.after.clone()).unwrap_or_default();
        reach(before, &change.before, new, &within)
    });
    reaches.collect()
}
