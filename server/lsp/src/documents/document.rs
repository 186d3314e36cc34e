//! One open document.

use std::path::PathBuf;
use std::sync::Arc;

use aca_workspace::todo::{Language, Todo, TodoIndex, changed_lines, language_for};
use lsp_types::{Position, Range, Url};
use ropey::Rope;

use super::position::Encoding;
use crate::workspaces::Root;

/// One open document. A clone is cheap, so that a handler keeps the one it began with.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    /// The client's name for it.
    pub(crate) uri: Url,
    /// The client's version of the text.
    pub(crate) version: i32,
    /// The text.
    pub(crate) text: Rope,
    /// Its place in a workspace; a document without one gets no actions.
    pub(crate) file: Option<WorkspaceFile>,
    language_id: String,
    todos: Option<TodoIndex>,
}

/// A document's place in its workspace.
#[derive(Debug, Clone)]
pub(crate) struct WorkspaceFile {
    /// The workspace.
    pub(crate) root: Arc<Root>,
    /// The path below it, with `/` between components.
    pub(crate) relative: String,
    /// The path as the engine knows it.
    pub(crate) path: PathBuf,
}

impl Document {
    /// Makes a document from what `didOpen` says.
    pub(crate) fn open(uri: Url, language_id: &str, version: i32, text: &str, file: Option<WorkspaceFile>) -> Self {
        let language_id = language_id.to_owned();
        let mut document = Self {
            uri,
            version,
            text: Rope::from_str(text),
            file: None,
            language_id,
            todos: None,
        };
        document.place(file);
        document
    }

    /// Gives the document its place in a workspace, or takes it away, and looks for TODOs accordingly.
    pub(crate) fn place(&mut self, file: Option<WorkspaceFile>) {
        self.todos = file.as_ref().and_then(|file| {
            let first = self.text.get_line(0).map(|line| line.to_string()).unwrap_or_default();
            let language = language_for(&file.path, Some(&self.language_id), &first)?;
            Some(TodoIndex::new(language, Arc::clone(&file.root.keywords), &self.text))
        });
        self.file = file;
    }

    /// Replaces a range of the text and brings the TODOs up to date.
    pub(crate) fn replace(&mut self, range: Range, text: &str, encoding: Encoding) {
        let bytes = encoding.to_bytes(&self.text, range);
        let replaced = self.text.byte_to_char(bytes.start)..self.text.byte_to_char(bytes.end);
        let before = self.text.clone();
        self.text.remove(replaced.clone());
        self.text.insert(replaced.start, text);
        if let Some(todos) = &mut self.todos {
            let (lines, new_lines) = changed_lines(&before, &self.text, replaced, text.chars().count());
            todos.edit(&self.text, lines, new_lines);
        }
    }

    /// Replaces the whole text.
    pub(crate) fn replace_all(&mut self, text: &str) {
        let lines_before = self.text.len_lines();
        self.text = Rope::from_str(text);
        if let Some(todos) = &mut self.todos {
            todos.edit(&self.text, 0..lines_before, self.text.len_lines());
        }
    }

    /// Returns the document's TODOs, in order.
    pub(crate) fn todos(&self) -> &[Todo] {
        self.todos.as_ref().map_or(&[], TodoIndex::todos)
    }

    /// Returns the document's language, if it is one that is scanned for TODOs.
    pub(crate) fn language(&self) -> Option<&'static Language> {
        self.todos.as_ref().map(TodoIndex::language)
    }

    /// Returns the TODO that a command is about: the one with that text, nearest to the line it was on.
    ///
    /// Where nothing of that text is left there is none, whatever stands on the line now.
    pub(crate) fn find_todo(&self, line: u32, text: &str) -> Option<&Todo> {
        let same = self.todos().iter().filter(|todo| todo.text == text);
        same.min_by_key(|todo| line_of(todo).abs_diff(line))
    }

    /// Returns the TODO whose lines include `line`.
    pub(crate) fn todo_at(&self, line: u32) -> Option<&Todo> {
        self.todos()
            .iter()
            .find(|todo| (line_of(todo)..=last_line_of(todo)).contains(&line))
    }

    /// Returns where a number of whole lines is: from the start of the first to the end of the last.
    pub(crate) fn lines(&self, line: u32, lines: u32, encoding: Encoding) -> Range {
        let last = u32::try_from(self.text.len_lines())
            .unwrap_or(u32::MAX)
            .saturating_sub(1);
        let start = Position {
            line: line.min(last),
            character: 0,
        };
        let Some(below) = lines.checked_sub(1) else {
            return Range { start, end: start };
        };
        let end = Position {
            line: line.saturating_add(below).min(last),
            character: u32::MAX,
        };
        let end = encoding.to_position(&self.text, encoding.to_byte(&self.text, end));
        Range {
            start,
            end: end.max(start),
        }
    }
}

/// Returns the line of a TODO's keyword.
pub(crate) fn line_of(todo: &Todo) -> u32 {
    u32::try_from(todo.line).unwrap_or(u32::MAX)
}

/// Returns the last line of a TODO.
pub(crate) fn last_line_of(todo: &Todo) -> u32 {
    u32::try_from(todo.end_line).unwrap_or(u32::MAX)
}
