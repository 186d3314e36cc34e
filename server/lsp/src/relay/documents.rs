//! The editor's open documents, as a server that starts now has to be told of them.

use std::collections::HashMap;

use lsp_types::{
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams, TextDocumentItem, Url,
};
use tokio_util::bytes::Bytes;

use super::message::{Message, notification};
use crate::documents::{Document, Encoding};

/// The documents by name.
#[derive(Debug, Default)]
pub(super) struct Shadow {
    open: HashMap<Url, (Document, String)>,
    /// What positions count in, as the first server and the editor agreed.
    pub(super) encoding: Encoding,
}

impl Shadow {
    /// Takes in what the editor says of its documents. What cannot be read changes nothing, as in the server.
    pub(super) fn heard(&mut self, method: &str, message: &Message<'_>) {
        match method {
            "textDocument/didOpen" => {
                if let Some(DidOpenTextDocumentParams { text_document: item }) = message.params() {
                    let document = Document::open(item.uri.clone(), &item.language_id, item.version, &item.text, None);
                    self.open.insert(item.uri, (document, item.language_id));
                }
            }
            "textDocument/didChange" => {
                let Some(DidChangeTextDocumentParams {
                    text_document: name,
                    content_changes: changes,
                }) = message.params()
                else {
                    return;
                };
                if let Some((document, _)) = self.open.get_mut(&name.uri) {
                    document.version = name.version;
                    changes.iter().for_each(|change| document.apply(change, self.encoding));
                }
            }
            "textDocument/didClose" => {
                if let Some(DidCloseTextDocumentParams { text_document: name }) = message.params() {
                    self.open.remove(&name.uri);
                }
            }
            _ => {}
        }
    }

    /// Returns the notifications that open every document as it is now.
    pub(super) fn opened(&self) -> impl Iterator<Item = Bytes> {
        self.open.values().map(|(document, language_id)| {
            let item = TextDocumentItem {
                uri: document.uri.clone(),
                language_id: language_id.clone(),
                version: document.version,
                text: document.text.to_string(),
            };
            notification(
                "textDocument/didOpen",
                &DidOpenTextDocumentParams { text_document: item },
            )
        })
    }
}
