//! `aca review`: looks at a task's hunks, and accepts or rejects them.

mod about;
mod board;
mod change;
mod cut;
mod decide;
mod editor;
mod hunk;
mod keys;
mod prompt;
mod requests;
mod session;
mod surroundings;
mod walk;
mod walking;

use std::path::Path;

use aca_protocol::methods::{Proposal, TaskParams, Tasks, TasksParams};
use aca_protocol::proposal::{FileView, ProposalView};
use aca_protocol::task::{TaskState, TaskView};

use crate::cli::ReviewArgs;
use crate::client::Client;
use crate::context::{Context, Link};
use crate::exit::{Exit, Failure};
use crate::names;
use crate::terminal::{self, Console, Row, harmless, paint};
use crate::words;

use hunk::Numbers;
use surroundings::Surroundings;

pub(crate) use about::{finding, in_colour};
pub(crate) use walking::End;

/// Shows a proposal, or decides.
pub(crate) async fn run(context: &Context, args: ReviewArgs) -> Result<Exit, Failure> {
    let root = context.root()?;
    let wanted = decide::wanted(&args);
    let walks = wanted.is_none() && !args.list && context.screen.is_interactive();
    let mut link = context.link(&root).await?;
    let (task, proposal) = proposal(&link, &root, args.task.as_deref()).await?;
    check_file(&proposal, args.file.as_deref())?;
    let exit = match wanted {
        Some(wanted) => decide::run(context, &link, &proposal, &args, wanted).await?,
        None if walks => {
            let mut console = Console::enter().map_err(terminal::unusable)?;
            let end = walking::run(&mut console, &mut link.client, root, task, proposal, args.file).await;
            drop(console);
            farewell(context, &end?)?
        }
        None => list(context, &root, &proposal, args.file.as_deref())?,
    };
    link.close().await;
    Ok(exit)
}

/// Goes through the hunks of a task that waits for review, on a terminal that is taken already.
///
/// # Errors
///
/// When there is no proposal, the terminal fails, or the process that owns the sessions ends.
pub(crate) async fn walk(console: &mut Console, client: &mut Client, task: TaskView) -> Result<End, Failure> {
    let params = TaskParams { task: task.id.clone() };
    let proposal = client.call::<Proposal>(params).await?;
    walking::run(console, client, task.workspace.clone(), task, proposal, None).await
}

/// Says how a review ended, once the terminal is the shell's again.
///
/// # Errors
///
/// When it was broken off.
pub(crate) fn farewell(context: &Context, end: &End) -> Result<Exit, Failure> {
    if end.interrupted {
        let message = "Interrupted; what was decided stays decided.";
        return Err(Failure::new(Exit::Interrupted, message));
    }
    context.screen.say(&end.farewell);
    Ok(Exit::Done)
}

/// Prints every hunk.
fn list(context: &Context, root: &Path, proposal: &ProposalView, file: Option<&str>) -> Result<Exit, Failure> {
    let say = |row: &Row| context.screen.say(&paint(row.line()));
    if !context.screen.is_json() {
        for row in &about::rows(proposal) {
            say(row);
        }
        for view in files(proposal, file) {
            context.screen.say(&format!("\n{}", heading(view)));
            let around = Surroundings::read(root, view);
            for hunk in &view.hunks {
                for row in &hunk::rows(proposal, hunk, &around, Numbers::Hidden) {
                    say(row);
                }
            }
        }
    }
    context.screen.result(proposal)?;
    let mut hunks = proposal.files.iter().flat_map(|file| &file.hunks);
    let exit = if hunks.any(|hunk| hunk.state.is_open()) {
        Exit::Done
    } else {
        Exit::Nothing
    };
    Ok(exit)
}

fn heading(view: &FileView) -> String {
    use ratatui::style::Stylize as _;
    paint(words::file_heading(view).bold())
}

/// Asks for the proposal of a task that is named, or of the newest that waits for review.
///
/// # Errors
///
/// When there is none.
pub(crate) async fn proposal(
    link: &Link,
    root: &Path,
    task: Option<&str>,
) -> Result<(TaskView, ProposalView), Failure> {
    let workspace = root.to_path_buf();
    let tasks = link.client.call::<Tasks>(TasksParams { workspace }).await?;
    let none = "No task waits for review in this workspace; `aca status` lists all.";
    let task = names::task(&tasks, task, |state| matches!(state, TaskState::Ready { .. }), none)?;
    if !task.state.is_settled() {
        let message = format!("The task {} is not finished: {}.", task.id, words::state(&task.state));
        return Err(Failure::new(Exit::Nothing, message));
    }
    let params = TaskParams { task: task.id.clone() };
    let proposal = link.client.call::<Proposal>(params).await?;
    Ok((task.clone(), proposal))
}

fn check_file(proposal: &ProposalView, file: Option<&str>) -> Result<(), Failure> {
    match file {
        Some(path) if files(proposal, file).next().is_none() => {
            let known: Vec<String> = proposal.files.iter().map(|file| harmless(&file.path)).collect();
            let message = format!("The proposal does not touch {path}; it touches {}.", known.join(", "));
            Err(Failure::new(Exit::Nothing, message))
        }
        _ => Ok(()),
    }
}

/// The files of a proposal, or the one of that path.
fn files<'p>(proposal: &'p ProposalView, file: Option<&str>) -> impl Iterator<Item = &'p FileView> {
    proposal
        .files
        .iter()
        .filter(move |view| file.is_none_or(|path| view.path == path))
}

#[cfg(test)]
mod tests {
    use super::walk::tests::proposal;
    use super::*;

    #[test]
    fn a_file_that_is_not_touched_is_said() {
        let failure = check_file(&proposal(), Some("z.rs")).unwrap_err();
        assert_eq!(
            failure.message,
            "The proposal does not touch z.rs; it touches a.rs, b.rs."
        );
        assert!(check_file(&proposal(), Some("b.rs")).is_ok());
    }
}
