//! What front ends ask of checkpoints.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use aca_protocol::methods::{DecideParams, TasksParams};
use aca_protocol::proposal::{Decision, Selection};
use aca_protocol::session::{
    CheckpointParams, CheckpointReason, CheckpointView, CheckpointsResult, CreateCheckpointParams,
    DiffCheckpointResult, RestoreCheckpointResult,
};
use aca_workspace::objects::Tree;
use tokio::sync::oneshot;

use super::{Engine, SessionView, canonical, stopped};
use crate::actor::Message;
use crate::checkpoint::{Job, Wanted};
use crate::core::State;
use crate::{Error, checkpoint};

/// The longest name of a checkpoint, in characters.
const MAX_NAME: usize = 100;

impl Engine {
    /// Lists the checkpoints of an open workspace, oldest first.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the workspace is not open.
    pub async fn checkpoints(&self, params: TasksParams) -> Result<CheckpointsResult, Error> {
        let view = self.shared.session_at(&canonical(&params.workspace)?)?;
        let all = |state: &State| state.checkpoints().map(|known| known.view.clone()).collect();
        let checkpoints = self.shared.read(&view.session, all).await?;
        Ok(CheckpointsResult { checkpoints })
    }

    /// Makes a checkpoint.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a name of several lines, of more than 100 characters or like an identifier, [`Error::NotFound`] if the workspace
    /// is not open, [`Error::Unavailable`] on a full disk.
    pub async fn create_checkpoint(&self, params: CreateCheckpointParams) -> Result<CheckpointView, Error> {
        let view = self.shared.session_at(&canonical(&params.workspace)?)?;
        let name = params.name.filter(|name| !name.trim().is_empty());
        let is_an_id = |name: &str| {
            let number = name.strip_prefix("c-");
            number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
        };
        if let Some(name) = name.as_deref().filter(|name| is_an_id(name)) {
            return Err(Error::Invalid(format!(
                "{name} is what aca itself calls a checkpoint. Choose another name."
            )));
        }
        if let Some(name) = &name
            && (name.chars().count() > MAX_NAME || name.chars().any(char::is_control))
        {
            return Err(Error::Invalid(format!(
                "A checkpoint's name is one line of at most {MAX_NAME} characters."
            )));
        }
        let wanted = Wanted {
            name,
            why: CheckpointReason::Asked,
            about: "by hand".to_owned(),
        };
        self.make_checkpoint(&view, wanted).await
    }

    /// Says what differs between a checkpoint and now, unsaved documents included.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown checkpoint or a workspace that is not open, [`Error::Unavailable`] on a full
    /// disk.
    pub async fn diff_checkpoint(&self, params: CheckpointParams) -> Result<DiffCheckpointResult, Error> {
        let view = self.shared.session_at(&canonical(&params.workspace)?)?;
        let wanted = params.checkpoint;
        let tree = move |state: &State| state.checkpoint(&wanted).map(|known| known.tree.clone());
        let then = self.shared.read(&view.session, tree).await??;
        let context = Arc::clone(&view.context);
        let now = checkpoint::snapshot(&self.shared, &context).await?;
        let comparing = tokio::task::spawn_blocking(move || {
            let (then, now) = (Tree::parse(&then)?, Tree::parse(&now)?);
            context.objects.diff(&then, &now)
        });
        let compared = comparing.await.map_err(|error| Error::internal("Comparing", error))?;
        let files = compared.map_err(|error| Error::Internal(error.to_string()))?;
        Ok(DiffCheckpointResult {
            files: checkpoint::difference(&files),
        })
    }

    /// Goes back to a checkpoint: what landed since is taken back, what was typed stays, and the tasks stand as they did.
    /// Nothing of the history goes away; the checkpoint that is made before leads back here.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] while tasks are at work, [`Error::NotFound`] for an unknown checkpoint or a workspace that is
    /// not open. A hunk that cannot be taken back is no error: it is among the refused ones of the result.
    pub async fn restore_checkpoint(&self, params: CheckpointParams) -> Result<RestoreCheckpointResult, Error> {
        let view = self.shared.session_at(&canonical(&params.workspace)?)?;
        let (reply, answer) = oneshot::channel();
        let job = Job::Restore {
            who: self.who.clone(),
            checkpoint: params.checkpoint,
            reply,
        };
        view.checkpoints.send(job).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// Makes a checkpoint of a workspace before something is done that changes much. What is done goes on without one
    /// that cannot be made: the contents that it replaces are kept all the same.
    pub(crate) async fn checkpoint_before(&self, root: &Path, what: &str) {
        let Ok(view) = self.shared.session_at(root) else {
            return;
        };
        if let Err(error) = self.make_checkpoint(&view, Wanted::before(what)).await {
            let problem = format!("No checkpoint could be made before {what}: {error}");
            // The engine may be shutting down.
            let _ = self.shared.inbox.send(Message::Problem(problem));
        }
    }

    /// Makes a checkpoint before hunks of more than one file are accepted at once.
    pub(super) async fn checkpoint_before_many(&self, params: &DecideParams) {
        if params.decision != Decision::Accept {
            return;
        }
        let (Ok(task), Ok(proposal)) = (self.known(&params.task), self.proposal(&params.task)) else {
            return;
        };
        let open = |ids: Option<&[aca_protocol::HunkId]>| {
            let files = proposal.files.iter().filter(|file| {
                let mut hunks = file.hunks.iter();
                hunks.any(|hunk| hunk.state.is_open() && ids.is_none_or(|ids| ids.contains(&hunk.id)))
            });
            files.map(|file| &file.path).collect::<BTreeSet<_>>().len()
        };
        let files = match &params.selection {
            Selection::File { .. } => 1,
            Selection::Hunks { ids } => open(Some(ids)),
            Selection::All => open(None),
        };
        if files > 1 {
            let what = format!("accepting hunks of {files} files: {}", task.title);
            self.checkpoint_before(&task.workspace, &what).await;
        }
    }

    async fn make_checkpoint(&self, view: &SessionView, wanted: Wanted) -> Result<CheckpointView, Error> {
        let (reply, answer) = oneshot::channel();
        let who = self.who.clone();
        let job = Job::Make { who, wanted, reply };
        view.checkpoints.send(job).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}
