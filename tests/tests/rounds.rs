//! A proposal goes back to its agent: the conversation goes on, with the decisions in the agent's files.

use aca_protocol::proposal::{ProposalView, Since};
use aca_protocol::task::TaskView;
use aca_tests::lsp::Editor;
use aca_tests::model::{Script, tool};
use aca_tests::scenario::{SHOP, hunk_states, state_name};
use aca_tests::{Settings, TestEnv, Workspace, wait};
use serde_json::{Value, json};

const OLD: &str = "    // TODO: reject empty names\n    pub fn new(name: &str) -> Self {\n";
const NEW: &str = "    pub fn new(name: &str) -> Self {\n        assert!(!name.is_empty(), \"a user has a name\");\n";
const AMENDED: &str = "    pub fn new(name: &str) -> Self {\n        assert!(!name.trim().is_empty());\n";

/// The tools of a driver.
struct Tools<'a> {
    driver: &'a str,
    workspace: &'a Workspace,
}

impl Tools<'_> {
    fn edit(&self, path: &str, old: &str, new: &str) -> (String, Value) {
        match self.driver {
            "direct" => tool("edit_file", json!({ "path": path, "old_text": old, "new_text": new })),
            _ => tool(
                "Edit",
                json!({ "file_path": self.workspace.path(path), "old_string": old, "new_string": new }),
            ),
        }
    }

    fn read(&self, path: &str) -> (String, Value) {
        match self.driver {
            "direct" => tool("read_file", json!({ "path": path })),
            _ => tool("Read", json!({ "file_path": self.workspace.path(path) })),
        }
    }
}

fn world(driver: &str) -> TestEnv {
    TestEnv::with(Settings {
        more: format!("[agent]\ndriver = \"{driver}\"\n"),
        ..Settings::default()
    })
}

/// The answer to the question for reasons, whenever it comes.
const REASONS: &str = "[[turn]]\nmatch.user = \"why each change is there\"\nreply.text = '''[{\"path\": \"src/user.rs\", \"lines\": \"assert!(!name.is_empty()\", \"why\": \"A user without a name cannot be greeted.\"},{\"path\": \"README.md\", \"lines\": \"\", \"why\": \"Readers should know.\"}]'''\n";

/// Three changes, unless one of the `other` turns answers.
fn first_round(tools: &Tools<'_>, other: &str) -> Script {
    Script::new()
        .raw(other)
        .raw(REASONS)
        .tools([tools.read("src/user.rs")])
        .tools([tools.read("README.md")])
        .tools([tools.edit("src/user.rs", OLD, NEW)])
        .tools([tools.edit("src/user.rs", "Hello {}", "Welcome back, {}")])
        .tools([tools.edit("README.md", "# Shop", "# The shop")])
        .text("Three changes.")
}

/// Turns of a script for the second round, after `answers` replies of the conversation.
fn later(answers: usize, calls: &[(String, Value)], words: &str) -> String {
    let mut script = String::new();
    for (n, (name, input)) in calls.iter().enumerate() {
        let (turn, input) = (answers + n, inline(input));
        script.push_str(&format!(
            "[[turn]]\nmatch.turn = {turn}\nreply.tool = [{{ name = {name:?}, input = {input} }}]\n"
        ));
    }
    let last = answers + calls.len();
    script + &format!("[[turn]]\nmatch.turn = {last}\nreply.text = {words:?}\n")
}

/// How many replies the conversation has after the first round. With Claude Code, that to the question for reasons stays
/// in it.
fn replies(driver: &str) -> usize {
    if driver == "direct" { 6 } else { 7 }
}

fn inline(value: &Value) -> String {
    let fields = value.as_object().unwrap().iter();
    let fields: Vec<String> = fields.map(|(key, value)| format!("{key} = {value}")).collect();
    format!("{{ {} }}", fields.join(", "))
}

fn id_of<'a>(proposal: &'a ProposalView, text: &str) -> &'a aca_protocol::HunkId {
    let mut hunks = proposal.files.iter().flat_map(|file| &file.hunks);
    &hunks
        .find(|hunk| hunk.new.contains(text))
        .expect("the hunk is there")
        .id
}

fn await_round(editor: &mut Editor, workspace: &Workspace, task: &TaskView, round: u32) -> ProposalView {
    editor.await_ready(workspace);
    let mut found = None;
    editor.serve_until("the next round's proposal", wait::LONG, |editor| {
        let ready = editor.await_ready(workspace);
        let proposal = editor.proposal(&ready);
        assert_eq!(proposal.note, "", "the round failed");
        found = (proposal.round == round).then_some(proposal);
        found.is_some()
    });
    assert!(editor.task(workspace).is_some_and(|now| now.id == task.id));
    found.expect("it was found")
}

fn body(request: &aca_gateway::RecordedRequest) -> String {
    String::from_utf8_lossy(&request.body).into_owned()
}

/// The conversation that Claude Code says a request belongs to.
fn conversation(request: &aca_gateway::RecordedRequest) -> String {
    let body: Value = serde_json::from_slice(&request.body).expect("a request is JSON");
    let user = body["metadata"]["user_id"].as_str().expect("a request names its user");
    let user: Value = serde_json::from_str(user).expect("the user is JSON");
    user["session_id"].as_str().expect("the user has a session").to_owned()
}

fn goes_back_with_a_remark(driver: &str) {
    let env = world(driver);
    let workspace = env.workspace(SHOP);
    let tools = Tools {
        driver,
        workspace: &workspace,
    };
    let more = [
        tools.read("src/user.rs"),
        tools.edit("README.md", "# The shop", "# The shop of names"),
    ];
    env.script(&first_round(&tools, "").raw(&later(replies(driver), &more, "A longer title.")));
    let mut editor = Editor::start(&env, &workspace);
    let task = editor.run_text(&workspace, "reject empty names");
    let ready = editor.await_ready(&workspace);
    let first = editor.proposal(&ready);
    assert_eq!(hunk_states(&first), ["clean", "clean", "clean"]);

    // The reasons are there; those whose lines an edit made are verified.
    let hunk = |text: &str| {
        let mut hunks = first.files.iter().flat_map(|file| &file.hunks);
        hunks.find(|hunk| hunk.new.contains(text)).unwrap()
    };
    let named = hunk("assert!").reason.as_ref().expect("a reason");
    assert!(named.verified && named.calls.len() == 1, "{named:?}");
    assert!(hunk("# The shop").reason.as_ref().is_some_and(|reason| reason.verified));
    assert_eq!(hunk("Welcome").reason, None, "nothing was said about it");

    // One hunk is amended, one rejected, one accepted; the remark goes back.
    let amend = json!({ "task": task.id, "hunk": id_of(&first, "assert!"), "text": AMENDED });
    editor.client().call("aca/amend", amend);
    editor.decide(
        &task,
        "reject",
        json!({ "kind": "hunks", "ids": [id_of(&first, "Welcome")] }),
    );
    editor.decide(
        &task,
        "accept",
        json!({ "kind": "hunks", "ids": [id_of(&first, "# The shop")] }),
    );
    let before = env.model().requests();
    let refused = editor
        .client()
        .try_call("aca/sendBack", json!({ "task": task.id, "remark": " " }));
    assert!(refused.is_err(), "an empty remark says nothing");
    let sent = json!({ "task": task.id, "remark": "Make the title longer." });
    editor.call_serving("aca/sendBack", sent, wait::SHORT);
    let second = await_round(&mut editor, &workspace, &ready, 2);

    // The model saw the same conversation, the remark, and files with the decisions in them.
    let requests = env.model().requests().split_off(before.len());
    let asked = body(&requests[0]);
    for words in [
        "reject empty names",
        "Make the title longer.",
        "Rejected",
        "Welcome back, {}",
    ] {
        assert!(asked.contains(words), "{words:?} is missing: {asked}");
    }
    if driver == "claude-code" {
        assert_eq!(
            conversation(&requests[0]),
            conversation(&before[0]),
            "another conversation"
        );
    }
    let seen = body(&requests[1]);
    let seen = seen.rsplit_once("Make the title longer.").expect("the remark").1;
    assert!(
        seen.contains("name.trim().is_empty()"),
        "the amended hunk is not in the agent's files: {seen}"
    );
    assert!(
        seen.contains("Hello {}") && !seen.contains("Welcome"),
        "the rejected hunk is: {seen}"
    );
    assert!(!seen.contains("TODO"), "{seen}");

    // The next proposal is against the person's files, says what is new, and lands.
    assert_eq!(second.round, 2);
    let hunks: Vec<_> = second.files.iter().flat_map(|file| &file.hunks).collect();
    assert_eq!(hunks.len(), 2, "{second:#?}");
    assert!(
        hunks
            .iter()
            .any(|hunk| hunk.new == AMENDED || hunk.new.contains("name.trim()")),
        "{hunks:#?}"
    );
    let title = hunks
        .iter()
        .find(|hunk| hunk.new.contains("names"))
        .expect("the new title");
    assert_eq!((title.old.as_str(), title.since), ("# The shop\n", Since::Changed));
    editor.decide(&task, "accept", json!({ "kind": "all" }));
    editor.await_task(&workspace, "the end", wait::SHORT, |task| state_name(task) == "landed");
    assert_eq!(workspace.read("README.md"), "# The shop of names\n");
    let user = workspace.read("src/user.rs");
    assert!(user.contains(AMENDED) && user.contains("Hello {}"), "{user}");
}

#[test]
fn claude_code_goes_on_with_the_decisions() {
    goes_back_with_a_remark("claude-code");
}

#[test]
fn the_direct_driver_goes_on_with_the_decisions() {
    goes_back_with_a_remark("direct");
}

/// Where the conversation is gone, a new one gets the whole story.
#[test]
fn a_lost_conversation_is_told_as_a_story() {
    let env = world("claude-code");
    let workspace = env.workspace(SHOP);
    let tools = Tools {
        driver: "claude-code",
        workspace: &workspace,
    };
    let anew = "[[turn]]\nmatch.anywhere = \"Is that all?\"\nreply.text = \"Nothing more to do.\"\n";
    env.script(&first_round(&tools, anew));
    let mut editor = Editor::start(&env, &workspace);
    let task = editor.run_text(&workspace, "reject empty names");
    let ready = editor.await_ready(&workspace);
    let session = env.data_dir().join("sessions").join(ready.session.as_str());
    let attempt = ready.attempt.as_ref().expect("a finished task has an attempt");
    std::fs::remove_dir_all(session.join("attempts").join(attempt.as_str()).join("out/home")).unwrap();
    let before = env.model().requests().len();
    let sent = json!({ "task": task.id, "remark": "Is that all?" });
    editor.call_serving("aca/sendBack", sent, wait::SHORT);
    let second = await_round(&mut editor, &workspace, &ready, 2);
    let requests = env.model().requests().split_off(before);
    let asked = body(requests.last().expect("the model was asked"));
    for words in [
        "reject empty names",
        "Three changes.",
        "Is that all?",
        "Not decided yet",
    ] {
        assert!(asked.contains(words), "{words:?} is missing: {asked}");
    }
    // What was open stays open, and nothing about it is new.
    assert_eq!(hunk_states(&second), ["clean", "clean", "clean"]);
    let hunks = second.files.iter().flat_map(|file| &file.hunks);
    assert!(hunks.into_iter().all(|hunk| hunk.since == Since::Same));
}

/// A hunk whose place the person has changed is asked for again, on what the file says now.
#[test]
fn a_hunk_in_the_way_is_made_again_on_the_persons_version() {
    let env = world("direct");
    let workspace = env.workspace(SHOP);
    let tools = Tools {
        driver: "direct",
        workspace: &workspace,
    };
    let more = [tools.edit("src/user.rs", "Good morning {}", "Good morning again, {}")];
    env.script(&first_round(&tools, "").raw(&later(replies("direct"), &more, "Made again.")));
    let mut editor = Editor::start(&env, &workspace);
    let task = editor.run_text(&workspace, "reject empty names");
    let ready = editor.await_ready(&workspace);
    let mine = workspace.read("src/user.rs").replace("Hello {}", "Good morning {}");
    workspace.write("src/user.rs", &mine);
    let mut proposal = editor.proposal(&ready);
    editor.serve_until("the overlap", wait::SHORT, |editor| {
        proposal = editor.proposal(&ready);
        hunk_states(&proposal).contains(&"overlapping")
    });
    let before = env.model().requests().len();
    let sent = json!({ "task": task.id, "redo": [id_of(&proposal, "Welcome")] });
    editor.call_serving("aca/sendBack", sent, wait::SHORT);
    let second = await_round(&mut editor, &workspace, &ready, 2);
    let asked = body(&env.model().requests().split_off(before)[0]);
    for words in ["Good morning {}", "Welcome back, {}", "Make that change again"] {
        assert!(asked.contains(words), "{words:?} is missing: {asked}");
    }
    let again = second.files.iter().flat_map(|file| &file.hunks);
    let again: Vec<_> = again.filter(|hunk| hunk.new.contains("Good morning again")).collect();
    assert_eq!(again.len(), 1, "{second:#?}");
    assert_eq!(hunk_states(&second), ["clean", "clean", "clean"]);
}
