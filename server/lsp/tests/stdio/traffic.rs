//! Order, cancellation, stuck requests, panics and malformed messages.

use serde_json::json;

use crate::Test;
use crate::client::Client;

pub(crate) const TESTS: &[Test] = &[
    (
        "traffic::edits_stay_in_order_beside_stuck_requests",
        edits_stay_in_order_beside_stuck_requests,
    ),
    (
        "traffic::a_request_sees_exactly_the_edits_before_it",
        a_request_sees_exactly_the_edits_before_it,
    ),
    (
        "traffic::a_cancelled_request_is_answered",
        a_cancelled_request_is_answered,
    ),
    ("traffic::a_panic_is_an_error_reply", a_panic_is_an_error_reply),
    (
        "traffic::an_unanswered_client_request_stops_nothing",
        an_unanswered_client_request_stops_nothing,
    ),
    (
        "traffic::a_late_answer_to_a_cancelled_request_is_survived",
        a_late_answer_to_a_cancelled_request,
    ),
    (
        "traffic::a_reply_does_not_overtake_what_was_said_before_it",
        a_reply_does_not_overtake,
    ),
    (
        "traffic::what_waits_for_the_engine_delays_nothing_else",
        what_waits_for_the_engine_delays_nothing_else,
    ),
    (
        "traffic::every_method_of_ours_is_routed",
        every_method_of_ours_is_routed,
    ),
    (
        "traffic::malformed_messages_are_answered_and_survived",
        malformed_messages_are_answered_and_survived,
    ),
    (
        "traffic::requests_out_of_season_are_refused",
        requests_out_of_season_are_refused,
    ),
];

/// 2,000 edits, each of which only gives the right text in its own place, beside 900 requests that never end.
fn edits_stay_in_order_beside_stuck_requests() {
    let mut client = Client::initialized(json!({}));
    let uri = client.open("a.rs", "");
    let mut stuck = Vec::new();
    let mut expected = String::new();
    for version in 2..2002 {
        if version % 2 == 0 && stuck.len() < 900 {
            stuck.push(client.send("aca/probe/stuck", json!({})));
        }
        // Each edit goes in front of the one before it.
        client.change(&uri, version, [0, 0, 0, 0], &format!("{version} "));
        expected.insert_str(0, &format!("{version} "));
    }
    assert_eq!(stuck.len(), 900);
    assert_eq!(client.document(&uri), (expected, 2001));
    let id = stuck[449];
    client.notify("$/cancelRequest", json!({ "id": id }));
    assert_eq!(client.reply(id)["error"]["code"], -32800);
}

fn a_request_sees_exactly_the_edits_before_it() {
    let mut client = Client::initialized(json!({}));
    let uri = client.open("a.rs", "");
    let mut asked = Vec::new();
    for version in 2..202 {
        client.change(&uri, version, [0, 0, 0, 0], "x");
        asked.push((version, client.send("aca/probe/document", json!({ "uri": uri }))));
    }
    for (version, id) in asked {
        assert_eq!(client.reply(id)["result"]["version"], version);
    }
}

fn a_cancelled_request_is_answered() {
    let mut client = Client::initialized(json!({}));
    let stuck: Vec<_> = (0..8).map(|_| client.send("aca/probe/stuck", json!({}))).collect();
    for id in &stuck {
        client.notify("$/cancelRequest", json!({ "id": id }));
    }
    // One that is answered already, and one that never was.
    client.notify("$/cancelRequest", json!({ "id": stuck[0] }));
    client.notify("$/cancelRequest", json!({ "id": 987_654 }));
    for id in stuck {
        assert_eq!(client.reply(id)["error"]["code"], -32800);
    }
    assert!(client.request("aca/status", json!({}))["result"].is_object());
}

/// The handler waits for the client, is cancelled, and only then the client answers.
fn a_late_answer_to_a_cancelled_request() {
    let mut client = Client::initialized(json!({}));
    let asked = client.send("aca/probe/ask", json!({}));
    let edit = client.incoming("workspace/applyEdit");
    client.notify("$/cancelRequest", json!({ "id": asked }));
    assert_eq!(client.reply(asked)["error"]["code"], -32800);
    client.answer(&edit, json!({ "applied": false }));
    assert!(client.request("aca/status", json!({}))["result"].is_object());
}

fn a_reply_does_not_overtake() {
    let mut client = Client::initialized(json!({}));
    for _ in 0..300 {
        client.request("aca/probe/say", json!({}));
        let said: Vec<_> = client.came("window/logMessage");
        let said: Vec<_> = said.iter().map(|message| &message["params"]["message"]).collect();
        assert_eq!(said, ["0", "1", "2"]);
    }
}

fn a_panic_is_an_error_reply() {
    let mut client = Client::initialized(json!({}));
    for _ in 0..3 {
        let reply = client.request("aca/probe/panic", json!({}));
        assert_eq!(reply["error"]["code"], -32603);
        assert!(
            reply["error"]["message"].as_str().unwrap().contains("aca/probe/panic"),
            "{reply}"
        );
    }
    let uri = client.open("a.rs", "lives");
    assert_eq!(client.document(&uri).0, "lives");
}

/// A task makes the server ask the client for a progress token; the client takes its time.
fn an_unanswered_client_request_stops_nothing() {
    let mut client = Client::initialized(json!({ "window": { "workDoneProgress": true } }));
    let uri = client.open("a.rs", "");
    let workspace = client.workspace();
    for number in 0..6 {
        let origin = json!({ "kind": "text", "text": format!("task {number}") });
        let reply = client.request("aca/run", json!({ "workspace": workspace, "origin": origin }));
        assert!(reply["result"]["id"].is_string(), "{reply}");
    }
    let create = client.incoming("window/workDoneProgress/create");
    for version in 2..152 {
        client.change(&uri, version, [0, 0, 0, 0], "x");
    }
    assert_eq!(client.document(&uri), ("x".repeat(150), 151));
    client.answer(&create, json!(null));
    let token = create["params"]["token"].clone();
    assert!(token.is_string());
    let progress = |kind: &'static str| {
        let token = token.clone();
        move |message: &serde_json::Value| {
            message["method"] == "$/progress"
                && message["params"]["token"] == token
                && message["params"]["value"]["kind"] == kind
        }
    };
    client.wait("the beginning", progress("begin"));
    client.wait("the end", progress("end"));
}

/// A question to the engine is carried out beside the thread that reads, so one that keeps its thread busy for 600 ms
/// holds up neither edits nor other requests.
fn what_waits_for_the_engine_delays_nothing_else() {
    let mut client = Client::initialized(json!({}));
    let uri = client.open("a.rs", "");
    let slow = client.send("aca/probe/block", json!({}));
    for version in 2..102 {
        client.change(&uri, version, [0, 0, 0, 0], "x");
    }
    let asked = client.send("aca/probe/document", json!({ "uri": uri }));
    let first = client.wait("either reply", |message| {
        message["id"] == slow || message["id"] == asked
    });
    assert_eq!(
        (&first["id"], &first["result"]["version"]),
        (&json!(asked), &json!(101))
    );
    assert!(client.reply(slow)["result"].is_null());
}

/// tower-lsp silently ignores a custom method whose name it knows already, its own or another custom one. None of ours
/// is of the former kind, none is there twice, and each is answered.
fn every_method_of_ours_is_routed() {
    let mut client = Client::initialized(json!({}));
    let workspace = client.workspace();
    for method in aca_protocol::methods::REQUESTS {
        let reply = client.request(method, json!({ "workspace": workspace, "task": "no-such-task" }));
        assert_ne!(reply["error"]["code"], -32601, "{method}: {reply}");
        assert!(method.starts_with("aca/"), "{method}");
    }
    let mut names = aca_protocol::methods::REQUESTS.to_vec();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), aca_protocol::methods::REQUESTS.len());
}

fn malformed_messages_are_answered_and_survived() {
    let mut client = Client::initialized(json!({}));
    client.write_raw("Content-Length: 9\r\n\r\n{\"jsonrpc");
    let reply = client.wait("a parse error", |message| message["error"]["code"] == -32700);
    assert!(reply["id"].is_null());

    let cases = [
        ("no/such/method", json!({}), -32601),
        ("textDocument/codeAction", json!({ "textDocument": 7 }), -32602),
        ("aca/run", json!({ "workspace": "/" }), -32602),
        ("aca/decide", json!([]), -32602),
        ("aca/stop", json!({ "task": "no-such-task" }), -32602),
        ("aca/proposal", json!({ "task": "no-such-task" }), -32602),
        (
            "workspace/executeCommand",
            json!({ "command": "aca.server.nothing" }),
            -32602,
        ),
        (
            "workspace/executeCommand",
            json!({ "command": "aca.server.run", "arguments": [{}] }),
            -32602,
        ),
    ];
    for (method, params, code) in cases {
        let reply = client.request(method, params);
        assert_eq!(reply["error"]["code"], code, "{method}: {reply}");
        assert!(!reply["error"]["message"].as_str().unwrap().is_empty());
    }
    client.notify("textDocument/didChange", json!({ "textDocument": 7 }));
    client.notify("no/such/notification", json!({}));
    client.notify(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": "file:///not/open", "version": 2 }, "contentChanges": [] }),
    );
    assert!(client.request("aca/status", json!({}))["result"].is_object());
}

fn requests_out_of_season_are_refused() {
    let mut client = Client::start();
    assert_eq!(client.request("aca/status", json!({}))["error"]["code"], -32002);
    client.initialize(json!({ "capabilities": {} }));
    assert_eq!(
        client.request("initialize", json!({ "capabilities": {} }))["error"]["code"],
        -32600
    );
    assert!(client.request("shutdown", json!(null))["result"].is_null());
    assert_eq!(client.request("aca/status", json!({}))["error"]["code"], -32600);
}
