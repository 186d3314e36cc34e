//! Lines as words: merging one that both sides changed, and telling which lines are versions of one another.

use std::ops::Range;

use imara_diff::{InternedInput, Token, TokenSource};

use crate::diff::{Change, reaches, word_changes};

/// A longer line is not merged by words, in bytes: a reader could not check it.
const MAX_LINE: usize = 16 << 10;

/// Merges two versions of a line by words, each of them a run of letters and digits, a run of blanks, or another
/// character; none if both changed the same words, or words without another one between them.
///
/// Where words repeat, a difference can be drawn in several ways: nothing that any of them touches may be shared.
pub(crate) fn merge_words(base: &str, live: &str, other: &str) -> Option<String> {
    if live == other || base == other {
        return Some(live.to_owned());
    }
    if base == live {
        return Some(other.to_owned());
    }
    if [base, live, other].iter().any(|text| text.len() > MAX_LINE) {
        return None;
    }
    let mut input = InternedInput::new(Words(base), Words(live));
    let live_words = std::mem::take(&mut input.after);
    input.update_after(Words(other).tokenize());
    let (base_words, other_words) = (input.before, input.after);
    let count = input.interner.num_tokens();
    let ours = word_changes(&base_words, &live_words, count);
    let theirs = word_changes(&base_words, &other_words, count);
    let text = |words: &[Token], range: Range<usize>| -> String {
        let words = words.get(range).unwrap_or_default();
        words.iter().map(|word| input.interner[*word]).collect()
    };
    let our_reach = reaches(&base_words, &live_words, &ours);
    let their_reach = reaches(&base_words, &other_words, &theirs);
    let mut ours = ours.iter().zip(&our_reach).peekable();
    let mut theirs = theirs.iter().zip(&their_reach).peekable();
    let (mut merged, mut done) = (String::with_capacity(live.len().max(other.len())), 0);
    loop {
        let ours_first = match (ours.peek(), theirs.peek()) {
            (None, None) => break,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some((our, our_reach)), Some((their, their_reach))) => {
                let new = |words: &[Token], change: &Change| words.get(change.after.clone()).map(<[Token]>::to_vec);
                if our.before == their.before && new(&live_words, our) == new(&other_words, their) {
                    theirs.next();
                    true
                } else if our_reach.end < their_reach.start {
                    true
                } else if their_reach.end < our_reach.start {
                    false
                } else {
                    return None;
                }
            }
        };
        let (side, words) = if ours_first {
            (ours.next(), &live_words)
        } else {
            (theirs.next(), &other_words)
        };
        let Some((change, _)) = side else { break };
        merged += &text(&base_words, done..change.before.start);
        merged += &text(words, change.after.clone());
        done = change.before.end;
    }
    merged += &text(&base_words, done..base_words.len());
    Some(merged)
}

/// Returns how alike two lines are, from 0 to 1: the share of their letters and digits that are in words both have, in
/// the same order.
pub(crate) fn likeness(a: &str, b: &str) -> f64 {
    let input = InternedInput::new(Words(a), Words(b));
    let count = input.interner.num_tokens();
    let weight = |words: &[Token]| -> usize {
        let words = words.iter().map(|word| input.interner[*word]);
        words
            .filter(|word| word.starts_with(|char| kind(char) == Kind::Word))
            .map(str::len)
            .sum()
    };
    let all = weight(&input.before) + weight(&input.after);
    let changes = word_changes(&input.before, &input.after, count);
    let differ = |change: &Change| {
        weight(input.before.get(change.before.clone()).unwrap_or_default())
            + weight(input.after.get(change.after.clone()).unwrap_or_default())
    };
    let differ: usize = changes.iter().map(differ).sum();
    if all == 0 {
        0.0
    } else {
        (all - differ) as f64 / all as f64
    }
}

/// A text as words.
struct Words<'a>(&'a str);

impl<'a> TokenSource for Words<'a> {
    type Token = &'a str;
    type Tokenizer = Split<'a>;

    fn tokenize(&self) -> Split<'a> {
        Split(self.0)
    }

    fn estimate_tokens(&self) -> u32 {
        u32::try_from(self.0.len() / 3).unwrap_or(u32::MAX)
    }
}

struct Split<'a>(&'a str);

impl<'a> Iterator for Split<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let first = self.0.chars().next()?;
        let end = match kind(first) {
            Kind::Single => first.len_utf8(),
            kind_of_first => self.0.find(|char| kind(char) != kind_of_first).unwrap_or(self.0.len()),
        };
        let (word, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        Some(word)
    }
}

#[derive(PartialEq, Eq)]
enum Kind {
    Word,
    Blank,
    Single,
}

fn kind(char: char) -> Kind {
    match char {
        ' ' | '\t' => Kind::Blank,
        char if char.is_alphanumeric() || char == '_' => Kind::Word,
        _ => Kind::Single,
    }
}
