//! `aca daemon`: looks at the daemon, ends it, starts it again, reads its log, or is it.

mod logs;
mod status;

use crate::cli::DaemonCommand;
use crate::context::Context;
use crate::daemon::greeting::{Answer, Ask};
use crate::daemon::{self, find, force};
use crate::exit::{Exit, Failure};

/// Does what was asked.
pub(crate) async fn run(context: &Context, command: DaemonCommand) -> Result<Exit, Failure> {
    match command {
        DaemonCommand::Status => status::run(context).await,
        DaemonCommand::Stop(args) => stop(context, args.force).await,
        DaemonCommand::Restart(args) => restart(context, args.force).await,
        DaemonCommand::Logs(args) => logs::run(context, &args).await,
        DaemonCommand::Run(args) => daemon::run::run(context, args.detached).await,
    }
}

async fn stop(context: &Context, force: bool) -> Result<Exit, Failure> {
    let exit = match end(context, Ask::Stop, force).await? {
        Some(answer) => {
            context.screen.say(&ended(&answer));
            Exit::Done
        }
        None => {
            context.screen.say("No daemon runs.");
            Exit::Nothing
        }
    };
    context
        .screen
        .result(&serde_json::json!({ "stopped": exit == Exit::Done }))?;
    Ok(exit)
}

async fn restart(context: &Context, force: bool) -> Result<Exit, Failure> {
    let (data_dir, verbose) = (&context.data_dir, context.global.verbose);
    match find::restart(data_dir, verbose).await {
        Err(failure) if force => {
            note(context, &failure);
            force::kill(data_dir).await?;
            find::restart(data_dir, verbose).await?;
        }
        restarted => restarted?,
    }
    status::run(context).await
}

async fn end(context: &Context, ask: Ask, force: bool) -> Result<Option<Answer>, Failure> {
    match find::end(&context.data_dir, ask).await {
        Err(failure) if force => {
            note(context, &failure);
            force::kill(&context.data_dir).await.map(Some)
        }
        ended => ended,
    }
}

/// Says why it is ended by force, without the hint to do so.
fn note(context: &Context, failure: &Failure) {
    let said = failure.message.strip_suffix(find::FORCE_HINT);
    context.screen.note(said.unwrap_or(&failure.message));
}

/// Says what the end of a daemon means for what it did.
fn ended(answer: &Answer) -> String {
    let mut said = format!("The daemon (process {}) has ended.", answer.pid);
    let Some(status) = &answer.status else { return said };
    match status.running {
        0 => {}
        1 => said.push_str(" 1 task is at work: its sandbox goes on, and what starts the daemon next finds it."),
        many => said.push_str(&format!(
            " {many} tasks are at work: their sandboxes go on, and what starts the daemon next finds them."
        )),
    }
    if status.clients > 0 {
        said.push_str(" An editor that is attached starts it again with its next request.");
    }
    said
}
