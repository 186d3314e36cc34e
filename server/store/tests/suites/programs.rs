//! What the suites run in processes of its own, to be killed, stopped and cut off.
//!
//! A program prints a line for each thing it acknowledges, and nothing before that is durable.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use aca_protocol::SessionId;
use aca_store::{Error, OwnerLock, Reader, Store};

use crate::content;

/// Runs the program that the first argument names with the rest as its arguments.
pub(crate) fn run(args: &[OsString]) {
    let [name, dir, rest @ ..] = args else {
        panic!("a program and a directory, not {args:?}");
    };
    let dir = Path::new(dir);
    match name.to_str().unwrap() {
        "write" => write(dir),
        "create" => create(dir),
        "migrate" => migrate(dir),
        "script" => script(dir),
        "follow" => follow(dir, rest.first().unwrap().to_str().unwrap().parse().unwrap()),
        "read_slowly" => read_slowly(dir),
        "hold_lock" => hold_lock(dir),
        other => panic!("there is no program {other}"),
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

/// Waits until the suite lets it go on.
fn wait() {
    let _ = std::io::stdin().read(&mut [0]).unwrap();
}

/// Appends for ever, and keeps a fold now and then. Ends when another has taken the session over.
fn write(dir: &Path) {
    let mut seq = content::last(dir);
    let mut store = Store::open(dir, None).unwrap();
    let mut step = || {
        seq = content::append(&mut store, seq)?;
        say(&format!("ack {seq}"));
        if seq.is_multiple_of(10) {
            content::put_fold(&mut store, seq)?;
            say(&format!("fold {seq}"));
        }
        Ok(())
    };
    loop {
        match step() {
            Ok(()) => {}
            Err(error @ Error::TakenOver { .. }) => return say(&error.to_string()),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Creates sessions for ever, each with one group of events.
fn create(dir: &Path) {
    for number in 0.. {
        let session = dir.join(number.to_string());
        let mut store = Store::create(&session, Path::new("/w"), &SessionId::new("s"), None).unwrap();
        say(&format!("created {number}"));
        let seq = content::append(&mut store, 0).unwrap();
        say(&format!("ack {seq}"));
    }
}

/// Does everything an owner does, once. What finds no room is tried again.
fn script(dir: &Path) {
    said(|| Store::create(dir, Path::new("/w"), &SessionId::new("s"), None).map(drop));
    say("created");
    let mut seq = 0;
    for _ in 0..2 {
        let mut store = said(|| Store::open(dir, None));
        for _ in 0..4 {
            seq = said_of(&mut store, |store| content::append(store, seq));
            say(&format!("ack {seq}"));
        }
        said_of(&mut store, |store| content::put_fold(store, seq));
        say(&format!("fold {seq}"));
    }
}

/// Brings the sessions of format 1 that are in `dir` up to date.
fn migrate(dir: &Path) {
    for number in 0.. {
        let session = dir.join(number.to_string());
        if !session.exists() {
            return;
        }
        drop(said(|| Store::open(&session, None)));
        say(&format!("migrated {number}"));
    }
}

/// Does something with a store, as [`said`]; a store to which the disk did not confirm a write takes no more.
fn said_of<T>(store: &mut Store, mut attempt: impl FnMut(&mut Store) -> Result<T, Error>) -> T {
    said(|| {
        let outcome = attempt(store);
        if let Err(Error::Unconfirmed { .. }) = &outcome {
            assert!(matches!(attempt(store), Err(Error::Unconfirmed { .. })));
        }
        outcome
    })
}

/// Does something, again if it finds no room, which it does once. On any other error the process ends, as an engine does,
/// after it has said which.
fn said<T>(mut attempt: impl FnMut() -> Result<T, Error>) -> T {
    for _ in 0..2 {
        match attempt() {
            Ok(value) => return value,
            Err(error @ Error::DiskFull { .. }) => say(&format!("full: {error}")),
            Err(error) => {
                say(&format!("failed: {error}"));
                std::process::exit(0);
            }
        }
    }
    panic!("there was room the second time");
}

/// Reads behind the owner until the event at `end` has come.
fn follow(dir: &Path, end: u64) {
    let reader = Reader::open(dir, None).unwrap();
    say("reading");
    let mut seq = 0;
    while seq < end {
        for event in reader.events(seq) {
            let event = event.unwrap();
            seq += 1;
            assert_eq!((event.seq, event.body), (seq, content::body(seq)));
        }
        let head = reader.head().unwrap();
        assert!(head.seq >= seq);
    }
    say(&format!("read {seq}"));
}

/// Reads, and waits in the middle of it until it may go on.
fn read_slowly(dir: &Path) {
    let reader = Reader::open(dir, None).unwrap();
    let mut events = reader.events(0);
    let first = events.next().unwrap().unwrap();
    say(&format!("read {}", first.seq));
    wait();
    let mut seq = first.seq;
    for event in events {
        seq += 1;
        assert_eq!(event.unwrap().seq, seq);
    }
    say(&format!("read {seq}"));
}

/// Holds the lock of a data directory, and starts a process that outlives it.
fn hold_lock(dir: &Path) {
    let _lock = OwnerLock::acquire(dir).unwrap().unwrap();
    let mut sleep = Command::new("sleep");
    let mut child = sleep
        .arg("600")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    say(&format!("child {}", child.id()));
    child.wait().unwrap();
}
