//! Saves that race landings, in each way that editors save: none is lost, whenever it comes.
//!
//! A user saves numbered versions while landings add a line to whatever is there. Of each version that was saved, either
//! the file or what a landing reports as written late has the number, once the landings that were under way are done.
//! The same against a landing that looks and then renames has to lose some, or this would show nothing.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use aca_workspace::landing::{Displaced, Expect, LandError, Landed, New, Place, step};

const SAVES: usize = 100_000;

/// Users that save at once, each a file of their own: while one waits for a landing, the others race.
const USERS: usize = 8;

/// How often changes land after a save before the next one has to come: two are waited for, the others meet that.
const LANDINGS: usize = 5;

/// What the landings and the user of one file know of each other.
#[derive(Default)]
struct Race {
    name: String,
    /// Saves that are done.
    saved: AtomicUsize,
    /// Landings that are done, with all that they have to report.
    landed: Mutex<usize>,
    /// Is told of each landing.
    has_landed: Condvar,
    /// The last save that was reported as a late write.
    late: AtomicUsize,
    /// Landings since the last save.
    recent: AtomicUsize,
    is_over: AtomicBool,
}

/// What came of a race.
struct Outcome {
    lost: usize,
    /// Landings that found that the user had saved meanwhile, and late writes.
    noticed: usize,
}

/// Where files are, and where those go that are displaced.
#[derive(Clone, Copy)]
struct Dirs<'a> {
    root: &'a Path,
    kept: &'a Path,
}

/// A save of a version; `slowly` lets others run while it is half done.
type Save = fn(path: &Path, version: &[u8], slowly: bool);
/// A landing of a text in place of another. It returns what it has displaced, and whether the user was first.
type Land = fn(dirs: Dirs<'_>, name: &str, old: &[u8], new: &[u8]) -> (Option<Displaced>, bool);

fn race(saves: usize, save: Save, land: Land) -> Outcome {
    // In memory, where nothing waits for a disk, the two meet far more often.
    let dir = tempfile::tempdir_in("/dev/shm").unwrap();
    let (root, kept) = (dir.path().join("w"), dir.path().join("kept"));
    fs::create_dir(&root).unwrap();
    fs::create_dir(&kept).unwrap();
    let races: Vec<Race> = (0..USERS).map(|user| Race::new(&root, format!("f{user}"))).collect();
    let outcome = std::thread::scope(|scope| {
        let users = races.iter().map(|race| {
            let path = root.join(&race.name);
            scope.spawn(move || {
                let numbers = 1..=saves / USERS;
                let lost = numbers.filter(|number| !race.save(&path, *number, save)).count();
                race.is_over.store(true, Ordering::SeqCst);
                lost
            })
        });
        let users: Vec<_> = users.collect();
        let dirs = Dirs {
            root: &root,
            kept: &kept,
        };
        let noticed = land_on_all(&races, dirs, land);
        let lost = users.into_iter().map(|user| user.join().unwrap()).sum();
        Outcome { lost, noticed }
    });
    let names = |dir: PathBuf| fs::read_dir(dir).unwrap().count();
    assert_eq!((names(root), names(kept)), (USERS, 0));
    outcome
}

/// Lands on one file after the other until their users are done, and returns how often the two met.
fn land_on_all(races: &[Race], dirs: Dirs<'_>, land: Land) -> usize {
    let mut noticed = 0;
    let mut open: Vec<(&Race, Vec<(usize, Displaced)>)> = races.iter().map(|race| (race, Vec::new())).collect();
    while !open.is_empty() {
        let mut is_idle = true;
        open.retain_mut(|(race, displaced)| {
            let is_over = race.is_over.load(Ordering::SeqCst);
            if !is_over && race.recent.fetch_add(1, Ordering::SeqCst) >= LANDINGS {
                return true;
            }
            is_idle = false;
            noticed += race.land(dirs, displaced, is_over, land);
            !is_over
        });
        if is_idle {
            std::thread::yield_now();
        }
    }
    noticed
}

fn version(number: usize) -> Vec<u8> {
    format!("{number:08}\n").into_bytes()
}

/// The number in a text; none if it is half written.
fn number(text: &[u8]) -> Option<usize> {
    str::from_utf8(text.get(..8)?).ok()?.parse().ok()
}

impl Race {
    fn new(root: &Path, name: String) -> Self {
        fs::write(root.join(&name), version(0)).unwrap();
        Self {
            name,
            ..Self::default()
        }
    }

    /// Saves a version, and returns whether it is found when the landings that were under way are done.
    fn save(&self, path: &Path, number: usize, save: Save) -> bool {
        save(path, &version(number), number.is_multiple_of(3));
        self.saved.store(number, Ordering::SeqCst);
        self.wait_for_landings();
        self.is_in(path, number) || self.late.load(Ordering::SeqCst) == number
    }

    /// Whether the file has a version. A landing that has come since may be about to put it back.
    fn is_in(&self, path: &Path, wanted: usize) -> bool {
        for _ in 0..3 {
            if fs::read(path).is_ok_and(|text| number(&text) == Some(wanted)) {
                return true;
            }
            self.wait_for_landings();
        }
        false
    }

    /// Waits until the landing that is under way is done, and one that began after it.
    fn wait_for_landings(&self) {
        let landed = self.landed.lock().unwrap();
        // None of the landings that are allowed from here on is counted before this.
        self.recent.store(0, Ordering::SeqCst);
        let enough = *landed + 2;
        let patience = Duration::from_secs(60);
        let waited = self
            .has_landed
            .wait_timeout_while(landed, patience, |landed| *landed < enough);
        assert!(!waited.unwrap().1.timed_out(), "nothing lands any more");
    }

    /// Lands once, looks at what was displaced, and returns how often landing and user met.
    fn land(&self, dirs: Dirs<'_>, displaced: &mut Vec<(usize, Displaced)>, is_over: bool, land: Land) -> usize {
        let mut noticed = 0;
        let live = fs::read(dirs.root.join(&self.name)).unwrap_or_default();
        if let Some(number) = number(&live) {
            let count = *self.landed.lock().unwrap();
            let new = format!("{number:08}\nlanded {count}\n");
            let (out, was_first) = land(dirs, &self.name, &live, new.as_bytes());
            noticed += usize::from(was_first);
            displaced.extend(out.map(|out| (self.saved.load(Ordering::SeqCst), out)));
        }
        let saved = self.saved.load(Ordering::SeqCst);
        displaced.retain_mut(|(since, displaced)| {
            // The save that was under way when the file was displaced is done: nothing can come any more.
            let is_last = saved > *since || is_over;
            while let Some(late) = if is_last {
                displaced.finish()
            } else {
                displaced.late_write()
            }
            .unwrap()
            {
                noticed += 1;
                self.late.fetch_max(number(&late).unwrap_or_default(), Ordering::SeqCst);
            }
            !is_last
        });
        *self.landed.lock().unwrap() += 1;
        self.has_landed.notify_one();
        noticed
    }
}

fn in_place(path: &Path, version: &[u8], slowly: bool) {
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    wait(slowly);
    file.write_all(version).unwrap();
}

fn truncating(path: &Path, version: &[u8], slowly: bool) {
    let mut file = OpenOptions::new().write(true).truncate(true).open(path).unwrap();
    wait(slowly);
    file.write_all(version).unwrap();
}

fn renaming(path: &Path, version: &[u8], slowly: bool) {
    let next = path.with_extension("next");
    fs::write(&next, version).unwrap();
    wait(slowly);
    fs::rename(&next, path).unwrap();
}

fn with_backup(path: &Path, version: &[u8], slowly: bool) {
    let backup = path.with_extension("backup");
    fs::rename(path, &backup).unwrap();
    wait(slowly);
    fs::write(path, version).unwrap();
    fs::remove_file(&backup).unwrap();
}

fn wait(slowly: bool) {
    if slowly {
        (0..20).for_each(|_| std::thread::yield_now());
    }
}

/// What the engine does.
fn verified(dirs: Dirs<'_>, name: &str, old: &[u8], new: &[u8]) -> (Option<Displaced>, bool) {
    let place = Place {
        root: dirs.root,
        displaced: Some(dirs.kept),
    };
    let new = New::Bytes {
        bytes: new,
        executable: None,
        permissions: None,
    };
    match step(place, name, Expect::Bytes(old), new) {
        Ok(Landed::Displaced(displaced)) => (Some(displaced), false),
        Ok(Landed::Already | Landed::Done) => (None, false),
        Err(LandError::Moved { displaced, .. }) => (displaced, true),
        Err(error) => panic!("{error}"),
    }
}

/// What many programs do, and it loses saves.
fn unverified(dirs: Dirs<'_>, name: &str, old: &[u8], new: &[u8]) -> (Option<Displaced>, bool) {
    let (path, next) = (dirs.root.join(name), dirs.kept.join("next"));
    fs::write(&next, new).unwrap();
    let is_expected = fs::read(&path).is_ok_and(|live| live == old);
    if is_expected {
        fs::rename(&next, &path).unwrap();
    } else {
        fs::remove_file(&next).unwrap();
    }
    (None, !is_expected)
}

fn check(save: Save) {
    let Outcome { lost, noticed } = race(SAVES, save, verified);
    assert_eq!(lost, 0, "of {SAVES} saves, with {noticed} races noticed");
    assert!(noticed > 100, "only {noticed} of {SAVES} saves met a landing");
}

#[test]
fn no_save_in_place_is_lost() {
    check(in_place);
}

#[test]
fn no_save_that_truncates_is_lost() {
    check(truncating);
}

#[test]
fn no_save_by_renaming_is_lost() {
    check(renaming);
}

#[test]
fn no_save_with_a_backup_is_lost() {
    check(with_backup);
}

#[test]
fn looking_and_then_renaming_loses_saves() {
    for save in [in_place, truncating, renaming] {
        let outcome = race(SAVES / 5, save, unverified);
        assert!(outcome.lost > 0, "this race shows nothing");
    }
}
