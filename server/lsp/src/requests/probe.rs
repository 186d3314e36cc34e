//! Methods for tests only: what no well-behaved handler does, and a look at a document. Never registered unless
//! [`ServeOptions::probes`](crate::ServeOptions) says so, which the program does not.

use lsp_types::{MessageType, TextDocumentIdentifier, WorkspaceEdit};
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

/// Asks the client for an edit, as a landing does, and waits for the answer.
pub(crate) async fn probe_ask(server: &Server, _: Value) -> Result<Value> {
    let client = server.connection.client.clone();
    let asking = async move { client.apply_edit(WorkspaceEdit::default()).await.is_ok() };
    let answered = server.connection.background.detach(asking).await;
    Ok(json!({ "answered": answered.unwrap_or(false) }))
}

/// Says three things, then answers.
pub(crate) async fn probe_say(server: &Server, _: Value) -> Result<Value> {
    for number in 0..3 {
        server.connection.client.log_message(MessageType::LOG, number).await;
    }
    Ok(Value::Null)
}

/// Keeps the thread that carries out a question to the engine busy for a while.
pub(crate) async fn probe_block(server: &Server, _: Value) -> Result<Value> {
    let busy = |_| async {
        std::thread::sleep(std::time::Duration::from_millis(600));
        Ok(Value::Null)
    };
    server.connection.ask("a test", busy).await
}
