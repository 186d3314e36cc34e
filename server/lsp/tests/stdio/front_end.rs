//! What a front end of ours is given beyond a plain client, and that a plain client is given none of it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::Test;
use crate::client::Client;

pub(crate) const TESTS: &[Test] = &[
    (
        "front_end::who_draws_hunks_decides_them_and_is_sent_none",
        who_draws_hunks_decides_them_and_is_sent_none,
    ),
    (
        "front_end::a_plain_client_gets_nothing_of_a_front_ends",
        a_plain_client_gets_nothing_of_a_front_ends,
    ),
    (
        "front_end::icons_are_for_those_who_draw_them",
        icons_are_for_those_who_draw_them,
    ),
];

const BASE: &str = "fn one() {}\nfn two() {}\n";
const RESULT: &str = "fn one() {}\nfn second() {}\n";

/// A client of a proposal with one hunk, once the server knows that.
fn reviewing(aca: &Value) -> (Client, String) {
    let mut client = Client::reviewing(
        json!({
            "textDocument": { "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [] } } } },
            "workspace": { "codeLens": { "refreshSupport": true } },
            "experimental": { "aca": aca },
        }),
        &[("a.rs", BASE)],
        &[("a.rs", RESULT)],
    );
    let uri = client.open("a.rs", BASE);
    // Diagnostics are sent before lenses are refreshed.
    while !titles(&actions(&mut client, &uri)).contains(&"Accept this hunk".to_owned()) {
        let refresh = client.incoming("workspace/codeLens/refresh");
        client.answer(&refresh, json!(null));
    }
    (client, uri)
}

fn actions(client: &mut Client, uri: &str) -> Vec<Value> {
    let at = json!({ "line": 1, "character": 1 });
    let params = json!({
        "textDocument": { "uri": uri }, "range": { "start": at, "end": at }, "context": { "diagnostics": [] },
    });
    let reply = client.request("textDocument/codeAction", params);
    reply["result"].as_array().unwrap_or_else(|| panic!("{reply}")).clone()
}

fn lenses(client: &mut Client, uri: &str) -> Vec<Value> {
    let reply = client.request("textDocument/codeLens", json!({ "textDocument": { "uri": uri } }));
    reply["result"].as_array().unwrap_or_else(|| panic!("{reply}")).clone()
}

fn hover(client: &mut Client, uri: &str) -> Value {
    let at = json!({ "textDocument": { "uri": uri }, "position": { "line": 1, "character": 1 } });
    client.request("textDocument/hover", at)["result"].clone()
}

fn titles(actions: &[Value]) -> Vec<String> {
    let titles = actions.iter().map(|action| action["title"].as_str().unwrap());
    titles.map(str::to_owned).collect()
}

/// The commands that are not the server's own.
fn foreign(actions: &[Value]) -> BTreeSet<&str> {
    let names = actions
        .iter()
        .map(|action| action["command"]["command"].as_str().unwrap());
    names.filter(|name| !name.starts_with("aca.server.")).collect()
}

fn who_draws_hunks_decides_them_and_is_sent_none() {
    let (mut client, uri) = reviewing(&json!({ "inlineReview": true, "commands": ["aca.review", "aca.sendBack"] }));
    assert!(client.came("textDocument/publishDiagnostics").is_empty());
    assert!(hover(&mut client, &uri).is_null());
    assert!(lenses(&mut client, &uri).is_empty());
    let found = actions(&mut client, &uri);
    assert_eq!(foreign(&found), BTreeSet::from(["aca.review", "aca.sendBack"]));
    let reject = found
        .iter()
        .find(|action| action["title"] == "Reject this hunk")
        .unwrap();
    let reply = client.request("workspace/executeCommand", reject["command"].clone());
    assert!(reply.get("error").is_none(), "{reply}");
    client.incoming("aca/proposalChanged");
    assert!(client.came("textDocument/publishDiagnostics").is_empty());
}

fn a_plain_client_gets_nothing_of_a_front_ends() {
    // What a client that knows more of a later server may say changes nothing here.
    for aca in [
        json!(null),
        json!(true),
        json!({ "version": "9", "drawsPlans": true, "commands": ["aca.later"] }),
    ] {
        let (mut client, uri) = reviewing(&aca);
        client.incoming("textDocument/publishDiagnostics");
        assert!(hover(&mut client, &uri).is_object());
        assert_eq!(foreign(&actions(&mut client, &uri)), BTreeSet::new(), "{aca}");
        let lenses = lenses(&mut client, &uri);
        assert_eq!(lenses[0]["command"]["title"], "✓ accept");
    }
}

fn icons_are_for_those_who_draw_them() {
    let (mut client, uri) = reviewing(&json!({ "codicons": true }));
    client.incoming("textDocument/publishDiagnostics");
    let lenses = lenses(&mut client, &uri);
    assert_eq!(lenses[0]["command"]["title"], "$(check) accept");
}
