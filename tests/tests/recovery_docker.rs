//! The container engine is killed, alone or with everything it runs, in the states that an attempt can be in. The engine
//! is a second one that a test has for itself.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aca_protocol::task::TaskView;
use aca_tests::counter::Counter;
use aca_tests::lsp::Editor;
use aca_tests::model::Script;
use aca_tests::scenario::{SHOP, state_name};
use aca_tests::{Running, Settings, TestEnv, Workspace, engine, wait};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

/// An image with nothing in it: aca's own loop is one static program that comes with the sandbox.
const IMAGE: &str = "aca-empty:1";

/// A container engine that this test has for itself.
struct Dockerd {
    dir: tempfile::TempDir,
    live_restore: bool,
    running: Option<Running>,
}

impl Dockerd {
    fn start(live_restore: bool) -> Self {
        let dir = tempfile::Builder::new().prefix("aca-dockerd-").tempdir().unwrap();
        let mut dockerd = Self {
            dir,
            live_restore,
            running: None,
        };
        dockerd.start_again();
        let empty = dockerd.dir.path().join("empty.tar");
        // A tar archive ends with two empty blocks.
        std::fs::write(&empty, [0; 10_240]).unwrap();
        dockerd.docker(&["import", empty.to_str().unwrap(), IMAGE]);
        dockerd
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn host(&self) -> String {
        format!("unix://{}", self.path("docker.sock").display())
    }

    fn start_again(&mut self) {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .unwrap();
        // What was killed has left these. Where nobody reaps, a dead process seems to be there still.
        for name in ["pid", "exec/containerd/containerd.pid"] {
            let pid = std::fs::read_to_string(self.path(name)).ok();
            if !pid.is_some_and(|pid| pid.trim().parse().is_ok_and(aca_tests::process_alive)) {
                let _ = std::fs::remove_file(self.path(name));
            }
        }
        // Without a bridge it would remove the one of the machine's own engine, so it has a network of its own.
        let mut command = Command::new("unshare");
        command
            .args(["--net", "dockerd"])
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .args(["--bridge=none", "--iptables=false", "--ip6tables=false"])
            .arg(format!("--live-restore={}", self.live_restore))
            .arg(format!("--data-root={}", self.path("data").display()))
            .arg(format!("--exec-root={}", self.path("exec").display()))
            .arg(format!("--pidfile={}", self.path("pid").display()))
            .arg(format!("--host={}", self.host()))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        self.running = Some(Running::new(command.spawn().expect("dockerd can be started")));
        let host = self.host();
        wait::until_true("a container engine of the test's own", wait::SHORT * 3, || {
            engine::docker(&["-H", &host, "info"]).is_ok()
        });
    }

    fn docker(&self, arguments: &[&str]) -> String {
        let host = self.host();
        let whole: Vec<&str> = ["-H", &host].iter().chain(arguments).copied().collect();
        engine::docker(&whole).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
    }

    /// Kills the engine and nothing else.
    fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.signal(Signal::KILL);
            running.await_exit(wait::SHORT);
        }
    }

    /// Kills the engine with everything that belongs to it, as a power cut does.
    fn kill_everything(&mut self, containers: &[u32]) {
        self.kill();
        let mut all = self.processes();
        all.extend(containers);
        all.iter().for_each(|pid| kill(*pid, Signal::KILL));
        wait::until_true("the end of everything", wait::SHORT, || {
            all.iter().all(|pid| !aca_tests::process_alive(*pid))
        });
    }

    /// Returns the processes that the engine started for itself, by the paths in their command lines.
    fn processes(&self) -> Vec<u32> {
        let own = self.dir.path().to_str().unwrap().to_owned();
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        pids.filter(|pid| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            *pid != std::process::id() && String::from_utf8_lossy(&line).contains(&own)
        })
        .collect()
    }

    /// Returns the host's id of a container's first process.
    fn pid_of(&self, container: &str) -> u32 {
        self.docker(&["inspect", "--format", "{{.State.Pid}}", container])
            .parse()
            .unwrap()
    }

    fn status_of(&self, container: &str) -> String {
        self.docker(&["inspect", "--format", "{{.State.Status}}", container])
    }
}

impl Drop for Dockerd {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.path("log")).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            println!("---- dockerd\n{}", lines[lines.len().saturating_sub(40)..].join("\n"));
        }
        let host = self.host();
        let all = engine::docker(&["-H", &host, "ps", "-aq"]).unwrap_or_default();
        for container in all.lines() {
            let _ = engine::docker(&["-H", &host, "rm", "-f", container]);
        }
        self.kill();
        for _ in 0..50 {
            let left = self.processes();
            if left.is_empty() {
                break;
            }
            left.iter().for_each(|pid| kill(*pid, Signal::KILL));
            std::thread::sleep(Duration::from_millis(50));
        }
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let own = self.dir.path().to_str().unwrap();
        let mut points: Vec<&str> = mounts.lines().filter_map(|line| line.split(' ').nth(1)).collect();
        points.retain(|point| point.starts_with(own));
        for point in points.iter().rev() {
            let _ = Command::new("umount").args(["-l", point]).status();
        }
    }
}

fn kill(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).expect("a process id is not zero");
    // One that has ended is what was wanted.
    let _ = kill_process(pid, signal);
}

/// A way to the engine on which a request can be held or broken.
struct Gate {
    path: PathBuf,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    way: Way,
    /// Whether a request has come that does not get through.
    met: bool,
}

/// What the gate lets through; a request is known by what its line contains.
#[derive(Default)]
enum Way {
    #[default]
    Open,
    /// No such request is refused: whoever asks waits for as long as the gate is so.
    Holds(&'static str),
    /// Such a request breaks, before the engine has it or before its answer is there.
    Breaks(&'static str, At),
    /// One has come: every connection breaks.
    Broken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Question,
    Answer,
}

/// What becomes of what came over a connection.
enum Next {
    Pass,
    /// The engine is given it, and its answer breaks.
    Ask,
    Hold,
    Break,
}

impl Gate {
    fn new(dir: &Path, engine: PathBuf) -> Self {
        let path = dir.join("gate.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (engine, shared) = (engine.clone(), Arc::clone(&shared));
                std::thread::spawn(move || carry(client, &engine, &shared));
            }
        });
        Self { path, state }
    }

    fn host(&self) -> String {
        format!("unix://{}", self.path.display())
    }

    fn set(&self, way: Way) {
        *self.state.lock().unwrap() = State { way, met: false };
    }

    fn await_one(&self) {
        wait::until_true("a request that does not get through", wait::LONG, || {
            self.state.lock().unwrap().met
        });
    }
}

impl State {
    fn next(&mut self, bytes: &[u8]) -> Next {
        let has = |what: &str| String::from_utf8_lossy(bytes).contains(what);
        match self.way {
            Way::Holds(what) if has(what) => {
                self.met = true;
                Next::Hold
            }
            Way::Breaks(what, at) if has(what) => {
                (self.way, self.met) = (Way::Broken, true);
                if at == At::Question { Next::Break } else { Next::Ask }
            }
            Way::Broken => Next::Break,
            _ => Next::Pass,
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn carry(mut client: UnixStream, engine: &Path, state: &Arc<Mutex<State>>) {
    let Ok(mut to_engine) = UnixStream::connect(engine) else {
        return;
    };
    let (Ok(from_engine), Ok(to_client)) = (to_engine.try_clone(), client.try_clone()) else {
        return;
    };
    let shared = Arc::clone(state);
    std::thread::spawn(move || carry_back(from_engine, to_client, &shared));
    let mut buffer = vec![0; 1 << 16];
    let mut asked = false;
    while let Ok(count @ 1..) = client.read(&mut buffer) {
        let bytes = &buffer[..count];
        let next = lock(state).next(bytes);
        match next {
            Next::Pass => {}
            Next::Ask => asked = true,
            // The rest of the request whose answer breaks.
            Next::Break if asked => {}
            Next::Break => break,
            Next::Hold => {
                while matches!(lock(state).way, Way::Holds(_)) {
                    std::thread::sleep(Duration::from_millis(20));
                }
                break;
            }
        }
        if to_engine.write_all(bytes).is_err() {
            break;
        }
    }
    let _ = client.shutdown(std::net::Shutdown::Both);
    let _ = to_engine.shutdown(std::net::Shutdown::Both);
}

fn carry_back(mut from_engine: UnixStream, mut to_client: UnixStream, state: &Mutex<State>) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = from_engine.read(&mut buffer) {
        let broken = matches!(lock(state).way, Way::Broken);
        if broken || to_client.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to_client.shutdown(std::net::Shutdown::Both);
}

/// A world whose sandboxes run on that engine, with aca's own loop in them.
fn world(host: String) -> (TestEnv, Workspace) {
    let env = TestEnv::with(Settings {
        docker_host: Some(host),
        more: "[session]\nmax_parallel = 8\n\n[agent]\ndriver = \"direct\"\nreasons = false\n".to_owned(),
        ..Settings::default()
    });
    let settings = env.folder().join("config/aca/aca.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    let text = text.replacen("[docker]\n", &format!("[docker]\nimage = {IMAGE:?}\n"), 1);
    std::fs::write(&settings, text).unwrap();
    let workspace = env.workspace(SHOP);
    env.script(&Script::new().text("There is nothing to do."));
    (env, workspace)
}

fn attempt_of(task: &TaskView) -> String {
    task.attempt.as_ref().expect("the task has an attempt").to_string()
}

/// Starts a task and returns it when its agent waits for the model.
fn at_work(env: &TestEnv, workspace: &Workspace, editor: &mut Editor) -> TaskView {
    env.model().hold_after(0);
    editor.run_text(workspace, "look around");
    let task = editor.await_task(workspace, "an agent at work", wait::LONG, |task| {
        state_name(task) == "running"
    });
    wait::until_true("a question to the model", wait::LONG, || {
        !env.model().request_times().is_empty()
    });
    task
}

fn await_state(editor: &mut Editor, workspace: &Workspace, state: &str) -> TaskView {
    editor.await_task(workspace, state, wait::LONG, |task| state_name(task) == state)
}

#[test]
fn with_live_restore_an_attempt_outlives_its_engine() {
    let mut dockerd = Dockerd::start(true);
    let (env, workspace) = world(dockerd.host());
    let mut counter = Counter::begin(Some(&dockerd.host()));
    let mut editor = Editor::start(&env, &workspace);
    let task = at_work(&env, &workspace, &mut editor);
    counter.engine_ends();
    dockerd.kill();
    dockerd.start_again();
    assert_eq!(dockerd.status_of(&attempt_of(&task)), "running");
    env.model().go_on();
    let ended = await_state(&mut editor, &workspace, "nothingToDo");
    assert_eq!(ended.attempt, task.attempt);
    assert_eq!(counter.starts().get(&attempt_of(&task)), Some(&1));
}

#[test]
fn without_live_restore_an_attempt_is_lost_with_its_engine_and_goes_on_when_asked() {
    for everything in [false, true] {
        let mut dockerd = Dockerd::start(false);
        let (env, workspace) = world(dockerd.host());
        let mut counter = Counter::begin(Some(&dockerd.host()));
        let mut editor = Editor::start(&env, &workspace);
        let task = at_work(&env, &workspace, &mut editor);
        let attempt = attempt_of(&task);
        counter.engine_ends();
        if everything {
            let first = dockerd.pid_of(&attempt);
            // A reboot takes the daemon too.
            env.daemon().kill();
            dockerd.kill_everything(&[first]);
        } else {
            dockerd.kill();
        }
        dockerd.start_again();
        if everything {
            editor = Editor::start(&env, &workspace);
        }
        // An engine that is only restarted ends its containers in good order.
        let state = if everything { "lost" } else { "failed" };
        let lost = await_state(&mut editor, &workspace, state);
        assert_eq!(lost.attempt, task.attempt, "nothing is begun again by itself");
        if everything {
            assert_eq!(dockerd.status_of(&attempt), "exited", "it is kept");
        }
        assert_eq!(counter.starts().get(&attempt), Some(&1));
        env.model().go_on();
        let resumed = env.run(&workspace, &["resume", task.id.as_str()]);
        assert_eq!(resumed.code, Some(4), "{resumed:?}");
        let ended = await_state(&mut editor, &workspace, "nothingToDo");
        assert_ne!(ended.attempt, task.attempt);
        wait::until_true("an end of what was kept", wait::SHORT, || {
            dockerd.docker(&["ps", "-aq"]).is_empty()
        });
        assert!(
            counter.starts().values().all(|count| *count == 1),
            "{:?}",
            counter.starts()
        );
    }
}

#[test]
fn what_ended_while_the_engine_was_away_is_collected() {
    let mut dockerd = Dockerd::start(true);
    let (env, workspace) = world(dockerd.host());
    let mut editor = Editor::start(&env, &workspace);
    let task = at_work(&env, &workspace, &mut editor);
    let first = dockerd.pid_of(&attempt_of(&task));
    env.daemon().kill();
    dockerd.kill();
    // The agent ends in good order, and nobody is there to see it.
    kill(first, Signal::TERM);
    wait::until_true("the end of the agent", wait::SHORT, || !aca_tests::process_alive(first));
    dockerd.start_again();
    let mut editor = Editor::start(&env, &workspace);
    let failed = await_state(&mut editor, &workspace, "failed");
    assert_eq!(failed.attempt, task.attempt);
    let said = json!(failed.state).to_string();
    assert!(said.contains("told to end, and not by aca"), "{said}");
    wait::until_true("an end of its sandbox", wait::SHORT, || {
        dockerd.docker(&["ps", "-aq"]).is_empty()
    });
}

#[test]
fn what_was_never_started_is_started_once() {
    for (request, there) in [("/containers/create?", false), ("/start HTTP", true)] {
        let mut dockerd = Dockerd::start(false);
        let gate = Gate::new(dockerd.dir.path(), dockerd.path("docker.sock"));
        let (env, workspace) = world(gate.host());
        env.model().hold_after(0);
        let mut counter = Counter::begin(Some(&dockerd.host()));
        let mut editor = Editor::start(&env, &workspace);
        gate.set(Way::Holds(request));
        let task = editor.run_text(&workspace, "look around");
        gate.await_one();
        env.daemon().kill();
        counter.engine_ends();
        dockerd.kill();
        dockerd.start_again();
        let containers = dockerd.docker(&["ps", "-aq", "--filter", "status=created"]);
        assert_eq!(!containers.is_empty(), there, "{request}: {containers}");
        gate.set(Way::Open);
        env.model().go_on();
        let mut editor = Editor::start(&env, &workspace);
        let ended = await_state(&mut editor, &workspace, "nothingToDo");
        assert_eq!(ended.id, task.id);
        let attempt = attempt_of(&ended);
        assert!(attempt.ends_with("-1"), "{attempt} is not the first attempt");
        assert_eq!(counter.starts().get(&attempt), Some(&1), "{request}");
    }
}

/// Everything that is asked of an engine for an attempt whose container was not made yet, in the order in which it is.
const QUESTIONS: [&str; 6] = [
    "/version",
    "/info",
    "-1/json HTTP",
    "/images/",
    "/containers/create?",
    "/start HTTP",
];

#[test]
fn an_engine_that_goes_away_in_the_middle_of_a_recovery_is_waited_for() {
    let dockerd = Dockerd::start(false);
    let gate = Gate::new(dockerd.dir.path(), dockerd.path("docker.sock"));
    for (question, at) in QUESTIONS.iter().flat_map(|q| [(*q, At::Question), (*q, At::Answer)]) {
        let (env, workspace) = world(gate.host());
        let counter = Counter::begin(Some(&dockerd.host()));
        let mut editor = Editor::start(&env, &workspace);
        gate.set(Way::Holds("/containers/create?"));
        let task = editor.run_text(&workspace, "look around");
        gate.await_one();
        env.daemon().kill();
        // The editor's relay has started the next daemon, which recovers.
        gate.set(Way::Breaks(question, at));
        gate.await_one();
        let waiting = editor.await_task(&workspace, "an engine that is named", wait::LONG, |task| {
            state_name(task) == "failed" || json!(task.state).to_string().contains("No container engine answers")
        });
        assert_eq!(
            state_name(&waiting),
            "preparing",
            "{question} {at:?}: {:?}",
            waiting.state
        );
        gate.set(Way::Open);
        let ended = await_state(&mut editor, &workspace, "nothingToDo");
        assert_eq!(
            (&ended.id, &ended.attempt),
            (&task.id, &task.attempt),
            "{question} {at:?}"
        );
        assert_eq!(counter.starts().get(&attempt_of(&task)), Some(&1), "{question} {at:?}");
    }
}

#[test]
fn a_container_of_another_is_named_and_not_touched() {
    let mut dockerd = Dockerd::start(false);
    let gate = Gate::new(dockerd.dir.path(), dockerd.path("docker.sock"));
    let (env, workspace) = world(gate.host());
    let mut editor = Editor::start(&env, &workspace);
    gate.set(Way::Holds("/containers/create?"));
    editor.run_text(&workspace, "look around");
    gate.await_one();
    let task = editor.task(&workspace).expect("there is a task");
    let attempt = attempt_of(&task);
    env.daemon().kill();
    dockerd.docker(&["create", "--name", &attempt, "--label", "maker=someone", IMAGE, "/none"]);
    gate.set(Way::Open);
    let mut editor = Editor::start(&env, &workspace);
    let failed = await_state(&mut editor, &workspace, "failed");
    let said = json!(failed.state).to_string();
    assert!(
        said.contains(&attempt) && said.contains("another one has this name"),
        "{said}"
    );
    assert_eq!(dockerd.status_of(&attempt), "created");
    assert_eq!(failed.recovery, [aca_protocol::session::Recovery::Again]);
    dockerd.kill();
}
