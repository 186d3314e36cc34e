//! What front ends ask of an agent at work: telling, holding, letting go on, and the next round.

use std::sync::Arc;
use std::time::Duration;

use aca_protocol::methods::{AtWorkParams, SendBackParams, TaskParams, TasksResult, TellParams};
use aca_protocol::task::TaskView;

use super::{Engine, canonical};
use crate::core::Command;
use crate::{Error, prompt};

/// The longest text that an agent is told or sent, in bytes.
const MAX_WORDS: usize = 64 << 10;

/// How long the agent's answer is waited for. What is recorded by then is passed on later.
const ANSWER_TIME: Duration = Duration::from_secs(5);

impl Engine {
    /// Tells a running agent something. It has heard it when this returns, or will once it can be reached.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown task, [`Error::Invalid`] for empty or very long words, and for an agent that
    /// is not at work or has finished before it could hear them.
    pub async fn tell(&self, params: TellParams) -> Result<TaskView, Error> {
        let TellParams { task, text } = params;
        let known = self.known(&task)?;
        worded(&text)?;
        let id = uuid::Uuid::new_v4().to_string();
        let heard = self.shared.tellers.expect(&id);
        let command = Command::Tell {
            task: task.clone(),
            id: id.clone(),
            text,
        };
        if let Err(error) = self.command(&known.session, command).await {
            self.shared.tellers.settle(&id, Ok(()));
            return Err(error);
        }
        match tokio::time::timeout(ANSWER_TIME, heard).await {
            Ok(Ok(Err(reason))) => Err(Error::Invalid(format!(
                "The agent of task {task} has not heard that: {reason}. Send its proposal back with a remark instead."
            ))),
            _ => self.known(&task),
        }
    }

    /// Holds a running agent where it is, until [`Engine::resume`]. No time passes for it.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown task, [`Error::Invalid`] for one that is not at work.
    pub async fn pause(&self, params: TaskParams) -> Result<TaskView, Error> {
        self.hold(params, true).await
    }

    /// Lets a held agent go on.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::pause`].
    pub async fn resume(&self, params: TaskParams) -> Result<TaskView, Error> {
        self.hold(params, false).await
    }

    async fn hold(&self, params: TaskParams, paused: bool) -> Result<TaskView, Error> {
        let task = params.task;
        let session = self.known(&task)?.session;
        let command = Command::Pause {
            task: task.clone(),
            paused,
        };
        self.command(&session, command).await?;
        self.known(&task)
    }

    /// Sends a task's proposal back to its agent with a remark. The conversation goes on from the decisions as they are,
    /// and the next round replaces the proposal.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown task or hunk, [`Error::Invalid`] if there is nothing to say or nothing to
    /// send back.
    pub async fn send_back(&self, params: SendBackParams) -> Result<TaskView, Error> {
        let SendBackParams { task, remark, redo } = params;
        let known = self.known(&task)?;
        let remark = if redo.is_empty() {
            worded(&remark)?;
            remark.trim().to_owned()
        } else {
            // What the files say now is part of the request.
            let proposal = self.refresh(&task).await?;
            prompt::redo(&proposal, &redo, &remark, &known.workspace, &self.shared.buffers)?
        };
        let command = Command::SendBack {
            task: task.clone(),
            remark,
        };
        self.command(&known.session, command).await?;
        self.known(&task)
    }

    /// Returns the tasks at work that have read or changed a file, or were made for it, oldest first.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the workspace is not open.
    pub fn at_work(&self, params: &AtWorkParams) -> Result<TasksResult, Error> {
        let root = canonical(&params.workspace)?;
        let view = self.shared.session_at(&root)?;
        let about = |task: &&Arc<TaskView>| {
            let made_for = task.origin.path() == Some(params.path.as_str());
            !task.state.is_settled() && (made_for || self.shared.footprints.has(&task.id, &params.path))
        };
        Ok(TasksResult {
            session: view.session.clone(),
            tasks: view.tasks.iter().filter(about).map(|task| (**task).clone()).collect(),
        })
    }
}

fn worded(text: &str) -> Result<(), Error> {
    if text.trim().is_empty() {
        return Err(Error::Invalid(
            "Say what the agent is to be told; the text is empty.".to_owned(),
        ));
    }
    if text.len() > MAX_WORDS {
        return Err(Error::Invalid(format!(
            "The text has {} KiB, and an agent can be told {} at once. Put the rest into a file of the workspace.",
            text.len() >> 10,
            MAX_WORDS >> 10
        )));
    }
    Ok(())
}
