//! Kills a process at each system call that touches its files, and lets each of them fail once.
//!
//! `strace` counts calls by their kind, so each kind has points of its own: <https://man7.org/linux/man-pages/man1/strace.1.html>.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use aca_protocol::SessionId;
use aca_store::Store;

use crate::child::{Child, program};
use crate::content::{self, Acknowledged, check_copy, write_old_session};
use crate::rounds::rounds;

/// The calls that read or change files, their names or their locks.
const KINDS: &str =
    "openat,pread64,pwrite64,write,fsync,fdatasync,ftruncate,fallocate,unlink,unlinkat,rename,mkdir,fcntl";

/// What happens at a call.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Kill,
    InputOutput,
    DiskFull,
}

impl Fault {
    fn injection(self) -> &'static str {
        match self {
            Self::Kill => "signal=KILL",
            Self::InputOutput => "error=EIO",
            Self::DiskFull => "error=ENOSPC",
        }
    }

    /// Whether a disk does that to such a call.
    fn concerns(self, kind: &str) -> bool {
        match self {
            Self::Kill => true,
            Self::InputOutput => kind != "fcntl",
            Self::DiskFull => !matches!(kind, "fcntl" | "pread64" | "unlink" | "unlinkat"),
        }
    }
}

/// The `nth` call of its kind that a process makes.
#[derive(Debug, Clone)]
struct Point {
    kind: String,
    nth: u64,
}

/// What is struck.
struct Scene {
    /// The program, which gets the directory `s` below the one that was prepared.
    program: &'static str,
    /// Puts in place what the program finds.
    prepare: fn(&Path),
    /// Checks what the program left, after it printed these lines.
    check: fn(&Path, &[String]),
}

/// An owner's work, from the first.
const OWNER: Scene = Scene {
    program: "script",
    prepare: |_| {},
    check: check_session,
};

/// Bringing a session of format 1 up to date.
const MIGRATION: Scene = Scene {
    program: "migrate",
    prepare: |dir| {
        std::fs::create_dir(dir).unwrap();
        write_old_session(&dir.join("0"));
    },
    check: check_migrated,
};

pub(crate) fn every_one_may_be_the_last() {
    strike(&OWNER, Fault::Kill, 120);
}

pub(crate) fn every_one_may_fail() {
    strike(&OWNER, Fault::InputOutput, 120);
}

pub(crate) fn every_one_may_find_the_disk_full() {
    strike(&OWNER, Fault::DiskFull, 120);
}

pub(crate) fn a_migration_may_end_anywhere() {
    for fault in [Fault::Kill, Fault::InputOutput, Fault::DiskFull] {
        strike(&MIGRATION, fault, 60);
    }
}

fn strike(scene: &Scene, fault: Fault, every_commit: u64) {
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().join("s");
    (scene.prepare)(&dir);
    let mut points = points(&trace(scene.program, &dir), data.path());
    points.retain(|point| fault.concerns(&point.kind));
    assert!(points.len() > 30, "there are only {} points", points.len());
    let rounds = usize::try_from(rounds(every_commit)).unwrap();
    for round in 0..rounds {
        // Spread over all of them where they are not all looked at, else again and again.
        let at = if rounds < points.len() {
            round * points.len() / rounds
        } else {
            round % points.len()
        };
        strike_at(scene, fault, &points[at]);
    }
    let of = points.len();
    println!("{}, {fault:?}: {rounds} points of {of} different ones", scene.program);
}

fn strike_at(scene: &Scene, fault: Fault, point: &Point) {
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().join("s");
    (scene.prepare)(&dir);
    let Point { kind, nth } = point;
    let mut command = strace();
    command.args(["-o", "/dev/null", "-e", &format!("trace={kind}")]);
    command.args(["-e", &format!("inject={kind}:{}:when={nth}", fault.injection())]);
    let lines = Child::start(under(command, scene.program, &dir)).ended(|status| match fault {
        Fault::Kill => assert!(!status.success(), "it was killed: {status}"),
        _ => assert!(status.success(), "{fault:?} at {point:?}: {status}"),
    });
    println!("{fault:?} at {point:?}: {lines:?}");
    (scene.check)(&dir, &lines);
}

/// What was acknowledged is there, and the session can be gone on with, or made where it was not.
fn check_session(dir: &Path, lines: &[String]) {
    let mut acknowledged = Acknowledged::default();
    lines.iter().for_each(|line| acknowledged.note(line));
    let created = lines.iter().any(|line| line == "created");
    assert!(dir.exists() || !created, "the session is gone");
    if !dir.exists() {
        Store::create(dir, Path::new("/w"), &SessionId::new("s"), None).unwrap();
    }
    let seq = content::check(dir, acknowledged);
    let mut store = Store::open(dir, None).unwrap();
    content::append(&mut store, seq).unwrap();
}

/// The session opens, and as it was it is beside it.
fn check_migrated(dir: &Path, _: &[String]) {
    let session = dir.join("0");
    let store = Store::open(&session, None).unwrap_or_else(|error| panic!("it does not open: {error}"));
    store.verify().unwrap();
    assert_eq!(store.events(0).map(Result::unwrap).count(), 5);
    drop(store);
    check_copy(&session);
}

/// The order in which things are on disk is that of the syncs between them; a file system owes nothing more.
pub(crate) fn names_are_synced_before_they_are_relied_on() {
    let data = tempfile::tempdir().unwrap();
    let calls = trace("script", &data.path().join("sessions/s"));
    let renamed = position(&calls, |call| call.starts_with("rename(") && call.contains("/.new-s"));
    let made = last_position(&calls[..renamed], |call| {
        call.contains("O_CREAT") || call.starts_with("unlink(")
    });
    assert_synced(&calls[made..renamed], "/sessions/.new-s>");
    let used = renamed + position(&calls[renamed..], |call| call.contains("/s/state.db"));
    assert_synced(&calls[renamed..used], "/sessions>");
    assert_synced(&calls[renamed..used], &format!("{}>", data.path().display()));

    let old = data.path().join("old");
    std::fs::create_dir(&old).unwrap();
    write_old_session(&old.join("0"));
    let calls = trace("migrate", &old);
    let renamed = position(&calls, |call| {
        call.starts_with("rename(") && call.contains("/state.db.pre-v1.new")
    });
    let copied = last_position(&calls[..renamed], |call| {
        call.starts_with("pwrite64(") && call.contains(".pre-v1.new>")
    });
    assert_synced(&calls[copied..renamed], "/state.db.pre-v1.new>");
    let changed = renamed + position(&calls[renamed..], |call| call.starts_with("pwrite64("));
    assert_synced(&calls[renamed..changed], "/old/0>");
}

#[track_caller]
fn assert_synced(calls: &[String], path: &str) {
    let synced = calls
        .iter()
        .any(|call| call.starts_with("fsync(") && call.contains(path));
    assert!(synced, "{path} is not synced: {calls:#?}");
}

#[track_caller]
fn position(calls: &[String], what: impl Fn(&str) -> bool) -> usize {
    let found = calls.iter().position(|call| what(call));
    found.unwrap_or_else(|| panic!("there is no such call: {calls:#?}"))
}

#[track_caller]
fn last_position(calls: &[String], what: impl Fn(&str) -> bool) -> usize {
    let found = calls.iter().rposition(|call| what(call));
    found.unwrap_or_else(|| panic!("there is no such call: {calls:#?}"))
}

/// Runs a program and returns its calls in order, with the paths of its descriptors.
fn trace(name: &str, dir: &Path) -> Vec<String> {
    let place = tempfile::tempdir().unwrap();
    let log: PathBuf = place.path().join("log");
    let mut command = strace();
    command
        .arg("-y")
        .arg("-o")
        .arg(&log)
        .args(["-e", &format!("trace={KINDS}")]);
    Child::start(under(command, name, dir)).ended(|status| assert!(status.success(), "{status}"));
    let log = std::fs::read_to_string(log).unwrap();
    log.lines().map(str::to_owned).collect()
}

/// Returns the calls that concern files below `data`.
fn points(calls: &[String], data: &Path) -> Vec<Point> {
    let data = data.to_str().unwrap();
    let mut counts = BTreeMap::<&str, u64>::new();
    let mut points = Vec::new();
    for call in calls {
        let (kind, _) = call.split_once('(').unwrap();
        let nth = counts.entry(kind).or_default();
        *nth += 1;
        if call.contains(data) {
            points.push(Point {
                kind: kind.to_owned(),
                nth: *nth,
            });
        }
    }
    points
}

fn strace() -> Command {
    let mut strace = Command::new("strace");
    strace.arg("-qq").env_clear();
    strace
}

fn under(mut strace: Command, name: &str, dir: &Path) -> Command {
    let program = program(name, [dir]);
    strace.arg(program.get_program()).args(program.get_args());
    strace
}
