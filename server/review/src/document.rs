//! A text that changes a little at a time, as numbered lines: equal lines have equal numbers.

use std::ops::Range;

use hashbrown::HashMap;
use imara_diff::Token;

/// Gives equal lines equal numbers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interner {
    tokens: HashMap<String, Token>,
    /// How many bytes all lines have that were met.
    bytes: usize,
}

impl Interner {
    fn token(&mut self, line: &str) -> Token {
        let (next, bytes) = (Token(self.count()), &mut self.bytes);
        *self.tokens.entry_ref(line).or_insert_with(|| {
            *bytes += line.len();
            next
        })
    }

    /// Returns how many bytes all lines have that were met.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the tokens of a text's lines.
    pub(crate) fn lines(&mut self, text: &str) -> Vec<Token> {
        text.split_inclusive('\n').map(|line| self.token(line)).collect()
    }

    /// Returns the number of different lines met, which is above every token.
    pub(crate) fn count(&self) -> u32 {
        // The diff library takes fewer lines than `i32::MAX`.
        u32::try_from(self.tokens.len()).unwrap_or(u32::MAX)
    }
}

/// A text, its lines as tokens and where they start.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    text: String,
    tokens: Vec<Token>,
    /// Where each line starts, and the length of the text at the end.
    starts: Vec<usize>,
}

impl Document {
    pub(crate) fn empty() -> Self {
        Self {
            text: String::new(),
            tokens: Vec::new(),
            starts: vec![0],
        }
    }

    pub(crate) fn new(text: &str, interner: &mut Interner) -> Self {
        let mut document = Self::empty();
        document.update(text, interner);
        document
    }

    pub(crate) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Returns the length of the text, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Returns the number of lines.
    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Returns the text of a range of lines.
    pub(crate) fn lines(&self, lines: Range<usize>) -> &str {
        let start = |line: usize| self.starts.get(line).copied().unwrap_or(self.text.len());
        self.text.get(start(lines.start)..start(lines.end)).unwrap_or_default()
    }

    /// Makes the document say `now`, looking only at the lines that differ, and returns whether any did.
    pub(crate) fn update(&mut self, now: &str, interner: &mut Interner) -> bool {
        let (before, after) = (self.text.as_bytes(), now.as_bytes());
        let head = common_prefix(before, after);
        if head == before.len() && head == after.len() {
            return false;
        }
        let most = before.len().min(after.len()) - head;
        let tail = common_suffix(before, after).min(most);
        // Lines before `first` end within the common head; lines from `last` on follow a line end in the common tail.
        let mut first = self.starts.partition_point(|start| *start <= head).saturating_sub(1);
        if first > 0 && head == before.len() && before.last() != Some(&b'\n') {
            first -= 1;
        }
        let last = self
            .starts
            .partition_point(|start| *start <= before.len() - tail)
            .min(self.len());
        let start = self.starts.get(first).copied().unwrap_or_default();
        let end = self.starts.get(last).copied().unwrap_or(before.len());
        let new_end = after.len() - (before.len() - end);
        let changed = now.get(start..new_end).unwrap_or_default();
        self.tokens.splice(first..last, interner.lines(changed));
        let mut at = start;
        let new_starts = changed.split_inclusive('\n').map(|line| {
            let here = at;
            at += line.len();
            here
        });
        let new_starts: Vec<usize> = new_starts.collect();
        let moved = first + new_starts.len();
        self.starts.splice(first..last, new_starts);
        for start in self.starts.iter_mut().skip(moved) {
            *start = *start + new_end - end;
        }
        self.text.replace_range(start..end, changed);
        true
    }
}

/// How many bytes are compared at once.
const BLOCK: usize = 1024;

/// Returns how many bytes two texts have in common at their beginning.
fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    let blocks = a.chunks(BLOCK).zip(b.chunks(BLOCK)).take_while(|(a, b)| a == b).count();
    let from = (blocks * BLOCK).min(a.len()).min(b.len());
    let rest = a.iter().zip(b).skip(from);
    from + rest.take_while(|(a, b)| a == b).count()
}

/// Returns how many bytes two texts have in common at their end.
fn common_suffix(a: &[u8], b: &[u8]) -> usize {
    let blocks = a
        .rchunks(BLOCK)
        .zip(b.rchunks(BLOCK))
        .take_while(|(a, b)| a == b)
        .count();
    let from = (blocks * BLOCK).min(a.len()).min(b.len());
    let rest = a.iter().rev().zip(b.iter().rev()).skip(from);
    from + rest.take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(document: &Document, text: &str, interner: &mut Interner) {
        assert_eq!(document.text, text);
        assert_eq!(document.tokens, interner.lines(text));
        let starts: Vec<usize> = text
            .split_inclusive('\n')
            .scan(0, |at, line| Some(std::mem::replace(at, *at + line.len())))
            .collect();
        assert_eq!(document.starts, [starts, vec![text.len()]].concat());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn follows_any_edits(texts in proptest::collection::vec("[a\\né]{0,12}", 1..6)) {
            let (mut interner, mut document) = (Interner::default(), Document::empty());
            for text in texts {
                let differs = document.text != text;
                prop_assert_eq!(document.update(&text, &mut interner), differs);
                check(&document, &text, &mut interner);
            }
        }
    }
}
