//! The shortest way from one list of lines to another, chosen among equally short ones as git chooses.
//!
//! Whether a three-way merge is clean depends on which lines count as changed, and where lines repeat there is a choice.
//! The library's Myers differs from git's in it now and then, which made merges clean that git refuses. So this follows
//! Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), section 4b, with git's order of trying diagonals
//! and git's rules for lines that are left out of the search. Git stops looking for the shortest way when a search gets
//! expensive; this gives up there.

use std::ops::Range;

use imara_diff::Token;

/// How many steps a search may take from each end. From there on git goes by heuristics.
const MAX_COST: usize = 256;

/// A line that occurs more often than this, or than about the root of the number of lines, is common.
const MAX_OCCURRENCES: usize = 1024;

/// How many lines around a common line decide whether it is left out.
const WINDOW: usize = 100;

/// Which lines of two texts are not matched by lines of the other.
pub(crate) struct Marks {
    pub(crate) removed: Vec<bool>,
    pub(crate) added: Vec<bool>,
}

/// Returns which lines differ; none if it would take long to find out. `count` is above every token.
pub(crate) fn marks(before: &[Token], after: &[Token], count: u32) -> Option<Marks> {
    let head = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let most = before.len().min(after.len()) - head;
    let ends = before.iter().rev().zip(after.iter().rev());
    let tail = ends.take_while(|(a, b)| a == b).count().min(most);
    let a = Side::new(before, after, head..before.len() - tail, count);
    let b = Side::new(after, before, head..after.len() - tail, count);
    let mut search = Search {
        down: Front::new(a.tokens.len(), b.tokens.len(), isize::MIN / 2),
        up: Front::new(a.tokens.len(), b.tokens.len(), isize::MAX / 2),
        a,
        b,
    };
    search.run(0..search.a.tokens.len(), 0..search.b.tokens.len())?;
    Some(Marks {
        removed: search.a.changed,
        added: search.b.changed,
    })
}

/// One of the texts: the lines that take part in the search.
struct Side {
    tokens: Vec<Token>,
    /// Where they are in the text.
    lines: Vec<usize>,
    /// For each line of the text, whether it is changed.
    changed: Vec<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Occurs {
    /// Not in the other text, so it is changed.
    Never,
    Some,
    /// So often that a match says little.
    Often,
}

impl Side {
    /// Leaves out the lines of `text` beyond `range`, which are unchanged, those that the other text lacks, and common
    /// ones among them.
    fn new(text: &[Token], other: &[Token], range: Range<usize>, count: u32) -> Self {
        let mut occurrences = vec![0_usize; count as usize];
        for token in other {
            if let Some(occurrences) = occurrences.get_mut(token.0 as usize) {
                *occurrences += 1;
            }
        }
        let often = limit(text.len()).min(MAX_OCCURRENCES);
        let inner = text.get(range.clone()).unwrap_or_default();
        let occurs = inner.iter().map(|token| match occurrences.get(token.0 as usize) {
            None | Some(0) => Occurs::Never,
            Some(occurrences) if *occurrences >= often => Occurs::Often,
            Some(_) => Occurs::Some,
        });
        let occurs: Vec<Occurs> = occurs.collect();
        let mut side = Self {
            tokens: Vec::with_capacity(inner.len()),
            lines: Vec::with_capacity(inner.len()),
            changed: vec![false; text.len()],
        };
        for (index, (token, here)) in inner.iter().zip(&occurs).enumerate() {
            let left_out = match here {
                Occurs::Never => true,
                Occurs::Some => false,
                Occurs::Often => is_among_unmatched(&occurs, index),
            };
            if left_out {
                side.mark(range.start + index);
            } else {
                side.tokens.push(*token);
                side.lines.push(range.start + index);
            }
        }
        side
    }

    fn mark(&mut self, line: usize) {
        if let Some(changed) = self.changed.get_mut(line) {
            *changed = true;
        }
    }

    /// Marks a range of the lines that take part.
    fn mark_all(&mut self, range: Range<usize>) {
        for index in range {
            if let Some(line) = self.lines.get(index).copied() {
                self.mark(line);
            }
        }
    }

    fn slice(&self, range: Range<usize>) -> &[Token] {
        self.tokens.get(range).unwrap_or_default()
    }
}

/// Returns a power of two not far above the root of a number.
fn limit(lines: usize) -> usize {
    let bits = usize::BITS - lines.leading_zeros();
    1 << bits.div_ceil(2)
}

/// Says whether a common line has so many unmatched lines around it that a match of it would be by chance.
fn is_among_unmatched(occurs: &[Occurs], index: usize) -> bool {
    let count = |lines: &mut dyn Iterator<Item = &Occurs>| {
        let (mut never, mut often) = (0, 0);
        for occurs in lines.take(WINDOW) {
            match occurs {
                Occurs::Never => never += 1,
                Occurs::Often => often += 1,
                Occurs::Some => break,
            }
        }
        (never, often)
    };
    let above = count(&mut occurs.iter().take(index).rev());
    let below = count(&mut occurs.iter().skip(index + 1));
    // The line itself counts once for each direction.
    above.0 > 0 && below.0 > 0 && 3 * (above.1 + below.1 + 2) < above.0 + below.0
}

struct Search {
    a: Side,
    b: Side,
    /// For each diagonal, the furthest line of `a` reached from the top with as many changes as tried.
    down: Front,
    /// The same from the bottom.
    up: Front,
}

/// How far a search got on each diagonal. A diagonal is a line of `a` minus a line of `b`.
struct Front {
    /// The line of `a`, for each diagonal from the lowest of the whole texts on.
    lines: Vec<isize>,
    /// The index of diagonal zero.
    zero: isize,
    /// What a diagonal beyond those tried counts as.
    beyond: isize,
    /// The diagonals that were tried last, every second one.
    low: isize,
    high: isize,
}

impl Front {
    fn new(a: usize, b: usize, beyond: isize) -> Self {
        Self {
            lines: vec![beyond; a + b + 5],
            zero: b.cast_signed() + 2,
            beyond,
            low: 0,
            high: 0,
        }
    }

    fn start(&mut self, diagonal: isize, line: isize) {
        (self.low, self.high) = (diagonal, diagonal);
        self.set(diagonal, line);
    }

    fn get(&self, diagonal: isize) -> isize {
        let index = usize::try_from(self.zero + diagonal).ok();
        index
            .and_then(|index| self.lines.get(index))
            .copied()
            .unwrap_or(self.beyond)
    }

    fn set(&mut self, diagonal: isize, line: isize) {
        let index = usize::try_from(self.zero + diagonal).ok();
        if let Some(place) = index.and_then(|index| self.lines.get_mut(index)) {
            *place = line;
        }
    }

    /// Goes on to the diagonals of the next step: one more at each end, or one less where the text ends.
    fn widen(&mut self, lowest: isize, highest: isize) {
        if self.low > lowest {
            self.low -= 1;
            self.set(self.low - 1, self.beyond);
        } else {
            self.low += 1;
        }
        if self.high < highest {
            self.high += 1;
            self.set(self.high + 1, self.beyond);
        } else {
            self.high -= 1;
        }
    }

    fn contains(&self, diagonal: isize) -> bool {
        (self.low..=self.high).contains(&diagonal)
    }

    fn descending(&self) -> impl Iterator<Item = isize> + use<> {
        (self.low..=self.high).rev().step_by(2)
    }
}

impl Search {
    /// Marks what differs between two ranges; none if that is expensive.
    fn run(&mut self, mut a: Range<usize>, mut b: Range<usize>) -> Option<()> {
        loop {
            let (left, right) = (self.a.slice(a.clone()), self.b.slice(b.clone()));
            let head = left.iter().zip(right).take_while(|(a, b)| a == b).count();
            let most = left.len().min(right.len()) - head;
            let ends = left.iter().rev().zip(right.iter().rev());
            let tail = ends.take_while(|(a, b)| a == b).count().min(most);
            a = a.start + head..a.end - tail;
            b = b.start + head..b.end - tail;
            if a.is_empty() {
                self.b.mark_all(b);
                return Some(());
            }
            if b.is_empty() {
                self.a.mark_all(a);
                return Some(());
            }
            let (in_a, in_b) = self.middle(&a, &b)?;
            self.run(a.start..in_a, b.start..in_b)?;
            (a, b) = (in_a..a.end, in_b..b.end);
        }
    }

    /// Returns a point on a shortest way through the ranges, found from both ends at once.
    fn middle(&mut self, a: &Range<usize>, b: &Range<usize>) -> Option<(usize, usize)> {
        let diagonal = |in_a: usize, in_b: usize| in_a.cast_signed() - in_b.cast_signed();
        let (top, bottom) = (diagonal(a.start, b.start), diagonal(a.end, b.end));
        let (lowest, highest) = (diagonal(a.start, b.end), diagonal(a.end, b.start));
        let is_odd = (top - bottom) % 2 != 0;
        self.down.start(top, a.start.cast_signed());
        self.up.start(bottom, a.end.cast_signed());
        for _ in 0..MAX_COST {
            self.down.widen(lowest, highest);
            for diagonal in self.down.descending() {
                let from = (self.down.get(diagonal - 1) + 1).max(self.down.get(diagonal + 1));
                let line = from + self.common(from, from - diagonal, a, b);
                self.down.set(diagonal, line);
                if is_odd && self.up.contains(diagonal) && self.up.get(diagonal) <= line {
                    return point(line, diagonal);
                }
            }
            self.up.widen(lowest, highest);
            for diagonal in self.up.descending() {
                let from = self.up.get(diagonal - 1).min(self.up.get(diagonal + 1) - 1);
                let line = from - self.common_back(from, from - diagonal, a, b);
                self.up.set(diagonal, line);
                if !is_odd && self.down.contains(diagonal) && line <= self.down.get(diagonal) {
                    return point(line, diagonal);
                }
            }
        }
        None
    }

    /// Returns how many lines from these on are equal, within the ranges.
    fn common(&self, in_a: isize, in_b: isize, a: &Range<usize>, b: &Range<usize>) -> isize {
        let (Ok(in_a), Ok(in_b)) = (usize::try_from(in_a), usize::try_from(in_b)) else {
            return 0;
        };
        let (left, right) = (self.a.slice(in_a..a.end), self.b.slice(in_b..b.end));
        left.iter().zip(right).take_while(|(a, b)| a == b).count().cast_signed()
    }

    /// Returns how many lines above these are equal, within the ranges.
    fn common_back(&self, in_a: isize, in_b: isize, a: &Range<usize>, b: &Range<usize>) -> isize {
        let (Ok(in_a), Ok(in_b)) = (usize::try_from(in_a), usize::try_from(in_b)) else {
            return 0;
        };
        let (left, right) = (self.a.slice(a.start..in_a), self.b.slice(b.start..in_b));
        let ends = left.iter().rev().zip(right.iter().rev());
        ends.take_while(|(a, b)| a == b).count().cast_signed()
    }
}

fn point(line: isize, diagonal: isize) -> Option<(usize, usize)> {
    Some((usize::try_from(line).ok()?, usize::try_from(line - diagonal).ok()?))
}
