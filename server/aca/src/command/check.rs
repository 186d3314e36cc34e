//! `aca check`: runs the project's check on the live files with hunks of a proposal in them.

use std::path::Path;
use std::time::Duration;

use aca_protocol::HunkId;
use aca_protocol::methods::{
    Check, CheckCommand, CheckCommandResult, CheckParams, ConfirmCheck, ConfirmCheckParams, Proposal, ProposalChanged,
    TaskParams, TasksParams,
};
use aca_protocol::proposal::{CheckState, CheckView, ProposalView, Selection};

use crate::cli::CheckArgs;
use crate::command::review;
use crate::context::{Context, Link};
use crate::exit::{Exit, Failure};
use crate::terminal::{self, harmless, harmless_line, paint};
use crate::{names, words};

/// How often the check is looked at even if nothing is heard.
const LOOK: Duration = Duration::from_secs(5);

/// Runs the check and waits for its end. Ctrl-C leaves it.
pub(crate) async fn run(context: &Context, args: &CheckArgs) -> Result<Exit, Failure> {
    let root = context.root()?;
    let mut link = context.link(&root).await?;
    let (task, proposal) = review::proposal(&link, &root, args.task.as_deref()).await?;
    let selection = selection(&proposal, &args.hunks)?;
    let command = confirmed(context, &link, &root, args.confirm).await?;
    let mut progress = context.screen.progress();
    progress.show(&format!("checking: {}", harmless_line(&command)));
    let params = CheckParams {
        task: task.id,
        selection,
    };
    let started = link.client.call::<Check>(params).await?;
    let ended = tokio::select! {
        ended = until_ended(&mut link, started) => ended?,
        () = terminal::interrupted() => {
            return Err(Failure::new(Exit::Interrupted, "Interrupted; `aca review` shows how the check ends."));
        }
    };
    drop(progress);
    let exit = report(context, &ended)?;
    link.close().await;
    Ok(exit)
}

fn selection(proposal: &ProposalView, hunks: &[String]) -> Result<Selection, Failure> {
    if hunks.is_empty() {
        return Ok(Selection::All);
    }
    let known = proposal.files.iter().flat_map(|file| &file.hunks);
    let known: Vec<HunkId> = known.map(|hunk| hunk.id.clone()).collect();
    Ok(Selection::Hunks {
        ids: names::hunks(&known, hunks)?,
    })
}

/// Returns the check command, which a person has confirmed.
async fn confirmed(context: &Context, link: &Link, root: &Path, confirm: bool) -> Result<String, Failure> {
    let workspace = root.to_path_buf();
    let known = link
        .client
        .call::<CheckCommand>(TasksParams {
            workspace: workspace.clone(),
        })
        .await?;
    let shown = shown(&known)?;
    if known.confirmed {
        return Ok(shown);
    }
    if !confirm {
        let message = format!(
            "The check of this project is not confirmed yet: {}{}. It would run in a sandbox. To run it, now and from now \
             on: aca check --confirm",
            harmless_line(&shown),
            from(&known)
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    let params = ConfirmCheckParams {
        workspace,
        command: Some(shown.clone()),
    };
    let now = link.client.call::<ConfirmCheck>(params).await?;
    if !now.confirmed {
        let message = "The check of this project has just changed. Run the command again to see the new one.";
        return Err(Failure::new(Exit::Conflicts, message));
    }
    context
        .screen
        .note(&format!("Confirmed: {}{}", harmless_line(&shown), from(&known)));
    Ok(shown)
}

fn shown(known: &CheckCommandResult) -> Result<String, Failure> {
    let command = known.command.clone();
    command.ok_or_else(|| Failure::new(Exit::Nothing, words::NO_CHECK))
}

fn from(known: &CheckCommandResult) -> String {
    let from = known.from.as_ref();
    from.map(|from| format!(" (from {})", harmless_line(from)))
        .unwrap_or_default()
}

/// Waits until the check of a proposal does not run any more.
async fn until_ended(link: &mut Link, mut proposal: ProposalView) -> Result<ProposalView, Failure> {
    while proposal
        .check
        .as_ref()
        .is_some_and(|check| check.state == CheckState::Running)
    {
        let task = proposal.task.clone();
        let changed = async {
            while let Some(notice) = link.client.notification().await {
                if notice
                    .read::<ProposalChanged>()
                    .is_some_and(|changed| changed.task == task)
                {
                    return Some(());
                }
            }
            None
        };
        if let Ok(None) = tokio::time::timeout(LOOK, changed).await {
            let message = "The daemon ended, and the check with it.";
            return Err(Failure::new(Exit::Unavailable, message));
        }
        proposal = link.client.call::<Proposal>(TaskParams { task }).await?;
    }
    Ok(proposal)
}

/// Prints how the check ended, with what it found.
fn report(context: &Context, proposal: &ProposalView) -> Result<Exit, Failure> {
    let missing = || Failure::new(Exit::Failed, "The check is gone. This is a fault of aca.");
    let check: &CheckView = proposal.check.as_ref().ok_or_else(missing)?;
    if check.state != CheckState::Passed && check.findings.is_empty() {
        context.screen.say(harmless(&check.output).trim_end());
    }
    for finding in &check.findings {
        context.screen.say(&paint(review::finding(finding).line()));
    }
    context
        .screen
        .say(&paint(review::in_colour(check, words::check(check))));
    context.screen.result(check)?;
    Ok(exit_of(&check.state))
}

fn exit_of(state: &CheckState) -> Exit {
    match state {
        CheckState::Passed | CheckState::Running => Exit::Done,
        CheckState::Failed { .. } => Exit::Failed,
        CheckState::Broken { .. } => Exit::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outcome_is_the_exit_code() {
        for (state, expected) in [
            (CheckState::Passed, Exit::Done),
            (CheckState::Failed { code: Some(1) }, Exit::Failed),
            (CheckState::Failed { code: None }, Exit::Failed),
            (CheckState::Broken { reason: String::new() }, Exit::Unavailable),
        ] {
            assert_eq!(exit_of(&state), expected, "{state:?}");
        }
    }
}
