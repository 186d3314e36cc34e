//! Programs are killed while an agent works: what goes on by itself, what a person decides, and that nothing is paid for
//! twice.

use std::path::PathBuf;
use std::process::Command;

use aca_protocol::session::Recovery;
use aca_protocol::task::TaskView;
use aca_tests::counter::Counter;
use aca_tests::lsp::Editor;
use aca_tests::model::Script;
use aca_tests::scenario::{FIRST_HUNK, SECOND_HUNK, SHOP, hunk_states, state_name};
use aca_tests::{Finished, TestEnv, Workspace, engine, wait};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// What the model does, answer by answer, whatever it is asked: it makes its two changes, and before that, if `begun`, what
/// the first agent does until it is interrupted.
fn script(begun: bool) -> Script {
    let command = |command: &str| {
        let input = format!("{{ command = {}, description = \"a change\" }}", json!(command));
        format!("[[turn]]\ntimes = 1\nreply.tool = [{{ name = \"Bash\", input = {input} }}]\n")
    };
    let first = command(&format!(
        "sed -i -e '/TODO: reject/d' -e '/pub fn new/a\\        {FIRST_HUNK}, \"a user has a name\");' src/user.rs"
    ));
    // Its answer may be lost with the agent that asked, so it is given until it was heard.
    let second = command(&format!(
        "sed -i 's/Hello {{}}/{SECOND_HUNK}/' src/user.rs && echo both made"
    ));
    let second = second.replace("times = 1\n", "");
    let ended = "[[turn]]\nmatch.tool_result_contains = \"both made\"\nreply.text = \"Done.\"\n";
    let before = if begun {
        format!("{}{first}", command("cat src/user.rs"))
    } else {
        command("cat src/user.rs")
    };
    Script::new().raw(&before).raw(&first).raw(ended).raw(&second)
}

/// A task whose agent has made the first of its two changes, and waits for the model.
struct AtWork {
    env: TestEnv,
    workspace: Workspace,
    counter: Counter,
    editor: Editor,
    task: TaskView,
    attempt: String,
    container: String,
}

impl AtWork {
    fn new() -> Self {
        Self::with(&script(false))
    }

    fn with(script: &Script) -> Self {
        let env = TestEnv::new();
        let workspace = env.workspace(SHOP);
        env.script(script);
        env.model().hold_after(2);
        let counter = Counter::begin(None);
        let mut editor = Editor::start(&env, &workspace);
        editor.run_text(&workspace, "reject empty names");
        env.model().await_requests(2, wait::LONG);
        let task = editor.await_task(&workspace, "the agent at work", wait::LONG, |task| {
            state_name(task) == "running"
        });
        let attempt = task.attempt.clone().expect("a running task has an attempt").to_string();
        let containers = env.running_containers();
        assert_eq!(containers.len(), 1, "{containers:?}");
        let work = Self {
            env,
            workspace,
            counter,
            editor,
            task,
            attempt,
            container: containers[0].clone(),
        };
        let changed = work.attempt_dir().join("work/src/user.rs");
        wait::until_true("the first change", wait::SHORT, || {
            std::fs::read_to_string(&changed).is_ok_and(|text| text.contains(FIRST_HUNK))
        });
        work
    }

    /// One whose agent was killed, so that it is lost.
    fn lost() -> Self {
        let mut work = Self::new();
        engine::docker(&["kill", &work.container]).expect("the container runs");
        work.task = work.await_state("lost");
        work
    }

    fn attempt_dir(&self) -> PathBuf {
        let session = self.task.session.as_str();
        self.env
            .data_dir()
            .join("sessions")
            .join(session)
            .join("attempts")
            .join(&self.attempt)
    }

    fn await_state(&mut self, state: &str) -> TaskView {
        self.editor
            .await_task(&self.workspace, state, wait::LONG, |task| state_name(task) == state)
    }

    /// What the agent said and did, as it is told to clients.
    fn transcript(&mut self) -> Vec<Value> {
        let params = json!({ "task": self.task.id });
        let result = self.editor.client().call("aca/transcript", params);
        result["records"].as_array().cloned().unwrap_or_default()
    }

    /// Runs `aca` beside the editor.
    fn aca(&mut self, arguments: &[&str]) -> Finished {
        self.env.run(&self.workspace, arguments)
    }
}

fn kill(pid: u32) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).expect("a process id is not zero");
    kill_process(pid, Signal::KILL).expect("the process runs");
}

fn of_type<'a>(records: &'a [Value], kind: &str) -> Vec<&'a Value> {
    records.iter().filter(|record| record["body"]["type"] == kind).collect()
}

#[test]
fn an_agent_program_that_is_killed_goes_on_in_its_conversation() {
    let mut work = AtWork::new();
    let started = engine::inspect(&work.container)["State"]["StartedAt"].clone();
    let is_claude = |pid: &u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.starts_with(b"/aca/bin/claude\0")
    };
    let claude = engine::processes(&work.container).into_iter().find(is_claude);
    kill(claude.expect("Claude Code runs"));
    work.env.model().go_on();
    let ready = work.await_state("ready");
    assert_eq!(
        ready.attempt.as_ref().map(ToString::to_string),
        Some(work.attempt.clone())
    );
    assert_eq!(hunk_states(&work.editor.proposal(&ready)), ["clean", "clean"]);
    let records = work.transcript();
    let interrupted = of_type(&records, "interrupted");
    assert_eq!(interrupted.len(), 1, "{records:#?}");
    assert_eq!(interrupted[0]["body"]["attempt"], 1);
    let told = work.env.model().requests().iter().any(|request| {
        let body = String::from_utf8_lossy(&request.body);
        body.contains("Your work was interrupted")
    });
    assert!(told, "the agent is told that it was interrupted");
    let starts = work.counter.starts();
    assert_eq!(starts.get(&work.attempt), Some(&1), "{started} {starts:?}");
    work.counter.check(&[&work.attempt], work.env.model());
}

#[test]
fn a_lost_attempt_is_not_run_again_and_goes_on_from_what_was_found() {
    let mut work = AtWork::lost();
    assert_eq!(
        work.task.recovery,
        [Recovery::Again, Recovery::Continue, Recovery::Take],
        "{:?}",
        work.task.state
    );
    // Nothing of it is gone, and nothing of it is begun again, also by the next owner.
    work.env.daemon().kill();
    work.editor = Editor::start(&work.env, &work.workspace);
    assert_eq!(work.env.containers(), [work.container.clone()]);
    assert!(work.attempt_dir().join("work").exists());
    assert_eq!(work.env.model().requests().len(), 2);
    let id = work.task.id.to_string();
    for command in [&["resume"][..], &["status"]] {
        let listed = work.aca(command);
        assert_eq!(listed.code, Some(0), "{listed:?}");
        for way in ["", " --again", " --take"] {
            assert!(listed.out.contains(&format!("aca resume {id}{way}")), "{listed:?}");
        }
    }
    assert_eq!(work.counter.starts().get(&work.attempt), Some(&1));

    let typed = format!("{}// typed since\n", work.workspace.read("src/user.rs"));
    work.workspace.write("src/user.rs", &typed);
    work.env.model().go_on();
    let resumed = work.aca(&["resume", &id]);
    assert_eq!(resumed.code, Some(0), "{resumed:?}");
    let ready = work.await_state("ready");
    let second = ready.attempt.clone().expect("it has an attempt").to_string();
    assert_ne!(second, work.attempt);
    assert_eq!(hunk_states(&work.editor.proposal(&ready)), ["clean", "clean"]);
    work.editor.decide(&ready, "accept", json!({ "kind": "all" }));
    let text = work.workspace.read("src/user.rs");
    assert!(text.contains(FIRST_HUNK) && text.contains(SECOND_HUNK), "{text}");
    assert!(text.ends_with("// typed since\n"), "{text}");
    let last = work.env.model().requests().pop().expect("the model was asked");
    let body = String::from_utf8_lossy(&last.body).into_owned();
    assert!(body.contains("Your work was interrupted before its end"), "{body}");
    assert!(body.contains("reject empty names"), "the conversation goes on: {body}");
    wait::until_true("an end of what was kept", wait::SHORT, || {
        work.env.containers().is_empty()
    });
    let attempts = [work.attempt.as_str(), second.as_str()];
    work.counter.check(&attempts, work.env.model());
    assert_eq!(aca_tests::counter::conversations(work.env.model()).len(), 1);
}

#[test]
fn what_was_found_is_reviewed_as_it_is() {
    let mut work = AtWork::lost();
    let id = work.task.id.to_string();
    let taken = work.aca(&["resume", &id, "--take"]);
    assert_eq!(taken.code, Some(0), "{taken:?}");
    let ready = work.await_state("ready");
    assert_eq!(
        ready.attempt.as_ref().map(ToString::to_string),
        Some(work.attempt.clone())
    );
    let proposal = work.editor.proposal(&ready);
    assert_eq!(hunk_states(&proposal), ["clean"]);
    assert!(proposal.note.contains("nothing vouches for it"), "{}", proposal.note);
    work.editor.decide(&ready, "accept", json!({ "kind": "all" }));
    let text = work.workspace.read("src/user.rs");
    assert!(text.contains(FIRST_HUNK) && !text.contains(SECOND_HUNK), "{text}");
    assert_eq!(
        work.env.model().requests().len(),
        2,
        "nothing more is asked of the model"
    );
    let again = work.aca(&["resume", &id, "--take"]);
    assert_eq!(again.code, Some(4), "{again:?}");
}

#[test]
fn a_stopped_task_begins_anew_from_the_files_as_they_are() {
    let mut work = AtWork::with(&script(true));
    let id = work.task.id.to_string();
    assert_eq!(work.aca(&["stop", &id]).code, Some(0));
    let stopped = work.await_state("stopped");
    assert_eq!(stopped.recovery, [Recovery::Again, Recovery::Continue, Recovery::Take]);
    wait::until_true("an end of its sandbox", wait::SHORT, || {
        work.env.containers().is_empty()
    });
    work.env.model().go_on();
    let resumed = work.aca(&["resume", &id, "--again"]);
    assert_eq!(resumed.code, Some(0), "{resumed:?}");
    let ready = work.await_state("ready");
    assert_eq!(hunk_states(&work.editor.proposal(&ready)), ["clean", "clean"]);
    assert_eq!(
        aca_tests::counter::conversations(work.env.model()).len(),
        2,
        "it is a new conversation"
    );
}

#[test]
fn no_record_is_lost_or_doubled_when_the_daemon_dies_in_a_stream() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    let words: Vec<String> = (0..60).map(|n| format!("word{n}")).collect();
    // The second answer takes its time, so that the daemon dies while it comes.
    let script = Script::new().raw(&format!(
        "[[turn]]\nmatch.turn = 0\nreply.tool = [{{ name = \"Read\", input = {{ file_path = {:?} }} }}]\n\n\
         [[turn]]\nmatch.turn = 1\ntimes = 9\nreply.text = {:?}\nreply.chunk_delay_ms = 40\n",
        workspace.path("src/user.rs"),
        words.join(" "),
    ));
    env.script(&script);
    let counter = Counter::begin(None);
    let mut editor = Editor::start(&env, &workspace);
    editor.run_text(&workspace, "reject empty names");
    env.model().await_requests(2, wait::LONG);
    let task = editor.task(&workspace).expect("there is a task");
    let attempt = task.attempt.clone().expect("it has an attempt").to_string();
    let journal = env
        .data_dir()
        .join("sessions")
        .join(task.session.as_str())
        .join("attempts")
        .join(&attempt)
        .join("out/journal.ndjson");
    wait::until_true("the stream", wait::LONG, || {
        std::fs::read_to_string(&journal)
            .is_ok_and(|text| text.contains("content_block_delta") && text.contains("word"))
    });
    env.daemon().kill();
    drop(editor);

    let mut editor = Editor::start(&env, &workspace);
    let ended = editor.await_task(&workspace, "the end", wait::LONG, |task| {
        state_name(task) == "nothingToDo"
    });
    let result = editor.client().call("aca/transcript", json!({ "task": ended.id }));
    let told: Vec<u64> = result["records"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|record| record["seq"].as_u64().unwrap())
        .collect();
    let text = std::fs::read_to_string(&journal).unwrap();
    let records: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let numbers: Vec<u64> = records.iter().map(|record| record["seq"].as_u64().unwrap()).collect();
    let whole: Vec<u64> = (1..=records.len() as u64).collect();
    assert_eq!(numbers, whole, "the journal goes on without a gap");
    let events = records.iter().filter(|record| !record["event"].is_null());
    let events: Vec<u64> = events.map(|record| record["seq"].as_u64().unwrap()).collect();
    assert_eq!(told, events, "each event is told once, in order");
    let said: Vec<&Value> = records
        .iter()
        .filter(|record| record["event"]["type"] == "said")
        .collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(said[0]["event"]["text"], words.join(" "));
    // The answer that broke off was asked for again, which Claude Code does by itself. What came of it before the daemon
    // died is known to nobody: of the requests that were paid, that one is missing from the count, and none is in it twice.
    let paid = env.model().requests().len() as u64;
    let counted = ended.usage.requests;
    assert_eq!((paid, counted), (3, 2), "{:?}", ended.usage);
    counter.check(&[&attempt], env.model());
}

#[test]
fn what_was_done_to_containers_while_nobody_looked_is_told_apart() {
    let mut env = TestEnv::new();
    env.change_settings(|settings| {
        settings.more = "[session]\nmax_parallel = 8\n\n[agent]\ndriver = \"direct\"\nreasons = false\n".to_owned();
    });
    let workspace = env.workspace(SHOP);
    env.script(&Script::new().text("There is nothing to do."));
    env.model().hold_after(0);
    let counter = Counter::begin(None);
    let mut editor = Editor::start(&env, &workspace);
    let names = [
        "runs",
        "held",
        "killed",
        "stopped",
        "removed",
        "replaced",
        "rolled back",
    ];
    let ids: Vec<String> = names
        .iter()
        .map(|name| editor.run_text(&workspace, name).id.to_string())
        .collect();
    let tasks = |editor: &mut Editor| -> Vec<TaskView> {
        let result = editor
            .client()
            .call("aca/tasks", json!({ "workspace": workspace.root() }));
        serde_json::from_value(result["tasks"].clone()).expect("tasks as documented")
    };
    editor.serve_until("all agents at work", wait::LONG, |editor| {
        let all = tasks(editor);
        env.model().request_times().len() >= names.len() && all.iter().all(|task| state_name(task) == "running")
    });
    let attempts: Vec<String> = tasks(&mut editor)
        .into_iter()
        .map(|task| task.attempt.expect("it has an attempt").to_string())
        .collect();
    env.daemon().kill();
    drop(editor);
    let docker =
        |arguments: &[&str]| engine::docker(arguments).unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
    let image = docker(&["inspect", "--format", "{{.Config.Image}}", &attempts[0]]);
    docker(&["pause", &attempts[1]]);
    docker(&["kill", &attempts[2]]);
    docker(&["stop", &attempts[3]]);
    docker(&["rm", "-f", &attempts[4]]);
    docker(&["rm", "-f", &attempts[5]]);
    let foreign = docker(&[
        "create",
        "--name",
        &attempts[5],
        "--label",
        "maker=someone",
        &image,
        "true",
    ]);
    let labels = engine::inspect(&attempts[6])["Config"]["Labels"].clone();
    docker(&["rm", "-f", &attempts[6]]);
    let labels = labels.as_object().expect("it has labels").iter();
    let labels: Vec<String> = labels
        .map(|(key, value)| format!("--label={key}={}", value.as_str().unwrap_or_default()))
        .collect();
    let mut create = vec!["create", "--name", &attempts[6]];
    create.extend(labels.iter().map(String::as_str));
    create.extend([image.as_str(), "true"]);
    docker(&create);

    let mut editor = Editor::start(&env, &workspace);
    let of = |editor: &mut Editor, index: usize| tasks(editor).into_iter().find(|task| task.id.as_str() == ids[index]);
    let wanted = ["running", "running", "lost", "failed", "lost", "lost", "lost"];
    let shown = |editor: &mut Editor| -> Vec<String> {
        (0..names.len())
            .map(|index| state_name(&of(editor, index).expect("the task is known")))
            .collect()
    };
    editor.serve_until("what became of each", wait::LONG, |editor| {
        let held = of(editor, 1).expect("the task is known");
        shown(editor) == wanted && format!("{:?}", held.state).contains("docker unpause")
    });
    docker(&["unpause", &attempts[1]]);
    env.model().go_on();
    editor.serve_until("the end of those that run", wait::LONG, |editor| {
        shown(editor)[..2] == ["nothingToDo", "nothingToDo"]
    });
    // Nobody's container was touched, and nothing was started that had been before.
    assert_eq!(engine::inspect(&foreign)["State"]["Status"], "created");
    assert_eq!(engine::inspect(&attempts[6])["State"]["Status"], "created");
    let starts = counter.starts();
    for attempt in &attempts {
        assert_eq!(starts.get(attempt), Some(&1), "{starts:?}");
    }
    drop(editor);
    engine::remove(&[foreign]);
}

#[test]
fn a_torn_last_line_keeps_nothing_from_going_on() {
    let mut work = AtWork::lost();
    work.env.daemon().kill();
    let dir = work.attempt_dir();
    let tear = |path: PathBuf| {
        let torn = Command::new("sh")
            .arg("-c")
            .arg("printf '{\"torn\":' >> \"$0\"")
            .arg(&path)
            .status();
        assert!(torn.expect("sh runs").success(), "{}", path.display());
    };
    tear(dir.join("out/journal.ndjson"));
    let projects = std::fs::read_dir(dir.join("out/home/.claude/projects"))
        .unwrap()
        .flatten();
    let kept: Vec<PathBuf> = projects
        .flat_map(|project| std::fs::read_dir(project.path()).unwrap().flatten())
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    tear(kept[0].clone());
    work.editor = Editor::start(&work.env, &work.workspace);
    let known = work.editor.task(&work.workspace).map(|task| task.id);
    assert_eq!(known.as_ref(), Some(&work.task.id));
    assert!(!work.transcript().is_empty());
    work.env.model().go_on();
    let resumed = work.aca(&["resume", work.task.id.to_string().as_str()]);
    assert_eq!(resumed.code, Some(0), "{resumed:?}");
    let ready = work.await_state("ready");
    assert_eq!(hunk_states(&work.editor.proposal(&ready)), ["clean", "clean"]);
    assert_eq!(
        aca_tests::counter::conversations(work.env.model()).len(),
        1,
        "the conversation goes on"
    );
}
