//! What front ends ask about a review: decisions, cutting and joining, taking back, and looking again.

use std::sync::Arc;

use aca_protocol::TaskId;
use aca_protocol::methods::{
    AmendParams, DecideParams, DecideResult, EditProposalParams, JoinParams, OperationsResult, ProposalFileParams,
    SplitParams, TasksParams, UndoParams, UndoResult,
};
use aca_protocol::proposal::{ProposalFileView, ProposalView};
use tokio::sync::{mpsc, oneshot};

use super::{Engine, canonical, stopped};
use crate::Error;
use crate::proposal::{self, Job, Wish};

impl Engine {
    /// Decides hunks. Accepted ones have landed, and were seen to be there, when this returns. A decision that was taken
    /// before is taken again without effect.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown task or file. A hunk that cannot be decided so, or is not known any more, is no
    /// error: it is among the refused ones of the result.
    pub async fn decide(&self, params: DecideParams) -> Result<DecideResult, Error> {
        let review = self.review_of(&params.task)?;
        self.checkpoint_before_many(&params).await;
        self.wish(&review, |reply| Wish::Decide { params, reply }).await
    }

    /// Returns a file of a proposal as a text: what it says now, and what it would say if everything undecided landed.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown task, or a file that its proposal does not touch; [`Error::Invalid`] if it has
    /// no proposal.
    pub async fn proposal_file(&self, params: ProposalFileParams) -> Result<ProposalFileView, Error> {
        let review = self.review_of(&params.task)?;
        self.wish(&review, |reply| Wish::File { params, reply }).await
    }

    /// Takes over what a person made of a file's proposed text, and returns the file.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::proposal_file`], [`Error::Stale`] if the text was changed in the same place meanwhile, and
    /// [`Error::Invalid`] if it cannot be edited so.
    pub async fn edit_proposal(&self, params: EditProposalParams) -> Result<ProposalFileView, Error> {
        let review = self.review_of(&params.task)?;
        self.wish(&review, |reply| Wish::Edit { params, reply }).await
    }

    /// Cuts lines out of an undecided hunk as a hunk of their own, and returns the proposal.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown task or hunk, [`Error::Invalid`] if it cannot be cut so.
    pub async fn split(&self, params: SplitParams) -> Result<ProposalView, Error> {
        let review = self.review_of(&params.task)?;
        self.wish(&review, |reply| Wish::Split { params, reply }).await
    }

    /// Makes one hunk of undecided neighbours, and returns the proposal.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown task or hunk, [`Error::Invalid`] if they cannot be joined.
    pub async fn join(&self, params: JoinParams) -> Result<ProposalView, Error> {
        let review = self.review_of(&params.task)?;
        self.wish(&review, |reply| Wish::Join { params, reply }).await
    }

    /// Changes what an undecided hunk puts into the file, and returns the proposal.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown task or hunk, [`Error::Invalid`] if it has no lines or is decided.
    pub async fn amend(&self, params: AmendParams) -> Result<ProposalView, Error> {
        let review = self.review_of(&params.task)?;
        self.wish(&review, |reply| Wish::Amend { params, reply }).await
    }

    /// Takes an operation back, whole or by hunk. What was typed since stays.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for a workspace that is not open or an unknown operation, [`Error::Invalid`] if there is
    /// nothing to undo. A hunk that cannot be taken back is no error: it is among the refused ones of the result.
    pub async fn undo(&self, params: UndoParams) -> Result<UndoResult, Error> {
        let root = canonical(&params.workspace)?;
        let review = self.shared.session_at(&root)?.review.clone();
        self.checkpoint_before(&root, "an undo").await;
        self.wish(&review, |reply| Wish::Undo { params, reply }).await
    }

    /// Returns the landings and takings back of a workspace, oldest first.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for a workspace that is not open.
    pub async fn operations(&self, params: TasksParams) -> Result<OperationsResult, Error> {
        let view = self.shared.session_at(&canonical(&params.workspace)?)?;
        let operations = self.shared.read(&view.session, proposal::operations).await?;
        Ok(OperationsResult { operations })
    }

    /// Places a task's proposal anew on what its files say now, closed ones included, and returns it.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::proposal`].
    pub async fn refresh(&self, task: &TaskId) -> Result<Arc<ProposalView>, Error> {
        let review = self.review_of(task)?;
        let (reply, answer) = oneshot::channel();
        let job = Job::Refresh {
            task: task.clone(),
            reply,
        };
        review.send(job).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?;
        self.proposal(task)
    }

    fn review_of(&self, task: &TaskId) -> Result<mpsc::UnboundedSender<Job>, Error> {
        let known = self.known(task)?;
        Ok(self.shared.session_at(&known.workspace)?.review.clone())
    }

    /// Gives the worker a wish of this handle's front end and waits for its answer.
    async fn wish<T>(
        &self,
        review: &mpsc::UnboundedSender<Job>,
        wish: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Wish,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let job = Job::Asked {
            who: self.who.clone(),
            wish: wish(reply),
        };
        review.send(job).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}
