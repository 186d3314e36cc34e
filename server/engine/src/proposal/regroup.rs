//! Cutting, joining and amending hunks.

use aca_protocol::methods::{AmendParams, JoinParams, SplitParams};
use aca_protocol::proposal::ProposalView;
use aca_protocol::{HunkId, TaskId};
use aca_review::ledger::{Amendment, FileLedger, Refused, Span};
use aca_review::with_line_ends_of;

use super::edit::{encoding, fits, whole_text};
use super::file::{ChangedFile, Parts};
use super::ledger::Ledger;
use super::worker::Worker;
use crate::Error;
use crate::core::{Command, Edit};

impl Worker {
    /// Cuts lines out of a hunk as a hunk of their own.
    pub(super) async fn split(&mut self, params: SplitParams) -> Result<ProposalView, Error> {
        let lines = params.start as usize..params.end as usize;
        self.regroup(&params.task, &params.hunk, |ledger| {
            ledger.split(&params.hunk, lines).map(drop)
        })
        .await
    }

    /// Makes one hunk of neighbours.
    pub(super) async fn join(&mut self, params: JoinParams) -> Result<ProposalView, Error> {
        let Some(first) = params.hunks.first() else {
            return Err(Error::Invalid("No hunks were named that could be joined.".to_owned()));
        };
        self.regroup(&params.task, first, |ledger| ledger.join(&params.hunks).map(drop))
            .await
    }

    async fn regroup(
        &mut self,
        task: &TaskId,
        hunk: &HunkId,
        change: impl FnOnce(&mut FileLedger) -> Result<(), Refused>,
    ) -> Result<ProposalView, Error> {
        self.reload(task).await?;
        let known = self.known_mut(task)?;
        let (path, ledger) = known.lines_of(hunk)?;
        let path = path.to_owned();
        // The ledger is changed once the change is recorded.
        let mut changed = ledger.clone();
        change(&mut changed).map_err(refused)?;
        let from = ledger.origins(&changed);
        let hunks = changed.hunks().iter().map(|hunk| hunk.id.clone()).collect();
        let hunks = known.with_wholes(&path, hunks);
        self.command(Command::Regroup {
            task: task.clone(),
            path,
            hunks,
            spans: changed.spans(),
            from,
        })
        .await?;
        self.shown(task).await
    }

    /// Changes what a hunk puts into the file.
    pub(super) async fn amend(&mut self, params: AmendParams) -> Result<ProposalView, Error> {
        let AmendParams { task, hunk, text } = params;
        self.reload(&task).await?;
        let root = self.session.root.clone();
        let file = self.known(&task)?.file_of(&hunk)?;
        let command = match &file.parts {
            Parts::Lines { ledger, texts } => {
                let known = ledger.hunks().iter().find(|known| known.id == hunk);
                let (new, old) = known.map_or(("", ""), |known| (&known.new, &known.old));
                let now = ledger.proposed(&hunk).unwrap_or(new);
                let text = text.map(|text| with_line_ends_of(&texts.after, now, &text));
                if let Some(text) = &text {
                    fits(&file.path, text, encoding(&root, &file.path, texts))?;
                }
                let is_over = ledger.replaced(&hunk) != Some(old);
                // The agent's own text is no amendment.
                let text = text.filter(|text| is_over || text != new);
                ledger
                    .clone()
                    .amend(&hunk, text.clone().map(Amendment::from))
                    .map_err(refused)?;
                match text {
                    // It was a person's own from the beginning.
                    None if new == old => without(self.known(&task)?, file, ledger, &hunk),
                    text => Command::Amend {
                        task: task.clone(),
                        hunk,
                        text,
                    },
                }
            }
            Parts::Whole { agents, result, .. } => {
                let (own, now) = whole_text(file, agents.as_ref())
                    .zip(whole_text(file, result.as_ref()))
                    .ok_or_else(|| {
                        Error::Invalid(format!(
                            "The change of {} is decided as a whole, and has no text.",
                            file.path
                        ))
                    })?;
                let text = text.map(|text| with_line_ends_of(&own.text, &now.text, &text));
                if let Some(text) = &text {
                    fits(&file.path, text, own.encoding)?;
                }
                Command::Amend {
                    task: task.clone(),
                    hunk,
                    text: text.filter(|text| *text != own.text),
                }
            }
        };
        self.command(command).await?;
        self.shown(&task).await
    }

    /// Returns the proposal after a change of it.
    async fn shown(&mut self, task: &TaskId) -> Result<ProposalView, Error> {
        self.reload(task).await?;
        self.publish(task, |_| true);
        Ok(self.view(task))
    }
}

/// Returns the edit that takes a person's own hunk out of a file.
fn without(known: &Ledger, file: &ChangedFile, ledger: &FileLedger, hunk: &HunkId) -> Command {
    let left = ledger
        .hunks()
        .iter()
        .zip(ledger.spans())
        .filter(|(other, _)| other.id != *hunk);
    let (hunks, spans): (Vec<HunkId>, Vec<Span>) = left.map(|(other, span)| (other.id.clone(), span)).unzip();
    Command::Edit(Edit {
        task: known.task.id.clone(),
        path: file.path.clone(),
        hunks: known.with_wholes(&file.path, hunks),
        spans,
        from: Vec::new(),
        reopened: Vec::new(),
        amended: Vec::new(),
    })
}

fn refused(refused: Refused) -> Error {
    let mut sentence = refused.to_string();
    if let Some(first) = sentence.get(..1).map(str::to_uppercase) {
        sentence.replace_range(..1, &first);
    }
    sentence.push('.');
    match refused {
        Refused::Unknown(_) => Error::NotFound(sentence),
        _ => Error::Invalid(sentence),
    }
}
