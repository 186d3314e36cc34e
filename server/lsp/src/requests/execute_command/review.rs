//! Commands about hunks, carried out behind their answers.

use std::sync::Arc;

use aca_engine::{Engine, Error};
use aca_protocol::HunkId;
use aca_protocol::methods::{DecideParams, Refusal, SendBackParams, SplitParams, UndoParams};
use aca_protocol::proposal::{Decision, HunkState, HunkView, ProposalView, Selection};
use aca_protocol::task::TaskView;
use lsp_types::MessageType;

use crate::commands::{HunksArgs, SplitArgs};
use crate::connection::Connection;

/// What the user is to be told of something that was done.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    refused: Vec<String>,
    warnings: Vec<String>,
}

impl Outcome {
    fn new(refused: Vec<Refusal>, warnings: Vec<String>) -> Self {
        Self {
            refused: refused.into_iter().map(|refusal| refusal.reason).collect(),
            warnings,
        }
    }
}

/// Does something that may need the client, and tells the user what could not be done.
pub(super) fn behind<F, W>(connection: &Arc<Connection>, act: F)
where
    F: FnOnce(Engine) -> W + Send + 'static,
    W: Future<Output = Result<Outcome, Error>> + Send + 'static,
{
    let behind = Arc::clone(connection);
    connection.background.spawn(async move {
        let outcome = behind.ask("a command", act).await;
        let (severity, mut words) = match outcome {
            Ok(Outcome { refused, warnings }) if refused.is_empty() => (MessageType::INFO, warnings),
            Ok(Outcome { mut refused, warnings }) => {
                refused.extend(warnings);
                (MessageType::WARNING, refused)
            }
            Err(error) => (MessageType::WARNING, vec![error.message.into_owned()]),
        };
        // Many hunks may be refused for the same reason.
        words.dedup();
        if !words.is_empty() {
            behind.client.show_message(severity, words.join("\n")).await;
        }
    });
}

/// Decides hunks.
pub(super) async fn decide(engine: Engine, params: DecideParams) -> Result<Outcome, Error> {
    let result = engine.decide(params).await?;
    Ok(Outcome::new(result.refused, result.warnings))
}

/// Brings rejected hunks back.
pub(super) async fn reopen(engine: Engine, args: HunksArgs) -> Result<Outcome, Error> {
    let ids = match args.hunks {
        Some(ids) => ids,
        None => ids_of(&*engine.refresh(&args.task).await?, |hunk| {
            hunk.state == HunkState::Rejected
        }),
    };
    let params = DecideParams {
        task: args.task,
        decision: Decision::Reopen,
        selection: Selection::Hunks { ids },
        resolution: None,
        seen: None,
    };
    decide(engine, params).await
}

/// Cuts lines out of a hunk, and accepts them if that was asked for.
pub(super) async fn split(engine: Engine, args: SplitArgs) -> Result<Outcome, Error> {
    let SplitArgs {
        task,
        hunk,
        start,
        end,
        accept,
    } = args;
    let before = engine.refresh(&task).await?;
    let after = engine
        .split(SplitParams {
            task: task.clone(),
            hunk: hunk.clone(),
            start,
            end,
        })
        .await?;
    if !accept {
        return Ok(Outcome::default());
    }
    let cut = cut_out(&before, &after, &hunk, start, end).ok_or_else(|| {
        let message = "The lines are a hunk of their own now, but it is not clear which. Accept it where it is shown.";
        Error::Stale(message.to_owned())
    })?;
    let params = DecideParams {
        task,
        decision: Decision::Accept,
        selection: Selection::Hunks { ids: vec![cut] },
        resolution: None,
        seen: Some(after.revision),
    };
    decide(engine, params).await
}

/// Takes back a landing.
pub(super) async fn undo(engine: Engine, params: UndoParams) -> Result<Outcome, Error> {
    let result = engine.undo(params).await?;
    Ok(Outcome::new(result.refused, Vec::new()))
}

/// Sends a proposal back; without a remark and without hunks, what was rejected and what conflicts is to be made again.
pub(super) async fn send_back(engine: Engine, mut params: SendBackParams) -> Result<TaskView, Error> {
    if params.remark.trim().is_empty() && params.redo.is_empty() {
        let proposal = engine.refresh(&params.task).await?;
        params.redo = ids_of(&proposal, |hunk| {
            hunk.state == HunkState::Rejected || hunk.state.is_conflict()
        });
    }
    engine.send_back(params).await
}

fn ids_of(proposal: &ProposalView, is_meant: impl Fn(&HunkView) -> bool) -> Vec<HunkId> {
    let hunks = proposal.files.iter().flat_map(|file| &file.hunks);
    hunks
        .filter(|hunk| is_meant(hunk))
        .map(|hunk| hunk.id.clone())
        .collect()
}

/// Returns the hunk that lines of another one have become: a new one that says what those lines said.
fn cut_out(before: &ProposalView, after: &ProposalView, hunk: &HunkId, start: u32, end: u32) -> Option<HunkId> {
    let was = before.files.iter().flat_map(|file| &file.hunks);
    let was: Vec<_> = was.collect();
    let whole = was.iter().find(|known| known.id == *hunk)?;
    let only_removes = whole.new.is_empty();
    let text = |hunk: &HunkView| {
        if only_removes {
            hunk.old.clone()
        } else {
            hunk.new.clone()
        }
    };
    let whole = text(whole);
    let lines = whole.split_inclusive('\n').skip(start as usize);
    let lines: String = lines.take(end.saturating_sub(start) as usize).collect();
    let mut cut = after.files.iter().flat_map(|file| &file.hunks).filter(|made| {
        let is_new = !was.iter().any(|known| known.id == made.id);
        is_new && text(made) == lines
    });
    let found = cut.next()?.id.clone();
    cut.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use aca_protocol::TaskId;
    use aca_protocol::proposal::{FileChange, FileView};

    use super::*;

    fn proposal(hunks: &[(&str, &str, &str)]) -> ProposalView {
        let hunk = |(id, old, new): &(&str, &str, &str)| {
            HunkView::new(
                HunkId::new(*id),
                HunkState::Clean,
                0,
                1,
                (*old).to_owned(),
                (*new).to_owned(),
            )
        };
        let file = FileView {
            path: "a.rs".to_owned(),
            change: FileChange::Modify,
            hunks: hunks.iter().map(hunk).collect(),
        };
        ProposalView::new(TaskId::new("t"), vec![file], 1)
    }

    #[test]
    fn what_was_cut_out_is_found_by_its_text() {
        let before = proposal(&[("h", "1\n2\n3\n", "a\nb\nc\n"), ("other", "", "b\n")]);
        let after = proposal(&[
            ("x", "1\n", "a\n"),
            ("y", "2\n", "b\n"),
            ("z", "3\n", "c\n"),
            ("other", "", "b\n"),
        ]);
        let found = |start, end| cut_out(&before, &after, &HunkId::new("h"), start, end);
        assert_eq!(found(1, 2), Some(HunkId::new("y")));
        assert_eq!(found(2, 3), Some(HunkId::new("z")));
        assert_eq!(found(0, 2), None);
        let removal = proposal(&[("h", "1\n2\n", "")]);
        let cut = proposal(&[("x", "1\n", ""), ("y", "2\n", "")]);
        assert_eq!(cut_out(&removal, &cut, &HunkId::new("h"), 0, 1), Some(HunkId::new("x")));
        let twice = proposal(&[("h", "", "a\na\n")]);
        let same = proposal(&[("x", "", "a\n"), ("y", "", "a\n")]);
        assert_eq!(cut_out(&twice, &same, &HunkId::new("h"), 0, 1), None);
    }
}
