//! An editor that goes away in the middle of a landing, on an engine that lives on.

use std::time::Duration;

use aca_engine::Engine;
use aca_lsp::{ServeOptions, serve};
use aca_protocol::TaskId;
use aca_protocol::methods::DecideParams;
use aca_protocol::proposal::{Decision, Selection};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::Test;
use crate::client::uri;
use crate::seed::{TASK, seed};
use crate::server::config;

pub(crate) const TESTS: &[Test] = &[(
    "gone::a_landing_goes_to_the_file_when_its_editor_is_gone",
    a_landing_goes_to_the_file_when_its_editor_is_gone,
)];

const BASE: &str = "fn one() {}\n";
const RESULT: &str = "fn first() {}\n";

/// The editor is asked, ends without a word, and the file on disk is what counts from then on.
fn a_landing_goes_to_the_file_when_its_editor_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let (data, root) = (dir.path().join("data"), dir.path().join("work"));
    seed(&data, &root, &[("a.rs", BASE)], &[("a.rs", RESULT)]);
    let root = root.canonicalize().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let engine = Engine::start(config(data));
        let (mut editor, theirs) = tokio::io::duplex(1 << 20);
        let served = engine.clone();
        tokio::spawn(async move {
            let (input, output) = tokio::io::split(theirs);
            // Longer than the test takes: it is the end of the connection that counts.
            let options = ServeOptions {
                landing_timeout: Duration::from_secs(60),
                ..ServeOptions::default()
            };
            serve(served, input, output, options).await
        });
        let capabilities = json!({ "workspace": { "applyEdit": true, "workspaceEdit": { "documentChanges": true } } });
        let params = json!({ "capabilities": capabilities, "rootUri": uri(&root) });
        send(
            &mut editor,
            json!({ "id": 1, "method": "initialize", "params": params }),
        )
        .await;
        send(&mut editor, json!({ "method": "initialized", "params": {} })).await;
        let document = json!({ "uri": uri(&root.join("a.rs")), "languageId": "rust", "version": 1, "text": BASE });
        let params = json!({ "textDocument": document });
        send(
            &mut editor,
            json!({ "method": "textDocument/didOpen", "params": params }),
        )
        .await;
        send(&mut editor, json!({ "id": 2, "method": "aca/status", "params": {} })).await;
        read_until(&mut editor, "\"id\":2").await;

        engine.open(&root).await.unwrap();
        let deciding = engine.clone();
        let decided = tokio::spawn(async move {
            deciding
                .decide(DecideParams {
                    task: TaskId::new(TASK),
                    decision: Decision::Accept,
                    selection: Selection::All,
                    resolution: None,
                    seen: None,
                })
                .await
        });
        read_until(&mut editor, "workspace/applyEdit").await;
        drop(editor);
        let result = decided.await.unwrap().unwrap();
        assert_eq!((result.decided.len(), result.refused), (1, Vec::new()));
        assert_eq!(std::fs::read_to_string(root.join("a.rs")).unwrap(), RESULT);
    });
}

async fn send(editor: &mut DuplexStream, mut message: Value) {
    message["jsonrpc"] = json!("2.0");
    let body = message.to_string();
    let bytes = format!("Content-Length: {}\r\n\r\n{body}", body.len());
    editor.write_all(bytes.as_bytes()).await.unwrap();
}

async fn read_until(editor: &mut DuplexStream, what: &str) {
    let mut read = String::new();
    let mut chunk = [0; 4096];
    while !read.contains(what) {
        let count = editor.read(&mut chunk).await.unwrap();
        assert!(count > 0, "the connection ended before {what}: {read}");
        read.push_str(&String::from_utf8_lossy(&chunk[..count]));
    }
}
