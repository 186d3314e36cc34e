//! Figures as a table: what aca needs, what the peer in the same run needs, and their ratio.

use std::time::Duration;

/// Returns the value below which a share of the measurements lies.
pub(crate) fn percentile(measured: &[Duration], share: f64) -> Duration {
    let mut sorted = measured.to_vec();
    sorted.sort_unstable();
    let last = sorted.len().saturating_sub(1);
    let index = (last as f64 * share).round() as usize;
    sorted.get(index).copied().unwrap_or_default()
}

/// Returns the middle one of the measurements.
pub(crate) fn median(measured: &[Duration]) -> Duration {
    percentile(measured, 0.5)
}

/// Prints the head of the table.
pub(crate) fn head() {
    println!(
        "| {:<52} | {:>11} | {:>11} | {:>6} | {:>6} |",
        "figure", "aca", "peer", "ratio", "target"
    );
    println!("|{:-<54}|{:->13}|{:->13}|{:->8}|{:->8}|", "", ":", ":", ":", ":");
}

/// Prints durations.
pub(crate) fn time(figure: &str, aca: Duration, peer: Duration, target: f64) {
    let milliseconds = |time: Duration| format!("{:.3} ms", time.as_secs_f64() * 1_000.0);
    row(
        figure,
        &milliseconds(aca),
        &milliseconds(peer),
        aca.as_secs_f64() / peer.as_secs_f64(),
        target,
    );
}

/// Prints amounts of memory, given in KiB.
pub(crate) fn memory(figure: &str, aca: u64, peer: u64, target: f64) {
    let mebibytes = |kib: u64| format!("{:.1} MiB", kib as f64 / 1_024.0);
    row(
        figure,
        &mebibytes(aca),
        &mebibytes(peer),
        aca as f64 / peer as f64,
        target,
    );
}

fn row(figure: &str, aca: &str, peer: &str, ratio: f64, target: f64) {
    let verdict = if ratio <= target { "" } else { "  not reached" };
    println!("| {figure:<52} | {aca:>11} | {peer:>11} | {ratio:>6.2} | {target:>6.2} |{verdict}");
}
