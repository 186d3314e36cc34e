//! Times the ledger, merge and diff on texts of 50,000 lines, beside what others take for the same in the same run.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use aca_review::ledger::FileLedger;
use divan::Bencher;

fn main() {
    divan::main();
}

/// Returns 50,000 lines, each `every`th of which carries `mark`.
fn text(every: usize, mark: &str) -> String {
    let mut text = String::new();
    for line in 0..50_000 {
        let mark = if line % every == every / 2 { mark } else { "" };
        let _ = writeln!(text, "    let value_{line} = compute({});{mark}", line % 97);
    }
    text
}

/// Returns the lines of a text in a fixed disorder.
fn shuffled(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut shuffled = String::new();
    for index in 0..lines.len() {
        shuffled.extend(lines.get(index * 7_919 % lines.len()).copied());
        shuffled.push('\n');
    }
    shuffled
}

/// 50,000 lines with 200 hunks, and the live texts while someone types a line: every 500th line was changed before.
fn typing() -> (FileLedger, Vec<String>) {
    let ledger = FileLedger::new("a.rs", &text(250, ""), &text(250, " // agent"));
    assert_eq!(ledger.hunks().len(), 200);
    let live = text(500, " // user");
    let middle = live.len() / 2;
    let at = middle + live.get(middle..).and_then(|rest| rest.find('\n')).unwrap_or_default();
    let typed = (0..40).map(|keys| {
        let mut live = live.clone();
        live.insert_str(at, &"x".repeat(keys));
        live
    });
    (ledger, typed.collect())
}

mod ledger {
    use super::*;

    /// A keystroke: one line changed since the last call.
    #[divan::bench(sample_count = 200)]
    fn keystroke(bencher: Bencher<'_, '_>) {
        let (mut ledger, lives) = typing();
        let mut lives = lives.iter().cycle();
        bencher.bench_local(|| lives.next().map(|live| ledger.place(live).len()));
    }

    /// The same without anything known from before.
    #[divan::bench(sample_count = 20)]
    fn from_scratch(bencher: Bencher<'_, '_>) {
        let (ledger, lives) = typing();
        let live = lives.last().cloned().unwrap_or_default();
        bencher
            .with_inputs(|| ledger.clone())
            .bench_local_values(|mut ledger| ledger.place(&live).len());
    }

    /// A keystroke in the middle of what a hunk changes, where all hunks overlap with the user's changes.
    #[divan::bench(sample_count = 50)]
    fn keystroke_all_overlap(bencher: Bencher<'_, '_>) {
        let mut ledger = FileLedger::new("a.rs", &text(250, ""), &text(250, " // agent"));
        let live = text(250, " // user");
        let typed = live.replacen("// user", "// user x", 1);
        let mut lives = [live, typed].into_iter().cycle();
        bencher.bench_local(|| lives.next().map(|live| ledger.place(&live).len()));
    }
}

mod merge {
    use super::*;

    fn triple() -> (String, String, String) {
        (text(200, ""), text(210, " // user"), text(200, " // agent"))
    }

    #[divan::bench(sample_count = 20)]
    fn aca(bencher: Bencher<'_, '_>) {
        let (base, live, result) = triple();
        bencher.bench_local(|| aca_review::merge(&base, &live, &result));
    }

    #[divan::bench(sample_count = 20)]
    fn diffy(bencher: Bencher<'_, '_>) {
        let (base, live, result) = triple();
        bencher.bench_local(|| diffy::merge(&base, &live, &result));
    }

    #[divan::bench(sample_count = 20)]
    fn git_merge_file(bencher: Bencher<'_, '_>) {
        let (base, live, result) = triple();
        let dir = files(&[("base", &base), ("live", &live), ("result", &result)]);
        bencher.bench_local(|| git(&["merge-file", "-p", "--quiet", "live", "base", "result"], dir.path()));
    }
}

mod diff {
    use super::*;

    #[divan::bench(sample_count = 20)]
    fn one_percent_aca(bencher: Bencher<'_, '_>) {
        let (base, result) = (text(100, ""), text(100, " // agent"));
        bencher.bench_local(|| FileLedger::new("a.rs", &base, &result));
    }

    #[divan::bench(sample_count = 20)]
    fn one_percent_git(bencher: Bencher<'_, '_>) {
        let dir = files(&[("base", &text(100, "")), ("result", &text(100, " // agent"))]);
        bencher.bench_local(|| git(&["diff", "--no-index", "base", "result"], dir.path()));
    }

    #[divan::bench(sample_count = 5)]
    fn shuffled_aca(bencher: Bencher<'_, '_>) {
        let base = text(100, "");
        let result = shuffled(&base);
        bencher.bench_local(|| FileLedger::new("a.rs", &base, &result));
    }

    #[divan::bench(sample_count = 5)]
    fn shuffled_git(bencher: Bencher<'_, '_>) {
        let base = text(100, "");
        let dir = files(&[("base", &base), ("result", &shuffled(&base))]);
        bencher.bench_local(|| git(&["diff", "--no-index", "base", "result"], dir.path()));
    }

    /// 10,000 lines of seven symbols: the worst a diff can meet.
    fn few_symbols() -> (String, String) {
        let line = |seed: usize| format!("{}\n", (seed * 1_103_515_245 + 12_345) / 65_536 % 7);
        (
            (0..10_000).map(line).collect(),
            (5_000..15_000).map(|seed| line(seed * 3)).collect(),
        )
    }

    #[divan::bench(sample_count = 5)]
    fn few_symbols_aca(bencher: Bencher<'_, '_>) {
        let (base, result) = few_symbols();
        bencher.bench_local(|| FileLedger::new("a.rs", &base, &result));
    }

    #[divan::bench(sample_count = 5)]
    fn few_symbols_git(bencher: Bencher<'_, '_>) {
        let (base, result) = few_symbols();
        let dir = files(&[("base", &base), ("result", &result)]);
        bencher.bench_local(|| git(&["diff", "--no-index", "base", "result"], dir.path()));
    }

    #[divan::bench(sample_count = 20)]
    fn edits_for_an_editor(bencher: Bencher<'_, '_>) {
        let (before, after) = (text(100, ""), text(100, " // agent"));
        bencher.bench_local(|| aca_review::edits(&before, &after));
    }
}

/// Writes files into a new folder.
fn files(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder for the files: {error}"));
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap_or_else(|error| panic!("{name} was not written: {error}"));
    }
    dir
}

/// Runs git and returns how much it wrote.
fn git(args: &[&str], dir: &Path) -> usize {
    let output = Command::new("git")
        .args(args)
        .current_dir(dir)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .stderr(Stdio::inherit())
        .output()
        .unwrap_or_else(|error| panic!("git did not run: {error}"));
    output.stdout.len()
}
