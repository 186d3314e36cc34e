//! Finds TODO comments: in comments only, never in strings.
//!
//! [`Language`]s are data. A line is lexed from the state in which it begins, so [`TodoIndex`] keeps these states for an
//! open document and after an edit lexes only until a line begins as it did before. [`scan_text`] is for files that
//! are not open.

mod group;
mod index;
mod keywords;
mod language;
mod languages;
mod lexer;
#[cfg(test)]
mod tests;

pub use index::{TodoIndex, changed_lines};
pub use keywords::Keywords;
pub use language::{Language, language_for};

use group::Grouper;
use lexer::{Lexer, State};

/// A TODO comment with everything that belongs to it.
///
/// Lines count from zero, columns are bytes in their line, so an edit elsewhere in the file does not change a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Todo {
    /// The keyword.
    pub keyword: String,
    /// All text from the keyword on, a line of text for each line of the comment, without the comment's decoration.
    pub text: String,
    /// The line of the keyword.
    pub line: usize,
    /// The byte column in `line` at which the keyword begins.
    pub start: usize,
    /// The last line of the text.
    pub end_line: usize,
    /// The byte column in `end_line` at which the text ends.
    pub end: usize,
}

/// Returns the TODOs of a whole text, in order.
pub fn scan_text(language: &'static Language, keywords: &Keywords, text: &str) -> Vec<Todo> {
    if !keywords.occur_in(text) {
        return Vec::new();
    }
    let lexer = Lexer::new(language);
    let (mut state, mut pieces, mut grouper) = (State::default(), Vec::new(), Grouper::new(keywords));
    for (number, line) in lines(text).enumerate() {
        state = lexer.line(line, &state, &mut pieces);
        grouper.line(number, line, &pieces);
    }
    grouper.finish()
}

/// Cuts a text into lines as editors do: at `\n`, `\r\n` and a lone `\r`.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n').flat_map(|line| {
        let line = line
            .strip_suffix('\n')
            .map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
        line.split('\r')
    })
}
