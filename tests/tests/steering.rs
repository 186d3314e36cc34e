//! A running agent is told things, held and let go on, with both drivers; a held one outlives the server.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use aca_protocol::task::TaskView;
use aca_tests::lsp::Editor;
use aca_tests::model::{Script, tool};
use aca_tests::scenario::{SHOP, one_command, state_name};
use aca_tests::{Settings, TestEnv, Workspace, wait};
use serde_json::{Value, json};

/// A world in which this drives the agents.
fn world(driver: &str) -> TestEnv {
    TestEnv::with(Settings {
        more: format!("[agent]\ndriver = \"{driver}\"\n"),
        ..Settings::default()
    })
}

/// The call that writes a file.
fn write(workspace: &Workspace, driver: &str, path: &str) -> (String, Value) {
    match driver {
        "direct" => tool("write_file", json!({ "path": path, "content": "words\n" })),
        _ => tool(
            "Write",
            json!({ "file_path": workspace.path(path), "content": "words\n" }),
        ),
    }
}

/// The checkout of a task's attempt.
fn work(env: &TestEnv, task: &TaskView) -> PathBuf {
    let attempt = task.attempt.as_ref().expect("a running task has an attempt");
    let session = env.data_dir().join("sessions").join(task.session.as_str());
    session.join("attempts").join(attempt.as_str()).join("work")
}

fn running(editor: &mut Editor, workspace: &Workspace) -> TaskView {
    editor.await_task(workspace, "the agent at work", wait::LONG, |task| {
        state_name(task) == "running"
    })
}

fn transcript(editor: &mut Editor, task: &TaskView, kind: &str) -> usize {
    let answer = editor.client().call("aca/transcript", json!({ "task": task.id }));
    let records = answer["records"].as_array().expect("records as documented");
    records.iter().filter(|record| record["body"]["type"] == kind).count()
}

/// The model is about to say its last words when the agent is told something: that becomes a turn of its own.
fn words_of_the_last_moment(driver: &str) {
    let env = world(driver);
    let workspace = env.workspace(SHOP);
    env.script(
        &Script::new()
            .tools([write(&workspace, driver, "a")])
            .text("Done.")
            .tools([write(&workspace, driver, "b")])
            .text("Done with b."),
    );
    env.model().hold_after(1);
    let mut editor = Editor::start(&env, &workspace);
    let task = editor.run_text(&workspace, "make a file");
    wait::until_true("the second request", wait::LONG, || {
        env.model().request_times().len() >= 2
    });
    running(&mut editor, &workspace);
    let told = json!({ "task": task.id, "text": "Make b as well." });
    editor.client().call("aca/tell", told.clone());
    env.model().go_on();
    let ready = editor.await_ready(&workspace);
    let proposal = editor.proposal(&ready);
    let paths: Vec<&str> = proposal.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["a", "b"]);
    assert!(proposal.summary.contains("Done with b."), "{}", proposal.summary);
    assert_eq!(transcript(&mut editor, &ready, "told"), 1);
    let requests = env.model().requests();
    let with = requests
        .iter()
        .filter(|request| String::from_utf8_lossy(&request.body).contains("Make b as well."));
    assert!(with.count() >= 2, "the model did not hear it");
    let late = editor.client().try_call("aca/tell", told).expect_err("it has finished");
    assert!(format!("{late:?}").contains("Send"), "{late:?}");
}

#[test]
fn claude_code_hears_words_of_its_last_moment() {
    words_of_the_last_moment("claude-code");
}

#[test]
fn the_direct_driver_hears_words_of_its_last_moment() {
    words_of_the_last_moment("direct");
}

#[test]
fn claude_code_hears_words_during_a_tool_in_the_same_turn() {
    let env = world("claude-code");
    let workspace = env.workspace(SHOP);
    env.script(
        &one_command("until [ -e go ]; do sleep 0.1; done")
            .raw("[[turn]]\nmatch.anywhere = \"Use tabs.\"\nreply.text = \"With tabs.\"\n"),
    );
    let mut editor = Editor::start(&env, &workspace);
    let task = editor.run_text(&workspace, "wait for a file");
    let working = editor.await_task(&workspace, "the shell command", wait::LONG, |task| {
        let state = serde_json::to_value(&task.state).unwrap();
        state["activity"]
            .as_str()
            .is_some_and(|activity| activity.starts_with("running"))
    });
    editor
        .client()
        .call("aca/tell", json!({ "task": task.id, "text": "Use tabs." }));
    std::fs::write(work(&env, &working).join("go"), "").unwrap();
    editor.await_ready(&workspace);
    let requests = env.model().requests();
    let second = String::from_utf8_lossy(&requests[1].body).into_owned();
    assert!(second.contains("Use tabs."), "it did not come with the tool's result");
}

/// The number that the held command counts up to.
fn count(file: &PathBuf) -> u64 {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.trim().parse().unwrap_or_default()
}

/// Whether nothing is counted for a while.
fn stands_still(file: &PathBuf) -> bool {
    let before = count(file);
    std::thread::sleep(Duration::from_millis(600));
    count(file) == before
}

fn held_and_let_go_on(driver: &str) {
    let env = world(driver);
    let workspace = env.workspace(SHOP);
    let counting = "i=0; while :; do i=$((i+1)); echo $i > count.new; mv count.new count; sleep 0.05; done";
    let call = match driver {
        "direct" => tool("shell", json!({ "command": counting })),
        _ => tool("Bash", json!({ "command": counting, "description": "count" })),
    };
    env.script(&Script::new().tools([call]).text("Done."));
    let mut first = Editor::start(&env, &workspace);
    let task = first.run_text(&workspace, "count");
    let file = work(&env, &running(&mut first, &workspace)).join("count");
    wait::until_true("the count", wait::LONG, || count(&file) > 3);

    let held = first.client().call("aca/pause", json!({ "task": task.id }));
    assert_eq!(held["state"]["name"], "paused", "{held:#}");
    wait::until_true("everything to stand still", wait::SHORT, || stands_still(&file));
    assert_eq!(transcript(&mut first, &task, "paused"), 1);
    drop(first);
    env.daemon().kill();

    let mut second = Editor::start(&env, &workspace);
    let found = running_or_paused(&mut second, &workspace);
    assert_eq!((&found.id, state_name(&found).as_str()), (&task.id, "paused"));
    assert!(stands_still(&file), "the agent went on without the server");
    let counted = count(&file);
    let gone_on = second.client().call("aca/resume", json!({ "task": task.id }));
    assert_eq!(gone_on["state"]["name"], "running", "{gone_on:#}");
    wait::until_true("the count to go on", wait::SHORT, || count(&file) > counted);

    second.client().call("aca/pause", json!({ "task": task.id }));
    wait::until_true("everything to stand still", wait::SHORT, || stands_still(&file));
    let asked = Instant::now();
    second.client().call("aca/stop", json!({ "task": task.id }));
    second.await_task(&workspace, "the stop", wait::SHORT, |task| {
        state_name(task) == "stopped"
    });
    println!("{driver}: a held task was stopped after {:?}", asked.elapsed());
    assert!(
        asked.elapsed() < Duration::from_secs(4),
        "it took {:?}",
        asked.elapsed()
    );
}

fn running_or_paused(editor: &mut Editor, workspace: &Workspace) -> TaskView {
    editor.task(workspace).expect("the task is known")
}

#[test]
fn claude_code_is_held_let_go_on_and_stopped() {
    held_and_let_go_on("claude-code");
}

#[test]
fn the_direct_driver_is_held_let_go_on_and_stopped() {
    held_and_let_go_on("direct");
}

#[test]
fn an_edit_of_a_file_that_a_task_has_read_is_noted_once() {
    let env = world("claude-code");
    let workspace = env.workspace(SHOP);
    let path = workspace.path("src/user.rs");
    env.script(
        &Script::new()
            .tools([tool("Read", json!({ "file_path": path }))])
            .text("Done."),
    );
    env.model().hold_after(1);
    let mut editor = Editor::start(&env, &workspace);
    let task = editor.run_text(&workspace, "look at the users");
    let at_work = |editor: &mut Editor| {
        let params = json!({ "workspace": workspace.root(), "path": "src/user.rs" });
        let answer = editor.client().call("aca/atWork", params);
        answer["tasks"].as_array().expect("tasks as documented").clone()
    };
    wait::until_true("the reading", wait::LONG, || at_work(&mut editor).len() == 1);
    assert_eq!(at_work(&mut editor)[0]["id"], json!(task.id));
    editor.open("src/user.rs");
    editor.replace("src/user.rs", "Users of the shop", "Mine, users of the shop");
    let noted = editor
        .client()
        .await_notification("aca/conflict", wait::SHORT, |_| true);
    assert_eq!(
        (&noted["path"], &noted["changed"]),
        (&json!("src/user.rs"), &json!(false))
    );
    assert_eq!(noted["task"], json!(task.id));
    env.model().go_on();
    editor.await_task(&workspace, "the end", wait::LONG, |task| {
        state_name(task) == "nothingToDo"
    });
    assert_eq!(at_work(&mut editor).len(), 0);
}
