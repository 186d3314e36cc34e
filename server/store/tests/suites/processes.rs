//! Several processes on one session: readers, a new owner, an old one that comes back, and what they leave to others.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aca_protocol::SessionId;
use aca_store::{OwnerLock, Store};
use rusqlite::Connection;
use rustix::process::{Pid, Signal};

use crate::child::{Child, program};
use crate::content::{self, Acknowledged};
use crate::rounds::rounds;

/// The most that the write-ahead log may take while readers read, in bytes: the limit that the store sets, and what is
/// added until there is a moment in which nobody reads.
const MAX_LOG_BYTES: u64 = 32 << 20;

fn session() -> (tempfile::TempDir, PathBuf, Store) {
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().join("s");
    let store = Store::create(&dir, Path::new("/w"), &SessionId::new("s"), None).unwrap();
    (data, dir, store)
}

fn log_bytes(dir: &Path) -> u64 {
    dir.join("state.db-wal").metadata().map_or(0, |meta| meta.len())
}

pub(crate) fn twenty_readers_follow_one_owner() {
    let (_data, dir, store) = session();
    drop(store);
    let end = rounds(600) * content::GROUP;
    let readers: Vec<Child> = (0..20)
        .map(|_| Child::start(program("follow", [dir.as_os_str(), end.to_string().as_ref()])))
        .collect();
    for reader in &readers {
        assert_eq!(reader.line(), "reading");
    }
    let writer = Child::start(program("write", [&dir]));
    let mut acknowledged = Acknowledged::default();
    let mut longest = 0;
    while acknowledged.event < end {
        acknowledged.note(&writer.line());
        longest = longest.max(log_bytes(&dir));
    }
    for reader in readers {
        let lines = reader.end();
        let read = lines.first().and_then(|line| line.strip_prefix("read ")).unwrap();
        assert!(read.parse::<u64>().unwrap() >= end, "{lines:?}");
    }
    for line in writer.kill() {
        acknowledged.note(&line);
    }
    content::check(&dir, acknowledged);
    assert!(longest < MAX_LOG_BYTES, "the write-ahead log grew to {longest} bytes");
    println!("20 readers read {end} events each, the write-ahead log took {longest} bytes at most");
}

pub(crate) fn a_stopped_owner_that_was_replaced_writes_nothing() {
    let (_data, dir, store) = session();
    drop(store);
    for round in 0..rounds(20) {
        let old = Child::start(program("write", [&dir]));
        let mut acknowledged = Acknowledged::default();
        for _ in 0..=round % 5 {
            acknowledged.note(&old.line());
        }
        old.stop();
        // Stopped inside a transaction, it keeps everybody from writing; it goes on until it is in none.
        while !can_be_written(&dir) {
            old.signal(Signal::CONT);
            acknowledged.note(&old.line());
            old.stop();
        }
        let mut new = Store::open(&dir, None).unwrap();
        let mut seq = content::last(&dir);
        seq = content::append(&mut new, seq).unwrap();
        old.signal(Signal::CONT);
        loop {
            let line = old.line();
            if line.contains("has taken over") {
                break;
            }
            acknowledged.note(&line);
            assert!(acknowledged.event < seq, "the old owner writes on");
        }
        assert_eq!(old.end(), [""; 0]);
        seq = content::append(&mut new, seq).unwrap();
        drop(new);
        assert_eq!(content::check(&dir, acknowledged), seq);
    }
}

fn can_be_written(dir: &Path) -> bool {
    let tool = Connection::open(dir.join("state.db")).unwrap();
    tool.busy_timeout(Duration::ZERO).unwrap();
    tool.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_ok()
}

pub(crate) fn the_lock_goes_with_its_process() {
    let data = tempfile::tempdir().unwrap();
    let holder = Child::start(program("hold_lock", [data.path()]));
    let child = Orphan::new(&holder.line());
    assert!(OwnerLock::acquire(data.path()).unwrap().is_none());
    holder.stop();
    assert!(
        OwnerLock::acquire(data.path()).unwrap().is_none(),
        "a stopped owner is one still"
    );
    holder.kill();
    let lock = OwnerLock::acquire(data.path()).unwrap();
    assert!(child.lives());
    assert!(lock.is_some(), "a process that the owner started keeps its lock");
}

/// A process that a program started and left behind; killed when the suite ends.
struct Orphan(Pid);

impl Orphan {
    fn new(line: &str) -> Self {
        let pid = line.strip_prefix("child ").unwrap().parse().unwrap();
        Self(Pid::from_raw(pid).unwrap())
    }

    fn lives(&self) -> bool {
        rustix::process::test_kill_process(self.0).is_ok()
    }
}

impl Drop for Orphan {
    fn drop(&mut self) {
        let _ = rustix::process::kill_process(self.0, Signal::KILL);
    }
}

pub(crate) fn a_reader_that_stops_does_not_make_the_log_grow() {
    let (_data, dir, mut store) = session();
    let mut seq = write_mebibytes(&mut store, 0, 4);
    let mut reader = Child::start(program("read_slowly", [&dir]));
    assert_eq!(reader.line(), "read 1");
    seq = write_mebibytes(&mut store, seq, 60);
    let bytes = log_bytes(&dir);
    assert!(bytes < MAX_LOG_BYTES, "the write-ahead log grew to {bytes} bytes");
    reader.go_on();
    assert_eq!(reader.end(), [format!("read {seq}")]);
}

pub(crate) fn a_stuck_transaction_of_another_program_does_no_harm() {
    let (_data, dir, mut store) = session();
    let mut seq = write_mebibytes(&mut store, 0, 1);
    let tool = Connection::open(dir.join("state.db")).unwrap();
    let stuck = tool.unchecked_transaction().unwrap();
    let count: u64 = stuck
        .query_row("SELECT count(*) FROM event", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, seq);
    seq = write_mebibytes(&mut store, seq, 30);
    let bytes = log_bytes(&dir);
    assert!(bytes > 25 << 20, "nobody is in the way: {bytes}");
    drop(stuck);
    seq = write_mebibytes(&mut store, seq, 2);
    let bytes = log_bytes(&dir);
    assert!(bytes < 17 << 20, "the write-ahead log keeps {bytes} bytes");
    drop(store);
    assert_eq!(content::check(&dir, Acknowledged { event: seq, fold: 0 }), seq);
}

/// Appends one group and a large fold again and again, and returns the place of the last event.
fn write_mebibytes(store: &mut Store, mut seq: u64, mebibytes: u64) -> u64 {
    for _ in 0..mebibytes {
        seq = content::append(store, seq).unwrap();
        // Pages that stay the same are not written.
        let fold: Vec<u8> = seq.to_be_bytes().into_iter().cycle().take(1 << 20).collect();
        store.put_fold(content::FOLD + 1, seq, &fold).unwrap();
    }
    seq
}
