//! How long the suites run.

/// Returns how often a suite does what it does: `$ACA_SUITE_ROUNDS`, or `every_commit` where that is not set.
pub(crate) fn rounds(every_commit: u64) -> u64 {
    match std::env::var("ACA_SUITE_ROUNDS") {
        Ok(rounds) => rounds.parse().expect("ACA_SUITE_ROUNDS is a number"),
        Err(_) => every_commit,
    }
}
