//! The project's check: a failure is fed back once, chosen hunks are checked before they are accepted, what nobody
//! confirmed is not run, and nothing is left of a check when the daemon is killed.

use std::time::Instant;

use aca_protocol::proposal::{CheckState, CheckView, ProposalView};
use aca_protocol::task::TaskView;
use aca_tests::lsp::Editor;
use aca_tests::model::{Script, tool};
use aca_tests::scenario::{SHOP, hunk_states, state_name};
use aca_tests::{Settings, TestEnv, Workspace, wait};
use rustix::process::{Pid, Signal};
use serde_json::{Value, json};

/// The check complains about every line that has the word.
const CHECK: &str = r#"
//- /check.sh
echo "looking for WRONG"
grep -n WRONG src/user.rs | sed 's/^\([0-9]*\):.*/src\/user.rs:\1:1: error: this is WRONG/'
! grep -q WRONG src/user.rs
"#;

const COMMAND: &str = "sh ./check.sh";

/// A world whose sandboxes are containers or confined processes. Without a command, the project's own file names it.
fn world(backend: &str, command: Option<&str>) -> (TestEnv, Workspace) {
    let checks = command.map_or(String::new(), |command| format!("[checks]\ncommand = {command:?}\n"));
    let env = TestEnv::with(Settings {
        docker_host: (backend == "process").then(|| "unix:///nonexistent/docker.sock".to_owned()),
        more: format!("[sandbox]\nbackend = {backend:?}\n\n[agent]\ndriver = \"direct\"\nreasons = false\n\n{checks}"),
        ..Settings::default()
    });
    let workspace = env.workspace(&format!("{}{}", SHOP.trim_end(), CHECK));
    (env, workspace)
}

fn edit(old: &str, new: &str) -> (String, Value) {
    tool(
        "edit_file",
        json!({ "path": "src/user.rs", "old_text": old, "new_text": new }),
    )
}

/// Two hunks, the first of which fails the check.
fn one_wrong_hunk() -> Script {
    Script::new()
        .tools([edit("Users of the shop.", "Users of the WRONG shop.")])
        .tools([edit("Hello {}", "Welcome back, {}")])
        .text("Two changes.")
}

/// Waits until the newest check of a ready proposal has ended.
fn await_check(editor: &mut Editor, task: &TaskView) -> (ProposalView, CheckView) {
    let mut found = None;
    editor.serve_until("the end of the check", wait::LONG, |editor| {
        let proposal = editor.proposal(task);
        let check = proposal
            .check
            .clone()
            .filter(|check| check.state != CheckState::Running);
        found = check.map(|check| (proposal, check));
        found.is_some()
    });
    found.expect("it was found")
}

fn check(editor: &mut Editor, task: &TaskView, selection: Value) -> Value {
    let params = json!({ "task": task.id, "selection": selection });
    editor.call_serving("aca/check", params, wait::SHORT)
}

/// The directories of checks that are not removed yet.
fn directories(env: &TestEnv) -> Vec<String> {
    let of = |session: String| std::fs::read_dir(env.data_dir().join("sessions").join(session).join("checks"));
    let entries = env.sessions().into_iter().flat_map(of).flatten().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// The processes of this machine that have a word on their command line.
fn processes_with(word: &str) -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let has = |pid: &i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0)
            .any(|argument| argument == word.as_bytes())
    };
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(has).collect()
}

fn nothing_is_left(env: &TestEnv, backend: &str, mark: &str) {
    wait::until_true("the end of every process", wait::SHORT, || {
        processes_with(mark).is_empty()
    });
    wait::until_true("the directories of checks to go", wait::SHORT, || {
        directories(env).is_empty()
    });
    if backend == "docker" {
        wait::until_true("the containers to go", wait::SHORT, || env.containers().is_empty());
    }
}

fn is_fed_back_once(backend: &str) {
    let (env, workspace) = world(backend, Some(COMMAND));
    let script = one_wrong_hunk()
        .tools([edit("WRONG shop", "right shop")])
        .text("Mended.");
    env.script(&script);
    let mut editor = Editor::start(&env, &workspace);
    editor.run_text(&workspace, "improve the texts");
    let task = editor.await_task(&workspace, "the second round", wait::LONG, |task| {
        state_name(task) == "ready"
    });
    let proposal = editor.proposal(&task);
    assert_eq!(proposal.round, 2, "{proposal:#?}");
    assert_eq!(hunk_states(&proposal), ["clean", "clean"]);
    let check = proposal.check.expect("the result of the second round was checked");
    assert_eq!((check.state, check.hunks), (CheckState::Passed, None));
    assert_eq!(
        (check.command.as_str(), check.output.as_str()),
        (COMMAND, "looking for WRONG")
    );
    let requests = env.model().requests();
    assert_eq!(requests.len(), 5, "three of the first round, two of the second");
    let told = String::from_utf8_lossy(&requests[3].body).into_owned();
    for words in [COMMAND, "exit code 1", "src/user.rs:1:1: error: this is WRONG"] {
        assert!(told.contains(words), "the agent was not told {words:?}: {told}");
    }
    nothing_is_left(&env, backend, COMMAND);
}

#[test]
fn a_failing_check_is_fed_back_once_in_a_container() {
    is_fed_back_once("docker");
}

#[test]
fn a_failing_check_is_fed_back_once_in_a_confined_process() {
    is_fed_back_once("process");
}

#[test]
fn a_check_that_fails_again_stands_on_the_proposal() {
    let (env, workspace) = world("process", Some(COMMAND));
    env.script(&one_wrong_hunk().text("I do not know how."));
    let mut editor = Editor::start(&env, &workspace);
    editor.run_text(&workspace, "improve the texts");
    let task = editor.await_ready(&workspace);
    let (proposal, check) = await_check(&mut editor, &task);
    assert_eq!(
        (proposal.round, &check.state),
        (2, &CheckState::Failed { code: Some(1) })
    );
    let hunk = &proposal.files[0].hunks[0].id;
    let findings: Vec<_> = check
        .findings
        .iter()
        .map(|found| (found.line, found.hunk.as_ref()))
        .collect();
    assert_eq!(findings, [(0, Some(hunk))], "{check:#?}");
    assert_eq!(hunk_states(&proposal), ["clean", "clean"], "it is decided all the same");
}

fn chosen_hunks_are_checked(backend: &str) {
    let (env, workspace) = world(backend, None);
    workspace.write("aca.toml", &format!("[checks]\ncommand = {COMMAND:?}\n"));
    env.script(&one_wrong_hunk());
    let mut editor = Editor::start(&env, &workspace);
    editor.run_text(&workspace, "improve the texts");
    let task = editor.await_ready(&workspace);
    let proposal = editor.proposal(&task);
    assert_eq!(proposal.check, None, "nobody has confirmed the check");
    let ids: Vec<_> = proposal.files[0].hunks.iter().map(|hunk| hunk.id.clone()).collect();

    // What a repository names is not run before a person has confirmed exactly that.
    let all = json!({ "task": task.id, "selection": { "kind": "all" } });
    let refused = editor.client().try_call("aca/check", all).unwrap_err();
    assert!(refused.message.contains("not confirmed"), "{refused:?}");
    assert!(
        !env.data_dir()
            .join("sessions")
            .join(task.session.as_str())
            .join("checks")
            .exists()
    );
    let about = json!({ "workspace": workspace.root() });
    let known = editor.client().call("aca/checkCommand", about);
    assert_eq!(
        (&known["command"], &known["confirmed"]),
        (&json!(COMMAND), &json!(false))
    );
    assert!(
        known["from"].as_str().is_some_and(|from| from.ends_with("aca.toml")),
        "{known}"
    );
    let mut confirm = |command: &str| {
        let params = json!({ "workspace": workspace.root(), "command": command });
        editor.client().call("aca/confirmCheck", params)["confirmed"].clone()
    };
    assert_eq!(
        (confirm("sh ./other.sh"), confirm(COMMAND)),
        (json!(false), json!(true))
    );

    // The files are as the person sees them, with what is not saved.
    editor.open("src/user.rs");
    editor.replace("src/user.rs", "/// A user.", "/// Not saved.\n/// A user.");
    let on_disk = workspace.read("src/user.rs");
    let begun = check(&mut editor, &task, json!({ "kind": "hunks", "ids": [ids[0]] }));
    assert_eq!(begun["check"]["state"]["name"], "running", "{begun:#}");
    let (_, failed) = await_check(&mut editor, &task);
    assert_eq!(failed.state, CheckState::Failed { code: Some(1) });
    assert_eq!(failed.hunks.as_deref(), Some(&ids[..1]));
    let findings: Vec<_> = failed
        .findings
        .iter()
        .map(|found| (found.line, found.hunk.as_ref()))
        .collect();
    assert_eq!(findings, [(0, Some(&ids[0]))], "{failed:#?}");

    let asked = Instant::now();
    let begun = check(&mut editor, &task, json!({ "kind": "hunks", "ids": [ids[1]] }));
    let answered = asked.elapsed();
    assert_eq!(begun["check"]["hunks"], json!([ids[1]]));
    let (proposal, passed) = await_check(&mut editor, &task);
    println!(
        "check with {backend}: answered after {answered:?}, over after {:?}",
        asked.elapsed()
    );
    assert_eq!((passed.state, passed.findings), (CheckState::Passed, Vec::new()));
    assert_eq!(hunk_states(&proposal)[0], "clean");
    assert_eq!(workspace.read("src/user.rs"), on_disk, "a check changes nothing");
    nothing_is_left(&env, backend, COMMAND);
}

#[test]
fn chosen_hunks_are_checked_in_a_container() {
    chosen_hunks_are_checked("docker");
}

#[test]
fn chosen_hunks_are_checked_in_a_confined_process() {
    chosen_hunks_are_checked("process");
}

/// The editor and the daemon are killed.
fn kill(env: &TestEnv, editor: Editor) {
    drop(editor);
    env.daemon().kill();
}

fn a_killed_daemon_leaves_nothing(backend: &str) {
    let (env, workspace) = world(backend, None);
    let mark = format!("87{}.{}", std::process::id(), if backend == "docker" { 1 } else { 2 });
    let (editor, _) = with_a_long_check(&env, &workspace, &mark);
    kill(&env, editor);

    let mut second = Editor::start(&env, &workspace);
    let found = second.await_ready(&workspace);
    nothing_is_left(&env, backend, &mark);
    let (_, check) = await_check(&mut second, &found);
    assert!(
        matches!(&check.state, CheckState::Broken { reason } if reason.contains("stopped while it ran")),
        "{check:?}"
    );
}

#[test]
fn a_killed_daemon_leaves_no_container_of_a_check() {
    a_killed_daemon_leaves_nothing("docker");
}

#[test]
fn a_killed_daemon_leaves_no_process_of_a_check() {
    a_killed_daemon_leaves_nothing("process");
}

#[test]
fn a_result_whose_check_was_interrupted_is_checked_again() {
    let mark = format!("88{}.5", std::process::id());
    let (env, workspace) = world("docker", Some(&format!("sleep {mark} || true")));
    env.script(&one_wrong_hunk());
    let mut first = Editor::start(&env, &workspace);
    let task = first.run_text(&workspace, "improve the texts");
    first.await_task(&workspace, "the check", wait::LONG, |task| {
        state_name(task) == "verifying"
    });
    wait::until_true("the check", wait::LONG, || !processes_with(&mark).is_empty());
    let before = processes_with(&mark);
    kill(&env, first);

    let mut second = Editor::start(&env, &workspace);
    let fresh = || processes_with(&mark).into_iter().filter(|pid| !before.contains(pid));
    wait::until_true("the check again", wait::LONG, || fresh().next().is_some());
    for pid in fresh().filter_map(Pid::from_raw) {
        // What has ended meanwhile needs no signal.
        let _ = rustix::process::kill_process(pid, Signal::TERM);
    }
    let ready = second.await_ready(&workspace);
    assert_eq!(ready.id, task.id);
    let (_, check) = await_check(&mut second, &ready);
    assert_eq!((check.state, check.hunks), (CheckState::Passed, None));
    nothing_is_left(&env, "docker", &mark);
}

#[test]
fn a_stop_while_a_result_is_checked_ends_only_the_check() {
    let mark = format!("89{}.5", std::process::id());
    let (env, workspace) = world("process", Some(&format!("sleep {mark}")));
    env.script(&one_wrong_hunk());
    let mut editor = Editor::start(&env, &workspace);
    editor.run_text(&workspace, "improve the texts");
    let task = editor.await_task(&workspace, "the check", wait::LONG, |task| {
        state_name(task) == "verifying"
    });
    wait::until_true("the check", wait::LONG, || !processes_with(&mark).is_empty());
    editor.client().call("aca/stop", json!({ "task": task.id }));
    editor.await_ready(&workspace);
    nothing_is_left(&env, "process", &mark);
    let result = editor.decide(&task, "accept", json!({ "kind": "all" }));
    assert_eq!(result["refused"], json!([]), "{result:#}");
}

/// A proposal whose check, which a person has confirmed, sleeps.
fn with_a_long_check(env: &TestEnv, workspace: &Workspace, mark: &str) -> (Editor, TaskView) {
    workspace.write("aca.toml", &format!("[checks]\ncommand = \"sleep {mark}\"\n"));
    env.script(&one_wrong_hunk());
    let mut editor = Editor::start(env, workspace);
    editor.run_text(workspace, "improve the texts");
    let task = editor.await_ready(workspace);
    let params = json!({ "workspace": workspace.root(), "command": format!("sleep {mark}") });
    editor.client().call("aca/confirmCheck", params);
    check(&mut editor, &task, json!({ "kind": "all" }));
    wait::until_true("the check", wait::LONG, || !processes_with(mark).is_empty());
    (editor, task)
}

#[test]
fn a_new_check_takes_the_place_of_the_one_that_runs() {
    let (env, workspace) = world("process", None);
    let mark = format!("90{}.5", std::process::id());
    let (mut editor, task) = with_a_long_check(&env, &workspace, &mark);
    workspace.write("aca.toml", &format!("[checks]\ncommand = {COMMAND:?}\n"));
    let params = json!({ "workspace": workspace.root(), "command": COMMAND });
    editor.client().call("aca/confirmCheck", params);
    check(&mut editor, &task, json!({ "kind": "all" }));
    wait::until_true("the end of the first", wait::SHORT, || processes_with(&mark).is_empty());
    let (_, check) = await_check(&mut editor, &task);
    assert_eq!(
        (check.command.as_str(), check.state),
        (COMMAND, CheckState::Failed { code: Some(1) })
    );
    nothing_is_left(&env, "process", &mark);
}

#[test]
fn a_daemon_that_ends_takes_its_checks_with_it() {
    let (env, workspace) = world("docker", None);
    let mark = format!("91{}.5", std::process::id());
    let (mut editor, _) = with_a_long_check(&env, &workspace, &mark);
    assert_eq!(editor.client().shut_down(), Some(0));
    assert_eq!(env.run(&workspace, &["daemon", "stop"]).code, Some(0));
    nothing_is_left(&env, "docker", &mark);
}

#[test]
fn a_check_that_cannot_run_says_what_to_do_and_stands_in_nobodys_way() {
    let (env, workspace) = world("docker", Some("no-such-linter src"));
    env.script(&one_wrong_hunk());
    let mut editor = Editor::start(&env, &workspace);
    editor.run_text(&workspace, "improve the texts");
    let task = editor.await_ready(&workspace);
    let (proposal, check) = await_check(&mut editor, &task);
    assert_eq!(proposal.round, 1, "there is nothing that the agent could mend");
    let CheckState::Broken { reason } = &check.state else {
        panic!("{check:?}");
    };
    assert!(
        reason.contains("no-such-linter") && reason.contains("docker.image"),
        "{reason}"
    );
    let result = editor.decide(&task, "accept", json!({ "kind": "all" }));
    assert_eq!(result["refused"], json!([]), "{result:#}");
}
