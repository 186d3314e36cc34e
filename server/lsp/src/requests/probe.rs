//! Methods for tests only: what no well-behaved handler does, and a look at a document. Never registered unless
//! [`ServeOptions::probes`](crate::ServeOptions) says so, which the program does not.

use lsp_types::TextDocumentIdentifier;
use serde_json::{Value, json};
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Never answers.
pub(crate) async fn probe_stuck(_: &Server, _: Value) -> Result<Value> {
    std::future::pending().await
}

/// Panics.
#[expect(clippy::panic, reason = "a handler that panics is what the test is about")]
pub(crate) async fn probe_panic(_: &Server, _: Value) -> Result<Value> {
    panic!("a test asked for this")
}

/// Returns a document's version and text.
pub(crate) async fn probe_document(server: &Server, params: TextDocumentIdentifier) -> Result<Value> {
    let document = server.connection.documents.get(&params.uri);
    Ok(document.map_or(
        Value::Null,
        |document| json!({ "version": document.version, "text": document.text.to_string() }),
    ))
}
