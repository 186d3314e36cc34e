//! Applying `didChange` to a document.

use lsp_types::TextDocumentContentChangeEvent;

use super::document::Document;
use super::position::Encoding;

impl Document {
    /// Applies one change of a `didChange`. Each refers to the text the one before it left.
    pub(crate) fn apply(&mut self, change: &TextDocumentContentChangeEvent, encoding: Encoding) {
        match change.range {
            Some(range) => self.replace(range, &change.text, encoding),
            None => self.replace_all(&change.text),
        }
    }
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
