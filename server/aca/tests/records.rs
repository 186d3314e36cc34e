//! What is kept, through a daemon: the audit log, the use of models, checkpoints, and what could go.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what fails here fails the test"
)]

mod common;

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use common::World;

/// What the agent does: it changes a file.
const SCRIPT: &str = r#"
[[turn]]
[turn.match]
turn = 0
[turn.reply]
text = "I change it."
[[turn.reply.tool]]
name = "shell"
input = { command = "echo y = 2 >> a.py" }

[[turn]]
[turn.match]
turn = 1
[turn.reply]
text = "Done."
"#;

/// A workspace with a task that waits for review; with the task's id.
fn reviewed() -> (World, String) {
    let world = World::new();
    fs::write(world.path("script.toml"), SCRIPT).unwrap();
    let run = world.run(&["run", "say more", "--json"]);
    assert_eq!(run.exit(), 0, "{}", run.stderr());
    let task = run.json();
    assert_eq!(task["state"]["name"], "ready", "{task}");
    // A daemon that ends finishes what follows a change by itself, so nothing more is recorded until a task is opened.
    assert_eq!(world.run(&["daemon", "stop"]).exit(), 0);
    (world, task["id"].as_str().unwrap().to_owned())
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_was_recorded_is_shown_verified_and_exported() {
    let (world, task) = reviewed();
    let shown = world.run(&["audit", "show"]);
    assert_eq!(shown.exit(), 0, "{}", shown.stderr());
    for words in [
        "aca run",
        &task,
        "say more",
        "a confined process",
        "proposes 1 hunk of a.py",
    ] {
        assert!(
            shown.stdout().contains(words),
            "{words} is missing in:\n{}",
            shown.stdout()
        );
    }
    let entries = lines(&world.run(&["audit", "show", "--json"]).stdout());
    assert_eq!(entries.len(), shown.stdout().lines().count());
    let places: Vec<u64> = entries.iter().filter_map(|entry| entry["seq"].as_u64()).collect();
    assert_eq!(places, (1..=entries.len() as u64).collect::<Vec<_>>());
    let of_task = lines(&world.run(&["audit", "show", "--task", &task[..4], "--json"]).stdout());
    assert!(!of_task.is_empty() && of_task.iter().all(|entry| entry["task"] == task.as_str()));
    let none = world.run(&["audit", "show", "--task", "zzz"]);
    assert_eq!((none.exit(), none.stdout().as_str()), (4, ""), "{}", none.stderr());

    let verified = world.run(&["audit", "verify"]);
    assert_eq!(verified.exit(), 0, "{}", verified.stderr());
    let said = format!("All {} entries", entries.len());
    assert!(verified.stdout().contains(&said), "{}", verified.stdout());
    let result = world.run(&["audit", "verify", "--json"]).json();
    assert_eq!(result["head"], entries.last().unwrap()["hash"]);
    assert_eq!(world.run(&["audit", "verify", "--session", "zzz"]).exit(), 4);

    let file = world.path("audit.jsonl").display().to_string();
    let exported = world.run(&["audit", "export", "--to", &file]);
    assert_eq!(exported.exit(), 0, "{}", exported.stderr());
    assert_eq!(lines(&fs::read_to_string(&file).unwrap()).len(), entries.len());
    let again = world.run(&["audit", "export", "--to", &file]);
    assert_eq!(again.exit(), 2, "an export is not written over: {}", again.stderr());
    // Where it is checked there need be no daemon and no session.
    assert_eq!(world.run(&["daemon", "stop"]).exit(), 0);
    let offline = world.run(&["audit", "verify", "--file", &file]);
    assert_eq!(offline.exit(), 0, "{}", offline.stderr());
    assert_eq!(world.run(&["daemon", "status"]).exit(), 4);
    let changed = fs::read_to_string(&file).unwrap().replacen("say more", "say less", 2);
    fs::write(&file, changed).unwrap();
    let found = world.run(&["audit", "verify", "--file", &file]);
    assert_eq!(found.exit(), 1, "{}", found.stdout());
    assert!(
        found.stderr().contains("Entry 1 is not the one that was recorded"),
        "{}",
        found.stderr()
    );
}

#[test]
fn what_was_used_is_summed_up() {
    let (world, task) = reviewed();
    let used = world.run(&["usage", "--json"]).json();
    let row = &used["rows"][0];
    assert_eq!(
        (&row["task"], &row["usage"]),
        (&task.as_str().into(), &used["total"]),
        "{used}"
    );
    assert!(used["total"]["requests"].as_u64() >= Some(2), "{used}");
    for by in ["day", "task", "model", "session"] {
        let table = world.run(&["usage", "--by", by, "--since", "2d"]);
        assert_eq!(table.exit(), 0, "{}", table.stderr());
        let heading = format!("{} ", by.to_uppercase());
        let lines: Vec<String> = table.stdout().lines().map(|line| format!("{line} ")).collect();
        assert!(lines[0].contains(&heading) && lines[0].contains("COST"), "{lines:?}");
        assert_eq!(lines.len(), 3, "a heading, one line, the sum: {lines:?}");
        assert!(lines[2].contains(" all "), "{lines:?}");
    }
    let later = world.run(&["usage", "--since", "2999-01-01"]);
    assert!(later.stdout().contains("Nothing was used"), "{}", later.stdout());
    let wrong = world.run(&["usage", "--since", "yesterday"]);
    assert_eq!(wrong.exit(), 2);
    assert!(wrong.stderr().contains("7d"), "{}", wrong.stderr());
}

#[test]
fn what_is_proposed_goes_when_a_person_says_so_and_what_is_unreviewed_stays() {
    let (world, _) = reviewed();
    let old = world.path("data").join("logs/aca.log.7");
    fs::write(&old, "long ago").unwrap();
    let long_ago = SystemTime::now() - Duration::from_secs(400 * 24 * 3600);
    File::options()
        .write(true)
        .open(&old)
        .unwrap()
        .set_modified(long_ago)
        .unwrap();

    let listed = world.run(&["cleanup", "--json"]);
    assert_eq!(listed.exit(), 0, "{}", listed.stderr());
    let plan = listed.json();
    let items = plan["items"].as_array().unwrap();
    let proposed: Vec<&Value> = items.iter().filter(|item| item["proposed"] == true).collect();
    assert_eq!(proposed.len(), 1, "{proposed:?}");
    assert_eq!(proposed[0]["id"], "log:aca.log.7");
    assert!(old.exists(), "nobody said that it may go");
    let all = world.run(&["cleanup", "--all"]);
    for words in ["log:aca.log.7", "session:", "Kept: ", "wait"] {
        assert!(all.stdout().contains(words), "{words} is missing in:\n{}", all.stdout());
    }

    let session = items.iter().find(|item| item["kind"] == "session").unwrap();
    let id = session["id"].as_str().unwrap();
    let refused = world.run(&["cleanup", id, "--yes"]);
    assert_eq!(refused.exit(), 1, "{}", refused.stdout());
    let reason = session["kept"].as_str().unwrap();
    assert!(
        refused.stderr().contains(&format!("{id} stays: {reason}")),
        "{}",
        refused.stderr()
    );
    assert_eq!(
        world.run(&["review", "--list"]).exit(),
        0,
        "it is still there to review"
    );

    let removed = world.run(&["cleanup", "--yes"]);
    assert_eq!(removed.exit(), 0, "{}", removed.stderr());
    assert!(removed.stdout().contains("1 thing removed"), "{}", removed.stdout());
    assert!(!old.exists() && world.path("data").join("logs/aca.log").exists());
    let unknown = world.run(&["cleanup", "log:aca.log.7"]);
    assert_eq!(unknown.exit(), 4, "{}", unknown.stderr());
    assert!(
        unknown.stderr().contains("there is no `log:aca.log.7`"),
        "{}",
        unknown.stderr()
    );
}

#[test]
fn a_checkpoint_is_shown_by_its_id_and_its_name() {
    let (world, task) = reviewed();
    let first = world.run(&["checkpoint", "create", "lunch", "--json"]).json();
    let second = world.run(&["checkpoint", "create", "lunch", "--json"]).json();
    let id = first["id"].as_str().unwrap();
    let shown = world.run(&["show", id]);
    assert_eq!(shown.exit(), 0, "{}", shown.stderr());
    let restore = format!("aca checkpoint restore {id}");
    for words in ["lunch", "asked for", "1 for review", &restore] {
        assert!(
            shown.stdout().contains(words),
            "{words} is missing in:\n{}",
            shown.stdout()
        );
    }
    assert_eq!(world.run(&["show", id, "--json"]).json(), first);
    assert_eq!(
        world.run(&["show", "lunch", "--json"]).json()["id"],
        second["id"],
        "the newest of that name"
    );
    let both = world.run(&["show", &task, "lunch", "--json"]).json();
    assert_eq!(both[0]["task"]["task"]["id"], task.as_str(), "{both}");
    assert_eq!(both[1]["checkpoint"]["id"], second["id"], "{both}");
    assert_eq!(world.run(&["show", "c-999"]).exit(), 4);
}
