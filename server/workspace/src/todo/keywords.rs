//! The words that make a comment a TODO.

/// The keywords to look for: whole words, exactly as they are written here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keywords(Vec<String>);

/// A keyword in a text.
pub(crate) struct Found<'a> {
    /// The byte offset at which it begins.
    pub(crate) at: usize,
    /// The keyword.
    pub(crate) keyword: &'a str,
    /// Whether it is marked as one: at the start of the text, or followed by `:` or `(`.
    pub(crate) marked: bool,
}

impl Default for Keywords {
    fn default() -> Self {
        Self::new(["TODO", "FIXME", "HACK", "BUG", "XXX"])
    }
}

impl Keywords {
    /// Takes the words to look for; empty ones are left out.
    pub fn new<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Self {
        Self(
            words
                .into_iter()
                .map(Into::into)
                .filter(|word| !word.is_empty())
                .collect(),
        )
    }

    /// Says whether any keyword occurs in a text at all, be it as a part of a word or in a string.
    pub(crate) fn occur_in(&self, text: &str) -> bool {
        self.0.iter().any(|word| text.contains(word.as_str()))
    }

    /// Returns the first keyword in a text.
    pub(crate) fn first_in<'a>(&'a self, text: &'a str) -> Option<Found<'a>> {
        self.all_in(text).min_by_key(|found| found.at)
    }

    /// Returns the first keyword that is marked as one.
    pub(crate) fn first_marked_in<'a>(&'a self, text: &'a str) -> Option<Found<'a>> {
        self.all_in(text)
            .filter(|found| found.marked)
            .min_by_key(|found| found.at)
    }

    fn all_in<'a>(&'a self, text: &'a str) -> impl Iterator<Item = Found<'a>> {
        self.0.iter().flat_map(move |word| {
            text.match_indices(word.as_str()).filter_map(move |(at, keyword)| {
                let before = text.get(..at)?;
                let after = text.get(at + keyword.len()..)?;
                let is_word = |c: char| c.is_alphanumeric() || c == '_';
                let whole = !before.ends_with(is_word) && !after.starts_with(is_word);
                let marked = before.trim().is_empty() || after.starts_with([':', '(']);
                whole.then_some(Found {
                    at,
                    keyword: word,
                    marked,
                })
            })
        })
    }
}
