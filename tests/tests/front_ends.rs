//! Front ends of one daemon: each gets what it declared, its settings count, also after the daemon was killed, and one
//! without folders is told of the tasks that it comes to.

use aca_tests::lsp::{Client, Editor, Options, initialize_params, uri};
use aca_tests::scenario::{SHOP, TODO, two_hunks};
use aca_tests::{TestEnv, Workspace, wait};
use serde_json::{Value, json};

const FILE: &str = "src/user.rs";

/// A front end that draws hunks and icons itself, asks for remarks, and sends settings.
struct Drawing {
    client: Client,
    uri: String,
}

impl Drawing {
    fn start(env: &TestEnv, workspace: &Workspace, settings: &Value) -> Self {
        let mut params = initialize_params(workspace, &Options::default(), std::process::id());
        let aca = json!({ "version": "1", "codicons": true, "inlineReview": true, "commands": ["aca.sendBack"] });
        params["capabilities"]["experimental"]["aca"] = aca;
        params["clientInfo"] = json!({ "name": "Drawing", "version": "2.1" });
        params["initializationOptions"] = json!({ "settings": settings });
        let mut client = Client::start(env, workspace);
        client.call("initialize", params);
        client.notify("initialized", json!({}));
        let uri = uri(&workspace.path(FILE));
        let item = json!({ "uri": uri, "languageId": "rust", "version": 1, "text": workspace.read(FILE) });
        client.notify("textDocument/didOpen", json!({ "textDocument": item }));
        Self { client, uri }
    }

    /// Asks until there is an answer: one that was under way when a daemon died is an error.
    fn ask(&mut self, method: &str, params: &Value) -> Value {
        wait::until(method, wait::SHORT, || {
            self.client.try_call(method, params.clone()).ok()
        })
    }

    /// The titles of the lenses above the TODO.
    fn lenses(&mut self) -> Vec<String> {
        let lenses = self.ask("textDocument/codeLens", &json!({ "textDocument": { "uri": self.uri } }));
        let titles = lenses.as_array().unwrap().iter().map(|lens| &lens["command"]["title"]);
        titles.map(|title| title.as_str().unwrap().to_owned()).collect()
    }

    /// The commands of the actions on a line.
    fn actions(&mut self, line: u32) -> Vec<String> {
        let at = json!({ "line": line, "character": 1 });
        let params = json!({
            "textDocument": { "uri": self.uri }, "range": { "start": at, "end": at }, "context": { "diagnostics": [] },
        });
        let actions = self.ask("textDocument/codeAction", &params);
        let commands = actions
            .as_array()
            .unwrap()
            .iter()
            .map(|action| &action["command"]["command"]);
        commands.map(|name| name.as_str().unwrap().to_owned()).collect()
    }

    /// Checks what it is given about a hunk on a line, and what it is not.
    fn check(&mut self, line: u32) {
        wait::until_true("the actions on the hunk", wait::SHORT, || {
            self.actions(line).contains(&"aca.server.accept".to_owned())
        });
        let actions = self.actions(line);
        assert!(actions.contains(&"aca.sendBack".to_owned()), "{actions:?}");
        assert!(!actions.contains(&"aca.review".to_owned()), "{actions:?}");
        assert_eq!(self.lenses(), ["$(play) Do this"]);
        let at = json!({ "textDocument": { "uri": self.uri }, "position": { "line": line, "character": 1 } });
        assert!(self.ask("textDocument/hover", &at).is_null());
        let published = |params: &Value| params["diagnostics"].as_array().is_some_and(|found| !found.is_empty());
        let published = self
            .client
            .last_notification("textDocument/publishDiagnostics", published);
        assert_eq!(published, None);
    }
}

/// What counts in a workspace, and where it comes from.
fn max_turns(env: &TestEnv, workspace: &Workspace) -> (u64, String) {
    let config = env.run(workspace, &["config", "--json"]);
    assert_eq!(config.code, Some(0), "{config:#?}");
    let config: Value = serde_json::from_str(&config.out).unwrap();
    let setting = &config["agent.max_turns"];
    (
        setting["value"].as_u64().unwrap(),
        setting["origin"].as_str().unwrap().to_owned(),
    )
}

#[test]
fn each_front_end_gets_what_it_declared_also_from_the_next_daemon() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let mut plain = Editor::start(&env, &workspace);
    plain.open(FILE);
    let mut drawing = Drawing::start(&env, &workspace, &json!({ "agent": { "max_turns": 77 } }));
    plain.run_text(&workspace, "reject empty names");
    let task = plain.await_ready(&workspace);
    let line = plain.proposal(&task).files[0].hunks[1].line;

    drawing.check(line);
    plain.serve_until("diagnostics", wait::SHORT, |plain| !plain.diagnostics(FILE).is_empty());
    let lenses = plain.lenses(FILE);
    assert!(
        lenses.iter().any(|lens| lens["command"]["title"] == "✓ accept"),
        "{lenses:#?}"
    );
    assert!(!plain.actions(FILE, TODO).is_empty());
    let editors = |turns| (turns, "editor: Drawing 2.1".to_owned());
    assert_eq!(max_turns(&env, &workspace), editors(77));
    let settings = json!({ "settings": { "aca": { "agent": { "max_turns": 78 } } } });
    drawing.client.notify("workspace/didChangeConfiguration", settings);
    drawing.lenses();
    assert_eq!(max_turns(&env, &workspace), editors(78));

    env.daemon().kill();
    drawing.check(line);
    assert_eq!(max_turns(&env, &workspace), editors(78), "its last word counts");
    plain.client().forget_notifications("textDocument/publishDiagnostics");
    plain.replace(FILE, "Hello {}", "Good evening {}");
    plain.serve_until("a conflict", wait::SHORT, |plain| {
        plain
            .diagnostics(FILE)
            .iter()
            .any(|diagnostic| diagnostic["code"] == "conflict")
    });

    drawing.client.shut_down();
    wait::until_true("the settings without the editor", wait::SHORT, || {
        max_turns(&env, &workspace) == (200, "default".to_owned())
    });
}

#[test]
fn a_front_end_without_folders_is_told_of_the_tasks_of_the_project_it_comes_to() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let mut editor = Editor::start(&env, &workspace);
    editor.run_text(&workspace, "reject empty names");
    let task = editor.await_ready(&workspace);
    let mut params = initialize_params(&workspace, &Options::default(), std::process::id());
    params["rootUri"] = json!(null);
    params["workspaceFolders"] = json!(null);
    // It is no client of the project before it opens one of its files.
    let mut client = Client::start(&env, &workspace);
    client.call("initialize", params);
    client.notify("initialized", json!({}));
    let item = json!({
        "uri": uri(&workspace.path(FILE)), "languageId": "rust", "version": 1, "text": workspace.read(FILE),
    });
    client.notify("textDocument/didOpen", json!({ "textDocument": item }));
    let told = client.await_notification("aca/taskChanged", wait::SHORT, |params| params["id"] == json!(task.id));
    assert_eq!(told["state"]["name"], "ready", "{told:#}");
    assert_eq!(told["workspace"], json!(workspace.root()));
}
