//! The program itself: what it answers, how it ends, and who serves whom. No sandbox is needed here but for the demo.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what fails here fails the test"
)]

mod common;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use common::{Answer, World};

/// Nothing here takes longer than this unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// An editor that started `aca lsp`. Its stdin stays open until it is dropped.
struct Editor {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Editor {
    fn of(world: &World) -> Self {
        Self::start(world.command(&["lsp"]), &world.workspace())
    }

    fn start(mut command: Command, root: &Path) -> Self {
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let (stdin, stdout) = (
            child.stdin.take().unwrap(),
            BufReader::new(child.stdout.take().unwrap()),
        );
        let mut editor = Self { child, stdin, stdout };
        let uri = format!("file://{}", root.display());
        let capabilities = editor.request(
            "initialize",
            Some(json!({"processId": null, "rootUri": uri, "capabilities": {}})),
        );
        assert!(capabilities["result"]["capabilities"].is_object(), "{capabilities}");
        editor.send(&json!({"jsonrpc": "2.0", "method": "initialized", "params": {}}));
        editor
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.stdin, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.stdin.flush().unwrap();
    }

    /// Sends a request and reads up to its answer.
    fn request(&mut self, method: &str, params: Option<Value>) -> Value {
        let mut message = json!({"jsonrpc": "2.0", "id": 1, "method": method});
        if let Some(params) = params {
            message["params"] = params;
        }
        self.send(&message);
        loop {
            let message = self.receive();
            if message.get("method").is_none() {
                return message;
            }
        }
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert_ne!(self.stdout.read_line(&mut line).unwrap(), 0, "the server hung up");
            match line.trim().split_once(": ") {
                Some((_, value)) => length = value.parse().unwrap(),
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.stdout.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    fn leave(&mut self) {
        self.request("shutdown", None);
        self.send(&json!({"jsonrpc": "2.0", "method": "exit"}));
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end, with stdin still open as editors keep it.
    fn end(mut self) -> i32 {
        let (sender, ended) = mpsc::channel();
        let pid = Pid::from_child(&self.child);
        let stdin = self.stdin;
        thread::spawn(move || sender.send(self.child.wait().unwrap()));
        let status = ended.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            kill_process(pid, Signal::KILL).unwrap();
            panic!("aca lsp did not end");
        });
        drop(stdin);
        status
            .code()
            .unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
    }
}

#[test]
fn bad_input_gets_a_sentence_and_its_exit_code() {
    let world = World::new();
    for (args, exit, said) in [
        (&["run"][..], 2, "required arguments"),
        (&["run", " "], 2, "Say what to do"),
        (&["run", "--todo", "a.py"], 2, "write FILE:LINE"),
        (&["run", "--todo", "none.py:1"], 2, "There is no file none.py"),
        (&["run", "--todo", "../aca.toml:1"], 2, "is outside the workspace"),
        (&["run", "--todo", "a.py:1"], 4, "There is no TODO on line 1 of a.py"),
        (&["run", "--todo", "a.py:99"], 4, "no TODO"),
        (&["run", "--file", "none.txt"], 2, "none.txt cannot be read"),
        (&["run", "--file", "plan.aca.toml"], 2, "is a task file"),
        (&["run", "plan.aca.md"], 2, "is a task file"),
        (&["attach"], 4, "There is no task in this workspace yet"),
        (&["attach", "zzz"], 4, "There is no task `zzz`"),
        (&["show", "zzz"], 4, "There is no task `zzz`"),
        (&["stop"], 4, "No task is at work"),
        (&["stop", "zzz"], 4, "There is no task `zzz`"),
        (&["review"], 4, "No task waits for review"),
        (&["review", "--accept", "x", "--reject", "y"], 2, "cannot be used with"),
        (
            &["status", "--workspace", "/none/such"],
            2,
            "There is no directory /none/such",
        ),
    ] {
        let answer = world.run(args);
        assert!(answer.stderr().contains(said), "{args:?}: {}", answer.stderr());
        assert_eq!((answer.exit(), answer.stdout().as_str()), (exit, ""), "{args:?}");
    }
    assert_eq!(
        world.run(&["status", "--json"]).json()["tasks"],
        json!([]),
        "nothing was made"
    );
}

#[test]
fn settings_that_are_wrong_or_overreach_stop_a_task_before_it_exists() {
    let world = World::new();
    std::fs::write(
        world.workspace().join("aca.toml"),
        "[gateway]\nupstream = \"https://elsewhere.example\"\n",
    )
    .unwrap();
    let answer = world.run(&["run", "hello"]);
    assert_eq!(answer.exit(), 2);
    assert!(
        answer
            .stderr()
            .contains("aca.toml:2: `gateway.upstream` cannot be set by a repository"),
        "{}",
        answer.stderr()
    );
    std::fs::remove_file(world.workspace().join("aca.toml")).unwrap();
    world.settings("[docker]\nhost = \"unix:///none/such.sock\"\n");
    let answer = world.run(&["run", "hello"]);
    assert_eq!(answer.exit(), 3);
    assert!(
        answer
            .stderr()
            .contains("No container engine answers at unix:///none/such.sock"),
        "{}",
        answer.stderr()
    );
    assert_eq!(world.run(&["status", "--json"]).json()["tasks"], json!([]));
    assert_eq!(world.run(&["doctor"]).exit(), 3);
}

#[test]
fn settings_are_printed_with_their_origin() {
    let world = World::new();
    let values = world.run(&["config", "--json"]).json();
    assert_eq!(values["agent.driver"]["value"], "direct");
    assert_eq!(
        values["agent.driver"]["origin"],
        format!("user: {}", world.path("aca.toml").display())
    );
    assert_eq!(values["session.max_parallel"]["origin"], "default");
    assert!(world.run(&["config", "--default"]).stdout().contains("[rate_limiting]"));
}

#[test]
fn an_instruction_is_read_from_a_file_and_left_at_work() {
    let world = World::new();
    std::fs::write(world.path("what.txt"), "look around\n").unwrap();
    let file = world.path("what.txt").display().to_string();
    let answer = world.run(&["run", "--file", &file, "--detach", "--json"]);
    assert_eq!(answer.exit(), 0, "{}", answer.stderr());
    let task = answer.json();
    assert_eq!(task["origin"], json!({"kind": "text", "text": "look around\n"}));
    let end = world.run(&["attach", task["id"].as_str().unwrap()]);
    assert_eq!(
        end.exit(),
        4,
        "the end of the work is the end of following it: {}",
        end.stdout()
    );
    assert!(end.stdout().contains("Nothing to do."), "{}", end.stdout());
}

#[test]
fn a_shell_completes_commands_and_options() {
    let world = World::new();
    let script = world.run(&["completions", "bash"]);
    assert_eq!(script.exit(), 0, "{}", script.stderr());
    std::fs::write(world.path("aca.bash"), script.stdout()).unwrap();
    let complete = "source \"$1\"; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _aca aca \"${@: -1}\" \"${@: -2:1}\"; \
                    printf '%s\\n' \"${COMPREPLY[@]}\"";
    for (words, expected) in [(&["aca", "att"][..], "attach"), (&["aca", "run", "--de"], "--detach")] {
        let mut bash = Command::new("bash");
        bash.args(["-c", complete, "bash"])
            .arg(world.path("aca.bash"))
            .args(words);
        let answer = Answer(bash.output().unwrap());
        assert!(
            answer.stdout().lines().any(|line| line == expected),
            "{words:?}: {}{}",
            answer.stdout(),
            answer.stderr()
        );
    }
    for (shell, part) in [
        ("zsh", "#compdef aca"),
        ("fish", "complete -c aca"),
        ("elvish", "aca"),
        ("powershell", "aca"),
    ] {
        let script = world.run(&["completions", shell]);
        assert!(
            script.stdout().contains(part) && script.stdout().contains("attach"),
            "{shell}"
        );
    }
}

#[test]
fn a_task_without_a_change_says_so() {
    let world = World::new();
    let answer = world.run(&["run", "look around", "--json"]);
    assert_eq!(answer.exit(), 4, "{}", answer.stderr());
    assert_eq!(answer.json()["state"]["name"], "nothingToDo");
}

#[test]
fn editors_and_commands_share_one_daemon_that_stays_when_they_leave() {
    let world = World::new();
    let mut first = Editor::of(&world);
    let mut second = Editor::of(&world);
    let pid = |world: &World| world.run(&["status", "--json"]).json()["status"]["pid"].clone();
    let daemon = pid(&world);
    assert!(daemon != first.child.id() && daemon != second.child.id());
    first.leave();
    assert_eq!(first.end(), 0);
    let answer = second.request("aca/tasks", Some(json!({"workspace": world.workspace()})));
    assert_eq!(answer["result"]["tasks"], json!([]), "{answer}");
    second.leave();
    assert_eq!(second.end(), 0);
    assert_eq!(pid(&world), daemon);
    assert_eq!(world.run(&["daemon", "stop"]).exit(), 0);
    assert_eq!(world.run(&["daemon", "status"]).exit(), 4);
}

#[test]
fn a_process_that_hosts_the_engine_itself_serves_others_until_it_ends() {
    let world = World::new();
    let mut first = Editor::start(world.command(&["lsp", "--in-process"]), &world.workspace());
    let status = world.run(&["status", "--json", "--in-process"]).json();
    assert_eq!(status["status"]["pid"], first.child.id());
    first.leave();
    assert_eq!(first.end(), 0);
    assert_eq!(
        world.run(&["status", "--in-process"]).exit(),
        0,
        "the next one hosts it"
    );
    assert_eq!(world.run(&["daemon", "status"]).exit(), 4);
}

#[test]
fn a_signal_ends_the_server_though_stdin_stays_open() {
    let world = World::new();
    let first = Editor::of(&world);
    let second = Editor::of(&world);
    second.signal(Signal::TERM);
    assert_eq!(second.end(), 0);
    first.signal(Signal::TERM);
    assert_eq!(first.end(), 0);
}

#[test]
fn a_killed_editor_leaves_nothing_in_the_way() {
    let world = World::new();
    let first = Editor::of(&world);
    let second = Editor::of(&world);
    first.signal(Signal::KILL);
    assert_eq!(first.end(), 128 + 9);
    assert_eq!(world.run(&["status"]).exit(), 0);
    drop(second);
}

#[test]
fn many_commands_at_once_all_answer() {
    let world = World::new();
    let children: Vec<Child> = (0..8)
        .map(|_| world.command(&["status", "--json"]).spawn().unwrap())
        .collect();
    for child in children {
        let answer = Answer(child.wait_with_output().unwrap());
        assert_eq!(answer.exit(), 0, "{}", answer.stderr());
    }
}

#[test]
fn the_demo_shows_the_whole_loop() {
    let world = World::new();
    let answer = world.run(&["demo", "--embedded"]);
    assert_eq!(answer.exit(), 0, "{}\n{}", answer.stdout(), answer.stderr());
    for shown in [
        "EMBEDDED PAIR",
        "$ aca run --todo cart.py:15",
        "2 hunks to review",
        "1 hunk landed.",
        "1 hunk rejected.",
    ] {
        assert!(
            answer.stdout().contains(shown),
            "{shown} is missing in:\n{}",
            answer.stdout()
        );
    }
    assert!(!answer.stdout().contains('\u{1b}'), "colours without a terminal");
    assert_eq!(
        world.run(&["demo", "--embedded", "--json"]).json()["task"]["state"]["name"],
        "landed"
    );
}

#[test]
fn what_cannot_be_written_is_no_success_and_a_recovery_key_that_nobody_saw_is_none() {
    let world = World::new();
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    let into_full = |args: &[&str]| Answer(world.command(args).stdout(full()).output().unwrap());
    let config = into_full(&["config"]);
    assert_eq!(config.exit(), 1, "{}", config.stderr());
    assert!(config.stderr().contains("could not be written"), "{}", config.stderr());
    let enabled = into_full(&["secrets", "enable", "--file-only"]);
    assert_eq!(enabled.exit(), 1, "{}", enabled.stderr());
    assert!(enabled.stderr().contains("no key was made"), "{}", enabled.stderr());
    assert!(!world.path("data/secrets/sealing.json").exists());
    let enabled = world.run(&["secrets", "enable", "--file-only"]);
    assert_eq!(enabled.exit(), 0, "{}", enabled.stderr());
}

#[test]
fn what_does_not_exist_is_named_and_nothing_is_removed() {
    let world = World::new();
    for (args, says) in [
        (&["cleanup", "log:none", "--yes"][..], "there is no `log:none`"),
        (&["exchanges"], "no task in this workspace yet"),
        (&["audit", "verify", "--file", "/dev/null"], "no entry in /dev/null"),
    ] {
        let answer = world.run(args);
        let said = answer.stdout() + &answer.stderr();
        assert_eq!(answer.exit(), 4, "{args:?}: {said}");
        assert!(said.contains(says), "{args:?}: {said}");
    }
}
