//! The TODOs of an open document, kept up to date edit by edit.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use ropey::Rope;

use super::group::{Edge, Grouper};
use super::language::Language;
use super::lexer::{Lexer, Piece, State};
use super::{Keywords, Todo};

/// The TODOs of one document. An edit costs what it changes, not what the document holds.
#[derive(Debug, Clone)]
pub struct TodoIndex {
    lexer: Lexer,
    keywords: Arc<Keywords>,
    /// What each line of the document begins in.
    states: Vec<State>,
    /// In order.
    todos: Vec<Todo>,
}

/// The first and the last comment of a line.
#[derive(Default)]
struct Edges {
    first: Option<Edge>,
    last: Option<Edge>,
}

impl TodoIndex {
    /// Scans a whole document.
    pub fn new(language: &'static Language, keywords: Arc<Keywords>, text: &Rope) -> Self {
        let mut index = Self {
            lexer: Lexer::new(language),
            keywords,
            states: Vec::new(),
            todos: Vec::new(),
        };
        index.rescan(text);
        index
    }

    /// Returns the document's language.
    pub fn language(&self) -> &'static Language {
        self.lexer.language()
    }

    /// Returns all TODOs, in order.
    pub fn todos(&self) -> &[Todo] {
        &self.todos
    }

    /// Returns the TODOs that have text in any of the given lines.
    pub fn at(&self, lines: Range<usize>) -> impl Iterator<Item = &Todo> {
        let from = self.todos.partition_point(|todo| todo.end_line < lines.start);
        let rest = self.todos.get(from..).unwrap_or_default();
        rest.iter().take_while(move |todo| todo.line < lines.end)
    }

    /// Follows an edit.
    ///
    /// `text` is the document after it. The old lines `replaced` gave way to `new_lines` lines; every line whose text
    /// changed, its line end included, must be among them. [`changed_lines`] computes both from an edit in characters.
    pub fn edit(&mut self, text: &Rope, replaced: Range<usize>, new_lines: usize) {
        let known = self.states.len();
        let fits = replaced.start <= replaced.end && replaced.end <= known && replaced.start < known;
        if !fits || known - replaced.len() + new_lines != text.len_lines() {
            self.rescan(text);
            return;
        }
        let start = replaced.start;
        let kept = self.states.get(start).cloned();
        self.states
            .splice(replaced.clone(), std::iter::repeat_n(State::default(), new_lines));
        if let (Some(kept), Some(state)) = (kept, self.states.get_mut(start)) {
            *state = kept;
        }
        let end = self.relex(text, start, start + new_lines);
        self.regroup(text, start..end, replaced.len(), new_lines);
    }

    #[cfg(test)]
    pub(crate) fn same_states(&self, other: &Self) -> bool {
        self.states == other.states
    }

    /// Scans the whole document.
    fn rescan(&mut self, text: &Rope) {
        self.states.clear();
        let (mut state, mut pieces, mut grouper) = (State::default(), Vec::new(), Grouper::new(&self.keywords));
        for (number, line) in text.lines().enumerate() {
            let line: Cow<'_, str> = line.into();
            let line = without_end(&line);
            let next = self.lexer.line(line, &state, &mut pieces);
            grouper.line(number, line, &pieces);
            self.states.push(std::mem::replace(&mut state, next));
        }
        self.todos = grouper.finish();
    }

    /// Lexes from a line on until, after line `least`, a line begins as it is known to. Returns that line.
    fn relex(&mut self, text: &Rope, start: usize, least: usize) -> usize {
        let mut pieces = Vec::new();
        let mut line = start;
        while let Some(state) = self.states.get(line) {
            let next = self.lexer.line(without_end(&line_of(text, line)), state, &mut pieces);
            line += 1;
            match self.states.get_mut(line) {
                Some(known) if *known != next => *known = next,
                Some(_) if line < least => {}
                Some(_) | None => break,
            }
        }
        line
    }

    /// Groups again around lines that changed; `replaced` old lines became `new_lines` at its start.
    fn regroup(&mut self, text: &Rope, changed: Range<usize>, replaced: usize, new_lines: usize) {
        let from = self.start_of_run(text, changed.start.saturating_sub(1));
        // The line after the last changed one may have been a continuation of it, or may be one now.
        let to = self.end_of_run(text, changed.end);
        let (mut pieces, mut grouper) = (Vec::new(), Grouper::new(&self.keywords));
        for number in from..to {
            let Some(state) = self.states.get(number) else { break };
            let line = line_of(text, number);
            let line = without_end(&line);
            self.lexer.line(line, state, &mut pieces);
            grouper.line(number, line, &pieces);
        }
        let found = grouper.finish();
        let old_to = (to + replaced).saturating_sub(new_lines);
        let first = self.todos.partition_point(|todo| todo.line < from);
        let last = self.todos.partition_point(|todo| todo.line < old_to).max(first);
        for todo in self.todos.iter_mut().skip(last) {
            todo.line = todo.line + new_lines - replaced;
            todo.end_line = todo.end_line + new_lines - replaced;
        }
        self.todos.splice(first..last, found);
    }

    /// Returns the first line from which a TODO may reach to this one.
    fn start_of_run(&self, text: &Rope, line: usize) -> usize {
        let mut line = line;
        let mut edges = self.edges(text, line);
        while let Some(above) = line.checked_sub(1) {
            let before = self.edges(text, above);
            if !follows(&before, &edges) {
                break;
            }
            (line, edges) = (above, before);
        }
        line
    }

    /// Returns the line after the last to which a TODO may reach from this one.
    fn end_of_run(&self, text: &Rope, line: usize) -> usize {
        let mut line = line;
        let mut edges = self.edges(text, line);
        loop {
            line += 1;
            let after = self.edges(text, line);
            if !follows(&edges, &after) {
                return line;
            }
            edges = after;
        }
    }

    /// Returns how a line begins and ends; nothing for a line beyond the end.
    fn edges(&self, text: &Rope, line: usize) -> Edges {
        let Some(state) = self.states.get(line) else {
            return Edges::default();
        };
        let mut pieces: Vec<Piece> = Vec::new();
        let line = line_of(text, line);
        let line = without_end(&line);
        self.lexer.line(line, state, &mut pieces);
        Edges {
            first: pieces.first().map(|piece| Edge::new(line, piece)),
            last: pieces.last().map(|piece| Edge::new(line, piece)),
        }
    }
}

fn follows(before: &Edges, after: &Edges) -> bool {
    matches!((&before.last, &after.first), (Some(before), Some(after)) if after.follows(before))
}

/// Returns the lines that an edit replaces and how many lines stand there afterwards, as [`TodoIndex::edit`] wants them.
///
/// The edit replaced the characters `replaced` of `before` by `inserted` characters, which made `after`. A line end of
/// two characters may have been torn apart or put together, so a neighbouring line may be among the lines.
pub fn changed_lines(before: &Rope, after: &Rope, replaced: Range<usize>, inserted: usize) -> (Range<usize>, usize) {
    let start = replaced.start.saturating_sub(1);
    let first = before.char_to_line(start.min(before.len_chars()));
    let last = before.char_to_line((replaced.end + 1).min(before.len_chars()));
    let new_last = after.char_to_line((replaced.start + inserted + 1).min(after.len_chars()));
    (first..last + 1, (new_last + 1).saturating_sub(first))
}

fn line_of(text: &Rope, line: usize) -> Cow<'_, str> {
    text.get_line(line).map(Cow::from).unwrap_or_default()
}

fn without_end(line: &str) -> &str {
    line.trim_end_matches(['\r', '\n'])
}
