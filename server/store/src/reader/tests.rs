//! Reading beside the owner.

use aca_protocol::SessionId;

use super::*;
use crate::{NewEvent, Store};

fn session() -> (tempfile::TempDir, PathBuf, Store) {
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().join("s");
    let store = Store::create(&dir, Path::new("/w"), &SessionId::new("s"), None).unwrap();
    (data, dir, store)
}

fn event<'a>(kind: &'a str, body: &'a [u8]) -> NewEvent<'a> {
    NewEvent {
        kind,
        ts_ms: 1,
        task: None,
        attempt: None,
        who: None,
        body,
    }
}

#[test]
fn an_empty_session_is_read() {
    let (_data, dir, store) = session();
    let reader = Reader::open(&dir, None).unwrap();
    assert_eq!(reader.meta().unwrap(), *store.meta());
    let start = Head { seq: 0, hash: [0; 32] };
    assert_eq!(reader.head().unwrap(), start);
    assert_eq!(reader.verify(|_| true).unwrap(), start);
    assert_eq!(reader.events(0).count(), 0);
    assert!(reader.counts().unwrap().is_empty());
}

#[test]
fn the_owner_is_named() {
    let (_data, dir, store) = session();
    let lease = || Reader::open(&dir, None).unwrap().lease().unwrap();
    let first = lease();
    assert_eq!((first.fence, first.pid), (1, std::process::id()));
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let ticks = first.start_ticks.unwrap().to_string();
    assert!(stat.split(' ').any(|field| field == ticks), "{ticks} in {stat}");
    assert!(
        first.boot_id.as_ref().is_some_and(|id| id.len() == 36),
        "{:?}",
        first.boot_id
    );
    assert!(first.host.as_ref().is_some_and(|host| !host.is_empty()));
    drop(store);
    let _store = Store::open(&dir, None).unwrap();
    assert_eq!(lease().fence, 2);
}

#[test]
fn events_are_read_in_pages_while_the_owner_goes_on() {
    let (_data, dir, mut store) = session();
    let body = format!("\"{}\"", "x".repeat(10_000));
    for _ in 0..6 {
        store.append(&[event("some", body.as_bytes()); 100], &[]).unwrap();
    }
    let reader = Reader::open(&dir, None).unwrap();
    let mut events = reader.events(0);
    for seq in 1..=300 {
        assert_eq!(events.next().unwrap().unwrap().seq, seq);
    }
    store.append(&[event("late", b"1")], &[]).unwrap();
    let rest: Vec<Event> = events.map(Result::unwrap).collect();
    assert_eq!((rest.len(), rest[300].kind.as_str()), (301, "late"));
    assert_eq!(
        reader.head().unwrap(),
        Head {
            seq: 601,
            hash: rest[300].hash
        }
    );
    assert_eq!(
        reader.events(600).map(|event| event.unwrap().seq).collect::<Vec<_>>(),
        [601]
    );
    let counts = [("late".to_owned(), 1), ("some".to_owned(), 600)];
    assert_eq!(reader.counts().unwrap(), counts.into());
}

#[test]
fn verifying_tells_how_far_it_is_and_can_be_ended() {
    let (_data, dir, mut store) = session();
    store.append(&[event("some", b"1"); 1000], &[]).unwrap();
    let mut reader = Reader::open(&dir, None).unwrap();
    let mut places = Vec::new();
    let end = reader.verify(|seq| {
        places.push(seq);
        true
    });
    assert_eq!(end.unwrap(), reader.head().unwrap());
    assert!(places.is_sorted() && places.len() > 2, "{places:?}");
    assert_eq!(places.last(), Some(&1000));
    assert_eq!(reader.verify(|_| false).unwrap().seq, places[0]);
    reader.check_structure(|| true).unwrap();
    reader.check_structure(|| false).unwrap();
}

#[test]
fn an_event_that_was_changed_is_not_handed_out() {
    let (_data, dir, mut store) = session();
    store.append(&[event("some", b"1"); 5], &[]).unwrap();
    let tool = Connection::open(dir.join("state.db")).unwrap();
    tool.execute_batch("DROP TRIGGER event_is_never_changed; UPDATE event SET body = x'32' WHERE seq = 4")
        .unwrap();
    let reader = Reader::open(&dir, None).unwrap();
    for after in [0, 3] {
        let error = reader.events(after).find_map(Result::err).unwrap();
        assert!(error.to_string().contains("event 4"), "{error}");
    }
    assert!(matches!(reader.verify(|_| true), Err(Error::Damaged { .. })));
    assert_eq!(
        reader.events(4).map(|event| event.unwrap().seq).collect::<Vec<_>>(),
        [5]
    );
}

#[test]
fn a_session_of_format_1_is_read_also_when_its_owner_brings_it_up_to_date() {
    let data = tempfile::tempdir().unwrap();
    let old = Connection::open(data.path().join("state.db")).unwrap();
    old.execute_batch(include_str!("../../tests/fixtures/v1.sql")).unwrap();
    drop(old);
    let reader = Reader::open(data.path(), None).unwrap();
    assert_eq!((reader.lease().unwrap().fence, reader.lease().unwrap().host), (3, None));
    assert_eq!(reader.verify(|_| true).unwrap().seq, 5);
    let mut store = Store::open(data.path(), None).unwrap();
    store.append(&[event("new", b"1")], &[]).unwrap();
    assert_eq!(reader.events(0).map(Result::unwrap).count(), 6);
    assert_eq!(reader.verify(|_| true).unwrap(), reader.head().unwrap());
    assert!(reader.lease().unwrap().host.is_some());
}
