//! The shell tool: one command, bounded in time and output.

use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use super::tools::Output;
use crate::driver::{Context, bounded};

/// How long a command may take if the model does not say, and at most, in seconds.
pub(super) const DEFAULT_SECS: u64 = 120;
const MAX_SECS: u64 = 1800;

/// How much output is kept from the beginning and from the end, in bytes.
const MAX_HALF: usize = 15 * 1024;

/// Runs `command` in `directory` with a shell of its own process group.
pub(super) async fn run(context: &Context, directory: &Path, command: &str, timeout_secs: u64) -> Output {
    let timeout = Duration::from_secs(timeout_secs.clamp(1, MAX_SECS));
    let mut shell = Command::new(if Path::new("/bin/bash").exists() {
        "/bin/bash"
    } else {
        "/bin/sh"
    });
    shell.args(["-c", command]).current_dir(directory);
    let ran = match bounded::run(context, &mut shell, timeout, MAX_HALF).await {
        Ok(ran) => ran,
        Err(error) => return Output::failed(format!("The shell could not be started: {error}.")),
    };
    let output = String::from_utf8_lossy(&ran.output);
    match ran.status {
        Some(status) if status.success() => Output::done(output.into_owned()),
        Some(status) => Output::failed(format!("{output}\n({status})")),
        None => Output::failed(format!(
            "{output}\n(The command took longer than {} s and was ended.)",
            timeout.as_secs()
        )),
    }
}
