//! Sessions of format 1, as an aca of that time wrote them, are brought up to date.

use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::*;
use crate::{Event, NewEvent, Store};

/// A session of format 1 in a directory whose name is not Unicode.
fn old_session() -> (tempfile::TempDir, PathBuf) {
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().join(std::ffi::OsString::from_vec(b"s\xff".to_vec()));
    std::fs::create_dir(&dir).unwrap();
    let connection = Connection::open(dir.join("state.db")).unwrap();
    connection
        .execute_batch(include_str!("../../tests/fixtures/v1.sql"))
        .unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    (data, dir)
}

fn format(path: &Path) -> i64 {
    let connection = Connection::open(path).unwrap();
    connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap()
}

fn all(events: impl Iterator<Item = Result<Event, Error>>) -> Vec<Event> {
    events.map(Result::unwrap).collect()
}

fn new_event(kind: &str) -> NewEvent<'_> {
    NewEvent {
        kind,
        ts_ms: 1,
        task: None,
        attempt: None,
        who: Some("aca run"),
        body: b"{}",
    }
}

#[track_caller]
fn check_old_events(events: &[Event]) {
    let found: Vec<_> = events
        .iter()
        .take(5)
        .map(|event| (event.seq, event.kind.as_str(), event.ts_ms, event.who.as_deref()))
        .collect();
    let expected = [
        (1, "task_created", 1_700_000_000_000, None),
        (2, "attempt_planned", 1_700_000_000_001, None),
        (3, "attempt_started", 1_700_000_000_500, None),
        (4, "of-a-later-version", 1_700_000_001_000, None),
        (5, "attempt_finished", 1_700_000_002_000, None),
    ];
    assert_eq!(found, expected);
    assert_eq!(
        events[1].body,
        "{\"event\":\"attempt_planned\",\"image\":\"ü\"}".as_bytes()
    );
}

#[test]
fn an_old_session_opens_and_goes_on() {
    let (_data, dir) = old_session();
    let mut store = Store::open(&dir, None).unwrap();
    assert_eq!(store.meta().workspace, Path::new("/home/u/project"));
    check_old_events(&all(store.events(0)));
    store.append(&[new_event("six")], &[]).unwrap();
    drop(store);
    assert_eq!(format(&dir.join("state.db")), 2);

    let store = Store::open(&dir, None).unwrap();
    store.verify().unwrap();
    let events = all(store.events(0));
    check_old_events(&events);
    assert_eq!((events[5].seq, events[5].who.as_deref()), (6, Some("aca run")));
    assert_eq!(events.len(), 6);
}

#[test]
fn the_session_as_it_was_stays_beside_it() {
    let (_data, dir) = old_session();
    drop(Store::open(&dir, None).unwrap());
    let copy = dir.join("state.db.pre-v1");
    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(format(&copy), 1);
    assert!(!dir.join("state.db.pre-v1.new").exists());

    // Put in the session's place, it is the session.
    std::fs::rename(&copy, dir.join("state.db")).unwrap();
    check_old_events(&all(Store::open(&dir, None).unwrap().events(0)));
}

#[test]
fn what_a_killed_migration_left_is_replaced() {
    let (_data, dir) = old_session();
    std::fs::write(dir.join("state.db.pre-v1"), "half").unwrap();
    std::fs::write(dir.join("state.db.pre-v1.new"), "half").unwrap();
    let store = Store::open(&dir, None).unwrap();
    check_old_events(&all(store.events(0)));
    assert_eq!(format(&dir.join("state.db.pre-v1")), 1);
}

#[test]
fn both_ways_give_the_same_tables() {
    let (_data, dir) = old_session();
    drop(Store::open(&dir, None).unwrap());
    let old = Connection::open(dir.join("state.db")).unwrap();
    let new = Connection::open_in_memory().unwrap();
    new.execute_batch(schema::CREATE).unwrap();
    let columns = |connection: &Connection| {
        let sql = "SELECT t.name, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk, t.strict, t.wr
                   FROM pragma_table_list t, pragma_table_info(t.name) c WHERE t.schema = 'main' ORDER BY t.name, c.cid";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| {
            (0..8)
                .map(|at| row.get::<_, rusqlite::types::Value>(at))
                .collect::<Result<Vec<_>, _>>()
        });
        rows.unwrap().map(Result::unwrap).collect::<Vec<_>>()
    };
    assert!(columns(&new).len() > 30);
    assert_eq!(columns(&old), columns(&new));
}

#[test]
fn a_damaged_old_session_is_left_alone() {
    for sql in [
        "UPDATE event SET body = x'7b7d20' WHERE seq = 2",
        "DELETE FROM event WHERE seq = 3",
    ] {
        let (_data, dir) = old_session();
        let connection = Connection::open(dir.join("state.db")).unwrap();
        connection
            .execute_batch("DROP TRIGGER event_is_never_changed; DROP TRIGGER event_is_never_removed")
            .unwrap();
        connection.execute_batch(sql).unwrap();
        drop(connection);
        let error = Store::open(&dir, None).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "{sql}: {error}");
        assert_eq!(format(&dir.join("state.db")), 1);
        assert!(!dir.join("state.db.pre-v1").exists());
    }
}

#[test]
fn an_old_owner_writes_nothing_into_the_new_format() {
    let (_data, dir) = old_session();
    let old = Connection::open(dir.join("state.db")).unwrap();
    let fence = |connection: &Connection| -> i64 {
        connection
            .query_row("SELECT fence FROM lease", [], |row| row.get(0))
            .unwrap()
    };
    let mine = fence(&old);
    let _store = Store::open(&dir, None).unwrap();
    assert!(fence(&old) > mine);
}

#[test]
fn who_cannot_be_added_to_an_old_event() {
    let (_data, dir) = old_session();
    let store = Store::open(&dir, None).unwrap();
    let connection = Connection::open(dir.join("state.db")).unwrap();
    connection
        .execute_batch("DROP TRIGGER event_is_never_changed; UPDATE event SET who = 'somebody' WHERE seq = 2")
        .unwrap();
    let error = store.verify().unwrap_err();
    assert!(error.to_string().contains("event 2"), "{error}");
}
