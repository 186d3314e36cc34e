//! Landings in an editor that does what real ones do: applies, refuses, lies, or types on.

use std::sync::Arc;
use std::time::Duration;

use aca_engine::config::Config;
use aca_engine::{ClaudeSource, EditorReply, EditorRequest, Engine, EngineConfig};
use futures::{SinkExt, StreamExt};
use ropey::Rope;
use serde_json::{Value, json};
use tokio::io::{DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio_util::codec::{FramedRead, FramedWrite};

use super::within_lines;
use crate::ServeOptions;
use crate::background::Background;
use crate::connection::Connection;
use crate::transport::{Codec, Incoming, Ingress, Stop, drive};

const BEFORE: &str = "one\r\ntwo 😀\r\nthree\r\n";
const AFTER: &str = "one\r\ntwo 😀!\r\nthree\r\n";

struct NoClaude;

#[async_trait::async_trait]
impl ClaudeSource for NoClaude {
    async fn locate(&self, _: &Config, _: &mut (dyn FnMut(String) + Send)) -> Result<std::path::PathBuf, String> {
        Err("There is none.".to_owned())
    }
}

/// An editor with one open document, and the engine's way to ask for changes of it.
pub(crate) struct Editor {
    pub(crate) connection: Arc<Connection>,
    reader: FramedRead<ReadHalf<DuplexStream>, Codec>,
    writer: FramedWrite<WriteHalf<DuplexStream>, Codec>,
    requests: mpsc::UnboundedSender<EditorRequest>,
    dir: tempfile::TempDir,
}

impl Editor {
    async fn start(capabilities: Value) -> Self {
        Self::start_as("an editor", capabilities).await
    }

    /// Starts an editor that calls itself so.
    pub(crate) async fn start_as(name: &str, capabilities: Value) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let engine = Engine::start(EngineConfig {
            data_dir: dir.path().join("data"),
            agent: dir.path().join("no-agent"),
            claude: Arc::new(NoClaude),
            version: "test".to_owned(),
        });
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (requests, receiver) = mpsc::unbounded_channel();
        let id = engine.buffers().connect(requests.clone());
        let options = ServeOptions {
            landing_timeout: Duration::from_millis(300),
            probes: true,
            ..ServeOptions::default()
        };
        let stop = Stop::default();
        let (service, socket, connection) = crate::service::build(|client| {
            Connection::new(engine, client, id, options, stop.clone(), Background::default())
        });
        tokio::spawn(super::serve(Arc::clone(&connection), receiver));
        let (input, output) = tokio::io::split(theirs);
        tokio::spawn(drive(input, output, socket, Ingress::new(service, stop.clone()), stop));
        let (reader, writer) = tokio::io::split(ours);
        let reader = FramedRead::new(reader, Codec::default());
        let writer = FramedWrite::new(writer, Codec::default());
        let mut editor = Self {
            connection,
            reader,
            writer,
            requests,
            dir,
        };
        let root = format!("file://{}", editor.dir.path().display());
        editor
            .ask(
                "initialize",
                json!({ "capabilities": capabilities, "rootUri": root, "clientInfo": { "name": name } }),
            )
            .await;
        let document = json!({ "uri": editor.uri(), "languageId": "rust", "version": 4, "text": BEFORE });
        editor
            .tell("textDocument/didOpen", json!({ "textDocument": document }))
            .await;
        editor
    }

    fn uri(&self) -> String {
        format!("file://{}/a.rs", self.dir.path().display())
    }

    /// Asks for the landing of `AFTER`, and returns where the answer will be.
    fn land(&self, version: i32) -> oneshot::Receiver<EditorReply> {
        self.land_on(version, BEFORE)
    }

    /// Asks for the landing of `AFTER` in a document that says `before`.
    fn land_on(&self, version: i32, before: &str) -> oneshot::Receiver<EditorReply> {
        let (reply, answer) = oneshot::channel();
        let request = EditorRequest {
            path: self.dir.path().canonicalize().unwrap().join("a.rs"),
            version,
            before: Rope::from_str(before),
            after: AFTER.to_owned(),
            label: "aca".to_owned(),
            reply,
        };
        assert!(self.requests.send(request).is_ok());
        answer
    }

    async fn tell(&mut self, method: &str, params: Value) {
        self.writer
            .send(json!({ "jsonrpc": "2.0", "method": method, "params": params }))
            .await
            .unwrap();
    }

    /// Sends a request and returns when it is answered, so that everything before it has been handled.
    async fn ask(&mut self, method: &str, params: Value) {
        self.writer
            .send(json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }))
            .await
            .unwrap();
        while !matches!(self.reader.next().await, Some(Ok(Incoming::Response(_)))) {}
    }

    /// Waits for the server's edit.
    async fn edit(&mut self) -> Value {
        self.incoming("workspace/applyEdit").await
    }

    /// Waits for a request or a notification of the server.
    pub(crate) async fn incoming(&mut self, method: &str) -> Value {
        loop {
            if let Some(Ok(Incoming::Request(request))) = self.reader.next().await
                && request.method() == method
            {
                return serde_json::to_value(request).unwrap();
            }
        }
    }

    pub(crate) async fn answer(&mut self, edit: &Value, result: Value) {
        self.writer
            .send(json!({ "jsonrpc": "2.0", "id": edit["id"], "result": result }))
            .await
            .unwrap();
    }

    async fn save(&mut self) {
        let document = json!({ "uri": self.uri() });
        self.tell("textDocument/didSave", json!({ "textDocument": document }))
            .await;
    }

    async fn change(&mut self, version: i32, changes: Value) {
        let document = json!({ "uri": self.uri(), "version": version });
        self.tell(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": changes }),
        )
        .await;
    }
}

/// What Neovim 0.11 says it can do, as far as it matters here.
fn neovim() -> Value {
    json!({ "workspace": { "applyEdit": true, "workspaceEdit": { "resourceOperations": ["rename", "create", "delete"] } } })
}

fn insertion() -> Value {
    json!({ "range": { "start": { "line": 1, "character": 6 }, "end": { "line": 1, "character": 6 } }, "text": "!" })
}

#[tokio::test]
async fn the_edit_is_versioned_minimal_and_believed_when_seen() {
    let mut editor = Editor::start(neovim()).await;
    let landed = editor.land(4);
    let edit = editor.edit().await;
    let change = &edit["params"]["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"], json!({ "uri": editor.uri(), "version": 4 }));
    let at = json!({ "line": 1, "character": 6 });
    assert_eq!(
        change["edits"],
        json!([{ "range": { "start": at, "end": at }, "newText": "!" }])
    );
    assert_eq!(edit["params"]["label"], "aca");
    editor.change(5, json!([insertion()])).await;
    assert_eq!(landed.await.unwrap(), EditorReply::Landed);
    editor.answer(&edit, json!({ "applied": true })).await;
}

#[tokio::test]
async fn a_client_without_versioned_edits_gets_plain_ones() {
    let mut editor = Editor::start(json!({ "workspace": { "applyEdit": true } })).await;
    let landed = editor.land(4);
    let edit = editor.edit().await;
    assert!(edit["params"]["edit"]["changes"][editor.uri()].is_array(), "{edit}");
    editor.answer(&edit, json!({ "applied": true })).await;
    editor.change(5, json!([{ "text": AFTER }])).await;
    assert_eq!(landed.await.unwrap(), EditorReply::Landed);
}

#[tokio::test]
async fn what_is_typed_right_behind_a_landing_does_not_hide_it() {
    let mut editor = Editor::start(neovim()).await;
    let landed = editor.land(4);
    let edit = editor.edit().await;
    let typed = json!({ "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } }, "text": "x" });
    editor.change(6, json!([insertion(), typed])).await;
    assert_eq!(landed.await.unwrap(), EditorReply::Landed);
    editor.answer(&edit, json!({ "applied": true })).await;
}

/// A formatter that runs on save changes the text again before anyone can look at it.
#[tokio::test]
async fn what_a_formatter_does_right_behind_a_landing_does_not_hide_it() {
    let mut editor = Editor::start(neovim()).await;
    let landed = editor.land(4);
    let edit = editor.edit().await;
    editor.change(5, json!([insertion()])).await;
    editor.change(6, json!([{ "text": "one\ntwo 😀!\nthree\n" }])).await;
    editor.save().await;
    assert_eq!(landed.await.unwrap(), EditorReply::Landed);
    editor.answer(&edit, json!({ "applied": true })).await;
}

/// The text with the change is nowhere to be seen: the formatter's text came at once. It is merged anew.
#[tokio::test]
async fn a_landing_that_a_formatter_hides_is_stale() {
    let mut editor = Editor::start(neovim()).await;
    let landed = editor.land(4);
    let edit = editor.edit().await;
    editor.change(5, json!([{ "text": "one\ntwo 😀!\nthree\n" }])).await;
    editor.answer(&edit, json!({ "applied": true })).await;
    assert_eq!(landed.await.unwrap(), EditorReply::Stale);
}

#[tokio::test]
async fn a_save_in_between_decides_nothing() {
    let mut editor = Editor::start(neovim()).await;
    let landed = editor.land(4);
    let edit = editor.edit().await;
    editor.save().await;
    editor.change(5, json!([insertion()])).await;
    editor.save().await;
    assert_eq!(landed.await.unwrap(), EditorReply::Landed);
    editor.answer(&edit, json!({ "applied": true })).await;
}

/// An editor may send a change in pieces, and answer before the last of them.
#[tokio::test]
async fn pieces_of_a_change_are_waited_for() {
    let mut editor = Editor::start(neovim()).await;
    let landed = editor.land(4);
    let edit = editor.edit().await;
    let at = json!({ "line": 1, "character": 0 });
    let empty = json!({ "start": at, "end": { "line": 1, "character": 6 } });
    editor.change(5, json!([{ "range": empty, "text": "" }])).await;
    editor.answer(&edit, json!({ "applied": true })).await;
    let whole = json!([{ "range": { "start": at, "end": at }, "text": "two 😀!" }]);
    editor.change(6, whole).await;
    assert_eq!(landed.await.unwrap(), EditorReply::Landed);
}

#[tokio::test]
async fn applied_true_alone_proves_nothing() {
    let mut editor = Editor::start(neovim()).await;
    let landed = editor.land(4);
    let edit = editor.edit().await;
    editor.answer(&edit, json!({ "applied": true })).await;
    let EditorReply::Refused(reason) = landed.await.unwrap() else {
        panic!("it was believed")
    };
    assert!(reason.contains("did not show the change"), "{reason}");
}

#[tokio::test]
async fn an_edit_that_came_too_late_is_stale() {
    for answer in [json!({ "applied": true }), json!({ "applied": false })] {
        let mut editor = Editor::start(neovim()).await;
        let landed = editor.land(4);
        let edit = editor.edit().await;
        editor.change(5, json!([{ "text": "typed meanwhile" }])).await;
        editor.answer(&edit, answer).await;
        assert_eq!(landed.await.unwrap(), EditorReply::Stale);
    }
}

/// VS Code refuses an edit of an old version without a reason, and may tell of the newer version only afterwards.
#[tokio::test]
async fn a_refusal_is_explained_by_the_change_behind_it() {
    let mut editor = Editor::start(neovim()).await;
    let landed = editor.land(4);
    let edit = editor.edit().await;
    editor.answer(&edit, json!({ "applied": false })).await;
    editor.change(5, json!([{ "text": "typed meanwhile" }])).await;
    assert_eq!(landed.await.unwrap(), EditorReply::Stale);
}

/// Another server's edit came first, and the editor does not look at versions: ours went to the wrong place.
#[tokio::test]
async fn an_edit_on_top_of_another_ones_is_not_taken_for_a_landing() {
    let mut editor = Editor::start(json!({ "workspace": { "applyEdit": true } })).await;
    let landed = editor.land(4);
    let edit = editor.edit().await;
    let top = json!({ "line": 0, "character": 0 });
    let import = json!({ "range": { "start": top, "end": top }, "text": "import\r\n" });
    editor.change(5, json!([import])).await;
    editor.change(6, json!([insertion()])).await;
    editor.answer(&edit, json!({ "applied": true })).await;
    assert_eq!(landed.await.unwrap(), EditorReply::Stale);
}

/// An edit that names no version may still be applied later, so it is not sent once more.
#[tokio::test]
async fn an_edit_without_an_answer_is_repeated_only_if_it_names_a_version() {
    for (capabilities, is_repeated) in [(neovim(), true), (json!({ "workspace": { "applyEdit": true } }), false)] {
        let mut editor = Editor::start(capabilities).await;
        let landed = editor.land(4);
        editor.edit().await;
        editor.change(5, json!([{ "text": "typed meanwhile" }])).await;
        let reply = landed.await.unwrap();
        assert_eq!(reply == EditorReply::Stale, is_repeated, "{reply:?}");
    }
}

/// The edit comes after the landing was given up: nothing is wrong with that, the text is simply there.
#[tokio::test]
async fn a_slow_editor_may_still_do_it() {
    let mut editor = Editor::start(neovim()).await;
    let landed = editor.land(4);
    let edit = editor.edit().await;
    assert!(matches!(landed.await.unwrap(), EditorReply::Refused(_)));
    editor.change(5, json!([insertion()])).await;
    editor.answer(&edit, json!({ "applied": true })).await;
    assert_eq!(editor.land_on(5, AFTER).await.unwrap(), EditorReply::Landed);
}

#[tokio::test]
async fn a_refusal_keeps_its_reason() {
    let mut editor = Editor::start(neovim()).await;
    let landed = editor.land(4);
    let edit = editor.edit().await;
    editor
        .answer(&edit, json!({ "applied": false, "failureReason": "read-only" }))
        .await;
    assert_eq!(
        landed.await.unwrap(),
        EditorReply::Refused("The editor did not apply the change: read-only".to_owned())
    );
}

#[tokio::test]
async fn a_document_that_moved_on_or_is_closed_is_stale() {
    let mut editor = Editor::start(neovim()).await;
    assert_eq!(editor.land(3).await.unwrap(), EditorReply::Stale);
    let landed = editor.land(4);
    let edit = editor.edit().await;
    let document = json!({ "uri": editor.uri() });
    editor
        .tell("textDocument/didClose", json!({ "textDocument": document }))
        .await;
    assert_eq!(landed.await.unwrap(), EditorReply::Stale);
    editor.answer(&edit, json!({ "applied": true })).await;
    assert_eq!(editor.land(4).await.unwrap(), EditorReply::Stale);
}

#[tokio::test]
async fn a_client_that_takes_no_edits_is_said_to() {
    let mut editor = Editor::start(json!({})).await;
    // The document is open once this is answered.
    editor.ask("aca/status", json!({})).await;
    let EditorReply::Refused(reason) = editor.land(4).await.unwrap() else {
        panic!("it was not refused")
    };
    assert!(reason.contains("workspace/applyEdit"), "{reason}");
}

/// tower-lsp panics when a reply arrives for a request whose future is gone.
#[tokio::test]
async fn a_reply_after_the_landing_was_given_up_is_survived() {
    let mut editor = Editor::start(neovim()).await;
    let landed = editor.land(4);
    let edit = editor.edit().await;
    assert!(matches!(landed.await.unwrap(), EditorReply::Refused(_)));
    editor.answer(&edit, json!({ "applied": true })).await;
    editor.ask("aca/status", json!({})).await;
}

/// Neovim 0.11 leaves an empty line behind what is inserted after the last line.
#[test]
fn lines_are_appended_to_the_last_line_and_not_after_it() {
    let appended = |before: &str, text: &str| within_lines(before, before.len()..before.len(), text.to_owned());
    assert_eq!(appended("one\n", "two\n"), (3..3, "\ntwo".to_owned()));
    assert_eq!(appended("one\r\n", "two\r\n"), (3..3, "\r\ntwo".to_owned()));
    assert_eq!(appended("one", "\ntwo\n"), (3..3, "\ntwo\n".to_owned()));
    assert_eq!(appended("one\n", "two"), (4..4, "two".to_owned()));
    assert_eq!(appended("", "one\n"), (0..0, "one\n".to_owned()));
    let inside = within_lines("one\ntwo\n", 4..4, "and\n".to_owned());
    assert_eq!(inside, (4..4, "and\n".to_owned()));
}
