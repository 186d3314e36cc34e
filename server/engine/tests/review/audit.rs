//! What is recorded of a review, who asked for it, and what is found when somebody changes the record.

use std::path::{Path, PathBuf};

use aca_engine::Engine;
use aca_protocol::SessionId;
use aca_protocol::methods::DecideParams;
use aca_protocol::proposal::{Decision, Selection};
use aca_protocol::session::{AuditEntry, AuditParams, RenameSessionParams, SessionParams, VerifyAuditResult};
use aca_store::Store;

use crate::fixture::{Fixture, wait};

const BASE: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";
/// How many entries are asked for at once: few, so that there are several pages.
const PAGE: u32 = 7;
/// More events than an engine reads again that comes after one that ended in order.
const EVENTS: usize = 250;
const RESULT: &str = "one\nTWO\nthree\nfour\nfive\nSIX\nseven\n";

fn session(fixture: &Fixture) -> SessionId {
    fixture.engine.tasks(&fixture.root).unwrap().session
}

async fn entries(engine: &Engine, session: &SessionId, bodies: bool) -> Vec<AuditEntry> {
    let mut all: Vec<AuditEntry> = Vec::new();
    loop {
        let params = AuditParams {
            session: session.clone(),
            after: all.last().map_or(0, |entry| entry.seq),
            limit: PAGE,
            bodies,
        };
        let page = wait(engine.audit(params)).await.unwrap();
        assert!(page.entries.len() <= PAGE as usize);
        all.extend(page.entries);
        if !page.more {
            return all;
        }
    }
}

async fn verified(engine: &Engine, session: &SessionId) -> VerifyAuditResult {
    let params = SessionParams {
        session: session.clone(),
    };
    wait(engine.verify_audit(params)).await.unwrap()
}

async fn landed() -> Fixture {
    let fixture = Fixture::new(&[("a.txt", BASE)], &[("a.txt", RESULT)]).await;
    let params = DecideParams {
        task: fixture.task.clone(),
        decision: Decision::Accept,
        selection: Selection::All,
        resolution: None,
        seen: None,
    };
    let neovim = fixture.engine.as_client("Neovim \u{1b}0.11.4\n");
    assert_eq!(wait(neovim.decide(params)).await.unwrap().refused, []);
    fixture
}

#[tokio::test]
async fn what_a_person_asked_for_is_recorded_with_the_front_ends_name() {
    let fixture = landed().await;
    let all = entries(&fixture.engine, &session(&fixture), false).await;
    let seqs: Vec<u64> = all.iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, (1..=all.len() as u64).collect::<Vec<_>>());
    let of = |kind: &str| all.iter().find(|entry| entry.kind == kind).unwrap();
    for kind in ["operation_planned", "step_done", "operation_ended"] {
        assert_eq!(of(kind).who.as_deref(), Some("Neovim 0.11.4"), "{kind}");
    }
    // What the session began with was asked for by nobody.
    assert!(
        all.iter()
            .filter(|entry| entry.kind == "seeded")
            .all(|entry| entry.who.is_none())
    );
    for parts in [
        ["landing", "was about to write a.txt"],
        ["a.txt was written on disk with the content", "step 1 of"],
        ["proposes 2 hunks of a.txt", "from the tree"],
        ["a confined process", "aca-agent with its own loop"],
    ] {
        let says = |entry: &&AuditEntry| parts.iter().all(|part| entry.about.contains(part));
        assert_eq!(all.iter().filter(says).count(), 1, "{parts:?}");
    }
    assert!(all.iter().all(|entry| entry.body.is_none() && entry.stored.is_none()));
}

#[tokio::test]
async fn the_record_of_an_open_and_of_a_closed_session_is_verified() {
    let fixture = landed().await;
    let session = session(&fixture);
    let open = verified(&fixture.engine, &session).await;
    assert_eq!(open.problem, None);
    let all = entries(&fixture.engine, &session, true).await;
    assert_eq!((open.events, &open.head), (all.len() as u64, &all.last().unwrap().hash));
    assert!(all.iter().all(|entry| entry.body.is_some() && entry.stored.is_some()));
    fixture.engine.shutdown().await;
    let closed = verified(&fixture.engine, &session).await;
    assert_eq!(closed, open);
    let unknown = SessionParams {
        session: SessionId::new("../x"),
    };
    assert!(fixture.engine.verify_audit(unknown).await.is_err());
}

/// Ends the engine and puts a copy of the session's database, as one file, in its place. Returns the file.
async fn closed(fixture: &Fixture) -> PathBuf {
    fixture.engine.shutdown().await;
    let (from, to) = (fixture.session(), fixture.session().join("copy"));
    std::fs::create_dir(&to).unwrap();
    // In this order nothing is missing, even if somebody closes the database meanwhile.
    for name in ["state.db-wal", "state.db"] {
        if let Err(error) = std::fs::copy(from.join(name), to.join(name)) {
            assert_eq!((name, error.kind()), ("state.db-wal", std::io::ErrorKind::NotFound));
        }
    }
    for name in ["state.db-wal", "state.db-shm"] {
        let _ = std::fs::remove_file(from.join(name));
    }
    for copied in std::fs::read_dir(&to).unwrap() {
        let copied = copied.unwrap();
        std::fs::rename(copied.path(), from.join(copied.file_name())).unwrap();
    }
    std::fs::remove_dir(&to).unwrap();
    // The last one to close the database writes everything into the one file.
    drop(Store::open(&from, None).unwrap());
    assert!(!from.join("state.db-wal").exists());
    from.join("state.db")
}

/// Replaces bytes after some others, as somebody with an editor could; pages that are out of use may have them too.
fn tamper(file: &Path, after: &str, from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let mut bytes = std::fs::read(file).unwrap();
    let find = |bytes: &[u8], wanted: &str| {
        let wanted = wanted.as_bytes();
        bytes.windows(wanted.len()).position(|window| window == wanted)
    };
    let mut start = 0;
    while let Some(at) = find(&bytes[start..], after) {
        start += at + after.len();
        if let Some(at) = find(&bytes[start..], from) {
            bytes[start + at..][..to.len()].copy_from_slice(to.as_bytes());
        }
    }
    assert!(start > 0, "what comes before is there");
    std::fs::write(file, bytes).unwrap();
}

#[tokio::test]
async fn one_changed_byte_of_one_event_is_found_and_named() {
    let fixture = landed().await;
    let session = session(&fixture);
    let all = entries(&fixture.engine, &session, false).await;
    let planned = all.iter().find(|entry| entry.kind == "operation_planned").unwrap();
    let database = closed(&fixture).await;
    assert_eq!(verified(&fixture.engine, &session).await.problem, None);
    tamper(&database, "\"event\":\"operation_planned\"", "a.txt", "b.txt");
    let result = verified(&fixture.engine, &session).await;
    assert_eq!(result.events, planned.seq - 1);
    let problem = result.problem.unwrap();
    assert!(problem.contains(&format!("event {}", planned.seq)), "{problem}");
    // What is there is still shown, as it is.
    assert_eq!(entries(&fixture.engine, &session, false).await.len(), all.len());
}

#[tokio::test]
async fn what_opening_does_not_look_at_is_verified_behind_the_work() {
    let mut fixture = landed().await;
    let session = session(&fixture);
    // From so many events on, an engine that ends leaves the next one no need to read them.
    for number in 0..EVENTS {
        let params = RenameSessionParams {
            session: session.clone(),
            name: format!("name {number}"),
        };
        wait(fixture.engine.rename_session(params)).await.unwrap();
    }
    let all = entries(&fixture.engine, &session, false).await;
    let planned = all.iter().find(|entry| entry.kind == "operation_planned").unwrap();
    let database = closed(&fixture).await;
    tamper(&database, "\"event\":\"operation_planned\"", "a.txt", "b.txt");
    // Opening it begins with the end of the log, so it succeeds, and the work is there.
    fixture.restart().await;
    let mut changes = fixture.engine.subscribe();
    let problem = loop {
        if let Some(problem) = fixture.engine.status().problems.first() {
            break problem.clone();
        }
        wait(changes.recv()).await.unwrap();
    };
    assert!(problem.contains(&format!("the session {session} of")), "{problem}");
    assert!(problem.contains(&format!("event {}", planned.seq)), "{problem}");
    assert_eq!(fixture.read("a.txt"), RESULT);
}

#[tokio::test]
async fn a_row_that_does_not_say_what_the_events_come_to_is_found() {
    let fixture = landed().await;
    let session = session(&fixture);
    let database = closed(&fixture).await;
    // In its row a task's title is followed by its state.
    tamper(&database, "a task", "review", "failed");
    let result = verified(&fixture.engine, &session).await;
    let problem = result.problem.unwrap();
    assert!(problem.contains("the row of the task t"), "{problem}");
}
