//! Process 1 of a sandbox: drives the coding agent and journals what it does.
//!
//! - `run --out DIR` carries out the attempt that `DIR/spec.json` describes.
//! - `connect --out DIR` joins stdio with the agent that runs there.
//! - `confine …` starts a program in namespaces of its own, where no container engine serves.
//!
//! What it says to the engine, and in which files, is in [`aca_protocol::agent`].

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

mod attempt;
mod confine;
mod connect;
mod driver;
mod gateway;
mod journal;
mod life;
mod link;
mod mailbox;
mod processes;
mod run;
mod steer;
mod text;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let command = args.next();
    let rest: Vec<OsString> = args.collect();
    match command.as_deref().and_then(|command| command.to_str()) {
        // Namespaces are entered before any thread exists.
        Some("confine") => confine::main(rest),
        Some("run") => with_out(&rest, run::main),
        Some("connect") => with_out(&rest, connect::main),
        _ => usage(),
    }
}

/// Says on stderr what went wrong and returns the exit code.
fn fail(code: u8, message: &str) -> ExitCode {
    eprintln!("aca-agent: {message}.");
    ExitCode::from(code)
}

fn with_out(args: &[OsString], command: impl Fn(&std::path::Path) -> ExitCode) -> ExitCode {
    match args {
        [flag, out] if flag == "--out" => command(&PathBuf::from(out)),
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    fail(64, "usage: aca-agent run --out DIR | connect --out DIR | confine …")
}
