//! Cuts the power of a disk while a process writes to it: what was acknowledged is there when it runs again.

use std::path::Path;

use aca_protocol::SessionId;
use aca_store::Store;

use crate::child::{Child, program};
use crate::content::{self, Acknowledged, check_copy, write_old_session};
use crate::disk::Disk;
use crate::rounds::rounds;

/// A disk has room for the sessions of this many cuts.
const CUTS_EACH: u64 = 50;

pub(crate) fn nothing_acknowledged_is_lost() {
    let (rounds, mut total) = (rounds(40), 0);
    for begin in (0..rounds).step_by(50) {
        let disk = Disk::new(96);
        let dir = disk.path().join("s");
        drop(Store::create(&dir, Path::new("/w"), &SessionId::new("s"), None).unwrap());
        let mut acknowledged = Acknowledged::default();
        for round in begin..rounds.min(begin + CUTS_EACH) {
            let lines = cut(&disk, Child::start(program("write", [&dir])), 1 + round % 23);
            lines.iter().for_each(|line| acknowledged.note(line));
            acknowledged.event = content::check(&dir, acknowledged);
        }
        total += acknowledged.event;
    }
    assert!(total > rounds * content::GROUP);
    println!("{rounds} cuts, {total} events, none lost");
}

pub(crate) fn an_acknowledged_session_is_there() {
    let rounds = rounds(20);
    let mut created = 0;
    for begin in (0..rounds).step_by(20) {
        let disk = Disk::new(96);
        for round in begin..rounds.min(begin + 20) {
            // Below directories that are made for it, as in a data directory that is new.
            let sessions = disk.path().join(round.to_string()).join("sessions");
            let lines = cut(&disk, Child::start(program("create", [&sessions])), 1 + round % 5);
            let mut session = None;
            for line in lines {
                match line.split_once(' ').unwrap() {
                    ("created", number) => {
                        created += 1;
                        session = Some(sessions.join(number));
                        content::check(session.as_ref().unwrap(), Acknowledged::default());
                    }
                    ("ack", _) => {
                        let acknowledged = Acknowledged {
                            event: content::GROUP,
                            fold: 0,
                        };
                        content::check(session.as_ref().unwrap(), acknowledged);
                    }
                    other => panic!("{other:?}"),
                }
            }
            assert_all_listed_open(&disk.path().join(round.to_string()));
        }
    }
    assert!(created >= rounds);
    println!("{rounds} cuts, {created} sessions, none lost");
}

/// What was not acknowledged may be there or not, but not by half.
fn assert_all_listed_open(data_dir: &Path) {
    for (dir, meta) in aca_store::sessions(data_dir) {
        assert_eq!(meta.unwrap().workspace, Path::new("/w"));
        content::check(&dir, Acknowledged::default());
    }
}

pub(crate) fn a_session_is_of_one_format_or_the_other() {
    const SESSIONS: u64 = 4;
    let rounds = rounds(20);
    for begin in (0..rounds).step_by(20) {
        let disk = Disk::new(96);
        for round in begin..rounds.min(begin + 20) {
            let data = disk.path().join(round.to_string());
            std::fs::create_dir(&data).unwrap();
            (0..SESSIONS).for_each(|number| write_old_session(&data.join(number.to_string())));
            let lines = cut(&disk, Child::start(program("migrate", [&data])), 1 + round % SESSIONS);
            for number in 0..SESSIONS {
                let dir = data.join(number.to_string());
                if lines.contains(&format!("migrated {number}")) {
                    assert_eq!(content::format(&dir), 2, "session {number} is an old one again");
                    check_copy(&dir);
                }
                let store = Store::open(&dir, None).unwrap_or_else(|error| panic!("session {number}: {error}"));
                store.verify().unwrap();
                assert_eq!(store.events(0).map(Result::unwrap).count(), 5);
                drop(store);
                check_copy(&dir);
            }
            std::fs::remove_dir_all(data).unwrap();
        }
    }
}

/// Cuts the power when the program has printed so many lines or ended, and returns all that it printed. The disk runs
/// again then, and the program is gone.
fn cut(disk: &Disk, child: Child, lines: u64) -> Vec<String> {
    let mut said: Vec<String> = (0..lines).map(|_| child.line()).collect();
    child.stop();
    disk.cut_power();
    said.extend(child.kill());
    disk.start();
    said
}
