//! Compares the merge with `git merge-file` on more than 100,000 random triples: clean only where git is, and then the same text.
//!
//! Each test is one shape of texts and some seeds, so that they run beside one another.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::triples::{Shape, triple};
use aca_review::ledger::{FileLedger, Placement, Resolution};
use aca_review::{Merge, merge};

/// How many of the triples on which git is clean may be a conflict for us: less than one in a hundred.
const STRICTER: usize = 100;

macro_rules! seeds {
    ($($name:ident: $shape:ident $seeds:expr;)*) => {
        $(#[test]
        fn $name() {
            check(Shape::$shape, $seeds);
        })*
    };
}

seeds! {
    small_1: Small 0..15_000;
    small_2: Small 15_000..30_000;
    repeating_1: Repeating 0..15_000;
    repeating_2: Repeating 15_000..30_000;
    code_1: Code 0..6_000;
    code_2: Code 6_000..12_000;
    near_1: Near 0..6_000;
    near_2: Near 6_000..12_000;
    prose_1: Prose 0..6_000;
    prose_2: Prose 6_000..12_000;
    unrelated: Unrelated 0..10_000;
    long: Long 0..200;
    expensive: Expensive 0..400;
}

fn check(shape: Shape, seeds: std::ops::Range<u64>) {
    let dir = tempfile::tempdir().unwrap();
    let (mut clean, mut stricter, mut conflicts) = (0, 0, 0);
    for seed in seeds {
        let (base, live, result) = triple(shape, seed);
        let git = git_merge_file(dir.path(), &base, &live, &result);
        match (merge(&base, &live, &result), &git) {
            (Merge::Clean(ours), Some(theirs)) => {
                assert_eq!(&ours, theirs, "{shape:?} {seed}: {base:?} {live:?} {result:?}");
                clean += 1;
            }
            (Merge::Clean(ours), None) => {
                panic!("{shape:?} {seed}: git has a conflict, we have {ours:?} of {base:?} {live:?} {result:?}")
            }
            (Merge::Conflict(_), Some(_)) => stricter += 1,
            (Merge::Conflict(_), None) => conflicts += 1,
        }
        as_hunks(shape, seed, &base, &live, &result, git);
    }
    assert!(
        clean + stricter > 50,
        "the random texts test too little: {conflicts} conflicts"
    );
    // Where git looks for the shortest difference by heuristics, clean is only what is so in any case.
    let rare = shape == Shape::Expensive || stricter * STRICTER < clean + stricter;
    assert!(rare, "too strict: {stricter} beside {clean}");
}

/// What the placements of the hunks promise holds as well: where all are free of the user's changes, git is clean.
fn as_hunks(shape: Shape, seed: u64, base: &str, live: &str, result: &str, git: Option<String>) {
    let mut ledger = FileLedger::new("f", base, result);
    let free = |placement: &Placement| !matches!(placement, Placement::Touched { .. }) && placement.lands();
    if ledger.place(live).iter().all(free) {
        let all: Vec<_> = ledger
            .hunks()
            .iter()
            .map(|hunk| (hunk.id.clone(), Resolution::Merge))
            .collect();
        let landed = ledger.land(live, &all).unwrap();
        assert_eq!(
            Some(landed.text),
            git,
            "{shape:?} {seed}, as hunks: {base:?} {live:?} {result:?}"
        );
    }
}

/// Returns git's merged text, or nothing if it has a conflict.
fn git_merge_file(dir: &Path, base: &str, live: &str, result: &str) -> Option<String> {
    for (name, text) in [("base", base), ("live", live), ("result", result)] {
        std::fs::write(dir.join(name), text).unwrap();
    }
    let output = Command::new("git")
        .args(["merge-file", "-p", "--quiet", "live", "base", "result"])
        .current_dir(dir)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    match output.status.code() {
        Some(0) => Some(String::from_utf8(output.stdout).unwrap()),
        Some(1..=127) => None,
        other => panic!("git merge-file ended with {other:?}"),
    }
}
