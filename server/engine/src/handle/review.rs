//! What front ends ask about a review: decisions, and looking again.

use std::sync::Arc;

use aca_protocol::TaskId;
use aca_protocol::methods::{DecideParams, DecideResult};
use aca_protocol::proposal::ProposalView;
use tokio::sync::{mpsc, oneshot};

use super::{Engine, stopped};
use crate::Error;
use crate::proposal::Job;

impl Engine {
    /// Decides hunks. Accepted ones have landed, and were seen to be there, when this returns.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown task, hunk or file. A hunk that cannot land is no error: it is among the
    /// refused ones of the result.
    pub async fn decide(&self, params: DecideParams) -> Result<DecideResult, Error> {
        let review = self.review_of(&params.task)?;
        let (reply, answer) = oneshot::channel();
        review.send(Job::Decide { params, reply }).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// Places a task's proposal anew on what its files say now, closed ones included, and returns it.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::proposal`].
    pub async fn refresh(&self, task: &TaskId) -> Result<Arc<ProposalView>, Error> {
        let review = self.review_of(task)?;
        let (reply, answer) = oneshot::channel();
        review
            .send(Job::Refresh {
                task: task.clone(),
                reply,
            })
            .map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?;
        self.proposal(task)
    }

    fn review_of(&self, task: &TaskId) -> Result<mpsc::UnboundedSender<Job>, Error> {
        let known = self.known(task)?;
        Ok(self.shared.session_at(&known.workspace)?.review.clone())
    }
}
