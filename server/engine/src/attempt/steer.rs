//! What a person wants of an attempt at work, on its way to the agent.
//!
//! It is recorded before it is passed on, and passed on again after every reconnection: the agent knows by a message's
//! identifier that it has heard it, and holding what is held changes nothing.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aca_protocol::agent::{ControlReply, ControlRequest};
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::Context;
use super::link::Link;
use crate::actor::Message;
use crate::core::{Command, Phase, Task};

/// How an attempt is steered.
pub(crate) struct Steer {
    /// Cancelled when it is to stop.
    pub(crate) stop: CancellationToken,
    wanted: watch::Sender<Wanted>,
}

/// What a person wants beside a stop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Wanted {
    /// Whether the agent is to be held.
    paused: bool,
    /// What it is to be told, oldest first: what makes telling twice tell once, and the words.
    told: Vec<(String, String)>,
}

impl Steer {
    /// Takes what is recorded about the task.
    pub(crate) fn new(task: &Task) -> Self {
        let steer = Self {
            stop: CancellationToken::new(),
            wanted: watch::Sender::default(),
        };
        steer.want(task);
        steer
    }

    /// Takes what is recorded about the task by now.
    pub(crate) fn want(&self, task: &Task) {
        self.wanted.send_replace(Wanted {
            paused: matches!(task.phase, Phase::Paused { .. }),
            told: task.told.clone(),
        });
    }

    /// Returns what the agent was to be told so far.
    pub(super) fn told(&self) -> Vec<(String, String)> {
        self.wanted.borrow().told.clone()
    }
}

/// Who waits to know whether an agent has heard something.
#[derive(Default)]
pub(crate) struct Tellers {
    waiting: Mutex<HashMap<String, oneshot::Sender<Result<(), String>>>>,
}

impl Tellers {
    /// Waits to know about the message with this identifier.
    pub(crate) fn expect(&self, id: &str) -> oneshot::Receiver<Result<(), String>> {
        let (answer, answered) = oneshot::channel();
        self.waiting().insert(id.to_owned(), answer);
        answered
    }

    /// Says what became of a message. Whoever has stopped waiting does not need it.
    pub(crate) fn settle(&self, id: &str, heard: Result<(), String>) {
        if let Some(waiting) = self.waiting().remove(id) {
            let _ = waiting.send(heard);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<Result<(), String>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Context {
    /// Passes on what a person wants, as often as that changes. Returns only when the connection to the agent breaks.
    pub(super) async fn pass_on(&self, link: &Link) -> std::io::Error {
        match self.passing_on(link).await {
            Ok(never) => match never {},
            Err(error) => error,
        }
    }

    async fn passing_on(&self, link: &Link) -> std::io::Result<std::convert::Infallible> {
        let mut changes = self.steer.wanted.subscribe();
        let (mut paused, mut told) = (None, 0);
        loop {
            if self.stop.is_cancelled() {
                // What was held stays so until it is killed.
                return std::future::pending().await;
            }
            let wanted = changes.borrow_and_update().clone();
            if paused != Some(wanted.paused) {
                self.hold(link, wanted.paused).await?;
                paused = Some(wanted.paused);
            }
            for (id, text) in wanted.told.iter().skip(told) {
                let (id, text) = (id.clone(), text.clone());
                let heard = link.control(&ControlRequest::Tell { id: id.clone(), text }).await?;
                self.shared.tellers.settle(&id, done(heard));
            }
            told = wanted.told.len();
            // The sender lives as long as the attempt.
            changes.changed().await.map_err(std::io::Error::other)?;
        }
    }

    async fn hold(&self, link: &Link, paused: bool) -> std::io::Result<()> {
        let request = if paused {
            ControlRequest::Pause
        } else {
            ControlRequest::Resume
        };
        let Err(reason) = done(link.control(&request).await?) else {
            return Ok(());
        };
        let task = self.task.id.clone();
        let problem = format!("The agent of task {task} could not be held: {reason}.");
        let _ = self.shared.inbox.send(Message::Problem(problem));
        if paused && let Err(error) = self.command(Command::Pause { task, paused: false }).await {
            tracing::warn!(%error, attempt = %self.attempt.id, "an agent that goes on is recorded as held");
        }
        Ok(())
    }

    /// Tells those who still wait that the agent has ended before it could hear them.
    pub(super) fn too_late(&self) {
        for (id, _) in self.steer.told() {
            let reason = "its work has ended".to_owned();
            self.shared.tellers.settle(&id, Err(reason));
        }
    }
}

fn done(reply: ControlReply) -> Result<(), String> {
    match reply {
        ControlReply::Done => Ok(()),
        ControlReply::Error { message } => Err(message),
    }
}
