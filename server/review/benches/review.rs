//! Times hunks and their placement on texts of 50,000 lines.

use std::fmt::Write as _;

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

#[divan::bench(sample_count = 20)]
fn hunks_one_percent(bencher: divan::Bencher<'_, '_>) {
    let (base, result) = (text(100, ""), text(100, " // agent"));
    bencher.bench_local(|| aca_review::hunks("a.rs", &base, &result));
}

#[divan::bench(sample_count = 5)]
fn hunks_shuffled(bencher: divan::Bencher<'_, '_>) {
    let base = text(100, "");
    let result = shuffled(&base);
    bencher.bench_local(|| aca_review::hunks("a.rs", &base, &result));
}

#[divan::bench(sample_count = 5)]
fn hunks_few_symbols(bencher: divan::Bencher<'_, '_>) {
    let line = |seed: usize| format!("{}\n", (seed * 1_103_515_245 + 12_345) / 65_536 % 7);
    let base: String = (0..10_000).map(line).collect();
    let result: String = (5_000..15_000).map(|seed| line(seed * 3)).collect();
    bencher.bench_local(|| aca_review::hunks("a.rs", &base, &result));
}

#[divan::bench(sample_count = 20)]
fn place_one_percent(bencher: divan::Bencher<'_, '_>) {
    let (base, result, live) = (text(100, ""), text(100, " // agent"), text(90, " // user"));
    let hunks = aca_review::hunks("a.rs", &base, &result);
    bencher.bench_local(|| aca_review::place(&base, &live, &hunks, &[]));
}

#[divan::bench(sample_count = 20)]
fn edits_one_percent(bencher: divan::Bencher<'_, '_>) {
    let (before, after) = (text(100, ""), text(100, " // agent"));
    bencher.bench_local(|| aca_review::edits(&before, &after));
}
