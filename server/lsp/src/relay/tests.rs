//! An editor and its servers, message by message.

use serde_json::{Value, json};
use tokio_util::bytes::Bytes;

use super::session::{Out, Session};

fn bytes(message: &Value) -> Bytes {
    let mut message = message.clone();
    message["jsonrpc"] = "2.0".into();
    Bytes::from(message.to_string())
}

/// Writes each step as `server: MESSAGE` or `editor: MESSAGE`, shortened to what counts.
fn words(outs: Vec<Out>) -> Vec<String> {
    let word = |out| match out {
        Out::Server(body) => format!("server: {}", short(&body)),
        Out::Editor(body) => format!("editor: {}", short(&body)),
        Out::Exit => "exit".to_owned(),
        Out::Unusable(reason) => format!("unusable: {reason}"),
    };
    outs.into_iter().map(word).collect()
}

fn short(body: &[u8]) -> String {
    let message: Value = serde_json::from_slice(body).unwrap();
    let method = message["method"].as_str().unwrap_or_default();
    let id = message.get("id").map(|id| format!("{id} ")).unwrap_or_default();
    let rest = match method {
        "textDocument/didOpen" => &message["params"]["textDocument"]["text"],
        "workspace/didChangeConfiguration" => &message["params"]["settings"]["aca"]["todo"]["keywords"],
        "workspace/didChangeWorkspaceFolders" => &message["params"]["event"]["added"],
        "$/progress" => &message["params"]["value"]["kind"],
        "textDocument/publishDiagnostics" => &message["params"]["uri"],
        "window/showMessage" => &message["params"]["message"],
        "" if message.get("error").is_some() => &message["error"]["code"],
        "" => &message["result"],
        _ => &Value::Null,
    };
    format!("{id}{method} {rest}").trim_end_matches(" null").to_owned()
}

struct Talk(Session);

impl Talk {
    /// An editor that has introduced itself to a server and has one document open.
    fn begun() -> Self {
        let mut talk = Self(Session::default());
        assert!(talk.0.connected().is_empty());
        let capabilities = json!({ "general": { "positionEncodings": ["utf-8", "utf-16"] } });
        let params = json!({ "processId": 42, "rootUri": null, "capabilities": capabilities });
        talk.editor(&json!({ "id": 1, "method": "initialize", "params": params }));
        talk.server(&json!({ "id": 1, "result": { "capabilities": { "positionEncoding": "utf-8" } } }));
        talk.editor(&json!({ "method": "initialized", "params": {} }));
        let item = json!({ "uri": "file:///w/a.rs", "languageId": "rust", "version": 1, "text": "ü one\n" });
        talk.editor(&json!({ "method": "textDocument/didOpen", "params": { "textDocument": item } }));
        talk
    }

    fn editor(&mut self, message: &Value) -> Vec<String> {
        words(self.0.hear_editor(bytes(message)))
    }

    fn server(&mut self, message: &Value) -> Vec<String> {
        words(self.0.hear_server(bytes(message)))
    }

    fn lost(&mut self) -> Vec<String> {
        words(self.0.lost())
    }

    /// The next server answers the introduction.
    fn next_server(&mut self) -> Vec<String> {
        let introduction = self.0.connected();
        let [Out::Server(body)] = introduction.as_slice() else {
            panic!("{introduction:?}")
        };
        let introduction: Value = serde_json::from_slice(body).unwrap();
        assert_eq!(introduction["method"], "initialize");
        self.server(&json!({ "id": introduction["id"], "result": { "capabilities": { "positionEncoding": "utf-8" } } }))
    }
}

#[test]
fn the_next_server_learns_what_the_first_one_knew() {
    let mut talk = Talk::begun();
    assert_eq!(talk.0.editor_process(), Some(42));
    let range = json!({ "start": { "line": 0, "character": 3 }, "end": { "line": 0, "character": 6 } });
    let change = json!({ "textDocument": { "uri": "file:///w/a.rs", "version": 2 }, "contentChanges": [{ "range": range, "text": "two" }] });
    talk.editor(&json!({ "method": "textDocument/didChange", "params": change }));
    let event = json!({ "added": [{ "uri": "file:///x", "name": "x" }], "removed": [] });
    talk.editor(&json!({ "method": "workspace/didChangeWorkspaceFolders", "params": { "event": event } }));
    assert!(talk.lost().is_empty());
    // What the editor says meanwhile is in what the next server is told.
    let item = json!({ "uri": "file:///w/b.rs", "languageId": "rust", "version": 7, "text": "b" });
    assert!(
        talk.editor(&json!({ "method": "textDocument/didOpen", "params": { "textDocument": item } }))
            .is_empty()
    );
    let mut told = talk.next_server();
    let documents: Vec<String> = told.drain(2..).collect();
    assert_eq!(
        told,
        [
            "server: initialized",
            "server: workspace/didChangeWorkspaceFolders [{\"name\":\"x\",\"uri\":\"file:///x\"}]"
        ]
    );
    assert_eq!(documents.len(), 2);
    assert!(
        documents.contains(&"server: textDocument/didOpen \"ü two\\n\"".to_owned()),
        "{documents:?}"
    );
    assert!(
        documents.contains(&"server: textDocument/didOpen \"b\"".to_owned()),
        "{documents:?}"
    );
}

#[test]
fn the_next_server_is_told_what_the_editor_declared() {
    let mut session = Session::default();
    session.connected();
    let aca = json!({ "version": "1", "codicons": true, "inlineReview": true, "commands": ["aca.review", "aca.tell"] });
    let general = json!({ "positionEncodings": ["utf-16"] });
    let params = json!({
        "processId": 42, "rootUri": "file:///w", "clientInfo": { "name": "An editor" },
        "capabilities": { "general": general, "experimental": { "aca": aca } },
        "initializationOptions": { "settings": { "todo": { "keywords": ["LATER"] } } },
    });
    session.hear_editor(bytes(&json!({ "id": 1, "method": "initialize", "params": params })));
    session.hear_server(bytes(&json!({ "id": 1, "result": { "capabilities": {} } })));
    session.lost();
    let introduction = session.connected();
    let [Out::Server(body)] = introduction.as_slice() else {
        panic!("{introduction:?}")
    };
    let introduction: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(introduction["params"], params);
}

#[test]
fn the_last_word_on_settings_is_repeated() {
    let mut talk = Talk::begun();
    let mut changed = |settings: Value| {
        talk.editor(&json!({ "method": "workspace/didChangeConfiguration", "params": { "settings": settings } }))
    };
    assert_eq!(changed(json!({ "aca": { "todo": { "keywords": ["SOON"] } } })).len(), 1);
    // To the server it says that nothing has changed.
    assert_eq!(changed(json!({ "python": {} })).len(), 1);
    changed(Value::Null);
    talk.lost();
    let told = talk.next_server();
    assert_eq!(told[1], "server: workspace/didChangeConfiguration [\"SOON\"]");
    assert!(told[2].starts_with("server: textDocument/didOpen"), "{told:?}");

    talk.lost();
    let settings = json!({ "aca": { "todo": { "keywords": ["LATER"] } } });
    let change = json!({ "method": "workspace/didChangeConfiguration", "params": { "settings": settings } });
    assert!(talk.editor(&change).is_empty(), "there is no server to hear it");
    assert_eq!(
        talk.next_server()[1],
        "server: workspace/didChangeConfiguration [\"LATER\"]"
    );
}

#[test]
fn documents_that_were_closed_and_folders_that_went_again_are_not_told() {
    let mut talk = Talk::begun();
    let name = json!({ "textDocument": { "uri": "file:///w/a.rs" } });
    talk.editor(&json!({ "method": "textDocument/didClose", "params": name }));
    let folder = json!([{ "uri": "file:///x", "name": "x" }]);
    for event in [
        json!({ "added": folder, "removed": [] }),
        json!({ "added": [], "removed": folder }),
    ] {
        talk.editor(&json!({ "method": "workspace/didChangeWorkspaceFolders", "params": { "event": event } }));
    }
    talk.lost();
    assert_eq!(
        talk.next_server(),
        ["server: initialized", "server: workspace/didChangeWorkspaceFolders []"]
    );
}

#[test]
fn the_introduction_keeps_what_was_agreed_on() {
    let mut talk = Talk::begun();
    talk.lost();
    let introduction = talk.0.connected();
    let [Out::Server(body)] = introduction.as_slice() else {
        panic!("{introduction:?}")
    };
    let message: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(
        message["params"]["capabilities"]["general"]["positionEncodings"],
        json!(["utf-8"])
    );
    assert_eq!(message["params"]["processId"], 42);
    let other = json!({ "id": message["id"], "result": { "capabilities": { "positionEncoding": "utf-16" } } });
    assert_eq!(
        talk.server(&other),
        ["unusable: The new server counts positions in another way."]
    );
}

#[test]
fn what_was_asked_is_answered_and_what_is_asked_meanwhile_waits() {
    let mut talk = Talk::begun();
    talk.editor(&json!({ "id": 2, "method": "textDocument/codeAction", "params": {} }));
    talk.editor(&json!({ "id": "three", "method": "aca/run", "params": {} }));
    let mut told = talk.lost();
    told.sort();
    assert_eq!(told, ["editor: \"three\"  -32802", "editor: 2  -32801"]);
    assert!(!talk.0.needs_server());
    assert!(talk.editor(&json!({ "id": 4, "method": "aca/tasks" })).is_empty());
    assert!(talk.editor(&json!({ "id": 5, "method": "aca/status" })).is_empty());
    assert!(talk.0.needs_server());
    assert_eq!(
        talk.editor(&json!({ "method": "$/cancelRequest", "params": { "id": 5 } })),
        ["editor: 5  -32800"]
    );
    let told = talk.next_server();
    assert_eq!(told.last().unwrap(), "server: 4 aca/tasks");
    assert_eq!(talk.server(&json!({ "id": 4, "result": [] })), ["editor: 4  []"]);
    assert!(talk.lost().is_empty(), "everything was answered");
}

#[test]
fn too_many_requests_do_not_wait() {
    let mut talk = Talk::begun();
    talk.lost();
    let answers: Vec<_> = (0..300)
        .map(|id| talk.editor(&json!({ "id": id, "method": "textDocument/hover" })))
        .collect();
    assert!(answers[..256].iter().all(Vec::is_empty));
    assert_eq!(answers[256], ["editor: 256  -32801"]);
}

#[test]
fn an_answer_to_a_server_that_is_gone_is_not_given_to_the_next_one() {
    let mut talk = Talk::begun();
    let ask = json!({ "id": 0, "method": "workspace/applyEdit", "params": {} });
    assert_eq!(talk.server(&ask), ["editor: 1 workspace/applyEdit"]);
    talk.lost();
    talk.next_server();
    assert_eq!(talk.server(&ask), ["editor: 2 workspace/applyEdit"]);
    assert!(
        talk.editor(&json!({ "id": 1, "result": { "applied": true } }))
            .is_empty()
    );
    assert_eq!(
        talk.editor(&json!({ "id": 2, "result": { "applied": false } })),
        ["server: 0  {\"applied\":false}"]
    );
    assert!(
        talk.editor(&json!({ "id": 2, "result": null })).is_empty(),
        "it was answered"
    );
}

#[test]
fn a_capability_is_registered_once() {
    let mut talk = Talk::begun();
    let register = |id: &str| json!({ "id": 9, "method": "client/registerCapability", "params": { "registrations": [{ "id": id, "method": "m" }] } });
    assert_eq!(talk.server(&register("a")), ["editor: 1 client/registerCapability"]);
    talk.editor(&json!({ "id": 1, "result": null }));
    talk.lost();
    talk.next_server();
    assert_eq!(talk.server(&register("a")), ["server: 9 "]);
    assert_eq!(talk.server(&register("b")), ["editor: 3 client/registerCapability"]);
    let list = json!({ "unregisterations": [{ "id": "a", "method": "m" }] });
    talk.server(&json!({ "id": 10, "method": "client/unregisterCapability", "params": list }));
    assert_eq!(talk.server(&register("a")), ["editor: 5 client/registerCapability"]);
}

#[test]
fn what_a_lost_server_showed_goes_or_is_renewed() {
    let mut talk = Talk::begun();
    let progress = |token: &str, kind: &str| json!({ "method": "$/progress", "params": { "token": token, "value": { "kind": kind } } });
    for (token, kind) in [("a", "begin"), ("b", "begin"), ("a", "report"), ("b", "end")] {
        talk.server(&progress(token, kind));
    }
    let published = |uri: &str, count: usize| json!({ "method": "textDocument/publishDiagnostics", "params": { "uri": uri, "diagnostics": vec![json!({}); count] } });
    for (uri, count) in [("file:///a", 1), ("file:///b", 2), ("file:///c", 1), ("file:///c", 0)] {
        talk.server(&published(uri, count));
    }
    assert_eq!(talk.lost(), ["editor: $/progress \"end\""]);
    talk.next_server();
    assert!(talk.0.has_stale());
    talk.server(&published("file:///b", 2));
    assert_eq!(
        words(talk.0.settled()),
        ["editor: textDocument/publishDiagnostics \"file:///a\""]
    );
    assert!(!talk.0.has_stale());
}

#[test]
fn a_server_that_rests_is_not_wanted_back_before_it_is_needed() {
    let mut talk = Talk::begun();
    assert!(
        talk.server(&json!({ "method": "$/aca/rest", "params": null }))
            .is_empty()
    );
    talk.lost();
    assert!(talk.0.rests() && !talk.0.needs_server());
    talk.editor(&json!({ "method": "textDocument/didSave", "params": {} }));
    assert!(!talk.0.needs_server());
    talk.editor(&json!({ "id": 2, "method": "textDocument/codeLens", "params": {} }));
    assert!(talk.0.needs_server());
    talk.next_server();
    assert!(!talk.0.rests());
}

#[test]
fn a_server_that_dies_before_it_answers_the_introduction_is_no_loss() {
    let mut talk = Talk(Session::default());
    assert!(!talk.0.needs_server());
    // The editor speaks first.
    assert!(
        talk.editor(&json!({ "id": 1, "method": "initialize", "params": {} }))
            .is_empty()
    );
    assert!(talk.0.needs_server());
    assert_eq!(words(talk.0.connected()), ["server: 1 initialize"]);
    assert!(talk.lost().is_empty(), "it goes on waiting");
    assert_eq!(words(talk.0.connected()), ["server: 1 initialize"]);
    let answered = talk.server(&json!({ "id": 1, "result": { "capabilities": {} } }));
    assert_eq!(answered, ["editor: 1  {\"capabilities\":{}}"]);
}

#[test]
fn the_end() {
    let mut talk = Talk::begun();
    assert_eq!(
        talk.editor(&json!({ "id": 2, "method": "shutdown" })),
        ["server: 2 shutdown"]
    );
    assert!(talk.0.is_shut_down());
    assert_eq!(talk.lost(), ["editor: 2 "], "what is down is down");
    assert_eq!(talk.editor(&json!({ "method": "exit" })), ["exit"]);
    let mut talk = Talk::begun();
    assert_eq!(talk.editor(&json!({ "method": "exit" })), ["server: exit", "exit"]);
}

#[test]
fn no_more_servers() {
    let mut talk = Talk::begun();
    talk.lost();
    talk.editor(&json!({ "id": 2, "method": "aca/run" }));
    assert_eq!(
        words(talk.0.give_up("There is none.")),
        ["editor: 2  -32802", "editor: window/showMessage \"There is none.\""]
    );
}

#[test]
fn what_is_no_message_is_the_servers_to_answer() {
    let mut talk = Talk::begun();
    let garbage = Bytes::from_static(b"{");
    assert_eq!(talk.0.hear_editor(garbage.clone()), [Out::Server(garbage.clone())]);
    talk.lost();
    assert!(talk.0.hear_editor(garbage).is_empty());
}
