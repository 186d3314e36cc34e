//! What the suites write, so that what they find can be told from anything else.

use std::fs::File;
use std::path::Path;

use aca_protocol::TaskId;
use aca_store::{NewEvent, Reader, Row, Store};
use rusqlite::Connection;

/// How many events the programs append together.
pub(crate) const GROUP: u64 = 3;

/// The format of the folds they keep.
pub(crate) const FOLD: u32 = 1;

/// Returns the body of the event at `seq`. Some are longer than a page of the database.
pub(crate) fn body(seq: u64) -> Vec<u8> {
    let length = if seq.is_multiple_of(50) { 20_000 } else { seq * 37 % 300 };
    format!(
        r#"{{"n":{seq},"pad":"{}"}}"#,
        "x".repeat(usize::try_from(length).unwrap())
    )
    .into_bytes()
}

/// Returns the place of the last event in `dir`.
pub(crate) fn last(dir: &Path) -> u64 {
    Reader::open(dir, None).unwrap().head().unwrap().seq
}

/// Appends the group of events after `seq`, with the row that says so.
pub(crate) fn append(store: &mut Store, seq: u64) -> Result<u64, aca_store::Error> {
    let task = TaskId::new("t");
    let bodies: Vec<Vec<u8>> = (seq + 1..=seq + GROUP).map(body).collect();
    let event = |body| NewEvent {
        kind: "written",
        ts_ms: 1,
        task: Some(&task),
        attempt: None,
        who: Some("a suite"),
        body,
    };
    let events: Vec<NewEvent<'_>> = bodies.iter().map(|body| event(body)).collect();
    let row = Row::Task {
        id: task.clone(),
        title: "T".into(),
        state: "running".into(),
        cost_micros: seq + GROUP,
    };
    store.append(&events, &[row])
}

/// Keeps a fold of the events up to `seq`.
pub(crate) fn put_fold(store: &mut Store, seq: u64) -> Result<(), aca_store::Error> {
    store.put_fold(FOLD, seq, &body(seq))
}

/// What a program told the suite, and must be there whatever happened since.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Acknowledged {
    /// The last event.
    pub(crate) event: u64,
    /// The last event that was folded.
    pub(crate) fold: u64,
}

impl Acknowledged {
    /// Takes note of a line that a program printed.
    pub(crate) fn note(&mut self, line: &str) {
        match line.split_once(' ') {
            Some(("ack", seq)) => self.event = seq.parse().unwrap(),
            Some(("fold", seq)) => self.fold = seq.parse().unwrap(),
            _ => {}
        }
    }
}

/// Opens a session that [`append`] filled, and checks that all of what was acknowledged is there, nothing is half there,
/// and everything there is what was written. Returns the place of the last event.
pub(crate) fn check(dir: &Path, acknowledged: Acknowledged) -> u64 {
    let store = Store::open(dir, None).unwrap_or_else(|error| panic!("it does not open: {error}"));
    store.verify().unwrap();
    let mut recorded = 0;
    for event in store.events(0) {
        let event = event.unwrap();
        recorded += 1;
        assert_eq!(
            (event.seq, event.who.as_deref(), event.body),
            (recorded, Some("a suite"), body(recorded))
        );
    }
    assert!(
        recorded >= acknowledged.event,
        "{} were acknowledged, {recorded} are there",
        acknowledged.event
    );
    assert_eq!(recorded % GROUP, 0, "half an append is there");
    let folded = store.fold(FOLD).unwrap();
    if let Some((seq, bytes)) = &folded {
        assert_eq!(*bytes, body(*seq));
    }
    assert!(
        folded.map_or(0, |(seq, _)| seq) >= acknowledged.fold,
        "the fold is older than acknowledged"
    );
    assert_eq!(row(dir), recorded, "the row is not that of the last event");
    recorded
}

/// The last event that the row of the task is of; 0 where there is no row.
fn row(dir: &Path) -> u64 {
    let connection = Connection::open(dir.join("state.db")).unwrap();
    let sql = "SELECT coalesce(max(last_seq), 0) FROM task WHERE cost_micros = last_seq";
    let last: i64 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    u64::try_from(last).unwrap()
}

/// Puts a session of format 1 into `dir`, as an aca of that time wrote it, durable.
pub(crate) fn write_old_session(dir: &Path) {
    std::fs::create_dir(dir).unwrap();
    let connection = rusqlite::Connection::open(dir.join("state.db")).unwrap();
    connection.execute_batch(include_str!("../fixtures/v1.sql")).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.close().unwrap();
    for path in [dir, dir.parent().unwrap()] {
        File::open(path).unwrap().sync_all().unwrap();
    }
}

/// Returns the format of the session in `dir`.
pub(crate) fn format(dir: &Path) -> i64 {
    let connection = Connection::open(dir.join("state.db")).unwrap();
    connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap()
}

/// The session as it was is beside the one that was brought up to date, whole.
pub(crate) fn check_copy(dir: &Path) {
    let place = dir.join("copy");
    std::fs::create_dir(&place).unwrap();
    std::fs::copy(dir.join("state.db.pre-v1"), place.join("state.db")).unwrap();
    let reader = Reader::open(&place, None).unwrap();
    assert_eq!(
        (reader.lease().unwrap().host, reader.verify(|_| true).unwrap().seq),
        (None, 5)
    );
    drop(reader);
    std::fs::remove_dir_all(place).unwrap();
}
