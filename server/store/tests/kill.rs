//! Kills a writing process again and again: nothing it acknowledged may be lost, nothing may be half there.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use aca_protocol::{SessionId, TaskId};
use aca_store::{NewEvent, Row, Store};

/// Tells this test, started again as a child process, to be the writer for the session it names.
const WRITER: &str = "ACA_STORE_TEST_WRITER";
const KILLS: u64 = 60;
/// Each append records this many events.
const GROUP: u64 = 3;

#[test]
fn nothing_acknowledged_is_lost() {
    if let Some(dir) = std::env::var_os(WRITER) {
        write_for_ever(&PathBuf::from(dir));
    }
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().join("sessions/s");
    drop(Store::create(&dir, Path::new("/w"), &SessionId::new("s"), None).unwrap());
    let mut acknowledged = 0;
    for round in 0..KILLS {
        let last = write_until_killed(&dir, round);
        acknowledged = acknowledged.max(last);
        let store = Store::open(&dir, None).unwrap();
        let recorded = store.events(0).map(Result::unwrap).count() as u64;
        assert!(
            recorded >= acknowledged,
            "{acknowledged} were acknowledged, {recorded} are there"
        );
        assert_eq!(recorded % GROUP, 0, "half an append is there");
        acknowledged = recorded;
    }
    assert!(acknowledged > KILLS * GROUP);
}

/// Returns the last event that the writer acknowledged before it was killed.
fn write_until_killed(dir: &Path, round: u64) -> u64 {
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "nothing_acknowledged_is_lost", "--nocapture"])
        .env(WRITER, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(writer.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let acks = |line: String| line.split_once("ack ").map(|(_, seq)| seq.parse::<u64>().unwrap());
    let mut last = 0;
    for _ in 0..=round % 7 {
        last = lines.by_ref().find_map(acks).expect("the writer ended by itself");
    }
    // Not a wait: it moves the moment of the kill through the writer's cycle.
    std::thread::sleep(Duration::from_micros(round * 7919 % 3000));
    writer.kill().unwrap();
    writer.wait().unwrap();
    lines.filter_map(acks).last().unwrap_or(last)
}

fn write_for_ever(dir: &Path) -> ! {
    let mut store = Store::open(dir, None).unwrap();
    let task = TaskId::new("t");
    let event = NewEvent {
        kind: "written",
        ts_ms: 1,
        task: Some(&task),
        attempt: None,
        who: None,
        body: br#"{"n":1}"#,
    };
    let row = Row::Task {
        id: task.clone(),
        title: "T".into(),
        state: "running".into(),
        cost_micros: 0,
    };
    loop {
        let seq = store
            .append(&[event; GROUP as usize], std::slice::from_ref(&row))
            .unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "ack {seq}").unwrap();
        out.flush().unwrap();
    }
}
