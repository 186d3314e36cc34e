//! Decisions that the command line names, without a terminal.

use aca_protocol::HunkId;
use aca_protocol::methods::{Decide, DecideParams};
use aca_protocol::proposal::{Decision, HunkState, ProposalView, Selection};

use super::files;
use super::requests;
use crate::cli::ReviewArgs;
use crate::context::{Context, Link};
use crate::exit::{Exit, Failure};
use crate::names;
use crate::terminal::Said;

/// Returns what the command line decides, and about which hunks, if it decides anything.
pub(super) fn wanted(args: &ReviewArgs) -> Option<(Decision, &[String])> {
    let decisions = [
        (Decision::Accept, &args.accept),
        (Decision::Reject, &args.reject),
        (Decision::Reopen, &args.reopen),
    ];
    decisions
        .into_iter()
        .find_map(|(decision, hunks)| Some((decision, hunks.as_deref()?)))
}

/// Decides, and says what came of it.
///
/// # Errors
///
/// When the words name no hunks, or the engine refuses all of it.
pub(super) async fn run(
    context: &Context,
    link: &Link,
    proposal: &ProposalView,
    args: &ReviewArgs,
    (decision, hunks): (Decision, &[String]),
) -> Result<Exit, Failure> {
    let params = DecideParams {
        task: proposal.task.clone(),
        decision,
        selection: selection(proposal, decision, hunks, args)?,
        resolution: args.resolve.map(Into::into),
        seen: Some(args.seen.unwrap_or(proposal.revision)),
    };
    let result = link.client.call::<Decide>(params).await?;
    for said in requests::decided(decision, &result) {
        match said {
            Said::Done(text) => context.screen.say(&text),
            Said::Warning(text) | Said::Refused(text) => context.screen.note(&text),
        }
    }
    context.screen.result(&result)?;
    Ok(if result.refused.is_empty() {
        Exit::Done
    } else {
        Exit::Conflicts
    })
}

/// Turns the words of the command line into a selection. A hunk is named by its id or a beginning that only one has.
fn selection(
    proposal: &ProposalView,
    decision: Decision,
    hunks: &[String],
    args: &ReviewArgs,
) -> Result<Selection, Failure> {
    let file = args.file.as_deref();
    let says_all = args.all || hunks == ["all"];
    let is_all = says_all || hunks.is_empty();
    // A selection of a file or of all is of undecided hunks, and only decided ones can be brought back.
    if decision == Decision::Reopen && is_all && (says_all || file.is_some()) {
        let hunks = files(proposal, file).flat_map(|view| &view.hunks);
        let rejected = hunks.filter(|hunk| hunk.state == HunkState::Rejected);
        let ids = rejected.map(|hunk| hunk.id.clone()).collect();
        return Ok(Selection::Hunks { ids });
    }
    match file {
        Some(path) if is_all => return Ok(Selection::File { path: path.into() }),
        None if says_all => return Ok(Selection::All),
        None if is_all => {
            return Err(Failure::new(
                Exit::Usage,
                "Say which hunks: their ids, or all with --all, or a file with --file.",
            ));
        }
        _ => {}
    }
    let known: Vec<HunkId> = files(proposal, file)
        .flat_map(|view| &view.hunks)
        .map(|hunk| hunk.id.clone())
        .collect();
    Ok(Selection::Hunks {
        ids: names::hunks(&known, hunks)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::walk::tests::proposal;
    use super::*;

    #[test]
    fn what_the_command_line_selects() {
        let proposal = proposal();
        let hunks = |ids: &[&str]| {
            Ok(Selection::Hunks {
                ids: ids.iter().map(|id| HunkId::new(*id)).collect(),
            })
        };
        for (words, file, expected) in [
            (vec!["all"], None, Ok(Selection::All)),
            (vec!["all"], Some("a.rs"), Ok(Selection::File { path: "a.rs".into() })),
            (vec![], Some("a.rs"), Ok(Selection::File { path: "a.rs".into() })),
            (vec![], None, Err(Exit::Usage)),
            (vec!["a1"], None, hunks(&["a1"])),
            (vec!["a1", "a1", "b"], None, hunks(&["a1", "b1"])),
            (vec!["a"], None, Err(Exit::Usage)),
            (vec!["z"], None, Err(Exit::Nothing)),
            (vec![""], None, Err(Exit::Nothing)),
            (vec!["b1"], Some("a.rs"), Err(Exit::Nothing)),
        ] {
            let given: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            let args = ReviewArgs {
                file: file.map(String::from),
                ..ReviewArgs::default()
            };
            let selected = selection(&proposal, Decision::Accept, &given, &args).map_err(|failure| failure.exit);
            assert_eq!(selected, expected, "{words:?} {file:?}");
        }
    }
}
