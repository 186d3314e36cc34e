//! Cutting, joining and amending hunks.

use aca_protocol::methods::{AmendParams, JoinParams, SplitParams};
use aca_protocol::proposal::ProposalView;
use aca_protocol::{HunkId, TaskId};
use aca_review::ledger::{FileLedger, Refused};

use super::file::{ChangedFile, Parts};
use super::worker::Worker;
use crate::Error;
use crate::core::Command;

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
        let mut hunks: Vec<HunkId> = changed.hunks().iter().map(|hunk| hunk.id.clone()).collect();
        let whole = |file: &&ChangedFile| file.path == path && matches!(file.parts, Parts::Whole { .. });
        hunks.extend(known.files.iter().filter(whole).flat_map(ChangedFile::ids));
        self.command(Command::Regroup {
            task: task.clone(),
            path,
            hunks,
            spans: changed.spans(),
        })
        .await?;
        self.shown(task).await
    }

    /// Changes what a hunk puts into the file.
    pub(super) async fn amend(&mut self, params: AmendParams) -> Result<ProposalView, Error> {
        let AmendParams { task, hunk, text } = params;
        self.reload(&task).await?;
        let (_, ledger) = self.known_mut(&task)?.lines_of(&hunk)?;
        let own = ledger.hunks().iter().find(|known| known.id == hunk);
        // The agent's own text is no amendment.
        let text = text.filter(|text| own.is_none_or(|own| own.new != *text));
        ledger.clone().amend(&hunk, text.clone()).map_err(refused)?;
        self.command(Command::Amend {
            task: task.clone(),
            hunk,
            text,
        })
        .await?;
        self.shown(&task).await
    }

    /// Returns the proposal after a change of it.
    async fn shown(&mut self, task: &TaskId) -> Result<ProposalView, Error> {
        self.reload(task).await?;
        self.publish(task, |_| true);
        Ok(self.view(task))
    }
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
