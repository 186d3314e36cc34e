//! Turns the comments of consecutive lines into TODOs.
//!
//! A TODO goes on through the rest of its block comment, or through the line comments that follow directly, each alone
//! in its line, with the same opening in the same column. A blank comment line or another keyword ends it.

use std::ops::Range;

use super::Todo;
use super::keywords::Keywords;
use super::lexer::Piece;

/// Collects TODOs from lines that are given in order.
pub(crate) struct Grouper<'a> {
    keywords: &'a Keywords,
    todos: Vec<Todo>,
    /// The last TODO of `todos` may go on after a comment like this.
    open: Option<Edge>,
}

/// How a line begins or ends, as far as comments go on from line to line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edge {
    block: bool,
    /// Whether it goes on from the line before by itself.
    inside: bool,
    /// Whether nothing but blanks comes before it in its line.
    alone: bool,
    blank: bool,
    column: usize,
    opening: Box<str>,
}

impl Edge {
    /// Describes a comment of a line.
    pub(crate) fn new(line: &str, piece: &Piece) -> Self {
        let before = line.get(..piece.start).unwrap_or_default();
        Self {
            block: piece.block,
            inside: piece.start == piece.body.start,
            alone: before.trim().is_empty(),
            blank: is_blank(line.get(clean(line, piece)).unwrap_or_default()),
            column: piece.start,
            opening: line.get(piece.start..piece.body.start).unwrap_or_default().into(),
        }
    }

    /// Whether a TODO may reach from the end of one line to this, the start of the next.
    pub(crate) fn follows(&self, before: &Self) -> bool {
        let same_kind = self.block == before.block && !self.blank && !before.blank;
        let beside = self.alone && self.column == before.column && self.opening == before.opening;
        same_kind && (self.inside || (!self.block && beside))
    }
}

impl<'a> Grouper<'a> {
    /// Begins outside of any TODO.
    pub(crate) fn new(keywords: &'a Keywords) -> Self {
        Self {
            keywords,
            todos: Vec::new(),
            open: None,
        }
    }

    /// Takes the comments of the next line.
    pub(crate) fn line(&mut self, number: usize, line: &str, pieces: &[Piece]) {
        let mut before = self.open.take();
        for piece in pieces {
            let body = clean(line, piece);
            let text = line.get(body.clone()).unwrap_or_default();
            let goes_on = before
                .take()
                .is_some_and(|before| Edge::new(line, piece).follows(&before));
            let todo = if goes_on && self.keywords.first_marked_in(text).is_none() {
                self.go_on(number, text, body.end);
                true
            } else {
                self.begin(number, text, &body)
            };
            self.open = (todo && !(piece.block && piece.ends)).then(|| Edge::new(line, piece));
        }
    }

    /// Returns all TODOs, in order.
    pub(crate) fn finish(self) -> Vec<Todo> {
        self.todos
    }

    /// Adds a line to the last TODO.
    fn go_on(&mut self, number: usize, text: &str, end: usize) {
        if let Some(todo) = self.todos.last_mut() {
            todo.text.push('\n');
            todo.text.push_str(text);
            todo.end_line = number;
            todo.end = end;
        }
    }

    /// Begins a TODO if the text has a keyword.
    fn begin(&mut self, number: usize, text: &str, body: &Range<usize>) -> bool {
        let Some(found) = self.keywords.first_in(text) else {
            return false;
        };
        self.todos.push(Todo {
            keyword: found.keyword.to_owned(),
            text: text.get(found.at..).unwrap_or_default().to_owned(),
            line: number,
            start: body.start + found.at,
            end_line: number,
            end: body.end,
        });
        true
    }
}

/// Returns where in its line a comment's text is, without blanks and the stars around it.
fn clean(line: &str, piece: &Piece) -> Range<usize> {
    let body = line.get(piece.body.clone()).unwrap_or_default();
    let mut text = body.trim_end();
    if piece.block && piece.ends {
        text = text.trim_end_matches('*').trim_end();
    }
    let end = piece.body.start + text.len();
    text = text.trim_start();
    if piece.block {
        let rest = text.trim_start_matches('*');
        if rest.is_empty() || rest.starts_with(char::is_whitespace) {
            text = rest.trim_start();
        }
    }
    end - text.len()..end
}

/// Whether a comment line says nothing: no letter and no digit.
fn is_blank(text: &str) -> bool {
    !text.chars().any(char::is_alphanumeric)
}
