//! Watching work on a terminal: `aca attach` and `aca top` on a pseudo-terminal, keys in, pictures out; and what they
//! print elsewhere.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what fails here fails the test"
)]

mod common;
mod terminal;

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use common::World;
use terminal::Terminal;

/// Nothing here takes longer than this unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the agent does: it waits until it is let go on, changes a file, and says so.
const SCRIPT: &str = r##"
[[turn]]
[turn.match]
tool_result_contains = "round two"
[turn.reply]
text = "The comma is minded."

[[turn]]
[turn.match]
user = "mind the comma"
[[turn.reply.tool]]
name = "shell"
input = { command = "echo z = 3 >> a.py; echo round two" }

[[turn]]
[turn.match]
turn = 0
[turn.reply]
text = "# The plan\n\nI wait for **you**, then:\n\n- change `a.py`\n- 漢字 stay whole"
[[turn.reply.tool]]
name = "shell"
input = { command = "until [ -e go ]; do sleep 0.05; done; rm go; echo y = 2 >> a.py; echo it went on" }

[[turn]]
[turn.match]
turn = 1
[turn.reply]
text = "Done, as you wished."
"##;

/// A workspace whose agent is at work and waits; with the task's id.
fn waiting() -> (World, String) {
    let world = World::new();
    fs::write(world.path("script.toml"), SCRIPT).unwrap();
    let run = world.run(&["run", "wait for me", "--detach"]);
    assert_eq!(run.exit(), 0, "{}", run.stderr());
    let task = run.stdout().trim().to_owned();
    (world, task)
}

/// Lets the agent go on.
fn go(world: &World) {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(work) = checkout(world) {
            fs::write(work.join("go"), "").unwrap();
            return;
        }
        assert!(Instant::now() < until, "the agent has no checkout");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The checkout of the newest attempt.
fn checkout(world: &World) -> Option<PathBuf> {
    let session = fs::read_dir(world.path("data").join("sessions")).ok()?.flatten();
    let attempts = session.filter_map(|session| fs::read_dir(session.path().join("attempts")).ok());
    let mut works: Vec<PathBuf> = attempts
        .flatten()
        .flatten()
        .map(|attempt| attempt.path().join("work"))
        .collect();
    works.retain(|work| work.join("a.py").exists());
    works.sort();
    works.pop()
}

fn state(world: &World, task: &str) -> String {
    let tasks = world.run(&["status", "--json"]).json();
    let tasks = tasks["tasks"].as_array().unwrap();
    let found = tasks.iter().find(|known| known["id"] == task).unwrap();
    found["state"]["name"].as_str().unwrap().to_owned()
}

#[test]
fn an_agent_is_watched_steered_and_left_at_work() {
    let (world, task) = waiting();
    let mut terminal = Terminal::start(&world, &["attach", &task], &[]);
    let first = terminal.wait_for(&[
        "wait for me",
        "running",
        "The plan",
        "• change a.py",
        "漢字",
        "… $ until [ -e go ]",
    ]);
    assert!(first.contains("I wait for you, then:"), "{first}");
    terminal.press("\r");
    terminal.wait_for(&["tell the agent ▸"]);
    terminal.press("mind the gap");
    terminal.wait_for(&["tell the agent ▸ mind the gap"]);
    terminal.press("\r");
    terminal.wait_for(&["you ▸ mind the gap", "Told; it reads it"]);
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    assert!(!terminal.is_full_screen());
    let farewell = format!("The task {task} goes on; come back with: aca attach {task}");
    assert!(
        terminal.text().replace('\n', "").contains(&farewell),
        "{}",
        terminal.text()
    );
    assert_eq!(state(&world, &task), "running");
    let mut terminal = Terminal::start(&world, &["attach"], &[]);
    terminal.wait_for(&["you ▸ mind the gap"]);
    go(&world);
    terminal.wait_for(&[
        "✓ $ until",
        "Done, as you wished.",
        "ready: 1 hunk to review",
        "r review",
    ]);
    terminal.press("o");
    terminal.wait_for(&["│ it went on"]);
    terminal.press("/plan\r");
    terminal.wait_for(&["The plan"]);
    terminal.press("?");
    terminal.wait_for(&["hold it where it is", "any key goes back"]);
    terminal.press("xr");
    terminal.wait_for(&["1/1", "+ y = 2", "a accept"]);
    terminal.press("a");
    terminal.wait_for(&["Every hunk is decided"]);
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    let text = fs::read_to_string(world.workspace().join("a.py")).unwrap();
    assert!(text.ends_with("y = 2\n"), "{text}");
}

#[test]
fn a_stop_is_asked_for_and_carried_out() {
    let (world, task) = waiting();
    let mut terminal = Terminal::start(&world, &["attach"], &[("NO_COLOR", "1")]);
    terminal.wait_for(&["… $ until", "p hold"]);
    assert!(!terminal.has_colours());
    terminal.press("p");
    terminal.wait_for(&["paused", "p go on"]);
    terminal.press("p");
    terminal.wait_for(&["running", "p hold"]);
    terminal.resize(40, 10);
    // The keys were below the tenth line: that they are seen says that it was drawn anew.
    let narrow = terminal.wait_for(&["wait for me", "… $ until", "p hold"]);
    assert!(narrow.lines().all(|line| line.chars().count() <= 40), "{narrow}");
    terminal.resize(80, 24);
    terminal.press("s");
    terminal.wait_for(&["Stop the task?"]);
    terminal.press("n");
    terminal.wait_for(&["p hold"]);
    terminal.press("sy");
    terminal.wait_for(&["stopped", "c go on"]);
    terminal.press("\u{4}");
    assert_eq!(terminal.end(), 0);
    assert_eq!(state(&world, &task), "stopped");
}

#[test]
fn a_signal_gives_the_terminal_back() {
    let (world, task) = waiting();
    let mut terminal = Terminal::start(&world, &["attach"], &[]);
    terminal.wait_for(&["… $ until"]);
    assert!(terminal.is_full_screen());
    terminal.signal(rustix::process::Signal::TERM);
    assert_eq!(terminal.end(), 130);
    assert!(!terminal.is_full_screen());
    assert_eq!(state(&world, &task), "running");
}

#[test]
fn a_terminal_that_goes_away_ends_the_watching_and_not_the_work() {
    let (world, task) = waiting();
    for (command, text) in [("attach", "… $ until"), ("top", "running")] {
        assert_ne!(terminal::hung_up(&world, &[command], text), 0, "{command}");
    }
    assert_eq!(state(&world, &task), "running");
}

#[test]
fn a_shell_has_the_terminal_while_the_job_stands_still() {
    let (world, task) = waiting();
    let mut terminal = Terminal::shell(&world);
    terminal.press(&format!("{} attach {task}\r", env!("CARGO_BIN_EXE_aca")));
    terminal.wait_for(&["… $ until", "Enter tell the agent"]);
    terminal.press("\u{1a}");
    terminal.wait_for(&["Stopped"]);
    assert!(!terminal.is_full_screen());
    terminal.press("echo $((40 + 2)) typed\r");
    terminal.wait_for(&["42 typed"]);
    // While it stands still the work goes on.
    go(&world);
    terminal.press("fg\r");
    terminal.wait_for(&["✓ $ until", "ready: 1 hunk to review"]);
    assert!(terminal.is_full_screen());
    terminal.press("q");
    terminal.wait_for(&["Review it with"]);
    terminal.press("exit\r");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn a_daemon_that_is_killed_is_replaced_under_the_picture() {
    let (world, task) = waiting();
    let mut terminal = Terminal::start(&world, &["attach", &task], &[]);
    terminal.wait_for(&["… $ until"]);
    let daemon = || world.run(&["daemon", "status", "--json"]).json()["daemon"]["pid"].as_i64();
    let killed = daemon().unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(killed).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    terminal.wait_for(&["The daemon was replaced", "The plan", "… $ until"]);
    assert_ne!(daemon(), Some(killed));
    // The new one has the agent, and the terminal has the new one.
    terminal.press("\rmind the gap\r");
    terminal.wait_for(&["you ▸ mind the gap"]);
    go(&world);
    terminal.wait_for(&["✓ $ until", "ready: 1 hunk to review"]);
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn each_round_can_be_looked_at() {
    let (world, _) = waiting();
    let mut terminal = Terminal::start(&world, &["attach"], &[]);
    go(&world);
    terminal.wait_for(&["Done, as you wished.", "ready: 1 hunk"]);
    terminal.press("\rmind the comma\r");
    terminal.wait_for(&["The comma is minded.", "round 2 of 2"]);
    terminal.press("[");
    let first = terminal.wait_for(&["Done, as you wished.", "round 1 of 2"]);
    assert!(!first.contains("The comma is minded."), "{first}");
    terminal.press("[");
    terminal.wait_for(&["round 1 of 2"]);
    terminal.press("]");
    terminal.wait_for(&["The comma is minded.", "round 2 of 2"]);
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    let printed = world.run(&["attach", "--no-follow", "--round", "1"]);
    assert!(
        printed.stdout().contains("Done, as you wished."),
        "{}",
        printed.stdout()
    );
    assert!(
        !printed.stdout().contains("The comma is minded."),
        "{}",
        printed.stdout()
    );
}

#[test]
fn everything_at_work_is_seen_at_the_top() {
    let (world, task) = waiting();
    let mut terminal = Terminal::start(&world, &["top"], &[]);
    terminal.wait_for(&["1 at work", &task, "running", "wait for me", "Enter watch"]);
    terminal.press("/nothing such\r");
    terminal.wait_for(&["No task has these words"]);
    terminal.press("\u{1b}");
    terminal.wait_for(&[&task]);
    terminal.press("\r");
    terminal.wait_for(&["The plan", "… $ until"]);
    terminal.press("q");
    terminal.wait_for(&["1 at work", "Enter watch"]);
    go(&world);
    terminal.wait_for(&["0 at work", "1 for you", "ready 1", "r review"]);
    terminal.resize(44, 8);
    let narrow = terminal.wait_for(&[&task, "ready 1", "wait for me"]);
    assert!(narrow.lines().all(|line| line.chars().count() <= 44), "{narrow}");
    terminal.press("r");
    terminal.wait_for(&["1/1", "+ y = 2"]);
    terminal.press("q");
    terminal.wait_for(&["1 for you"]);
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    let once = world.run(&["top", "--once"]);
    assert!(once.stdout().contains("ready 1"), "{}", once.stdout());
    assert!(!once.stdout().contains('\u{1b}'));
    let json = world.run(&["top", "--once", "--json"]).json();
    assert_eq!(json["tasks"][&task]["state"]["name"], "ready");
}

#[test]
fn without_a_terminal_the_transcript_is_printed_and_followed() {
    let (world, task) = waiting();
    let follower = world.command(&["attach", &task, "--json"]).spawn().unwrap();
    go(&world);
    let followed = common::Answer(follower.wait_with_output().unwrap());
    assert_eq!(followed.exit(), 0, "{}", followed.stderr());
    let records: Vec<Value> = followed
        .stdout()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kinds: Vec<&str> = records
        .iter()
        .filter_map(|record| record["body"]["type"].as_str())
        .collect();
    assert!(kinds.contains(&"said") && kinds.contains(&"tool-result"), "{kinds:?}");
    assert!(records.iter().all(|record| record["attempt"].is_string()));
    let printed = world.run(&["attach", "wait FOR me", "--no-follow"]);
    assert_eq!(printed.exit(), 0, "{}", printed.stderr());
    for words in [
        "The plan",
        "• change a.py",
        "✓ $ until",
        "Done, as you wished.",
        "ready: 1 hunk to review",
    ] {
        assert!(
            printed.stdout().contains(words),
            "{words} is missing in:\n{}",
            printed.stdout()
        );
    }
    assert!(!printed.stdout().contains('\u{1b}'));
    assert_eq!(world.run(&["attach", "--round", "7"]).exit(), 4);
    let mut deaf = world
        .command(&["attach", "--no-follow"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(deaf.stdout.take());
    let deaf = common::Answer(deaf.wait_with_output().unwrap());
    assert_eq!(
        (deaf.exit(), deaf.stderr().as_str()),
        (0, ""),
        "a reader that has gone is no failure"
    );
    let shown = world.run(&["show", &task]);
    for words in ["wait for me", "Rounds", "Hunks", "a.py", "aca review"] {
        assert!(
            shown.stdout().contains(words),
            "{words} is missing in:\n{}",
            shown.stdout()
        );
    }
    let shown = world.run(&["show", &task, "--json"]).json();
    assert_eq!(
        (&shown["task"]["id"], &shown["attempts"][0]["backend"]),
        (&task.into(), &"process".into())
    );
}
