//! A session goes to another machine: its review and its agent's conversation go on there, in a workspace at another path.

use aca_protocol::proposal::ProposalView;
use aca_protocol::task::TaskView;
use aca_tests::lsp::Editor;
use aca_tests::model::{Script, tool};
use aca_tests::scenario::{FIRST_HUNK, SHOP, hunk_states, state_name};
use aca_tests::{Settings, TestEnv, Workspace, wait};
use serde_json::{Value, json};

/// What a task is asked for whose model refuses to answer.
const REFUSED: &str = "something that is refused";

/// Reading and editing in a workspace.
struct Calls<'w>(&'w Workspace);

impl Calls<'_> {
    fn read(&self, path: &str) -> (String, Value) {
        tool("Read", json!({ "file_path": self.0.path(path) }))
    }

    fn edit(&self, path: &str, old: &str, new: &str) -> (String, Value) {
        tool(
            "Edit",
            json!({ "file_path": self.0.path(path), "old_string": old, "new_string": new }),
        )
    }
}

fn world() -> TestEnv {
    TestEnv::with(Settings {
        more: "[agent]\nreasons = false\n\n[checks]\ncommand = \"grep -q greeting src/user.rs\"\n".to_owned(),
        ..Settings::default()
    })
}

/// What the model says here: two rounds of the conversation that goes on elsewhere, and two other tasks.
fn script(workspace: &Workspace) -> Script {
    let calls = Calls(workspace);
    Script::new()
        .raw(&format!(
            "[[turn]]\nmatch.anywhere = {REFUSED:?}\nreply.error = {{ status = 401, message = 'invalid x-api-key' }}"
        ))
        .only_for("a longer title")
        .tools([calls.read("README.md")])
        .tools([calls.edit("README.md", "# Shop", "# The shop of names")])
        .text("A longer title.")
        .only_for("reject empty names")
        .tools([calls.read("src/user.rs")])
        .tools([calls.edit(
            "src/user.rs",
            "    pub fn new(name: &str) -> Self {\n",
            "    pub fn new(name: &str) -> Self {\n        assert!(!name.is_empty(), \"a user has a name\");\n",
        )])
        .tools([calls.edit("src/user.rs", "Hello {}", "Welcome back, {}")])
        .text("Two changes.")
        .tools([calls.read("src/user.rs")])
        .tools([calls.edit("src/user.rs", "Welcome back, {}", "Welcome back, dear {}")])
        .text("Friendlier.")
}

/// What the model says elsewhere: the third round.
fn script_elsewhere(workspace: &Workspace) -> Script {
    let calls = Calls(workspace);
    let (name, read) = calls.read("src/user.rs");
    let turn = |number: usize, reply: &str| {
        format!("[[turn]]\nmatch.anywhere = \"reject empty names\"\nmatch.turn = {number}\n{reply}\n")
    };
    let (edit, input) = calls.edit("src/user.rs", "Welcome back, dear {}", "Welcome home, dear {}");
    let inline = |input: &Value| {
        let fields = input.as_object().unwrap().iter();
        let fields: Vec<String> = fields.map(|(key, value)| format!("{key} = {value}")).collect();
        fields.join(", ")
    };
    let reply =
        |name: &str, input: &Value| format!("reply.tool = [{{ name = {name:?}, input = {{ {} }} }}]", inline(input));
    Script::new()
        .raw(&turn(7, &reply(&name, &read)))
        .raw(&turn(8, &reply(&edit, &input)))
        .raw(&turn(9, "reply.text = \"Homely.\""))
}

fn await_round(editor: &mut Editor, workspace: &Workspace, task: &TaskView, round: u32) -> ProposalView {
    let mut found = None;
    editor.serve_until("the next round's proposal", wait::LONG, |editor| {
        let ready = editor.task(workspace).filter(|task| state_name(task) == "ready");
        found = ready
            .map(|_| editor.proposal(task))
            .filter(|proposal| proposal.round == round);
        found.is_some()
    });
    let proposal = found.expect("it was found");
    assert_eq!(proposal.note, "", "the round failed");
    proposal
}

fn send_back(editor: &mut Editor, workspace: &Workspace, task: &TaskView, remark: &str, round: u32) -> ProposalView {
    let sent = json!({ "task": task.id, "remark": remark });
    editor.call_serving("aca/sendBack", sent, wait::SHORT);
    await_round(editor, workspace, task, round)
}

/// The conversation that Claude Code says a request belongs to.
fn conversation(request: &aca_gateway::RecordedRequest) -> String {
    let body: Value = serde_json::from_slice(&request.body).expect("a request is JSON");
    let user = body["metadata"]["user_id"].as_str().expect("a request names its user");
    let user: Value = serde_json::from_str(user).expect("the user is JSON");
    user["session_id"].as_str().expect("the user has a session").to_owned()
}

fn json_of(env: &TestEnv, workspace: &Workspace, arguments: &[&str]) -> Value {
    let done = env.run(workspace, &[arguments, &["--json"]].concat());
    assert_eq!(done.code, Some(0), "{arguments:?}: {}{}", done.out, done.err);
    serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{}", done.out))
}

/// The tasks as their ids and states, oldest first.
fn states(env: &TestEnv, workspace: &Workspace) -> Vec<(String, Value)> {
    let status = json_of(env, workspace, &["status"]);
    let tasks = status["tasks"].as_array().expect("tasks");
    let of = |task: &Value| (task["id"].as_str().unwrap().to_owned(), task["state"].clone());
    tasks.iter().map(of).collect()
}

#[test]
fn a_session_is_carried_to_another_machine_and_goes_on_there() {
    let here = world();
    let workspace = here.workspace(SHOP);
    here.script(&script(&workspace));
    let mut editor = Editor::start(&here, &workspace);
    let landed = editor.run_text(&workspace, "a longer title");
    editor.await_ready(&workspace);
    editor.decide(&landed, "accept", json!({ "kind": "all" }));
    editor.run_text(&workspace, REFUSED);
    editor.await_task(&workspace, "the failure", wait::LONG, |task| {
        state_name(task) == "failed"
    });
    let task = editor.run_text(&workspace, "reject empty names");
    editor.await_ready(&workspace);
    let second = send_back(&mut editor, &workspace, &task, "Make it friendlier.", 2);
    assert_eq!(hunk_states(&second), ["clean", "clean"]);
    let mut hunks = second.files.iter().flat_map(|file| &file.hunks);
    let first = hunks
        .find(|hunk| hunk.new.contains(FIRST_HUNK))
        .expect("the first hunk");
    editor.decide(&task, "accept", json!({ "kind": "hunks", "ids": [first.id] }));
    let asked_here = here.model().requests();
    drop(editor);
    let before = states(&here, &workspace);
    let words: Vec<&str> = before
        .iter()
        .map(|(_, state)| state["name"].as_str().unwrap())
        .collect();
    assert_eq!(words, ["landed", "failed", "ready"]);

    // It leaves, by its name, and nothing secret does.
    let renamed = here.run(&workspace, &["session", "rename", "greetings"]);
    assert_eq!(renamed.code, Some(0), "{}", renamed.err);
    let stick = here.folder().join("stick");
    let stick = stick.to_str().unwrap();
    let exported = json_of(
        &here,
        &workspace,
        &["session", "export", stick, "--session", "greetings"],
    );
    assert!(exported["files"].as_u64().unwrap() > 20, "{exported}");
    let again = here.run(&workspace, &["export", stick]);
    assert_eq!(again.code, Some(2), "{}{}", again.out, again.err);
    let found = here
        .command("grep")
        .args(["-rlF", here.api_key(), stick])
        .output()
        .unwrap();
    assert!(found.stdout.is_empty(), "{}", String::from_utf8_lossy(&found.stdout));

    // It comes, for a workspace at another path with the same files in it.
    let there = world();
    let elsewhere = there.workspace_at("projects/my shop", SHOP);
    for file in ["src/user.rs", "README.md"] {
        elsewhere.write(file, &workspace.read(file));
    }
    there.script(&script_elsewhere(&elsewhere));
    let imported = json_of(&there, &elsewhere, &["import", stick]);
    assert_eq!(imported["name"], "greetings");
    assert_eq!(states(&there, &elsewhere), before);
    let listed = json_of(&there, &elsewhere, &["session", "list"]);
    let current = listed["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|session| session["current"] == true);
    assert_eq!(current.map(|session| &session["id"]), Some(&imported["id"]), "{listed}");
    let shown = there.run(&elsewhere, &["session", "show"]);
    assert!(
        shown.out.contains("greetings") && shown.out.contains("1 to review"),
        "{}",
        shown.out
    );
    let twice = there.run(&elsewhere, &["import", stick]);
    assert_eq!(twice.code, Some(2), "{}", twice.err);

    // The agent goes on with what it knows, on files where they are now, and its proposal lands there.
    let mut editor = Editor::start(&there, &elsewhere);
    editor.await_ready(&elsewhere);
    let third = send_back(&mut editor, &elsewhere, &task, "Make it homely.", 3);
    let asked = there.model().requests();
    let body = String::from_utf8_lossy(&asked[0].body).into_owned();
    assert_eq!(conversation(&asked[0]), conversation(asked_here.last().unwrap()));
    for words in [
        "reject empty names",
        "Make it friendlier.",
        "Make it homely.",
        "my shop/src/user.rs",
    ] {
        assert!(body.contains(words), "{words:?} is missing: {body}");
    }
    let old = workspace.root().to_str().unwrap();
    assert!(!body.contains(old), "the conversation names {old}: {body}");
    assert_eq!(hunk_states(&third), ["clean"]);
    editor.decide(&task, "accept", json!({ "kind": "all" }));
    editor.await_task(&elsewhere, "the end", wait::SHORT, |task| state_name(task) == "landed");
    let text = elsewhere.read("src/user.rs");
    assert!(
        text.contains("Welcome home, dear {}") && text.contains(FIRST_HUNK),
        "{text}"
    );
}

/// Two sessions of one workspace, with an editor attached that sees the one that is used.
#[test]
fn an_editor_sees_the_session_that_is_used() {
    let env = TestEnv::with(Settings {
        docker_host: Some("unix:///nonexistent/docker.sock".to_owned()),
        more: "[sandbox]\nbackend = \"process\"\n\n[agent]\ndriver = \"direct\"\nreasons = false\n".to_owned(),
        ..Settings::default()
    });
    let workspace = env.workspace(SHOP);
    let edit = json!({ "path": "README.md", "old_text": "# Shop", "new_text": "# The shop" });
    env.script(&Script::new().tools([tool("edit_file", edit)]).text("Done."));
    let mut editor = Editor::start(&env, &workspace);
    env.model().hold_after(0);
    let task = editor.run_text(&workspace, "a longer title");
    let stick = env.folder().join("stick");
    let stick = stick.to_str().unwrap();
    // A session leaves while it is at work; it is not closed meanwhile.
    let exported = env.run(&workspace, &["export", stick]);
    assert_eq!(exported.code, Some(0), "{}", exported.err);
    let session = task.session.as_str();
    for arguments in [&["session", "delete", session, "--force"][..], &["import", stick]] {
        let refused = env.run(&workspace, arguments);
        assert_eq!(refused.code, Some(2), "{arguments:?} {}", refused.err);
        assert!(
            refused.err.contains(&format!("{} (a longer title)", task.id)),
            "{}",
            refused.err
        );
    }
    env.model().go_on();
    editor.await_ready(&workspace);
    let refused = env.run(&workspace, &["session", "delete", task.session.as_str()]);
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    assert!(refused.err.contains("waits for review"), "{}", refused.err);
    let deleted = env.run(&workspace, &["session", "delete", task.session.as_str(), "--force"]);
    assert_eq!(deleted.code, Some(0), "{}", deleted.err);
    assert!(deleted.out.contains("aca session undelete"), "{}", deleted.out);
    editor.serve_until("an empty session", wait::SHORT, |editor| {
        editor.task(&workspace).is_none()
    });
    let short = &task.session.as_str()[..8];
    for arguments in [["session", "undelete", short], ["session", "use", short]] {
        let done = env.run(&workspace, &arguments);
        assert_eq!(done.code, Some(0), "{arguments:?}: {}", done.err);
    }
    let back = editor.await_ready(&workspace);
    assert_eq!(back.id, task.id);
    editor.decide(&task, "accept", json!({ "kind": "all" }));
    assert_eq!(workspace.read("README.md"), "# The shop\n");
}

/// A sealed session leaves as plain text and is sealed again where it comes, with its model exchanges.
#[test]
fn a_sealed_session_is_carried_too() {
    let sealed = || {
        TestEnv::with(Settings {
            docker_host: Some("unix:///nonexistent/docker.sock".to_owned()),
            more:
                "[secrets]\nseal_sessions = true\n\n[sandbox]\nbackend = \"process\"\n\n[agent]\ndriver = \"direct\"\n\
                   reasons = false\n"
                    .to_owned(),
            ..Settings::default()
        })
    };
    let words = "words that are sealed";
    let (here, there) = (sealed(), sealed());
    let (workspace, elsewhere) = (here.workspace(SHOP), there.workspace(SHOP));
    for (env, workspace) in [(&here, &workspace), (&there, &elsewhere)] {
        json_of(env, workspace, &["secrets", "enable"]);
    }
    let edit = json!({ "path": "README.md", "old_text": "# Shop", "new_text": "# The shop" });
    here.script(&Script::new().tools([tool("edit_file", edit)]).text("Done."));
    let ran = here.run(&workspace, &["run", words]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let stick = here.folder().join("stick");
    json_of(&here, &workspace, &["export", stick.to_str().unwrap()]);
    let events = std::fs::read_to_string(stick.join("events.jsonl")).unwrap();
    assert!(events.contains(words), "the export is sealed: {events}");
    let session: Value = serde_json::from_slice(&std::fs::read(stick.join("meta/session.json")).unwrap()).unwrap();
    assert_eq!(session["wasSealed"], true);

    let imported = json_of(&there, &elsewhere, &["import", stick.to_str().unwrap()]);
    assert_eq!(states(&there, &elsewhere), states(&here, &workspace));
    let (task, _) = states(&there, &elsewhere).remove(0);
    let record = json_of(&there, &elsewhere, &["exchanges", &task, "1"]);
    assert!(record["request"].to_string().contains(words), "{record}");
    let dir = there.data_dir().join("sessions").join(imported["id"].as_str().unwrap());
    assert!(dir.join("session.key").exists());
    let found = there.command("grep").args(["-rlF", words]).arg(&dir).output().unwrap();
    let found = String::from_utf8_lossy(&found.stdout).into_owned();
    // What the agent itself was given is in its directory, as in every session.
    let unsealed: Vec<&str> = found.lines().filter(|path| !path.contains("/attempts/")).collect();
    assert!(unsealed.is_empty(), "{unsealed:?}");
    assert!(!found.contains("/exchanges/"), "{found}");
}
