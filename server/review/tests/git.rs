//! Compares the merge with `git merge-file` on random small texts: clean only where git is, and then the same text.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use aca_review::{Merge, Placement, apply, hunks, merge, place};

const ROUNDS: u64 = 3_000;

#[test]
fn clean_only_where_git_is_clean() {
    let dir = tempfile::tempdir().unwrap();
    let (mut clean, mut stricter) = (0, 0);
    for seed in 0..ROUNDS {
        let (base, live, result) = triple(seed);
        let git = git_merge_file(dir.path(), &base, &live, &result);
        match (merge(&base, &live, &result), &git) {
            (Merge::Clean(ours), Some(theirs)) => {
                assert_eq!(&ours, theirs, "seed {seed}: {base:?} {live:?} {result:?}");
                clean += 1;
            }
            (Merge::Clean(ours), None) => {
                panic!("seed {seed}: git has a conflict, we have {ours:?} of {base:?} {live:?} {result:?}")
            }
            (Merge::Conflict(_), Some(_)) => stricter += 1,
            (Merge::Conflict(_), None) => {}
        }
        let joined = hunks("f", &base, &result);
        let placements = place(&base, &live, &joined, &[]);
        if placements
            .iter()
            .all(|placement| !matches!(placement, Placement::Overlap { .. }))
        {
            let all: Vec<_> = joined.iter().map(|hunk| hunk.id.clone()).collect();
            let ours = apply(&base, &live, &joined, &[], &all).unwrap();
            assert_eq!(Some(ours), git, "seed {seed}, as hunks: {base:?} {live:?} {result:?}");
        }
    }
    println!("{clean} of {ROUNDS} clean, {stricter} clean only for git");
    assert!(clean > ROUNDS / 4, "the random texts test too little: {clean} clean");
    assert!(stricter < ROUNDS / 10, "too strict: {stricter}");
}

/// Returns git's merged text, or nothing if it has a conflict.
fn git_merge_file(dir: &Path, base: &str, live: &str, result: &str) -> Option<String> {
    for (name, text) in [("base", base), ("live", live), ("result", result)] {
        std::fs::File::create(dir.join(name))
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
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

/// Returns a base and two texts made from it by a few random edits of whole lines.
fn triple(seed: u64) -> (String, String, String) {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66);
    let symbols = 2 + random.below(20);
    let base: Vec<String> = (0..random.below(24)).map(|_| random.line(symbols)).collect();
    let live = random.edited(&base, symbols);
    let result = random.edited(&base, symbols);
    let text = |lines: &[String], random: &mut Random| {
        let mut text = lines.concat();
        if random.below(6) == 0 && text.ends_with('\n') {
            text.pop();
        }
        text
    };
    let base = text(&base, &mut random);
    (base, text(&live, &mut random), text(&result, &mut random))
}

/// A small generator, so that a seed names a case for ever.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    fn line(&mut self, symbols: u64) -> String {
        let end = if self.below(9) == 0 { "\r\n" } else { "\n" };
        format!("line {}{end}", self.below(symbols))
    }

    fn edited(&mut self, base: &[String], symbols: u64) -> Vec<String> {
        let mut lines = base.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(lines.len() as u64 + 1) as usize;
            let end = (at + self.below(3) as usize).min(lines.len());
            let new: Vec<String> = (0..self.below(3)).map(|_| self.line(symbols + 3)).collect();
            lines.splice(at..end, new);
        }
        lines
    }
}
