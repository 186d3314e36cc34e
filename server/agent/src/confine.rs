//! The `confine` subcommand: starts a program inside namespaces of its own, where no container engine serves.

use std::ffi::OsString;

/// Confines this process as `args` say and becomes the program they name. Never returns.
pub(crate) fn main(_args: Vec<OsString>) -> ! {
    eprintln!("aca-agent confine: not built yet.");
    std::process::exit(69)
}
