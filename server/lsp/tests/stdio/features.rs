//! What a plain client is offered: actions, lenses, commands, positions.

use serde_json::{Value, json};

use crate::Test;
use crate::client::Client;

pub(crate) const TESTS: &[Test] = &[
    (
        "features::the_position_encoding_is_negotiated",
        the_position_encoding_is_negotiated,
    ),
    (
        "features::positions_count_in_the_agreed_unit",
        positions_count_in_the_agreed_unit,
    ),
    (
        "features::a_todo_has_an_action_and_a_lens",
        a_todo_has_an_action_and_a_lens,
    ),
    ("features::old_clients_get_commands", old_clients_get_commands),
    ("features::a_selection_has_an_action", a_selection_has_an_action),
    ("features::do_this_starts_a_task_at_once", do_this_starts_a_task_at_once),
    (
        "features::a_todo_is_found_again_or_said_to_be_gone",
        a_todo_is_found_again_or_said_to_be_gone,
    ),
    (
        "features::files_outside_the_workspace_get_nothing",
        files_outside_the_workspace_get_nothing,
    ),
    (
        "features::a_single_file_gets_its_project",
        a_single_file_gets_its_project,
    ),
    (
        "features::actions_are_resolved_to_themselves",
        actions_are_resolved_to_themselves,
    ),
    (
        "features::a_broken_configuration_is_said_to_be",
        a_broken_configuration_is_said_to_be,
    ),
    ("features::saved_settings_count_at_once", saved_settings_count_at_once),
    (
        "features::a_removed_workspace_has_no_actions",
        a_removed_workspace_has_no_actions,
    ),
    (
        "features::front_ends_that_ask_are_told_of_tasks",
        front_ends_that_ask_are_told_of_tasks,
    ),
];

const LITERALS: &str =
    r#"{"textDocument":{"codeAction":{"codeActionLiteralSupport":{"codeActionKind":{"valueSet":["quickfix"]}}}}}"#;

fn literals() -> Client {
    Client::initialized(serde_json::from_str(LITERALS).unwrap())
}

fn actions(client: &mut Client, uri: &str, range: [u32; 4]) -> Vec<Value> {
    let [sl, sc, el, ec] = range;
    let range = json!({ "start": { "line": sl, "character": sc }, "end": { "line": el, "character": ec } });
    let params = json!({ "textDocument": { "uri": uri }, "range": range, "context": { "diagnostics": [] } });
    let reply = client.request("textDocument/codeAction", params);
    reply["result"].as_array().unwrap_or_else(|| panic!("{reply}")).clone()
}

fn titles(actions: &[Value]) -> Vec<&str> {
    actions.iter().map(|action| action["title"].as_str().unwrap()).collect()
}

fn execute(client: &mut Client, command: &Value) -> Value {
    client.request(
        "workspace/executeCommand",
        json!({ "command": command["command"], "arguments": command["arguments"] }),
    )
}

fn the_position_encoding_is_negotiated() {
    let cases = [
        (json!({}), "utf-16"),
        (json!({ "general": { "positionEncodings": ["utf-16"] } }), "utf-16"),
        (
            json!({ "general": { "positionEncodings": ["utf-16", "utf-32"] } }),
            "utf-32",
        ),
        (
            json!({ "general": { "positionEncodings": ["utf-16", "utf-8", "utf-32"] } }),
            "utf-8",
        ),
    ];
    for (capabilities, expected) in cases {
        let mut client = Client::start();
        let reply = client.initialize(json!({ "capabilities": capabilities }));
        assert_eq!(reply["result"]["capabilities"]["positionEncoding"], expected);
    }
}

fn positions_count_in_the_agreed_unit() {
    // The place between 😀 and z, in each unit.
    for (encoding, character) in [("utf-8", 8), ("utf-16", 4), ("utf-32", 3)] {
        let mut client = Client::initialized(json!({ "general": { "positionEncodings": ["utf-16", encoding] } }));
        let uri = client.open("a.rs", "first\r\na测😀z\r\nlast");
        client.change(&uri, 2, [1, character, 1, character], "|");
        client.change(&uri, 3, [2, 99, 9, 0], "!");
        assert_eq!(
            client.document(&uri),
            ("first\r\na测😀|z\r\nlast!".to_owned(), 3),
            "{encoding}"
        );
    }
}

fn a_todo_has_an_action_and_a_lens() {
    let mut client = literals();
    let uri = client.open("a.rs", "fn a() {}\n// TODO sort them\nfn b() {}\n");
    let found = actions(&mut client, &uri, [1, 5, 1, 5]);
    assert_eq!(titles(&found), ["Do this"]);
    assert_eq!(found[0]["kind"], "refactor.rewrite");
    let argument = &found[0]["command"]["arguments"][0];
    assert_eq!((&argument["line"], &argument["version"]), (&json!(1), &json!(1)));
    assert!(actions(&mut client, &uri, [0, 0, 0, 0]).is_empty());

    let reply = client.request("textDocument/codeLens", json!({ "textDocument": { "uri": uri } }));
    let lenses = reply["result"].as_array().unwrap();
    assert_eq!(lenses.len(), 1);
    assert_eq!(lenses[0]["command"]["title"], "▶ Do this");
    assert_eq!(lenses[0]["range"]["start"]["line"], 1);

    client.change(&uri, 2, [0, 0, 0, 0], "\n\n");
    assert_eq!(actions(&mut client, &uri, [3, 0, 3, 0]).len(), 1);
    client.change(&uri, 3, [3, 0, 4, 0], "let s = \"// TODO not this\";\n");
    assert!(actions(&mut client, &uri, [3, 0, 3, 0]).is_empty());
}

fn old_clients_get_commands() {
    let mut client = Client::initialized(json!({}));
    let uri = client.open("a.rs", "// TODO sort them\n");
    let found = actions(&mut client, &uri, [0, 0, 0, 0]);
    assert_eq!(found[0]["command"], "aca.server.run");
    assert!(found[0].get("kind").is_none());
}

fn a_selection_has_an_action() {
    let mut client = literals();
    let uri = client.open("a.rs", "fn a() {\n}\n\n// Sort them.\nfn b() {}\n");
    let complete = actions(&mut client, &uri, [0, 0, 1, 1]);
    assert_eq!(titles(&complete), ["Do this… (complete the selected code)"]);
    let commented = actions(&mut client, &uri, [3, 0, 5, 0]);
    assert_eq!(titles(&commented), ["Do this… (Sort them.)"]);
    let reply = execute(&mut client, &commented[0]["command"]);
    assert!(reply["result"]["task"].is_string(), "{reply}");
    client.change(&uri, 2, [0, 0, 0, 0], "\n");
    let reply = execute(&mut client, &commented[0]["command"]);
    assert_eq!(reply["error"]["code"], -32801);
}

fn do_this_starts_a_task_at_once() {
    let mut client = literals();
    let uri = client.open("a.rs", "// TODO sort them\n");
    let found = actions(&mut client, &uri, [0, 0, 0, 0]);
    let reply = execute(&mut client, &found[0]["command"]);
    let task = reply["result"]["task"]
        .as_str()
        .unwrap_or_else(|| panic!("{reply}"))
        .to_owned();
    let workspace = client.workspace();
    let tasks = client.request("aca/tasks", json!({ "workspace": workspace }));
    let tasks = tasks["result"]["tasks"].as_array().unwrap();
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0]["id"], task.as_str());
    assert_eq!(
        tasks[0]["origin"],
        json!({ "kind": "todo", "path": "a.rs", "line": 0, "text": "TODO sort them" })
    );
}

fn a_todo_is_found_again_or_said_to_be_gone() {
    let mut client = literals();
    let uri = client.open("a.rs", "// TODO sort them\n");
    let found = actions(&mut client, &uri, [0, 0, 0, 0]);
    client.change(&uri, 2, [0, 0, 0, 0], "\n\n");
    let reply = execute(&mut client, &found[0]["command"]);
    assert!(reply["result"]["task"].is_string(), "{reply}");
    client.change(&uri, 3, [2, 8, 2, 12], "count");
    let reply = execute(&mut client, &found[0]["command"]);
    assert_eq!(reply["error"]["code"], -32801);
    let message = reply["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("not there any more") && message.contains("a.rs"),
        "{message}"
    );
}

fn files_outside_the_workspace_get_nothing() {
    let mut client = literals();
    let outside = crate::client::uri(&client.workspace().parent().unwrap().join("outside.rs"));
    for uri in [
        outside.as_str(),
        "untitled:Untitled-1",
        "file:///no/such/workspace/a.rs",
    ] {
        client.notify(
            "textDocument/didOpen",
            json!({ "textDocument": { "uri": uri, "languageId": "rust", "version": 1, "text": "// TODO sort\n" } }),
        );
        assert!(actions(&mut client, uri, [0, 0, 0, 5]).is_empty(), "{uri}");
        let command = json!({ "command": "aca.server.run", "arguments": [{ "uri": uri, "line": 0 }] });
        let reply = execute(&mut client, &command);
        assert_eq!(reply["error"]["code"], -32602, "{reply}");
    }
    let workspace = client.workspace();
    let origin = json!({ "kind": "todo", "path": "../outside.rs", "line": 0, "text": "TODO sort" });
    let reply = client.request("aca/run", json!({ "workspace": workspace, "origin": origin }));
    assert_eq!(reply["error"]["code"], -32602, "{reply}");
}

/// A client that names no folder gets the project of the file it opens.
fn a_single_file_gets_its_project() {
    let mut client = Client::start();
    std::fs::create_dir_all(client.workspace().join(".git")).unwrap();
    let params = json!({ "capabilities": { "workspace": { "codeLens": { "refreshSupport": true } } }, "processId": null, "rootUri": null });
    assert!(client.request("initialize", params)["result"].is_object());
    client.notify("initialized", json!({}));
    let uri = client.open("a.rs", "// TODO sort them\n");
    let refresh = client.incoming("workspace/codeLens/refresh");
    client.answer(&refresh, json!(null));
    assert_eq!(actions(&mut client, &uri, [0, 0, 0, 0]).len(), 1);
}

fn actions_are_resolved_to_themselves() {
    let mut client = literals();
    let action = json!({ "title": "Of someone else", "data": { "x": 1 } });
    assert_eq!(client.request("codeAction/resolve", action.clone())["result"], action);
}

fn front_ends_that_ask_are_told_of_tasks() {
    let mut client = Client::initialized(json!({ "experimental": { "aca": true } }));
    let workspace = client.workspace();
    let origin = json!({ "kind": "text", "text": "sort them" });
    let reply = client.request("aca/run", json!({ "workspace": workspace, "origin": origin }));
    let task = reply["result"]["id"].clone();
    let changed = client.wait("aca/taskChanged", |message| {
        message["method"] == "aca/taskChanged" && message["params"]["id"] == task
    });
    assert_eq!(changed["params"]["title"], "sort them");
}

fn a_broken_configuration_is_said_to_be() {
    let mut client = Client::start();
    std::fs::write(client.workspace().join("aca.toml"), "[todo\n").unwrap();
    client.initialize(json!({ "capabilities": {} }));
    let message = client.incoming("window/showMessage");
    assert!(
        message["params"]["message"].as_str().unwrap().contains("aca.toml"),
        "{message}"
    );
    let uri = client.open("a.rs", "// TODO sort them\n");
    assert_eq!(actions(&mut client, &uri, [0, 0, 0, 0]).len(), 1);
}

fn saved_settings_count_at_once() {
    let mut client = literals();
    let uri = client.open("a.rs", "// LATER sort them\n");
    let save = |client: &mut Client, settings: &str| {
        std::fs::write(client.workspace().join("aca.toml"), settings).unwrap();
        let settings = client.uri("aca.toml");
        client.notify("textDocument/didSave", json!({ "textDocument": { "uri": settings } }));
    };
    assert!(actions(&mut client, &uri, [0, 0, 0, 0]).is_empty());
    save(&mut client, "[todo]\nkeywords = [\"LATER\"]\n");
    assert_eq!(titles(&actions(&mut client, &uri, [0, 0, 0, 0])), ["Do this"]);
    save(&mut client, "[todo\n");
    client.incoming("window/showMessage");
    assert_eq!(titles(&actions(&mut client, &uri, [0, 0, 0, 0])), ["Do this"]);
}

fn a_removed_workspace_has_no_actions() {
    let mut client = literals();
    let uri = client.open("a.rs", "// TODO sort them\n");
    assert_eq!(actions(&mut client, &uri, [0, 0, 0, 0]).len(), 1);
    let folder = json!([{ "uri": client.uri(""), "name": "work" }]);
    for (event, expected) in [
        (json!({ "added": [], "removed": folder }), 0),
        (json!({ "added": folder, "removed": [] }), 1),
    ] {
        client.notify("workspace/didChangeWorkspaceFolders", json!({ "event": event }));
        assert_eq!(actions(&mut client, &uri, [0, 0, 0, 0]).len(), expected);
    }
}
