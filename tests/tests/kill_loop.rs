//! The daemon is killed at random moments while commands are carried out: whatever was answered stays, whatever a
//! person wrote stays, no attempt begins twice, and what is at work comes to its end.
//!
//! Sandboxes are confined processes with aca's own loop, so that a round is short. `ACA_SUITE_ROUNDS` says how many
//! rounds there are; the seed that a failure prints repeats its choices with `ACA_SUITE_SEED`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use aca_tests::model::{Script, tool};
use aca_tests::{Finished, Settings, TestEnv, Workspace, wait};
use serde_json::{Value, json};

/// How many rounds every commit gets.
const ROUNDS: u64 = 60;
/// How many files there are; each has one task.
const FILES: u64 = 12;
/// The longest time from a command to the kill, in milliseconds.
const LATEST: u64 = 400;

#[test]
fn what_was_answered_outlives_every_kill() {
    let seed = number("ACA_SUITE_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("ACA_SUITE_SEED={seed}");
    let env = TestEnv::with(Settings {
        docker_host: Some("unix:///nonexistent/docker.sock".to_owned()),
        more: "[sandbox]\nbackend = \"process\"\n\n[agent]\ndriver = \"direct\"\nreasons = false\n".to_owned(),
        ..Settings::default()
    });
    env.script(&script());
    let workspace = env.workspace(&files());
    let mut world = World {
        env: &env,
        workspace: &workspace,
        dice: Dice(seed),
        tasks: BTreeMap::new(),
        accepted: BTreeSet::new(),
        checkpoints: BTreeSet::new(),
        written: BTreeMap::new(),
        kills: 0,
    };
    for _ in 0..number("ACA_SUITE_ROUNDS").unwrap_or(ROUNDS) {
        world.round();
    }
    world.settle();
    world.check();
}

/// What was done and answered so far.
struct World<'a> {
    env: &'a TestEnv,
    workspace: &'a Workspace,
    dice: Dice,
    /// The task of each file, as it was answered.
    tasks: BTreeMap<u64, String>,
    /// The files whose task was accepted, as it was answered.
    accepted: BTreeSet<u64>,
    /// The names of checkpoints that were answered.
    checkpoints: BTreeSet<String>,
    /// The lines a person wrote into each file.
    written: BTreeMap<u64, Vec<String>>,
    kills: u64,
}

impl World<'_> {
    /// A person writes a line, a command is given, and the daemon is killed meanwhile.
    fn round(&mut self) {
        let file = self.dice.below(FILES);
        self.write_line(file);
        let name = format!("named-{}", self.kills);
        let arguments = match self.dice.below(4) {
            0 if self.tasks.contains_key(&file) => vec!["status"],
            0 | 1 if !self.tasks.contains_key(&file) => vec!["run", "--detach", "work on"],
            1 | 2 if self.tasks.contains_key(&file) => vec!["review", &self.tasks[&file], "--accept", "--all"],
            _ => vec!["checkpoint", "create", &name],
        };
        let mut arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
        if arguments[0] == "run" {
            arguments[2] = format!("work on file-{file}.");
        }
        arguments.push("--json".to_owned());
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut command = self.env.aca(self.workspace, &arguments);
        command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        let child = command.spawn().expect("aca can be started");
        // When it is killed is what the dice say; nothing is waited for.
        std::thread::sleep(Duration::from_millis(self.dice.below(LATEST)));
        for daemon in self.env.daemons() {
            daemon.kill();
            self.kills += 1;
        }
        let finished = Finished::from(child.wait_with_output().expect("it ends"));
        if finished.code != Some(0) {
            return;
        }
        let answer: Value = serde_json::from_str(&finished.out)
            .unwrap_or_else(|error| panic!("{arguments:?} answered {:?}: {error}", finished.out));
        match arguments[0] {
            "run" => drop(self.tasks.insert(file, text(&answer["id"]))),
            "review" => drop(self.accepted.insert(file)),
            "checkpoint" => drop(self.checkpoints.insert(name)),
            _ => {}
        }
    }

    /// Appends to a file as an editor does that knows nothing of aca.
    fn write_line(&mut self, file: u64) {
        use std::io::Write as _;
        let lines = self.written.entry(file).or_default();
        let line = format!("typed {file}.{}", lines.len());
        let path = self.workspace.path(&name(file));
        let mut open = std::fs::OpenOptions::new().append(true).open(path).unwrap();
        writeln!(open, "{line}").unwrap();
        lines.push(line);
    }

    /// Waits until nothing is at work any more.
    fn settle(&self) {
        wait::until_true("every task to settle", wait::LONG, || {
            let all = self.ask(&["status"]);
            let states = tasks(&all).into_iter().map(|task| text(&task["state"]["name"]));
            let working = ["queued", "preparing", "running", "paused", "verifying", "stopping"];
            states.into_iter().all(|state| !working.contains(&state.as_str()))
        });
    }

    fn check(&self) {
        println!(
            "{} kills, {} tasks answered, {} accepted",
            self.kills,
            self.tasks.len(),
            self.accepted.len()
        );
        let all = self.ask(&["status"]);
        let states: BTreeMap<String, Value> = tasks(&all)
            .into_iter()
            .map(|task| (text(&task["id"]), task["state"].clone()))
            .collect();
        for (file, task) in &self.tasks {
            let state = states
                .get(task)
                .unwrap_or_else(|| panic!("the task {task} of file {file} is gone"));
            let name = text(&state["name"]);
            assert!(["ready", "landed"].contains(&name.as_str()), "{task}: {state}");
        }
        for file in &self.accepted {
            let content = self.workspace.read(&name(*file));
            assert_eq!(content.matches(AFTER).count(), 1, "file {file} was accepted: {content}");
        }
        for (file, lines) in &self.written {
            let content = self.workspace.read(&name(*file));
            let kept: Vec<&str> = content.lines().filter(|line| line.starts_with("typed ")).collect();
            assert_eq!(&kept, lines, "file {file}");
        }
        let listed = self.ask(&["checkpoint", "list"]).to_string();
        for checkpoint in &self.checkpoints {
            assert!(
                listed.contains(&format!("\"{checkpoint}\"")),
                "{checkpoint} is gone: {listed}"
            );
        }
        let verified = self.ask(&["audit", "verify"]);
        assert_eq!(verified["problem"], Value::Null, "{verified}");
        for session in self.env.sessions() {
            let attempts = self.env.data_dir().join("sessions").join(session).join("attempts");
            for attempt in std::fs::read_dir(attempts).into_iter().flatten().flatten() {
                begun_once(&attempt.path());
            }
        }
    }

    fn ask(&self, arguments: &[&str]) -> Value {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        let finished = self.env.run(self.workspace, &arguments);
        serde_json::from_str(&finished.out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {finished:?}"))
    }
}

/// The journal of an attempt says once that it began, and its records are counted without a gap.
fn begun_once(attempt: &Path) {
    let Ok(journal) = std::fs::read_to_string(attempt.join("out/journal.ndjson")) else {
        return;
    };
    let records: Vec<Value> = journal
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let begun = records
        .iter()
        .filter(|record| record["event"]["type"] == "started")
        .count();
    assert!(begun <= 1, "{} began {begun} times", attempt.display());
    let numbers: Vec<u64> = records.iter().filter_map(|record| record["seq"].as_u64()).collect();
    let wanted: Vec<u64> = (1..=numbers.len() as u64).collect();
    assert_eq!(numbers, wanted, "{}", attempt.display());
}

const BEFORE: &str = "the first line\n";
const AFTER: &str = "the line of the agent\n";

fn name(file: u64) -> String {
    format!("src/file-{file}.txt")
}

fn files() -> String {
    (0..FILES)
        .map(|file| format!("//- /{}\n{BEFORE}two\nthree\nfour\nfive\n", name(file)))
        .collect()
}

fn script() -> Script {
    let capture = "[[capture]]\nname = \"file\"\nafter = \"work on file-\"\nuntil = \".\"\n";
    let edit = json!({ "path": "src/file-{{file}}.txt", "old_text": BEFORE, "new_text": AFTER });
    Script::new()
        .raw(capture)
        .tools([tool("edit_file", edit)])
        .text("Done.")
}

fn tasks(answer: &Value) -> Vec<Value> {
    answer["tasks"].as_array().cloned().unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{variable} is not a number: {value}")),
    )
}

/// Random numbers from a seed: splitmix64, <https://prng.di.unimi.it/splitmix64.c>.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}
