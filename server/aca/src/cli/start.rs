//! What is said to begin work and to steer it.

use clap::Args;

use crate::workspace::FileLine;

/// `aca run`
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub(crate) struct RunArgs {
    /// What to do.
    #[arg(group = "what")]
    pub(crate) text: Option<String>,
    /// Do the TODO comment at this line, counted from one.
    #[arg(long, group = "what", value_name = "FILE:LINE")]
    pub(crate) todo: Option<FileLine>,
}

/// `aca send-back`
#[derive(Debug, Args)]
pub(crate) struct SendBackArgs {
    /// The task, or the beginning of its id.
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
pub(crate) struct TellArgs {
    /// The task, or the beginning of its id.
    pub(crate) task: String,
    /// What to tell its agent.
    pub(crate) text: String,
}

/// `aca stop`, `aca pause`, `aca resume`
#[derive(Debug, Args)]
pub(crate) struct TaskArgs {
    /// The task, or the beginning of its id [default: the newest that it fits].
    pub(crate) task: Option<String>,
}
