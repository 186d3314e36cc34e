//! The language server as a process of its own, over its real stdin and stdout.
//!
//! Each row of what tower-lsp 0.20 does wrong by itself (order, cancellation, deadlocks, panics, the ends of a
//! connection) is a test here. The program is both sides: started with [`server::DATA_DIR`] it is the server, otherwise
//! it runs the tests.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod client;
mod ends;
mod features;
mod front_end;
mod gone;
mod review;
mod seed;
mod server;
mod settings;
mod traffic;

use libtest_mimic::{Arguments, Failed, Trial};

/// A test: its name and what it does. It fails by panicking.
type Test = (&'static str, fn());

fn main() {
    if let Some(data_dir) = std::env::var_os(server::DATA_DIR) {
        server::run(data_dir.into());
    }
    let tests = [
        traffic::TESTS,
        ends::TESTS,
        features::TESTS,
        front_end::TESTS,
        gone::TESTS,
        review::TESTS,
        settings::TESTS,
    ]
    .concat();
    let trials = tests.into_iter().map(|(name, test)| {
        Trial::test(name, move || {
            test();
            Ok::<(), Failed>(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}
