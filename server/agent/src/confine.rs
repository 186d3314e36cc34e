//! The `confine` subcommand: runs a program in namespaces of its own, where no container engine serves.
//!
//! Four processes take part, each this executable until the last:
//!
//! 1. `supervise` stays outside and alive. It claims the sandbox in its state directory, so that it runs once, writes
//!    down which processes make it up, waits for the end and writes that down too.
//! 2. `unshare` enters new namespaces and waits until its parent has mapped its user, which may need the parent's
//!    rights.
//! 3. `init` is process 1 of the sandbox. It builds the root directory, gives up every capability, and
//! 4. becomes the program, which starts with nothing it could use against the host.
//!
//! Each dies with the one before it. Nothing here runs a second thread.
//!
//! What holds: user, mount, process, network, IPC, host name and control group namespaces; a root directory of its own
//! with the host's programs read-only; no capabilities and no way to regain them, in nested namespaces neither;
//! a system call filter; Landlock where the kernel has it; limits on processes, files and `/tmp`. What does not, for
//! it takes a delegated control group: limits on memory and processors.

mod args;
mod drop;
mod loopback;
mod namespaces;
mod root;
mod supervise;

use std::ffi::OsString;
use std::io::Write;

use args::{Plan, Stage};

/// Why a program could not be confined.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// The arguments are wrong.
    #[error("confine was called wrongly: {0}")]
    Usage(String),
    /// The kernel refused a step.
    #[error("{doing} failed: {source}.{hint}")]
    Step {
        /// What was tried, as the subject of a sentence.
        doing: String,
        /// The kernel's answer.
        source: std::io::Error,
        /// What to do about it, with a leading space, or nothing.
        hint: &'static str,
    },
    /// An inner stage has said why it failed.
    #[error("{0}")]
    Inner(String),
}

/// Names the step in an error.
fn step<E: Into<std::io::Error>>(doing: impl Into<String>) -> impl FnOnce(E) -> Error {
    move |e| Error::Step {
        doing: doing.into(),
        source: e.into(),
        hint: "",
    }
}

/// Carries out the stage that `args` name. Never returns.
///
/// A stage says on its standard output how it went: a line `ready`, or a line `failed: …`.
pub(crate) fn main(args: Vec<OsString>) -> ! {
    let done = Plan::parse(&args).and_then(|(stage, plan)| match stage {
        Stage::Supervise => supervise::run(&plan, &args),
        Stage::Unshare => namespaces::run(&plan, &args),
        Stage::Init => root::run(&plan).and_then(|()| drop::run(&plan)),
    });
    let code = done.unwrap_or_else(|e| {
        say(&format!("failed: {e}"));
        FAILED
    });
    std::process::exit(code)
}

/// What to do where namespaces are refused.
const NO_NAMESPACES: &str = " This system does not let a plain user make namespaces: allow it \
     (`sudo sysctl kernel.unprivileged_userns_clone=1`, `user.max_user_namespaces` above 0, and on Ubuntu \
     `kernel.apparmor_restrict_unprivileged_userns=0`), or use Docker.";

/// The exit code of a stage that failed.
const FAILED: i32 = 70;

/// Writes a line to whoever started this stage. If they are gone, there is nobody to tell.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", line.replace('\n', " ")).and_then(|()| out.flush());
}
