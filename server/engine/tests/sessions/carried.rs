//! A session is exported, and another data directory takes it in for a workspace at another path.

use std::path::{Path, PathBuf};

use aca_engine::core::{AttemptEnd, Event};
use aca_protocol::methods::{DecideParams, TasksParams};
use aca_protocol::proposal::{Decision, HunkState, Selection};
use aca_protocol::session::{ExportSessionParams, ImportSessionParams, Recovery, SessionInfo, SessionParams};
use aca_protocol::task::TaskState;
use aca_protocol::{SessionId, TaskId};
use serde_json::Value;

use crate::fixture::{Made, World, files, wait};

/// What a text must not have in it once it has left.
const SECRET: &str = "ghp_0123456789abcdefghijABCDEFGHIJ012345";

/// Exports a session to `at`, beside the data directory.
pub(crate) async fn export(world: &World, session: &str, at: &str) -> PathBuf {
    let to = world.at(at);
    let params = ExportSessionParams {
        session: SessionId::new(session),
        to: to.clone(),
    };
    wait(world.engine.export_session(params)).await.unwrap();
    to
}

pub(crate) async fn import(world: &World, from: &Path, workspace: &Path) -> Result<SessionInfo, aca_engine::Error> {
    let params = ImportSessionParams {
        from: from.to_owned(),
        workspace: workspace.to_owned(),
    };
    wait(world.engine.import_session(params)).await
}

/// A session with a task in every state that matters.
pub(crate) fn rich(world: &World, root: &Path) {
    let mut made = Made::new(world, "aaaa", root, 1_000);
    made.task("t1", "to review");
    let attempt = made.finished("t1", "1\ntwo\n");
    made.leave(
        &attempt,
        &format!("{{\"seq\":1,\"at_ms\":1,\"frame\":{{\"token\":\"{SECRET}\"}}}}\n"),
    );
    made.task("t2", "at work");
    let attempt = made.attempt("t2");
    made.leave(&attempt, "");
    std::fs::remove_file(made.attempt_dir(&attempt).join("out/outcome.json")).unwrap();
    made.task("t3", "waits for its turn");
    made.task("t4", "failed");
    let attempt = made.attempt("t4");
    let end = AttemptEnd::Failed {
        reason: "no luck".to_owned(),
        salvaged: None,
    };
    made.event(&Event::AttemptEnded { attempt, end });
    made.event(&Event::CheckConfirmed {
        command: Some("rm -rf everything".to_owned()),
    });
    made.event(&Event::SessionNamed {
        name: Some("rich".to_owned()),
    });
}

#[tokio::test]
async fn a_session_goes_to_another_machine() {
    let here = World::new();
    let root = here.workspace("w", "one\ntwo\n");
    rich(&here, &root);
    let exported = export(&here, "aaaa", "exported").await;
    let read = |path: &str| std::fs::read_to_string(exported.join(path)).unwrap();
    let json = |path: &str| serde_json::from_str::<Value>(&read(path)).unwrap();

    // It can be read by people.
    let session = json("meta/session.json");
    assert_eq!(
        (session["format"].as_u64(), session["name"].as_str()),
        (Some(1), Some("rich"))
    );
    assert_eq!(session["models"][0]["usage"]["costMicros"], 100);
    assert_eq!(session["tasks"].as_array().unwrap().len(), 4);
    assert_eq!(
        read("events.jsonl").lines().count() as u64,
        session["events"].as_u64().unwrap()
    );
    let patch = read("file_changes/t1/aca-t1-1.patch");
    assert!(patch.contains("-one\n+1\n"), "{patch}");
    let listed: Vec<String> = files(&exported)
        .into_iter()
        .filter(|path| path != "meta/manifest.json")
        .collect();
    let manifest = json("meta/manifest.json");
    let named: Vec<&str> = manifest["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    assert_eq!(named, listed);

    // Secrets are out of it, and it says where they were.
    let journal = read("execution_logs/aca-t1-1/out/journal.ndjson");
    assert!(journal.contains("[redacted") && !journal.contains(SECRET), "{journal}");
    assert!(!read("execution_logs/aca-t1-1/spec.json").contains("gateway-token-0123456789"));
    let redactions = json("meta/redactions.json");
    let redacted: Vec<&str> = redactions["redacted"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    assert!(
        redacted.contains(&"execution_logs/aca-t1-1/out/journal.ndjson"),
        "{redacted:?}"
    );

    // Elsewhere it is as it was, but that nothing is at work.
    let mut there = World::new();
    let new_root = there.workspace("deeper/w2", "one\ntwo\nthree\n");
    let info = import(&there, &exported, &new_root).await.unwrap();
    assert!(info.current && info.open && info.workspace == new_root);
    assert_eq!(
        (info.name.as_deref(), info.id.as_str(), info.usage.cost_micros),
        (Some("rich"), "aaaa", 100)
    );
    assert!(info.created_ms < 2_000, "{info:?}");
    let states: Vec<String> = there.tasks(&new_root).into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, ["ready", "lost", "stopped", "failed"]);
    let lost = there.engine.task(&TaskId::new("t2")).unwrap();
    assert!(lost.recovery.contains(&Recovery::Continue), "{lost:?}");
    let TaskState::Lost { reason } = &lost.state else {
        panic!("{lost:?}")
    };
    assert!(reason.contains("another machine"), "{reason}");
    assert_eq!(
        std::fs::read_to_string(new_root.join("a.txt")).unwrap(),
        "one\ntwo\nthree\n",
        "a file was touched"
    );
    let check = TasksParams {
        workspace: new_root.clone(),
    };
    assert!(!wait(there.engine.check_command(check)).await.unwrap().confirmed);

    // The conversation is where it is looked for, and names files where they are now.
    let slug = new_root
        .to_str()
        .unwrap()
        .replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let attempt = there.data().join("sessions/aaaa/attempts/aca-t1-1");
    let said = std::fs::read_to_string(attempt.join(format!("out/home/.claude/projects/{slug}/0f0f.jsonl"))).unwrap();
    assert!(said.contains(&format!("in {}/a.txt", new_root.display())), "{said}");
    let spec: Value = serde_json::from_slice(&std::fs::read(attempt.join("spec.json")).unwrap()).unwrap();
    assert_eq!(spec["workspace"].as_str(), new_root.to_str());

    // The review goes on, on the files that are there.
    let params = DecideParams {
        task: TaskId::new("t1"),
        decision: Decision::Accept,
        selection: Selection::All,
        resolution: None,
        seen: None,
    };
    let proposal = wait(there.engine.refresh(&TaskId::new("t1"))).await.unwrap();
    let states: Vec<_> = proposal
        .files
        .iter()
        .flat_map(|file| &file.hunks)
        .map(|hunk| &hunk.state)
        .collect();
    assert_eq!(states, [&HunkState::Clean]);
    wait(there.engine.decide(params)).await.unwrap();
    assert_eq!(
        std::fs::read_to_string(new_root.join("a.txt")).unwrap(),
        "1\ntwo\nthree\n"
    );
    there.restart().await;
    wait(there.engine.open(&new_root)).await.unwrap();
    assert_eq!(there.tasks(&new_root)[0].1, "landed");

    // It can go on from there too, and come back under the same name once the old one is away.
    let again = export(&there, "aaaa", "again").await;
    let refused = import(&here, &again, &root).await.unwrap_err();
    assert!(
        refused.to_string().contains("in this data directory already"),
        "{refused}"
    );
    let delete = aca_protocol::session::DeleteSessionParams {
        session: SessionId::new("aaaa"),
        force: true,
    };
    let refused = wait(here.engine.delete_session(delete.clone())).await.unwrap_err();
    assert!(refused.to_string().contains("t2 (at work)"), "{refused}");
    let third = World::new();
    let third_root = third.workspace("w", "1\ntwo\n");
    let info = import(&third, &again, &third_root).await.unwrap();
    assert_eq!(info.tasks, there.info("aaaa").await.tasks);
    let detail = SessionParams { session: info.id };
    let detail = wait(third.engine.session(detail)).await.unwrap();
    assert_eq!(detail.attempts.len(), 3);
}

#[tokio::test]
async fn the_agents_directory_is_hostile() {
    use std::os::unix::fs::symlink;
    let world = World::new();
    let root = world.workspace("w", "one\n");
    let mut made = Made::new(&world, "aaaa", &root, 1_000);
    made.task("t1", "first");
    let attempt = made.finished("t1", "two\n");
    made.leave(&attempt, "");
    let dir = made.attempt_dir(&attempt);
    std::fs::write(world.at("outside"), "outside").unwrap();
    let projects = dir.join("out/home/.claude/projects");
    symlink(world.at("outside"), projects.join("link.jsonl")).unwrap();
    symlink(world.at("."), projects.join("up")).unwrap();
    symlink(world.at("outside"), dir.join("out/output.txt")).unwrap();
    std::fs::write(projects.join("odd name\n.jsonl"), "odd").unwrap();
    std::fs::write(projects.join("binary.jsonl"), [0, 159, 146, 150]).unwrap();
    std::fs::create_dir_all(dir.join("work/deep")).unwrap();
    std::fs::write(dir.join("work/deep/file"), "the checkout").unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        dir.join("out/pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_bits_truncate(0o600),
        0,
    )
    .unwrap();
    drop(made);
    let exported = export(&world, "aaaa", "exported").await;
    for path in files(&exported) {
        let bytes = std::fs::read(exported.join(&path)).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            !text.contains("outside\"") && text != "outside" && !text.contains("the checkout"),
            "{path}"
        );
        assert!(!exported.join(&path).is_symlink(), "{path}");
    }
    let binary = exported.join("claude/aca-t1-1/projects/binary.jsonl");
    assert_eq!(std::fs::read(binary).unwrap(), [0, 159, 146, 150]);
    let redactions = std::fs::read_to_string(exported.join("meta/redactions.json")).unwrap();
    for left in ["link.jsonl", "projects/up", "output.txt", "out/pipe", "odd name"] {
        assert!(
            redactions.contains(left),
            "{left} is not said to be left out: {redactions}"
        );
    }
    // A second export to the same place is refused, and half of one is never there.
    for to in [exported.clone(), world.at("none/there"), PathBuf::from("relative")] {
        let params = ExportSessionParams {
            session: SessionId::new("aaaa"),
            to: to.clone(),
        };
        let refused = wait(world.engine.export_session(params)).await;
        assert!(
            matches!(refused, Err(aca_engine::Error::Invalid(_))),
            "{} {refused:?}",
            to.display()
        );
    }
    let left: Vec<_> = std::fs::read_dir(world.at("."))
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().starts_with(".aca-export")),
        "{left:?}"
    );
    let there = World::new();
    import(&there, &exported, &there.workspace("w", "one\n")).await.unwrap();
}

#[tokio::test]
async fn what_an_import_left_that_was_killed_goes_with_the_next_engine() {
    let mut world = World::new();
    let left = world.data().join("sessions/.import-1-x");
    std::fs::create_dir_all(left.join("objects.git")).unwrap();
    world.restart().await;
    wait(async {
        while left.exists() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
}
