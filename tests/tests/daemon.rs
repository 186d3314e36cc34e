//! The daemon: who starts it, what it outlives, how it is replaced, and when it ends.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use aca_tests::lsp::{Client, Editor, Options, initialize_params};
use aca_tests::scenario::{FIRST_HUNK, SHOP, TODO, hunk_states, state_name, titles, two_hunks};
use aca_tests::{Daemon, Finished, Settings, TestEnv, Workspace, engine, parts, wait};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};

fn world() -> (TestEnv, Workspace) {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    (env, workspace)
}

fn json_of(finished: &Finished) -> Value {
    serde_json::from_str(&finished.out).unwrap_or_else(|error| panic!("{error}: {finished:#?}"))
}

/// A field of `/proc/PID/stat`, counted from one as its manual does.
fn stat(pid: u32, field: usize) -> i32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    let (_, rest) = stat.rsplit_once(')').unwrap();
    rest.split_whitespace().nth(field - 3).unwrap().parse().unwrap()
}

/// Everything in the process groups that a session has is killed, as a terminal or an editor that cleans up does it.
fn kill_session(leader: u32) {
    let leader = i32::try_from(leader).unwrap();
    let pids = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let groups = pids.filter_map(|pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields: Vec<i32> = stat
            .rsplit_once(')')?
            .1
            .split_whitespace()
            .skip(1)
            .take(3)
            .filter_map(|it| it.parse().ok())
            .collect();
        (fields.get(2) == Some(&leader)).then(|| fields[1])
    });
    for group in groups.collect::<std::collections::BTreeSet<_>>() {
        kill_process_group(Pid::from_raw(group).unwrap(), Signal::KILL).unwrap();
    }
}

#[test]
fn it_outlives_the_process_group_and_the_session_of_the_editor_that_started_it() {
    let (env, workspace) = world();
    env.script(&two_hunks(&workspace));
    env.model().hold_after(2);
    // A shell stands for the editor: it leads a session, and its server is in a group of its own.
    let mut command = env.command("setsid");
    command
        .args(["--wait", "bash", "-c", "set -m; \"$0\" lsp <&0 & wait"])
        .arg(parts::aca())
        .current_dir(workspace.root());
    command.process_group(0);
    let mut client = Client::start_command(command);
    client.call(
        "initialize",
        initialize_params(&workspace, &Options::default(), std::process::id()),
    );
    client.notify("initialized", json!({}));
    let params = json!({ "workspace": workspace.root(), "origin": { "kind": "text", "text": "reject empty names" } });
    let task = client.call("aca/run", params);
    env.model().await_requests(2, wait::LONG);
    let daemon = env.daemon();

    let editor = client.process().id();
    let shell = std::fs::read_to_string(format!("/proc/{editor}/task/{editor}/children")).unwrap();
    let shell: u32 = shell
        .split_whitespace()
        .next()
        .map_or(editor, |pid| pid.parse().unwrap());
    assert_ne!(
        stat(daemon.pid(), 6),
        stat(shell, 6),
        "the daemon is in the editor's session"
    );
    assert_ne!(
        stat(daemon.pid(), 5),
        stat(shell, 5),
        "the daemon is in the editor's process group"
    );
    assert_ne!(
        stat(daemon.pid(), 6),
        i32::try_from(daemon.pid()).unwrap(),
        "it leads a session and could get a terminal"
    );
    kill_session(shell);
    kill_session(editor);
    client.process().await_exit(wait::SHORT);
    assert!(daemon.is_alive());

    env.model().go_on();
    let mut second = Editor::start(&env, &workspace);
    let ready = second.await_ready(&workspace);
    assert_eq!(ready.id.as_str(), task["id"]);
    assert_eq!(env.daemon().pid(), daemon.pid(), "work went on in the same process");
}

#[test]
fn it_takes_along_only_what_it_needs() {
    let (env, workspace) = world();
    let file = std::fs::File::open(workspace.path("README.md")).unwrap();
    rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty()).unwrap();
    let mut command = env.aca(&workspace, &["status"]);
    command
        .env("SECRET_OF_SOMEBODY_ELSE", "x")
        .env("HTTPS_PROXY", "http://127.0.0.1:9");
    assert!(command.status().unwrap().success());
    let pid = env.daemon().pid();
    let proc = PathBuf::from(format!("/proc/{pid}"));
    let environment = std::fs::read(proc.join("environ")).unwrap();
    let environment = String::from_utf8_lossy(&environment);
    let names: Vec<&str> = environment
        .split('\0')
        .filter_map(|line| Some(line.split_once('=')?.0))
        .collect();
    assert!(
        !names.contains(&"SECRET_OF_SOMEBODY_ELSE") && !names.contains(&"GIT_AUTHOR_NAME"),
        "{names:?}"
    );
    for name in [
        "HOME",
        "PATH",
        "ACA_DATA_DIR",
        "XDG_CONFIG_HOME",
        "ANTHROPIC_API_KEY",
        "HTTPS_PROXY",
        "LANG",
    ] {
        assert!(names.contains(&name), "{name} is missing in {names:?}");
    }
    assert_eq!(std::fs::read_link(proc.join("cwd")).unwrap(), Path::new("/"));
    let open: Vec<PathBuf> = std::fs::read_dir(proc.join("fd"))
        .unwrap()
        .flatten()
        .filter_map(|fd| std::fs::read_link(fd.path()).ok())
        .collect();
    assert!(!open.contains(&workspace.path("README.md")), "{open:?}");
    for (fd, expected) in [
        ("0", PathBuf::from("/dev/null")),
        ("1", env.data_dir().join("logs/aca.log")),
        ("2", env.data_dir().join("logs/aca.log")),
    ] {
        assert_eq!(std::fs::read_link(proc.join("fd").join(fd)).unwrap(), expected);
    }
}

#[test]
fn twenty_clients_at_once_start_one() {
    let (env, workspace) = world();
    let clients: Vec<_> = (0..20)
        .map(|_| {
            env.aca(&workspace, &["status", "--json"])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut pids = Vec::new();
    for client in clients {
        let finished = Finished::from(client.wait_with_output().unwrap());
        assert_eq!(finished.code, Some(0), "{finished:#?}");
        pids.push(json_of(&finished)["status"]["pid"].clone());
    }
    pids.dedup();
    assert_eq!(pids, [json!(env.daemon().pid())]);
    let log = std::fs::read_to_string(env.data_dir().join("logs/aca.log")).unwrap();
    let begun = log.lines().filter(|line| line.contains("the daemon begins")).count();
    assert_eq!(begun, 1, "{log}");
}

#[test]
fn one_that_does_not_answer_keeps_its_data_and_is_named() {
    let (env, workspace) = world();
    assert_eq!(env.run(&workspace, &["status"]).code, Some(0));
    let stuck = env.daemon();
    stuck.signal(Signal::STOP);
    let refused = env.run(&workspace, &["status"]);
    assert_eq!(refused.code, Some(3), "{refused:#?}");
    for word in [
        &format!("process {}", stuck.pid()),
        "has not answered",
        "aca daemon restart --force",
    ] {
        assert!(refused.err.contains(word), "{word} is missing in {}", refused.err);
    }
    assert_eq!(env.daemon().pid(), stuck.pid(), "another one was started beside it");
    let restarted = env.run(&workspace, &["daemon", "restart", "--force"]);
    assert_eq!(restarted.code, Some(0), "{restarted:#?}");
    assert!(!stuck.is_alive());
    assert_ne!(env.daemon().pid(), stuck.pid());
    assert_eq!(env.run(&workspace, &["status"]).code, Some(0));
}

#[test]
fn one_that_cannot_start_says_why_to_commands_and_editors() {
    let (env, workspace) = world();
    let long = env.folder().join("x".repeat(120));
    let mut command = env.aca(&workspace, &["status"]);
    let refused = Finished::from(command.env("ACA_DATA_DIR", &long).output().unwrap());
    assert_eq!(refused.code, Some(3), "{refused:#?}");
    assert!(
        refused.err.contains("could not be started") && refused.err.contains("too long for a socket"),
        "{refused:#?}"
    );
    let mut command = env.aca(&workspace, &["lsp"]);
    command.env("ACA_DATA_DIR", &long);
    let mut client = Client::start_command(command);
    let params = initialize_params(&workspace, &Options::default(), std::process::id());
    let error = client.try_call("initialize", params).unwrap_err();
    assert!(error.message.contains("too long for a socket"), "{error:?}");
    assert_eq!(client.process().await_exit(wait::SHORT).code(), Some(3));
}

#[test]
fn it_ends_without_work_and_clients_and_not_before() {
    let env = TestEnv::with(Settings {
        daemon_idle_minutes: 0,
        ..Settings::default()
    });
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    env.model().hold_after(2);
    let mut editor = Editor::start(&env, &workspace);
    let daemon = env.daemon();
    editor.run_text(&workspace, "reject empty names");
    env.model().await_requests(2, wait::LONG);
    drop(editor);
    // Only the daemon can finish the task now, and it does before it ends.
    env.model().go_on();
    daemon.await_end(wait::LONG);
    let mut again = Editor::start(&env, &workspace);
    let task = again.task(&workspace).expect("the task is known");
    assert_eq!(state_name(&task), "ready");
    let next = env.daemon();
    drop(again);
    next.await_end(wait::SHORT);
}

#[test]
fn work_of_a_workspace_that_nobody_opens_goes_on_in_the_next_one() {
    let env = TestEnv::with(Settings {
        daemon_idle_minutes: 0,
        ..Settings::default()
    });
    let workspace = env.workspace(SHOP);
    let elsewhere = env.workspace_at("elsewhere", SHOP);
    env.script(&two_hunks(&workspace));
    env.model().hold_after(2);
    let mut editor = Editor::start(&env, &workspace);
    editor.run_text(&workspace, "reject empty names");
    env.model().await_requests(2, wait::LONG);
    drop(editor);
    env.daemon().kill();
    assert_eq!(env.run(&elsewhere, &["status"]).code, Some(0));
    let next = env.daemon();
    env.model().go_on();
    next.await_end(wait::LONG);
    let status = json_of(&env.run(&workspace, &["status", "--json"]));
    assert_eq!(status["tasks"][0]["state"]["name"], "ready", "{status:#}");
}

#[test]
fn a_stopped_one_comes_back_when_an_editor_needs_it() {
    let (env, workspace) = world();
    let mut editor = Editor::start(&env, &workspace);
    editor.open("src/user.rs");
    editor.replace("src/user.rs", "reject empty names", "reject blank names");
    // The first answer says that the server has heard all of it.
    editor.action("src/user.rs", "// TODO: reject blank", titles::DO_THIS);
    let daemon = env.daemon();
    let status = json_of(&env.run(&workspace, &["daemon", "status", "--json"]))["daemon"].clone();
    assert_eq!(
        (&status["pid"], &status["clients"]),
        (&json!(daemon.pid()), &json!(1)),
        "{status}"
    );
    assert!(status["memoryBytes"].as_u64() > Some(1 << 20), "{status}");
    let stopped = env.run(&workspace, &["daemon", "stop"]);
    assert_eq!(stopped.code, Some(0), "{stopped:#?}");
    daemon.await_end(wait::SHORT);
    assert_eq!(
        env.run(&workspace, &["daemon", "stop"]).code,
        Some(4),
        "nothing started it again"
    );
    let action = editor.action("src/user.rs", "// TODO: reject blank", titles::DO_THIS);
    assert!(action.to_string().contains("reject blank names"), "{action}");
    assert_ne!(env.daemon().pid(), daemon.pid());
}

/// Copies the program, with another version in place of its own.
fn newer_program(env: &TestEnv) -> PathBuf {
    let ours = concat!("aca/", env!("CARGO_PKG_VERSION")).as_bytes();
    let newer = String::from_utf8(ours.to_vec()).unwrap().replacen("/0.", "/9.", 1);
    assert_eq!(newer.len(), ours.len());
    let mut program = std::fs::read(parts::aca()).unwrap();
    let places: Vec<usize> = program
        .windows(ours.len())
        .enumerate()
        .filter(|(_, bytes)| *bytes == ours)
        .map(|(at, _)| at)
        .collect();
    assert!(!places.is_empty(), "the program does not say its version");
    for at in places {
        program[at..at + ours.len()].copy_from_slice(newer.as_bytes());
    }
    let path = env.folder().join("newer/aca");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, program).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    path
}

#[test]
fn a_newer_program_takes_over_without_dropping_a_running_task() {
    let (env, workspace) = world();
    env.script(&two_hunks(&workspace));
    env.model().hold_after(2);
    let mut editor = Editor::start(&env, &workspace);
    editor.open("src/user.rs");
    let task = editor.run_text(&workspace, "reject empty names");
    env.model().await_requests(2, wait::LONG);
    let containers = env.running_containers();
    let started = engine::inspect(&containers[0])["State"]["StartedAt"].clone();
    let old = env.daemon();

    let newer = |arguments: &[&str]| {
        let mut command = env.command(newer_program(&env));
        command
            .current_dir(workspace.root())
            .args(arguments)
            .stdin(Stdio::null());
        Finished::from(command.output().unwrap())
    };
    let status = json_of(&newer(&["status", "--json"]));
    old.await_end(wait::SHORT);
    let new = env.daemon();
    assert_eq!(
        (&status["status"]["pid"], &status["status"]["version"]),
        (&json!(new.pid()), &json!("9.1.0"))
    );
    assert_eq!(status["tasks"][0]["id"], task.id.as_str());
    assert_eq!(env.running_containers(), containers);
    assert_eq!(
        engine::inspect(&containers[0])["State"]["StartedAt"],
        started,
        "the attempt was started again"
    );

    // An older program uses the newer daemon, and the editor's pipe, older too, has found it by itself.
    let older = json_of(&env.run(&workspace, &["status", "--json"]));
    assert_eq!(older["status"]["pid"], new.pid());
    env.model().go_on();
    let ready = editor.await_ready(&workspace);
    assert_eq!((&ready.id, ready.attempt.is_some()), (&task.id, true));
    assert_eq!(hunk_states(&editor.proposal(&ready)), ["clean", "clean"]);
    editor.choose("src/user.rs", TODO, titles::ACCEPT);
    editor.serve_until("the landing", wait::SHORT, |editor| {
        editor.text("src/user.rs").contains(FIRST_HUNK)
    });
    assert_eq!(env.daemon().pid(), new.pid());
}

#[test]
fn what_one_client_changes_the_others_hear_of() {
    let (env, workspace) = world();
    env.script(&two_hunks(&workspace));
    let mut first = Editor::start(&env, &workspace);
    let mut others: Vec<Client> = (0..2)
        .map(|_| Client::initialized(&env, &workspace, &Options::default()).0)
        .collect();
    for other in &mut others {
        // Its workspace is open from here on.
        other.call("aca/tasks", json!({ "workspace": workspace.root() }));
    }
    first.run_text(&workspace, "reject empty names");
    let task = first.await_ready(&workspace);
    let hunk = first.proposal(&task).files[0].hunks[0].id.clone();
    for other in &mut others {
        let ready = |params: &Value| params["state"]["name"] == "ready" && params["state"]["pending"] == 2;
        other.await_notification("aca/taskChanged", wait::SHORT, ready);
    }
    let asked = std::time::Instant::now();
    first.decide(&task, "reject", json!({ "kind": "hunks", "ids": [hunk] }));
    let answered = asked.elapsed();
    let heard: Vec<Duration> = others
        .iter_mut()
        .map(|other| {
            other.await_notification("aca/taskChanged", wait::SHORT, |params| params["state"]["pending"] == 1);
            asked.elapsed()
        })
        .collect();
    println!("a decision: answered after {answered:?}; heard by the others after {heard:?}");
}

#[test]
fn its_log_can_be_read_and_it_is_found_again_after_a_kill() {
    let (env, workspace) = world();
    assert_eq!(env.run(&workspace, &["status"]).code, Some(0));
    let first: Daemon = env.daemon();
    let pid = first.pid();
    let logs = env.run(&workspace, &["daemon", "logs", "-n", "100"]);
    assert!(logs.out.contains(&format!("pid={pid}")), "{logs:#?}");
    first.kill();
    assert_eq!(env.run(&workspace, &["daemon", "status"]).code, Some(4));
    assert_eq!(env.run(&workspace, &["status"]).code, Some(0));
    assert_ne!(env.daemon().pid(), pid);
}

#[test]
fn a_line_that_is_followed_shows_what_comes() {
    use std::io::{BufRead as _, BufReader};
    let (env, workspace) = world();
    assert_eq!(env.run(&workspace, &["status"]).code, Some(0));
    let mut command: Command = env.aca(&workspace, &["daemon", "logs", "--follow"]);
    let mut child = aca_tests::Running::new(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // The client that follows says that it starts; whatever comes after that is new.
    assert!(lines.next().unwrap().unwrap().contains("aca starts"));
    let second = env.aca(&workspace, &["status"]).spawn().unwrap();
    let pid = second.id();
    second.wait_with_output().unwrap();
    assert!(lines.any(|line| line.unwrap().contains(&format!("pid={pid} "))));
    child.signal(Signal::INT);
    assert_eq!(child.await_exit(wait::SHORT).code(), Some(0));
}
