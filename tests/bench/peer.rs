//! The peer of the benchmark: about the smallest language server on tower-lsp that answers code actions on TODOs. It
//! keeps each document as one string and looks at every line of the asked range.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tower_lsp::jsonrpc::Result;
use tower_lsp::lsp_types::{
    CodeAction, CodeActionOrCommand, CodeActionParams, CodeActionProviderCapability, CodeActionResponse, Command,
    DidChangeTextDocumentParams, DidOpenTextDocumentParams, InitializeParams, InitializeResult, Position,
    ServerCapabilities, TextDocumentSyncCapability, TextDocumentSyncKind, Url,
};
use tower_lsp::{LanguageServer, LspService, Server};

#[derive(Debug, Default)]
struct Peer {
    documents: Mutex<HashMap<Url, String>>,
}

#[tower_lsp::async_trait]
impl LanguageServer for Peer {
    async fn initialize(&self, _: InitializeParams) -> Result<InitializeResult> {
        let capabilities = ServerCapabilities {
            text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::INCREMENTAL)),
            code_action_provider: Some(CodeActionProviderCapability::Simple(true)),
            ..ServerCapabilities::default()
        };
        Ok(InitializeResult {
            capabilities,
            server_info: None,
        })
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        self.documents
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(document.uri, document.text);
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let mut documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(text) = documents.get_mut(&params.text_document.uri) else {
            return;
        };
        for change in params.content_changes {
            match change.range {
                Some(range) => {
                    let place = offset(text, range.start)..offset(text, range.end);
                    text.replace_range(place, &change.text);
                }
                None => *text = change.text,
            }
        }
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        let documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(text) = documents.get(&params.text_document.uri) else {
            return Ok(None);
        };
        let first = params.range.start.line as usize;
        let count = (params.range.end.line - params.range.start.line) as usize + 1;
        let todos = text
            .lines()
            .skip(first)
            .take(count)
            .filter(|line| line.contains("TODO"));
        let actions = todos.map(|line| {
            let command = Command {
                title: "Do this".to_owned(),
                command: "peer.do".to_owned(),
                arguments: None,
            };
            CodeActionOrCommand::CodeAction(CodeAction {
                title: format!("Do this: {}", line.trim()),
                command: Some(command),
                ..CodeAction::default()
            })
        });
        Ok(Some(actions.collect()))
    }
}

/// Returns the byte offset of a position whose line is ASCII, as the benchmark's documents are.
fn offset(text: &str, position: Position) -> usize {
    let before: usize = text
        .split_inclusive('\n')
        .take(position.line as usize)
        .map(str::len)
        .sum();
    (before + position.character as usize).min(text.len())
}

#[tokio::main]
async fn main() {
    let (service, socket) = LspService::new(|_| Peer::default());
    Server::new(tokio::io::stdin(), tokio::io::stdout(), socket)
        .serve(service)
        .await;
}
