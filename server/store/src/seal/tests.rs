//! Sealed sessions: nothing readable on disk, nothing opened without the key or in another place.

use std::path::PathBuf;

use aca_protocol::SessionId;

use super::*;
use crate::{NewEvent, Reader, Store};

/// A seal that shows what it was asked to do: what it seals is hidden from a search and carries key, place and kind.
struct TestSeal(u8);

impl TestSeal {
    fn head(&self, seq: u64, kind: &str) -> Vec<u8> {
        format!("key {} seq {seq} kind {kind} ", self.0).into_bytes()
    }
}

impl Seal for TestSeal {
    fn seal(&self, seq: u64, kind: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        if plain == b"\"no\"" {
            return Err(SealError("it refuses".to_owned()));
        }
        let mut sealed = self.head(seq, kind);
        sealed.extend(plain.iter().map(|byte| !byte));
        Ok(sealed)
    }

    fn open(&self, seq: u64, kind: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let plain = sealed.strip_prefix(self.head(seq, kind).as_slice());
        let plain = plain.ok_or_else(|| SealError("it was sealed with another key".to_owned()))?;
        Ok(plain.iter().map(|byte| !byte).collect())
    }
}

fn key(number: u8) -> Option<Arc<dyn Seal>> {
    Some(Arc::new(TestSeal(number)))
}

fn event(body: &[u8]) -> NewEvent<'_> {
    NewEvent {
        kind: "said",
        ts_ms: 1,
        task: None,
        attempt: None,
        who: None,
        body,
    }
}

fn create(seal: Option<Arc<dyn Seal>>) -> (tempfile::TempDir, PathBuf, Store) {
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().join("s");
    let store = Store::create(&dir, Path::new("/w"), &SessionId::new("s"), seal).unwrap();
    (data, dir, store)
}

fn bodies(events: impl Iterator<Item = Result<Event, Error>>) -> Vec<(String, bool)> {
    let text = |event: Event| (String::from_utf8(event.body).unwrap(), event.sealed);
    events.map(Result::unwrap).map(text).collect()
}

#[test]
fn nothing_sealed_is_readable_on_disk() {
    let (_data, dir, mut store) = create(key(1));
    store.append(&[event(b"\"a confidential remark\"")], &[]).unwrap();
    store.put_fold(1, 1, b"a confidential summary").unwrap();
    let on_disk: Vec<u8> = ["state.db", "state.db-wal"]
        .iter()
        .flat_map(|name| std::fs::read(dir.join(name)).unwrap())
        .collect();
    let holds = |text: &[u8]| on_disk.windows(text.len()).any(|bytes| bytes == text);
    assert!(!holds(b"confidential"));
    assert!(holds(b"key 1 seq 1 kind said "));
    assert_eq!(
        bodies(store.events(0)),
        [("\"a confidential remark\"".to_owned(), true)]
    );
    assert_eq!(store.fold(1).unwrap(), Some((1, b"a confidential summary".to_vec())));
}

#[test]
fn verifying_needs_no_key_and_reading_does() {
    let (_data, dir, mut store) = create(key(1));
    store.append(&[event(b"1"), event(b"2")], &[]).unwrap();
    let reader = Reader::open(&dir, None).unwrap();
    assert_eq!(reader.verify(|_| true).unwrap().seq, 2);
    let error = reader.events(0).find_map(Result::err).unwrap();
    assert!(matches!(error, Error::Sealed { .. }), "{error}");
    assert!(error.to_string().contains("recovery key"), "{error}");
    let reader = Reader::open(&dir, key(1)).unwrap();
    assert_eq!(bodies(reader.events(1)), [("2".to_owned(), true)]);
}

#[test]
fn a_sealed_session_opens_with_its_key_alone() {
    let (_data, dir, mut store) = create(key(1));
    // Also before there is an event that could show it.
    assert!(matches!(Store::open(&dir, None), Err(Error::Sealed { .. })));
    store.append(&[event(b"1")], &[]).unwrap();
    let error = Store::open(&dir, key(2)).unwrap_err();
    assert!(matches!(error, Error::Seal { .. }), "{error}");
    assert!(error.to_string().contains("another key"), "{error}");
    // Neither of them took it over.
    store.append(&[event(b"2")], &[]).unwrap();
    assert_eq!(bodies(Store::open(&dir, key(1)).unwrap().events(0)).len(), 2);
}

#[test]
fn a_plain_session_is_sealed_from_some_event_on() {
    let (_data, dir, mut store) = create(None);
    store.append(&[event(b"1")], &[]).unwrap();
    drop(store);
    let mut store = Store::open(&dir, key(1)).unwrap();
    store.append(&[event(b"2")], &[]).unwrap();
    drop(store);
    let store = Store::open(&dir, key(1)).unwrap();
    assert_eq!(
        bodies(store.events(0)),
        [("1".to_owned(), false), ("2".to_owned(), true)]
    );
    store.verify().unwrap();
    drop(store);
    assert!(matches!(Store::open(&dir, None), Err(Error::Sealed { .. })));
}

#[test]
fn what_cannot_be_sealed_is_not_recorded() {
    let (_data, _dir, mut store) = create(key(1));
    let error = store.append(&[event(b"1"), event(b"\"no\"")], &[]).unwrap_err();
    assert!(error.to_string().contains("it refuses"), "{error}");
    assert_eq!(store.events(0).count(), 0);
    store.append(&[event(b"2")], &[]).unwrap();
}

#[test]
fn the_titles_of_tasks_are_sealed_too() {
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().join("sessions/s1");
    let mut store = Store::create(&dir, Path::new("/w"), &SessionId::new("s1"), key(1)).unwrap();
    let row = |title: &str| crate::Row::Task {
        id: TaskId::new("t1"),
        title: title.to_owned(),
        state: "queued".to_owned(),
        cost_micros: 0,
    };
    store.append(&[event(b"{}")], &[row("a title of one's own")]).unwrap();
    let files = ["state.db", "state.db-wal"].map(|file| std::fs::read(dir.join(file)).unwrap_or_default());
    let files = files.concat();
    assert!(!files.windows(7).any(|window| window == b"a title"));
    let titles = |seal| Reader::open(&dir, seal).unwrap().rows().unwrap();
    assert_eq!(titles(key(1)), [row("a title of one's own")]);
    for other in [None, key(2)] {
        assert_eq!(titles(other), [row("")]);
    }
}
