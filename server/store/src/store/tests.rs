//! The store on real files: durability, tampering, other owners.

use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt as _;

use aca_protocol::{AttemptId, TaskId};

use super::*;
use crate::{MAX_BODY_BYTES, sessions};

/// A data directory with the session `s`, which is opened.
fn session() -> (tempfile::TempDir, PathBuf, Store) {
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().join("sessions/s");
    let store = Store::create(&dir, Path::new("/home/u/project"), &SessionId::new("s"), None).unwrap();
    (data, dir, store)
}

fn all(events: impl Iterator<Item = Result<Event, Error>>) -> Vec<Event> {
    events.map(Result::unwrap).collect()
}

fn event(kind: &str) -> NewEvent<'_> {
    NewEvent {
        kind,
        ts_ms: 7,
        task: None,
        attempt: None,
        who: None,
        body: b"{}",
    }
}

fn kinds(store: &Store) -> Vec<String> {
    all(store.events(0)).into_iter().map(|event| event.kind).collect()
}

/// Changes the database the way only damage or a person with a tool does.
fn tamper(dir: &Path, sql: &str) {
    let connection = Connection::open(dir.join("state.db")).unwrap();
    connection
        .execute_batch("DROP TRIGGER event_is_never_changed; DROP TRIGGER event_is_never_removed")
        .unwrap();
    connection.execute_batch(sql).unwrap();
}

#[test]
fn what_was_appended_is_there_after_opening_again() {
    let (_data, dir, mut store) = session();
    let (task, attempt) = (TaskId::new("t1"), AttemptId::new("a1"));
    let new = NewEvent {
        kind: "of-a-later-version",
        ts_ms: 1_700_000_000_000,
        task: Some(&task),
        attempt: Some(&attempt),
        who: Some("Neovim 0.11.4"),
        body: br#"{"a":[1,"\u00e9"]}"#,
    };
    assert_eq!(store.append(&[new, event("second")], &[]).unwrap(), 2);
    assert_eq!(store.append(&[event("third")], &[]).unwrap(), 3);
    drop(store);

    let store = Store::open(&dir, None).unwrap();
    assert_eq!(store.meta().workspace, Path::new("/home/u/project"));
    let events = all(store.events(0));
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2, 3]);
    let first = &events[0];
    assert_eq!(
        (first.kind.as_str(), first.ts_ms, first.body.as_slice()),
        (new.kind, new.ts_ms, new.body)
    );
    assert_eq!(
        (first.task.as_ref(), first.attempt.as_ref()),
        (Some(&task), Some(&attempt))
    );
    assert_eq!((first.who.as_deref(), first.sealed), (new.who, false));
    assert_eq!(all(store.events(2)).len(), 1);
    assert_eq!(all(store.events(u64::MAX)), []);
    store.verify().unwrap();
}

#[test]
fn rows_follow_their_events() {
    let (_data, _dir, mut store) = session();
    let task = |state: &str, cost_micros| Row::Task {
        id: TaskId::new("t"),
        title: "Title".into(),
        state: state.into(),
        cost_micros,
    };
    let attempt = Row::Attempt {
        id: AttemptId::new("a"),
        task: TaskId::new("t"),
        state: "running".into(),
    };
    store.append(&[event("one")], &[task("queued", 0), attempt]).unwrap();
    store.append(&[event("two")], &[task("running", 12)]).unwrap();
    let row: (String, u64, u64) = store
        .connection
        .query_row("SELECT state, cost_micros, last_seq FROM task", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    assert_eq!(row, ("running".to_owned(), 12, 2));
}

#[test]
fn an_append_that_fails_leaves_nothing() {
    let (_data, _dir, mut store) = session();
    let orphan = Row::Attempt {
        id: AttemptId::new("a"),
        task: TaskId::new("nobody"),
        state: "running".into(),
    };
    assert!(store.append(&[event("one")], &[orphan]).is_err());
    assert_eq!(kinds(&store), Vec::<String>::new());
    store.append(&[event("two")], &[]).unwrap();
    assert_eq!(kinds(&store), ["two"]);
}

#[test]
fn bodies_are_checked() {
    let (_data, _dir, mut store) = session();
    let long = format!("\"{}\"", "x".repeat(MAX_BODY_BYTES));
    for body in [&b""[..], b"{", b"{} {}", b"\xff", long.as_bytes()] {
        let bad = NewEvent { body, ..event("bad") };
        let error = store.append(&[event("good"), bad], &[]).unwrap_err();
        assert!(
            matches!(error, Error::BodyNotJson { .. } | Error::BodyTooLarge { .. }),
            "{error}"
        );
    }
    assert_eq!(kinds(&store), Vec::<String>::new());
}

#[test]
fn events_are_never_changed_or_removed() {
    let (_data, _dir, mut store) = session();
    store.append(&[event("one")], &[]).unwrap();
    for sql in [
        "UPDATE event SET kind = 'x'",
        "DELETE FROM event",
        "REPLACE INTO event SELECT * FROM event",
    ] {
        assert!(store.connection.execute(sql, []).is_err(), "{sql}");
    }
    assert_eq!(kinds(&store), ["one"]);
}

#[test]
fn tampering_is_found() {
    for sql in [
        "UPDATE event SET body = x'7b7d20' WHERE seq = 2",
        "UPDATE event SET kind = 'x' WHERE seq = 1",
        "UPDATE event SET ts_ms = 8 WHERE seq = 3",
        "UPDATE event SET task = 't' WHERE seq = 3",
        "UPDATE event SET who = 'somebody else' WHERE seq = 3",
        "UPDATE event SET sealed = 1 WHERE seq = 3",
        "UPDATE event SET rule = 1 WHERE seq = 3",
        "UPDATE event SET rule = 3 WHERE seq = 3",
        "DELETE FROM event WHERE seq = 2",
        "DELETE FROM event WHERE seq = 1",
        "UPDATE event SET hash = zeroblob(32) WHERE seq = 3",
        "UPDATE event SET prev = x'00' WHERE seq = 2",
        "UPDATE event SET ts_ms = -1 WHERE seq = 2",
        "DELETE FROM meta WHERE k = 'workspace'",
        "UPDATE meta SET v = x'ff' WHERE k = 'created_ms'",
    ] {
        let (_data, dir, mut store) = session();
        store
            .append(&[event("one"), event("two"), event("three")], &[])
            .unwrap();
        drop(store);
        tamper(&dir, sql);
        let error = Store::open(&dir, None).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "{sql}: {error}");
    }
}

#[test]
fn a_damaged_page_is_found() {
    let (_data, dir, mut store) = session();
    for _ in 0..200 {
        store.append(&[event("some-event")], &[]).unwrap();
    }
    drop(store);
    let path = dir.join("state.db");
    let mut bytes = std::fs::read(&path).unwrap();
    for page in bytes.chunks_mut(4096).skip(3) {
        page[..64].fill(0x5a);
    }
    std::fs::write(&path, bytes).unwrap();
    let error = Store::open(&dir, None).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
}

#[test]
fn a_newer_format_is_refused() {
    let (_data, dir, store) = session();
    drop(store);
    Connection::open(dir.join("state.db"))
        .unwrap()
        .pragma_update(None, "user_version", 3)
        .unwrap();
    let error = Store::open(&dir, None).unwrap_err();
    assert!(matches!(error, Error::Newer { found: 3, known: 2, .. }), "{error}");
}

#[test]
fn what_is_not_a_session_is_refused() {
    let data = tempfile::tempdir().unwrap();
    assert!(matches!(Store::open(data.path(), None), Err(Error::NotASession { .. })));
    for content in [
        &b""[..],
        b"not a database, but long enough to be looked at as one, is it not?",
    ] {
        std::fs::write(data.path().join("state.db"), content).unwrap();
        let error = Store::open(data.path(), None).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "{error}");
        assert_eq!(std::fs::read(data.path().join("state.db")).unwrap(), content);
    }
}

#[test]
fn only_the_last_owner_writes() {
    let (_data, dir, mut first) = session();
    first.append(&[event("one")], &[]).unwrap();
    let mut second = Store::open(&dir, None).unwrap();
    let error = first.append(&[event("late")], &[]).unwrap_err();
    assert!(matches!(error, Error::TakenOver { .. }), "{error}");
    second.append(&[event("two")], &[]).unwrap();
    assert_eq!(kinds(&second), ["one", "two"]);
}

#[test]
fn a_full_disk_is_survived() {
    let (_data, dir, mut store) = session();
    store.append(&[event("before")], &[]).unwrap();
    let pages: i64 = store
        .connection
        .query_row("PRAGMA page_count", [], |row| row.get(0))
        .unwrap();
    store
        .connection
        .pragma_update(None, "max_page_count", pages + 2)
        .unwrap();
    let body = format!("\"{}\"", "x".repeat(100_000));
    let large = NewEvent {
        body: body.as_bytes(),
        ..event("large")
    };
    for _ in 0..3 {
        let error = store.append(&[event("small"), large], &[]).unwrap_err();
        assert!(matches!(error, Error::DiskFull { .. }), "{error}");
        assert!(error.to_string().contains("Free some space"), "{error}");
        assert_eq!(kinds(&store), ["before"]);
    }
    store
        .connection
        .pragma_update(None, "max_page_count", 1_000_000)
        .unwrap();
    for _ in 0..50 {
        store.append(&[large], &[]).unwrap();
    }
    drop(store);
    assert_eq!(all(Store::open(&dir, None).unwrap().events(0)).len(), 51);
}

#[test]
fn files_are_for_this_user_alone() {
    let (data, dir, mut store) = session();
    store.append(&[event("one")], &[]).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&data.path().join("sessions")), mode(&dir)), (0o700, 0o700));
    for name in ["state.db", "state.db-wal", "state.db-shm"] {
        assert_eq!(mode(&dir.join(name)), 0o600, "{name}");
    }
}

#[test]
fn a_session_is_not_created_over_another() {
    let (_data, dir, store) = session();
    drop(store);
    let again = Store::create(&dir, Path::new("/other"), &SessionId::new("s"), None);
    assert!(matches!(again, Err(Error::Exists { .. })));
    assert_eq!(
        Store::open(&dir, None).unwrap().meta().workspace,
        Path::new("/home/u/project")
    );
}

#[test]
fn a_half_created_session_is_not_in_the_way() {
    let data = tempfile::tempdir().unwrap();
    let unfinished = data.path().join("sessions/.new-s");
    std::fs::create_dir_all(&unfinished).unwrap();
    std::fs::write(unfinished.join("state.db"), b"half").unwrap();
    assert_eq!(sessions(data.path()).len(), 0);
    Store::create(
        &data.path().join("sessions/s"),
        Path::new("/w"),
        &SessionId::new("s"),
        None,
    )
    .unwrap();
    assert!(!unfinished.exists());
    assert_eq!(sessions(data.path()).len(), 1);
}

#[test]
fn a_workspace_path_need_not_be_unicode() {
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().join("s");
    let workspace = PathBuf::from(std::ffi::OsString::from_vec(b"/w\xff\n".to_vec()));
    Store::create(&dir, &workspace, &SessionId::new("s"), None).unwrap();
    assert_eq!(Store::open(&dir, None).unwrap().meta().workspace, workspace);
}

#[test]
fn sessions_are_listed_and_a_broken_one_among_them_is_reported() {
    let (data, _dir, mut open) = session();
    let sessions_dir = data.path().join("sessions");
    std::fs::create_dir(sessions_dir.join("empty")).unwrap();
    std::fs::create_dir(sessions_dir.join("garbage")).unwrap();
    std::fs::write(sessions_dir.join("garbage/state.db"), b"garbage").unwrap();
    std::fs::write(sessions_dir.join("file"), b"").unwrap();
    let found: Vec<(String, bool)> = sessions(data.path())
        .into_iter()
        .map(|(dir, meta)| (dir.file_name().unwrap().to_string_lossy().into_owned(), meta.is_ok()))
        .collect();
    let expected = [("empty", false), ("file", false), ("garbage", false), ("s", true)];
    assert_eq!(found, expected.map(|(name, ok)| (name.to_owned(), ok)));
    open.append(&[event("still-mine")], &[]).unwrap();
    assert!(sessions(&data.path().join("nowhere")).is_empty());
}

#[test]
fn a_write_of_another_process_that_does_not_end_is_said() {
    let (_data, dir, mut store) = session();
    store.connection.busy_timeout(std::time::Duration::ZERO).unwrap();
    let other = Connection::open(dir.join("state.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.append(&[event("one")], &[]).unwrap_err();
    assert!(matches!(error, Error::Busy { .. }), "{error}");
    other.execute_batch("ROLLBACK").unwrap();
    store.append(&[event("one")], &[]).unwrap();
}

#[test]
fn opening_again_looks_only_at_what_is_new_and_reading_looks_at_all() {
    let (_data, dir, mut store) = session();
    store.append(&[event("one"), event("two")], &[]).unwrap();
    drop(store);
    drop(Store::open(&dir, None).unwrap());
    tamper(&dir, "UPDATE event SET kind = 'x' WHERE seq = 1");
    let store = Store::open(&dir, None).unwrap();
    let error = store.events(0).find_map(Result::err).unwrap();
    assert!(error.to_string().contains("event 1"), "{error}");
    assert!(matches!(store.verify(), Err(Error::Damaged { .. })));
    assert_eq!(all(store.events(1)).len(), 1);
}

#[test]
fn a_log_that_lost_its_end_is_damaged() {
    let (_data, dir, mut store) = session();
    store.append(&[event("one"), event("two")], &[]).unwrap();
    drop(store);
    drop(Store::open(&dir, None).unwrap());
    tamper(&dir, "DELETE FROM event WHERE seq = 2");
    let error = Store::open(&dir, None).unwrap_err();
    assert!(error.to_string().contains("event 2"), "{error}");
}

#[test]
fn a_long_run_moves_the_mark() {
    let (_data, dir, mut store) = session();
    for _ in 0..3 {
        store.append(&vec![event("some"); 700], &[]).unwrap();
    }
    tamper(&dir, "UPDATE event SET kind = 'x' WHERE seq = 1");
    // The owner ended without closing: only what came after the mark is looked at.
    std::mem::forget(store);
    let store = Store::open(&dir, None).unwrap();
    assert!(store.verify().is_err());
}
