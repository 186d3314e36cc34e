//! The benchmarks that lie in the crates, each beside its peer, as rows of the one table.

use std::collections::HashMap;
use std::process::{Command, Stdio};
use std::time::Duration;

use aca_tests::parts;

use crate::figures;

/// A package, its benchmark, and the rows: the figure, our function, the peer's function, and the ratio to reach.
type Pairs = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str, &'static str, f64)],
);

const PAIRS: [Pairs; 2] = [
    (
        "aca-review",
        "review",
        &[
            (
                "merge of 50,000 lines, git merge-file",
                "merge::aca",
                "merge::git_merge_file",
                1.0,
            ),
            ("merge of 50,000 lines, diffy", "merge::aca", "merge::diffy", 1.0),
            (
                "hunks of 50,000 lines, 1 %, git diff",
                "diff::one_percent_aca",
                "diff::one_percent_git",
                1.0,
            ),
            (
                "hunks of 50,000 lines in disorder, git diff",
                "diff::shuffled_aca",
                "diff::shuffled_git",
                1.0,
            ),
            (
                "hunks of 10,000 lines of few, git diff",
                "diff::few_symbols_aca",
                "diff::few_symbols_git",
                1.0,
            ),
        ],
    ),
    (
        "aca-workspace",
        "watch",
        &[
            ("watching 30,000 files begins, notify", "register", "register_bare", 1.0),
            ("10,000 changes at once are told, notify", "burst", "burst_bare", 1.0),
        ],
    ),
];

/// Runs them and prints a row for each pair.
pub(crate) fn measure() {
    for (package, bench, pairs) in PAIRS {
        let medians = run(package, bench);
        let median = |name: &str| {
            let found = medians.get(name);
            *found.unwrap_or_else(|| panic!("{package} has no benchmark {name}; it has {medians:?}"))
        };
        for (figure, own, peer, target) in pairs {
            figures::time(figure, median(own), median(peer), *target);
        }
    }
}

/// Returns the median of every function of a benchmark.
fn run(package: &str, bench: &str) -> HashMap<String, Duration> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(parts::checkout())
        .args(["bench", "--quiet", "--package", package, "--bench", bench])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "the benchmark {bench} of {package} failed");
    medians(&String::from_utf8_lossy(&output.stdout))
}

/// Reads divan's table: a tree of names, three characters to a level, and columns of which the third is the median.
fn medians(table: &str) -> HashMap<String, Duration> {
    let mut path: Vec<&str> = Vec::new();
    let mut medians = HashMap::new();
    for line in table.lines() {
        let row = line.trim_start_matches(['│', '├', '╰', '─', ' ']);
        let indent = line.chars().count() - row.chars().count();
        let mut columns = row.split('│');
        let Some(name) = columns.next().and_then(|first| first.split_whitespace().next()) else {
            continue;
        };
        if indent == 0 {
            continue;
        }
        path.truncate(indent / 3 - 1);
        path.push(name);
        if let Some(median) = columns.nth(1).and_then(duration) {
            medians.insert(path.join("::"), median);
        }
    }
    medians
}

/// Reads a time such as `12.34 µs`.
fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.trim().split_once(' ')?;
    let seconds = match unit {
        "ns" => 1e-9,
        "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        _ => return None,
    };
    Some(Duration::from_secs_f64(number.parse::<f64>().ok()? * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_divan_is_read() {
        let table = "Timer precision: 20 ns\n\
            review           fastest       │ slowest       │ median        │ mean          │ samples │ iters\n\
            ├─ diff                        │               │               │               │         │\n\
            │  ├─ own        1.5 ms        │ 2 ms          │ 1.75 ms       │ 1.8 ms        │ 20      │ 20\n\
            │  ╰─ theirs     900 µs        │ 2 ms          │ 950.5 µs      │ 1.8 ms        │ 20      │ 20\n\
            ╰─ burst         1.5 s         │ 2 s           │ 1.75 s        │ 1.8 s         │ 20      │ 20\n";
        let medians = medians(table);
        assert_eq!(medians.len(), 3, "{medians:?}");
        assert_eq!(medians["diff::own"], Duration::from_micros(1_750));
        assert_eq!(medians["diff::theirs"], Duration::from_nanos(950_500));
        assert_eq!(medians["burst"], Duration::from_millis(1_750));
    }
}
