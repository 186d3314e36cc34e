//! Process 1 of a sandbox: drives the coding agent and journals what it does.

use std::ffi::OsString;
use std::process::ExitCode;

mod confine;

const USAGE: &str = "usage: aca-agent run --out DIR | connect --out DIR | confine ...";

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let command = args.next();
    let rest: Vec<OsString> = args.collect();
    match command.as_deref().and_then(|c| c.to_str()) {
        // Namespaces are entered before any thread exists.
        Some("confine") => confine::main(rest),
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(64)
        }
    }
}
