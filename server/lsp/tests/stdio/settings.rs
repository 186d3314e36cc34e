//! Settings that an editor sends.

use serde_json::{Value, json};

use crate::Test;
use crate::client::Client;

pub(crate) const TESTS: &[Test] = &[
    ("settings::an_editors_last_word_counts", an_editors_last_word_counts),
    (
        "settings::the_workspaces_file_comes_first",
        the_workspaces_file_comes_first,
    ),
    ("settings::what_is_wrong_is_said_once", what_is_wrong_is_said_once),
    (
        "settings::a_foreign_editor_sets_no_more_than_a_repository",
        a_foreign_editor_sets_no_more_than_a_repository,
    ),
];

const TEXT: &str = "// TODO one\n// LATER two\n// SOON three\n";

/// A client that has sent these settings with its introduction.
fn client(aca: &Value, settings: &Value) -> (Client, String) {
    let mut client = Client::start();
    client.initialize(json!({
        "capabilities": { "experimental": { "aca": aca } },
        "clientInfo": { "name": "An editor" },
        "initializationOptions": { "settings": settings },
    }));
    let uri = client.open("a.rs", TEXT);
    (client, uri)
}

fn change(client: &mut Client, settings: &Value) {
    client.notify("workspace/didChangeConfiguration", json!({ "settings": settings }));
}

/// The lines that have a lens.
fn todos(client: &mut Client, uri: &str) -> Vec<u64> {
    let reply = client.request("textDocument/codeLens", json!({ "textDocument": { "uri": uri } }));
    let lenses = reply["result"].as_array().unwrap_or_else(|| panic!("{reply}"));
    lenses
        .iter()
        .map(|lens| lens["range"]["start"]["line"].as_u64().unwrap())
        .collect()
}

fn told(client: &mut Client) -> String {
    let message = client.incoming("window/showMessage");
    assert_eq!(message["params"]["type"], 2, "{message}");
    message["params"]["message"].as_str().unwrap().to_owned()
}

fn an_editors_last_word_counts() {
    let (mut client, uri) = client(&json!(true), &json!({ "todo": { "keywords": ["LATER"] } }));
    assert_eq!(todos(&mut client, &uri), [1]);
    for (settings, expected) in [
        (
            json!({ "aca": { "todo": { "keywords": ["SOON", "TODO"] } } }),
            [0, 2].as_slice(),
        ),
        // These say that something has changed, and nothing of aca.
        (json!(null), &[0, 2]),
        (json!({ "rust-analyzer": {} }), &[0, 2]),
        (json!({ "aca": {} }), &[0]),
    ] {
        change(&mut client, &settings);
        assert_eq!(todos(&mut client, &uri), expected, "{settings}");
    }
    assert!(client.came("window/showMessage").is_empty());
}

fn the_workspaces_file_comes_first() {
    let (mut client, uri) = client(&json!(true), &json!({ "todo": { "keywords": ["LATER"] } }));
    let save = |client: &mut Client, settings: &str| {
        std::fs::write(client.workspace().join("aca.toml"), settings).unwrap();
        let settings = client.uri("aca.toml");
        client.notify("textDocument/didSave", json!({ "textDocument": { "uri": settings } }));
    };
    save(&mut client, "[todo]\nkeywords = [\"SOON\"]\n");
    assert_eq!(todos(&mut client, &uri), [2]);
    save(&mut client, "");
    assert_eq!(todos(&mut client, &uri), [1]);
}

fn what_is_wrong_is_said_once() {
    let settings = json!({
        "todo": { "keywords": ["LATER"], "keyword": [] }, "agent": { "max_turns": -1 }, "daemon": { "idle_minutes": 1 },
    });
    let (mut client, uri) = client(&json!(true), &settings);
    let words = told(&mut client);
    for key in [
        "`aca.todo.keyword`. Did you mean `aca.todo.keywords`?",
        "`aca.agent.max_turns`",
        "`aca.daemon.idle_minutes`",
    ] {
        assert!(words.contains(key), "{key} in {words}");
    }
    assert_eq!(todos(&mut client, &uri), [1], "the rest counts");
    assert!(client.came("window/showMessage").is_empty());
}

fn a_foreign_editor_sets_no_more_than_a_repository() {
    let settings = json!({ "agent": { "model": "dear" }, "todo": { "keywords": ["LATER"] } });
    let (mut foreign, uri) = client(&json!(null), &settings);
    assert!(told(&mut foreign).contains("`aca.agent.model` cannot be set here"));
    assert_eq!(todos(&mut foreign, &uri), [1]);
    let (mut ours, uri) = client(&json!({ "version": "1" }), &settings);
    assert_eq!(todos(&mut ours, &uri), [1]);
    assert!(ours.came("window/showMessage").is_empty());
}
