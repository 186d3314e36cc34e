//! What front ends ask about the project's check.

use aca_protocol::HunkId;
use aca_protocol::methods::{CheckCommandResult, CheckParams, ConfirmCheckParams, TasksParams};
use aca_protocol::proposal::{HunkState, HunkView, ProposalView, Selection};
use aca_protocol::task::TaskState;

use super::{Engine, canonical};
use crate::actor::Message;
use crate::core::Command;
use crate::{Error, check};

impl Engine {
    /// Starts the project's check on the live files with chosen hunks in them, and returns the proposal with the check
    /// running. A check of the same task that runs already is given up for it.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown task, hunk or file. [`Error::Invalid`] if there is no check or nobody has
    /// confirmed it, if the proposal is not there to be decided, or if a chosen hunk conflicts or was rejected.
    pub async fn check(&self, params: CheckParams) -> Result<ProposalView, Error> {
        let CheckParams { task, selection } = params;
        let known = self.known(&task)?;
        // A proposal that has just become ready may still be on its way into the views.
        let proposal = self.refresh(&task).await?;
        if !matches!(known.state, TaskState::Ready { .. }) {
            return Err(Error::Invalid(format!(
                "The proposal of task {task} does not wait for decisions, so there is nothing to check."
            )));
        }
        let (agreed, _) = check::command(&self.shared, &known.session, &known.workspace).await?;
        let command = check::runnable(&agreed)?;
        let hunks = chosen(&proposal, &selection)?;
        self.ask(|reply| Message::Check {
            session: known.session.clone(),
            task: task.clone(),
            what: check::What::Chosen { command, hunks },
            who: self.who.clone(),
            reply,
        })
        .await?;
        self.refresh(&task).await.map(|proposal| (*proposal).clone())
    }

    /// Says what the project's check is, where it comes from, and whether it may be run.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::open`], and [`Error::Invalid`] if the settings cannot be read.
    pub async fn check_command(&self, params: TasksParams) -> Result<CheckCommandResult, Error> {
        let root = canonical(&params.workspace)?;
        let session = self.open(&root).await?;
        let (known, _) = check::command(&self.shared, &session, &root).await?;
        Ok(known)
    }

    /// Confirms the check of a workspace, or withdraws that. Only the command as it is now can be confirmed: for another
    /// one, nothing changes and the result says that it is not confirmed.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::check_command`].
    pub async fn confirm_check(&self, params: ConfirmCheckParams) -> Result<CheckCommandResult, Error> {
        let root = canonical(&params.workspace)?;
        let session = self.open(&root).await?;
        let (known, _) = check::command(&self.shared, &session, &root).await?;
        if params.command.is_some() && params.command != known.command {
            return Ok(CheckCommandResult {
                confirmed: false,
                ..known
            });
        }
        let command = Command::ConfirmCheck {
            command: params.command,
        };
        self.command(&session, command).await?;
        let (known, _) = check::command(&self.shared, &session, &root).await?;
        Ok(known)
    }
}

/// Returns the hunks of a selection that can be put into the live files; of a whole file or proposal, those that nobody
/// else's change touches.
fn chosen(proposal: &ProposalView, selection: &Selection) -> Result<Vec<HunkId>, Error> {
    let task = &proposal.task;
    let all = proposal.files.iter().flat_map(|file| &file.hunks);
    // What accepting a whole file or proposal would land: a touched hunk wants to be looked at by itself.
    let fits = |hunk: &&HunkView| {
        matches!(
            hunk.state,
            HunkState::Clean | HunkState::Moved | HunkState::AlreadyThere
        )
    };
    let chosen: Vec<HunkId> = match selection {
        Selection::All => all.filter(fits).map(|hunk| hunk.id.clone()).collect(),
        Selection::File { path } => {
            let mut files = proposal.files.iter().filter(|file| file.path == *path).peekable();
            if files.peek().is_none() {
                let reason = format!("The proposal of task {task} does not touch {path}.");
                return Err(Error::NotFound(reason));
            }
            let hunks = files.flat_map(|file| &file.hunks);
            hunks.filter(fits).map(|hunk| hunk.id.clone()).collect()
        }
        Selection::Hunks { ids } => {
            for id in ids {
                let hunk = all.clone().find(|hunk| hunk.id == *id);
                checkable(task, id, hunk)?;
            }
            let open = all.filter(|hunk| ids.contains(&hunk.id) && hunk.state.is_open());
            open.map(|hunk| hunk.id.clone()).collect()
        }
    };
    if chosen.is_empty() {
        return Err(Error::Invalid(
            "No hunk of that selection is undecided and fits the files as they are, so there is nothing to check."
                .to_owned(),
        ));
    }
    Ok(chosen)
}

fn checkable(task: &aca_protocol::TaskId, id: &HunkId, hunk: Option<&HunkView>) -> Result<(), Error> {
    match hunk.map(|hunk| &hunk.state) {
        None => Err(Error::NotFound(format!(
            "The proposal of task {task} has no hunk {id} any more. Ask for the proposal again."
        ))),
        Some(HunkState::Rejected) => Err(Error::Invalid(format!(
            "The hunk {id} was rejected. Bring it back to check it."
        ))),
        Some(state) if state.is_conflict() => Err(Error::Invalid(format!(
            "The hunk {id} conflicts with what its file says now, so it cannot be checked. Decide it first, or leave it \
             out."
        ))),
        Some(_) => Ok(()),
    }
}
