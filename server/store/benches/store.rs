//! How long it takes to open a session and to record in it, on the disk that holds the temporary directory.
//!
//! Where there are a hundred samples, `slowest` stands for the 99th percentile.

#![expect(clippy::unwrap_used, reason = "a benchmark")]

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use aca_protocol::{SessionId, TaskId};
use aca_store::{NewEvent, Reader, Row, Store};
use divan::Bencher;

/// Makes this program, started again, an owner that ends without closing the session it names.
const CRASH: &str = "--crash";
/// The lengths of the logs.
const EVENTS: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// How many events are committed together at most.
const GROUP: u64 = 256;

/// The sessions that were made, by the length of their logs, and where they are.
static SESSIONS: Mutex<Option<(tempfile::TempDir, HashMap<u64, PathBuf>)>> = Mutex::new(None);

fn main() {
    let args: Vec<_> = std::env::args_os().collect();
    if let [_, crash, dir] = args.as_slice()
        && crash == CRASH
    {
        crash_after_writing(Path::new(dir));
    }
    divan::main();
    // A static is not dropped.
    SESSIONS.lock().unwrap().take();
}

/// Opens a session that was closed.
#[divan::bench(args = EVENTS, sample_count = 100, sample_size = 1)]
fn open(bencher: Bencher<'_, '_>, events: u64) {
    session(events, |dir| bencher.bench_local(|| Store::open(dir, None).unwrap()));
}

/// Opens a copy of a session whose owner crashed after it had recorded 1,000 more events: the write-ahead log is
/// recovered, and they are verified.
#[divan::bench(args = EVENTS, sample_count = 20, sample_size = 1)]
fn open_after_a_crash(bencher: Bencher<'_, '_>, events: u64) {
    session(events, |dir| {
        let crashed = || {
            let copy = tempfile::tempdir().unwrap();
            std::fs::copy(dir.join("state.db"), copy.path().join("state.db")).unwrap();
            let status = Command::new(std::env::current_exe().unwrap())
                .args([OsStr::new(CRASH), copy.path().as_os_str()])
                .status();
            assert!(!status.unwrap().success());
            copy
        };
        bencher
            .with_inputs(crashed)
            .bench_local_refs(|copy| Store::open(copy.path(), None).unwrap());
    });
}

/// Opens a session, with a fold of a mebibyte of all but 100 events, and reads the fold and those.
#[divan::bench(args = EVENTS, sample_count = 100, sample_size = 1)]
fn open_with_a_fold(bencher: Bencher<'_, '_>, events: u64) {
    session(events, |dir| {
        let mut store = Store::open(dir, None).unwrap();
        let head = Reader::open(dir, None).unwrap().head().unwrap().seq;
        store.put_fold(1, head - 100, &vec![b'x'; 1 << 20]).unwrap();
        drop(store);
        bencher.bench_local(|| {
            let store = Store::open(dir, None).unwrap();
            let (seq, fold) = store.fold(1).unwrap().unwrap();
            let rest = store.events(seq).map(Result::unwrap).count();
            assert_eq!((rest, fold.len()), (100, 1 << 20));
        });
    });
}

/// Verifies every event.
#[divan::bench(args = EVENTS, sample_count = 5, sample_size = 1)]
fn verify(bencher: Bencher<'_, '_>, events: u64) {
    session(events, |dir| {
        let reader = Reader::open(dir, None).unwrap();
        bencher.bench_local(|| reader.verify(|_| true).unwrap());
    });
}

/// Records so many events with one commit, durable.
#[divan::bench(args = [1, 10, 256], sample_count = 1000, sample_size = 1)]
fn commit(bencher: Bencher<'_, '_>, events: u64) {
    let data = tempfile::tempdir().unwrap();
    let mut store = create(&data.path().join("s"));
    bencher.bench_local(|| append(&mut store, events));
}

fn create(dir: &Path) -> Store {
    Store::create(dir, Path::new("/w"), &SessionId::new("s"), None).unwrap()
}

/// Lends a session with so many events, which is made once for all benches.
fn session(events: u64, bench: impl FnOnce(&Path)) {
    let mut sessions = SESSIONS.lock().unwrap();
    let (data, made) = sessions.get_or_insert_with(|| (tempfile::tempdir().unwrap(), HashMap::new()));
    let dir = made.entry(events).or_insert_with(|| {
        let dir = data.path().join(events.to_string());
        let mut store = create(&dir);
        let mut left = events;
        while left > 0 {
            append(&mut store, left.min(GROUP));
            left -= left.min(GROUP);
        }
        dir
    });
    bench(dir);
}

/// Appends events of the size that most have.
fn append(store: &mut Store, events: u64) {
    let task = TaskId::new("0192f0c4-7d5e-7c3e-8f00-000000000001");
    let body = format!(r#"{{"event":"progress","text":"{}"}}"#, "x".repeat(160));
    let event = NewEvent {
        kind: "progress",
        ts_ms: 1_700_000_000_000,
        task: Some(&task),
        attempt: None,
        who: Some("Neovim 0.11.4"),
        body: body.as_bytes(),
    };
    let row = Row::Task {
        id: task.clone(),
        title: "Reject empty names".into(),
        state: "running".into(),
        cost_micros: 1,
    };
    store
        .append(&vec![event; usize::try_from(events).unwrap()], &[row])
        .unwrap();
}

fn crash_after_writing(dir: &Path) -> ! {
    let mut store = Store::open(dir, None).unwrap();
    for _ in 0..10 {
        append(&mut store, 100);
    }
    std::process::abort();
}
