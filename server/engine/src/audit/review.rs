//! One sentence for each event of a review: which files a landing wrote, which hunks were decided, which check ran.

use aca_protocol::proposal::{CheckState, CheckView, Decision};

use crate::core::{Event, Operation, Step};

use super::known::Known;
use super::words::{brief, count, list};

/// Says what happened.
pub(super) fn sentence(event: &Event, known: &Known) -> String {
    match event {
        Event::OperationPlanned { operation, .. } => planned(operation),
        Event::StepPlanned {
            operation, step, index, ..
        } => format!("Step {} of {operation} was planned anew: {}.", index + 1, would(step)),
        Event::StepDone { operation, index, .. } => match known.step(operation, *index) {
            Some(step) => format!("{} This is step {} of {operation}.", did(step), index + 1),
            None => format!("Step {} of {operation} was done and seen to be.", index + 1),
        },
        Event::OperationEnded { operation, .. } => format!("Nothing of {operation} was left to do."),
        Event::Decided { hunks, decision, .. } => {
            let decided = match decision {
                Decision::Accept => "accepted",
                Decision::Reject => "rejected",
                Decision::Reopen => "brought back",
            };
            with_hunks(hunks, known, decided)
        }
        Event::Reopened { hunks, .. } => with_hunks(hunks, known, "undecided again"),
        Event::Regrouped { path, hunks, .. } => {
            format!(
                "The hunks of {path} were cut, joined or added and are now: {}.",
                list(hunks.iter().map(aca_protocol::HunkId::as_str))
            )
        }
        Event::Amended { hunk, text, .. } => {
            let of = known.files_of(std::slice::from_ref(hunk));
            match text {
                Some(_) => format!("What the hunk {hunk}{of} puts into the file was changed by hand."),
                None => format!("The hunk {hunk}{of} has the agent's own text again."),
            }
        }
        Event::SentBack { remark, automatic, .. } => {
            let by_itself = if *automatic {
                " by itself, because a check failed"
            } else {
                ""
            };
            format!(
                "The proposal went back to its agent{by_itself}, with the words: {}",
                brief(remark)
            )
        }
        Event::Checked { check, .. } => checked(check),
        Event::CheckConfirmed { command: Some(command) } => {
            format!("The check command was confirmed: {}", brief(command))
        }
        Event::CheckConfirmed { command: None } => "The confirmation of the check command was withdrawn.".to_owned(),
        // Everything else is said by the caller.
        _ => "Something was recorded.".to_owned(),
    }
}

fn planned(operation: &Operation) -> String {
    let steps = list(operation.steps.iter().map(would));
    match &operation.undoes {
        None => format!("The landing {} was about to {steps}.", operation.id),
        Some(undone) => format!(
            "To take {undone} back, the operation {} was about to {steps}.",
            operation.id
        ),
    }
}

fn would(step: &Step) -> String {
    let through = if step.open { " in the editor" } else { "" };
    match (&step.before, &step.after) {
        (_, None) => format!("remove {}{through}", step.path),
        (None, Some(_)) => format!("make {}{through}", step.path),
        (Some(_), Some(_)) => format!("write {}{through}", step.path),
    }
}

fn did(step: &Step) -> String {
    let through = if step.open { " in the editor" } else { " on disk" };
    let content = step
        .after
        .as_ref()
        .map(|content| format!(" with the content {}", content.blob));
    match (&step.before, content) {
        (_, None) => format!("{} was removed{through}, and seen to be.", step.path),
        (None, Some(content)) => format!("{} was made{through}{content}, and seen to be.", step.path),
        (Some(_), Some(content)) => format!("{} was written{through}{content}, and seen to be.", step.path),
    }
}

fn with_hunks(hunks: &[aca_protocol::HunkId], known: &Known, decided: &str) -> String {
    let verb = if hunks.len() == 1 { "was" } else { "were" };
    format!(
        "{}{} {verb} {decided}: {}.",
        count(hunks.len(), "hunk"),
        known.files_of(hunks),
        list(hunks.iter().map(aca_protocol::HunkId::as_str))
    )
}

fn checked(check: &CheckView) -> String {
    let on = match &check.hunks {
        None => "the agent's whole result".to_owned(),
        Some(hunks) => format!("the live files with {}", count(hunks.len(), "hunk")),
    };
    let how = match &check.state {
        CheckState::Running => "was begun in a sandbox",
        CheckState::Passed => "passed",
        CheckState::Failed { code: Some(code) } => {
            return format!("The check `{}` on {on} failed with code {code}.", brief(&check.command));
        }
        CheckState::Failed { code: None } => "failed; a signal or the time limit ended it",
        CheckState::Broken { reason } => {
            return format!(
                "The check `{}` on {on} could not be run: {}",
                brief(&check.command),
                brief(reason)
            );
        }
    };
    format!("The check `{}` on {on} {how}.", brief(&check.command))
}
