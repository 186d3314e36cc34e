//! `aca review`: looks at a task's hunks, and accepts or rejects them.

mod change;
mod keys;
mod show;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use aca_protocol::HunkId;
use aca_protocol::methods::{Decide, DecideParams, DecideResult, Proposal, TaskParams, Tasks, TasksParams};
use aca_protocol::proposal::{Decision, FileView, ProposalView, Selection};
use aca_protocol::task::TaskState;
use console::{Key, Term};

use crate::cli::ReviewArgs;
use crate::context::{Context, Link};
use crate::exit::{Exit, Failure};
use crate::terminal::harmless;
use crate::words;

use keys::{Action, Walk};

/// Shows a proposal, or decides.
pub(crate) async fn run(context: &Context, args: ReviewArgs) -> Result<Exit, Failure> {
    let root = context.root()?;
    let link = context.link(&root).await?;
    let proposal = proposal(&link, &root, args.task.as_deref()).await?;
    check_file(&proposal, args.file.as_deref())?;
    let review = Review {
        context,
        link: &link,
        root,
    };
    let exit = match (&args.accept, &args.reject) {
        (Some(hunks), _) => {
            review
                .decide(&proposal, Decision::Accept, hunks, args.file.as_deref())
                .await?
        }
        (_, Some(hunks)) => {
            review
                .decide(&proposal, Decision::Reject, hunks, args.file.as_deref())
                .await?
        }
        (None, None) if args.list || context.screen.is_json() || !Term::stdout().is_term() => {
            review.list(&proposal, args.file.as_deref())?
        }
        (None, None) => review.walk(proposal, args.file).await?,
    };
    link.close().await;
    Ok(exit)
}

/// One review of one proposal.
struct Review<'a> {
    context: &'a Context,
    link: &'a Link,
    root: PathBuf,
}

impl Review<'_> {
    /// Prints every hunk.
    fn list(&self, proposal: &ProposalView, file: Option<&str>) -> Result<Exit, Failure> {
        if !proposal.summary.is_empty() {
            self.context.screen.say(&format!("{}\n", harmless(&proposal.summary)));
        }
        for view in files(proposal, file) {
            self.context.screen.say(&words::file_heading(view));
            for hunk in &view.hunks {
                self.context.screen.say(&show::hunk(&self.root, view, hunk));
            }
        }
        self.context.screen.result(proposal)?;
        Ok(if undecided(proposal) == 0 {
            Exit::Nothing
        } else {
            Exit::Done
        })
    }

    /// Decides what the command line names.
    async fn decide(
        &self,
        proposal: &ProposalView,
        decision: Decision,
        hunks: &[String],
        file: Option<&str>,
    ) -> Result<Exit, Failure> {
        let selection = selection(proposal, hunks, file)?;
        let result = self.send(proposal, decision, selection).await?;
        self.report(decision, &result);
        self.context.screen.result(&result)?;
        Ok(if result.refused.is_empty() {
            Exit::Done
        } else {
            Exit::Conflicts
        })
    }

    /// Goes from hunk to hunk on the terminal, a key for each decision.
    async fn walk(&self, proposal: ProposalView, file: Option<String>) -> Result<Exit, Failure> {
        let mut walk = Walk::new(proposal, file);
        if walk.current().is_none() {
            self.context.screen.say("Every hunk is decided.");
            return Ok(Exit::Nothing);
        }
        while let Some((view, hunk)) = walk.current() {
            let (at, of) = walk.position();
            self.context.screen.say(&format!(
                "\n{}  {}",
                words::file_heading(view),
                console::style(format!("{at}/{of}")).dim()
            ));
            self.context.screen.say(&show::hunk(&self.root, view, hunk));
            self.context
                .screen
                .say(&console::style(keys::PROMPT).cyan().to_string());
            match walk.press(read_key().await?) {
                Action::Show => {}
                Action::Help => self.context.screen.say(keys::HELP),
                Action::Quit => break,
                Action::Decide(decision, selection) => {
                    let result = self.send(walk.proposal(), decision, selection).await?;
                    self.report(decision, &result);
                    walk.update(result.proposal);
                }
            }
        }
        let left = undecided(walk.proposal());
        if left == 0 {
            self.context.screen.say("Every hunk is decided.");
            return Ok(Exit::Done);
        }
        self.context
            .screen
            .say(&format!("{} left; they wait.", words::count(left, "hunk")));
        Ok(Exit::Done)
    }

    async fn send(
        &self,
        proposal: &ProposalView,
        decision: Decision,
        selection: Selection,
    ) -> Result<DecideResult, Failure> {
        let params = DecideParams {
            task: proposal.task.clone(),
            decision,
            selection,
            resolution: None,
            seen: None,
        };
        self.link.client.call::<Decide>(params).await
    }

    fn report(&self, decision: Decision, result: &DecideResult) {
        let done = match decision {
            Decision::Accept => "landed",
            Decision::Reject => "rejected",
            Decision::Reopen => "brought back",
        };
        let decided = u32::try_from(result.decided.len()).unwrap_or(u32::MAX);
        self.context
            .screen
            .say(&format!("{} {done}.", words::count(decided, "hunk")));
        for refusal in &result.refused {
            self.context.screen.note(&format!(
                "Hunk {} stays undecided: {}",
                words::short(&refusal.hunk),
                harmless(&refusal.reason)
            ));
        }
    }
}

async fn proposal(link: &Link, root: &Path, task: Option<&str>) -> Result<ProposalView, Failure> {
    let tasks = link
        .client
        .call::<Tasks>(TasksParams {
            workspace: root.to_path_buf(),
        })
        .await?;
    let none = "No task waits for review in this workspace; `aca status` lists all.";
    let task = words::choose(&tasks, task, |state| matches!(state, TaskState::Ready { .. }), none)?;
    if !task.state.is_settled() {
        let message = format!("The task {} is not finished: {}.", task.id, words::state(&task.state));
        return Err(Failure::new(Exit::Nothing, message));
    }
    link.client.call::<Proposal>(TaskParams { task: task.id.clone() }).await
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

fn undecided(proposal: &ProposalView) -> u32 {
    let hunks = proposal
        .files
        .iter()
        .flat_map(|file| &file.hunks)
        .filter(|hunk| words::is_undecided(hunk));
    u32::try_from(hunks.count()).unwrap_or(u32::MAX)
}

/// Turns the words of the command line into a selection. A hunk is named by its id or a beginning that only one has.
fn selection(proposal: &ProposalView, hunks: &[String], file: Option<&str>) -> Result<Selection, Failure> {
    let is_all = hunks.is_empty() || hunks == ["all"];
    match file {
        Some(path) if is_all => return Ok(Selection::File { path: path.into() }),
        None if hunks == ["all"] => return Ok(Selection::All),
        None if is_all => {
            return Err(Failure::new(
                Exit::Usage,
                "Say which hunks: their ids, or `all`, or a file with --file.",
            ));
        }
        _ => {}
    }
    let known: Vec<&HunkId> = files(proposal, file)
        .flat_map(|view| &view.hunks)
        .map(|hunk| &hunk.id)
        .collect();
    let mut ids = BTreeSet::new();
    for wanted in hunks {
        let alike: Vec<_> = known
            .iter()
            .filter(|id| !wanted.is_empty() && id.as_str().starts_with(wanted))
            .collect();
        let exact = alike.iter().find(|id| id.as_str() == wanted);
        match (exact, alike.as_slice()) {
            (Some(id), _) => ids.insert((**id).clone()),
            (None, [id]) => ids.insert((**id).clone()),
            (None, []) => {
                let message = format!(
                    "There is no hunk `{}` here; `aca review --list` shows all.",
                    harmless(wanted)
                );
                return Err(Failure::new(Exit::Nothing, message));
            }
            (None, _) => {
                return Err(Failure::new(
                    Exit::Usage,
                    format!("Several hunks begin with `{wanted}`; say more of the id."),
                ));
            }
        };
    }
    Ok(Selection::Hunks {
        ids: ids.into_iter().collect(),
    })
}

/// Waits for a key without keeping the runtime from its work.
async fn read_key() -> Result<Key, Failure> {
    let pressed = tokio::task::spawn_blocking(|| Term::stdout().read_key()).await;
    match pressed {
        Ok(Ok(key)) => Ok(key),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::Interrupted => Err(Failure::new(
            Exit::Interrupted,
            "Interrupted; what was decided stays decided.",
        )),
        Ok(Err(error)) => Err(Failure::while_doing("The keyboard cannot be read", error)),
        Err(error) => Err(Failure::while_doing("The keyboard cannot be read", error)),
    }
}

#[cfg(test)]
mod tests {
    use super::keys::tests::proposal;
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
            let selected = selection(&proposal, &given, file).map_err(|failure| failure.exit);
            assert_eq!(selected, expected, "{words:?} {file:?}");
        }
    }

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
