//! How long opening a session takes at several lengths of its history, and recording in it: the tables of the benchmarks
//! in `server/engine` and `server/store`, as they are.

use std::process::{Command, Stdio};

use aca_tests::parts;

/// Runs both, with their output in view.
pub(crate) fn measure() {
    for (package, bench) in [("aca-engine", "recovery"), ("aca-store", "store")] {
        println!("\n{package}: {bench}");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            .current_dir(parts::checkout())
            .args(["bench", "--quiet", "--package", package, "--bench", bench])
            .stdin(Stdio::null())
            .status()
            .expect("cargo can be started");
        assert!(status.success(), "the benchmark {bench} of {package} failed");
    }
}
