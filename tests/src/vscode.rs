//! A real VS Code: its server as a process, its windows in a real Chromium, the packed extension installed.
//!
//! What a person does in it is a scenario of `tests/vscode/scenarios`, which node plays. It tells its test how far it has
//! come, step by step, and waits for an answer, so that the test can look at files, daemons and the model in between.

use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::{Running, TestEnv, Workspace, parts, wait};

/// How long a scenario may take to close what it opened.
const CLOSING: Duration = Duration::from_secs(30);

/// Which packed extension a VS Code gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Package {
    /// The one without a server; the settings name the server under test.
    Universal,
    /// The one of this platform, with the server under test in it.
    Platform,
    /// None: the extension is not installed, or comes as a folder of sources.
    None,
}

/// What a scenario is played with.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// What its windows open, if it says nothing else: a folder, or a `.code-workspace` file.
    pub folder: PathBuf,
    /// The extension.
    pub package: Package,
    /// More of the user's settings.
    pub settings: Map<String, Value>,
    /// Of a window, in pixels.
    pub size: (u32, u32),
    /// What only this scenario wants.
    pub more: Value,
}

impl Wishes {
    /// Wishes a VS Code as most people have it, on a workspace.
    pub fn of(workspace: &Workspace) -> Self {
        Self {
            folder: workspace.root().to_owned(),
            package: Package::Universal,
            settings: Map::new(),
            size: (1400, 860),
            more: Value::Null,
        }
    }

    /// Adds one of the user's settings.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.settings.insert(key.to_owned(), value.into());
        self
    }
}

/// A scenario at play.
#[derive(Debug)]
pub struct VsCode {
    process: Running,
    input: Option<ChildStdin>,
    lines: Receiver<Value>,
    profile: PathBuf,
}

impl VsCode {
    /// Begins a scenario.
    pub fn play(env: &TestEnv, scenario: &str, wishes: &Wishes) -> Self {
        let profile = env.folder().join("vscode");
        let machine = match wishes.package {
            Package::Platform => json!({}),
            Package::Universal | Package::None => json!({ "aca.server.path": parts::aca() }),
        };
        let wishes = json!({
            "server": parts::vscode(),
            "chromium": parts::chromium(),
            "vsix": package(wishes.package),
            "profile": profile,
            "folder": wishes.folder,
            "sources": parts::checkout().join("editors/vscode"),
            "settings": wishes.settings,
            "machine": machine,
            "pictures": pictures(scenario),
            "evidence": kept().join("failures").join(scenario),
            "size": wishes.size,
            "more": wishes.more,
        });
        let mut command = node(env, &["run.js", scenario]);
        command.env("ACA_TEST_RESULTS", results(env));
        let mut child = command.stdin(Stdio::piped()).spawn().expect("node can be started");
        let output = child.stdout.take().expect("it is piped");
        let input = child.stdin.take();
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
                if sender.send(value).is_err() {
                    return;
                }
            }
        });
        let mut playing = Self {
            process: Running::new(child),
            input,
            lines,
            profile,
        };
        playing.say(&wishes);
        playing
    }

    /// Waits until the scenario has come to a step, and returns what it has to say. It waits there until
    /// [`VsCode::go_on`].
    ///
    /// # Panics
    ///
    /// When it comes to another step, or fails: then with where its screenshots and logs are kept.
    pub fn await_step(&mut self, step: &str) -> Value {
        let mut line = self.next(step);
        assert_eq!(line["step"], step, "the scenario came elsewhere: {line}");
        line["data"].take()
    }

    /// Lets the scenario go on from its step.
    pub fn go_on(&mut self) {
        self.say(&Value::Null);
    }

    /// Waits until the scenario has come to a step, and lets it go on at once.
    pub fn pass(&mut self, step: &str) -> Value {
        let data = self.await_step(step);
        self.go_on();
        data
    }

    /// Waits for the scenario's end and returns its outcome. Nothing of it runs on.
    pub fn end(mut self) -> Value {
        let mut line = self.next("the end");
        assert!(line["outcome"].is_object(), "the scenario came elsewhere: {line}");
        let status = self.process.await_exit(CLOSING);
        assert!(status.success(), "the scenario ended with {status}");
        let left = processes_of(&self.profile);
        assert!(left.is_empty(), "processes outlived the scenario: {left:#?}");
        line["outcome"].take()
    }

    fn say(&mut self, value: &Value) {
        let input = self.input.as_mut().expect("it is open until the end");
        writeln!(input, "{value}").expect("the scenario listens");
    }

    fn next(&mut self, what: &str) -> Value {
        let line = match self.lines.recv_timeout(wait::LONG) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => panic!("waited {:?} in vain for the step {what}", wait::LONG),
            Err(RecvTimeoutError::Disconnected) => panic!("the scenario ended before the step {what}"),
        };
        if let Some(failure) = line["failure"].as_str() {
            panic!(
                "the scenario failed before the step {what}:\n{failure}\nScreenshots and logs are in {}.",
                line["kept"].as_str().unwrap_or("no place")
            );
        }
        line
    }
}

impl Drop for VsCode {
    fn drop(&mut self) {
        // The end of its input has the scenario close everything; only one that hangs is killed.
        drop(self.input.take());
        let deadline = std::time::Instant::now() + CLOSING;
        while std::time::Instant::now() < deadline && matches!(self.process.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Where a scenario's pictures go.
pub fn pictures(scenario: &str) -> PathBuf {
    kept().join("pictures").join(scenario)
}

fn kept() -> PathBuf {
    parts::checkout().join("target/vscode")
}

/// Where the extension's own tests leave their results.
pub fn results(env: &TestEnv) -> PathBuf {
    env.folder().join("results.json")
}

/// Returns a command that runs node on a script of `tests/vscode` in a test's world.
pub fn node(env: &TestEnv, arguments: &[&str]) -> Command {
    let mut command = env.command(parts::node());
    command
        .current_dir(parts::checkout().join("tests/vscode"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

/// Returns a packed extension.
pub fn package(package: Package) -> Option<PathBuf> {
    match package {
        Package::Universal => Some(parts::vsix("universal")),
        Package::Platform => Some(parts::vsix("platform")),
        Package::None => None,
    }
}

/// The command lines of the processes that were started with a folder, the daemon aside: it is the test's, and outlives
/// its editors.
fn processes_of(folder: &Path) -> Vec<String> {
    let folder = folder.to_string_lossy().into_owned();
    let entries = std::fs::read_dir("/proc").expect("/proc is there").flatten();
    let commands = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    commands
        .map(|bytes| String::from_utf8_lossy(&bytes).replace('\0', " "))
        .filter(|line| line.contains(&folder) && !line.contains("daemon run"))
        .collect()
}
