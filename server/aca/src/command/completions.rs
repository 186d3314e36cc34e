//! `aca completions`: what a shell needs to complete commands and options.

use crate::cli::{self, CompletionsArgs};
use crate::context::Context;
use crate::exit::{Exit, Failure};

/// Prints the script for a shell.
pub(crate) fn run(context: &Context, args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli::command(), "aca", &mut script);
    let script = String::from_utf8_lossy(&script);
    context.screen.say(script.trim_end());
    context
        .screen
        .result(&serde_json::json!({ "shell": args.shell.to_string(), "script": script }))?;
    Ok(Exit::Done)
}
