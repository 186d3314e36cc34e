//! A fold is handed out only if it is the right one.

use std::path::{Path, PathBuf};

use aca_protocol::SessionId;
use rusqlite::Connection;

use crate::{Error, NewEvent, Store};

/// A session with three events, of which two are folded.
fn folded() -> (tempfile::TempDir, PathBuf, Store) {
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().join("s");
    let mut store = Store::create(&dir, Path::new("/w"), &SessionId::new("s"), None).unwrap();
    let event = NewEvent {
        kind: "some",
        ts_ms: 1,
        task: None,
        attempt: None,
        who: None,
        body: b"1",
    };
    store.append(&[event; 3], &[]).unwrap();
    store.put_fold(7, 2, b"two").unwrap();
    (data, dir, store)
}

#[test]
fn it_is_there_after_opening_again() {
    let (_data, dir, mut store) = folded();
    assert_eq!(store.fold(7).unwrap(), Some((2, b"two".to_vec())));
    store.put_fold(7, 3, b"three").unwrap();
    drop(store);
    let store = Store::open(&dir, None).unwrap();
    assert_eq!(store.fold(7).unwrap(), Some((3, b"three".to_vec())));
}

#[test]
fn another_format_is_not_handed_out() {
    let (_data, _dir, store) = folded();
    assert_eq!(store.fold(6).unwrap(), None);
    assert_eq!(store.fold(8).unwrap(), None);
}

#[test]
fn one_that_is_damaged_or_of_another_log_is_not_handed_out() {
    for sql in [
        "UPDATE fold SET body = x'00'",
        "UPDATE fold SET seq = 3",
        "UPDATE fold SET hash = (SELECT hash FROM event WHERE seq = 3)",
        "UPDATE fold SET seq = 3, hash = (SELECT hash FROM event WHERE seq = 3)",
        "UPDATE fold SET sealed = 1",
        "UPDATE fold SET sum = zeroblob(32)",
        "DROP TRIGGER event_is_never_changed; UPDATE event SET hash = zeroblob(32) WHERE seq = 2",
        "DROP TRIGGER event_is_never_removed; DELETE FROM event WHERE seq = 2",
    ] {
        let (_data, dir, store) = folded();
        Connection::open(dir.join("state.db"))
            .unwrap()
            .execute_batch(sql)
            .unwrap();
        assert_eq!(store.fold(7).unwrap(), None, "{sql}");
    }
}

#[test]
fn only_the_owner_keeps_one_and_only_of_events_that_are_there() {
    let (_data, dir, mut store) = folded();
    for seq in [0, 4] {
        let error = store.put_fold(7, seq, b"").unwrap_err();
        assert!(matches!(error, Error::NoSuchEvent { .. }), "{error}");
    }
    let _other = Store::open(&dir, None).unwrap();
    let error = store.put_fold(7, 3, b"").unwrap_err();
    assert!(matches!(error, Error::TakenOver { .. }), "{error}");
}
