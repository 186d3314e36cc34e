//! Kills a writing process again and again: nothing it acknowledged may be lost, nothing may be half there.

use std::path::Path;
use std::time::Duration;

use aca_protocol::SessionId;
use aca_store::Store;

use crate::child::{Child, program};
use crate::content::{self, Acknowledged};
use crate::rounds::rounds;

/// A session gets this many kills, so that checking it stays short.
const KILLS_EACH: u64 = 50;

pub(crate) fn nothing_acknowledged_is_lost() {
    let data = tempfile::tempdir().unwrap();
    let rounds = rounds(100);
    let (mut dir, mut acknowledged, mut total) = (data.path().join("0"), Acknowledged::default(), 0);
    for round in 0..rounds {
        if round.is_multiple_of(KILLS_EACH) {
            total += acknowledged.event;
            acknowledged = Acknowledged::default();
            dir = data.path().join(round.to_string());
            drop(Store::create(&dir, Path::new("/w"), &SessionId::new("s"), None).unwrap());
        }
        write_until_killed(&dir, round, &mut acknowledged);
        acknowledged.event = content::check(&dir, acknowledged);
    }
    total += acknowledged.event;
    assert!(
        total > rounds * content::GROUP,
        "only {total} events in {rounds} rounds"
    );
    println!("{rounds} kills, {total} events, none lost");
}

/// Kills the writer somewhere in its cycle: after some of its lines, and a moment that differs from round to round.
fn write_until_killed(dir: &Path, round: u64, acknowledged: &mut Acknowledged) {
    let writer = Child::start(program("write", [dir]));
    for _ in 0..=round % 7 {
        acknowledged.note(&writer.line());
    }
    // Not a wait for something: it moves the moment of the kill through the writer's cycle.
    std::thread::sleep(Duration::from_micros(round * 7919 % 3000));
    for line in writer.kill() {
        acknowledged.note(&line);
    }
}
