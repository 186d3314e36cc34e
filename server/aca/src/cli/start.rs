//! What is said to begin work and to steer it.

use std::path::PathBuf;

use clap::Args;

use crate::workspace::FileLine;

/// `aca run`
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true), after_help = RUN_HELP)]
pub(crate) struct RunArgs {
    /// What to do.
    #[arg(group = "what")]
    pub(crate) text: Option<String>,
    /// Do what this file says; `-` for the standard input.
    #[arg(long, group = "what", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Do the TODO comment at this line, counted from one.
    #[arg(long, group = "what", value_name = "FILE:LINE")]
    pub(crate) todo: Option<FileLine>,
    /// Print the task's id and end; the work goes on.
    #[arg(long)]
    pub(crate) detach: bool,
}

const RUN_HELP: &str = "\
Ctrl-C leaves the task at work; `aca attach` comes back to it.

Examples:
  aca run \"return a Result instead of panicking\"
  aca run --todo src/user.rs:12
  aca run --file instruction.txt --detach";

/// `aca send-back`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  aca send-back 4f2a \"keep the old name as an alias\"\n  aca send-back 4f2a --redo h-19"
)]
pub(crate) struct SendBackArgs {
    /// The task: its id, the beginning of it, or words of its title.
    pub(crate) task: String,
    /// What the agent is told.
    #[arg(required_unless_present = "redo", default_value = "", hide_default_value = true)]
    pub(crate) remark: String,
    /// Have this hunk made again on your files as they are; may be given several times.
    #[arg(long, value_name = "HUNK")]
    pub(crate) redo: Vec<String>,
}

/// `aca tell`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  aca tell 4f2a \"leave the tests as they are\"")]
pub(crate) struct TellArgs {
    /// The task: its id, the beginning of it, or words of its title.
    pub(crate) task: String,
    /// What to tell its agent.
    pub(crate) text: String,
}

/// `aca stop`, `aca pause`, `aca resume`
#[derive(Debug, Args)]
pub(crate) struct TaskArgs {
    /// The task: its id, the beginning of it, or words of its title [default: the newest that it fits].
    pub(crate) task: Option<String>,
}
