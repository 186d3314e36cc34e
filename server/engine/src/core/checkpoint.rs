//! Checkpoints: points of its history that a session can go back to, and how its tasks stood there.

use std::sync::Arc;

use aca_protocol::CheckpointId;
use aca_protocol::session::{CheckpointView, TaskCounts};
use serde::{Deserialize, Serialize};

use super::{AttemptEnd, Event, Phase, State, Task};
use crate::Error;

/// A point that the session can go back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// What front ends show of it.
    pub view: CheckpointView,
    /// The tree of the workspace, unsaved documents included.
    pub tree: String,
    /// The place of its event in the session.
    pub seq: u64,
}

impl State {
    /// Returns the checkpoints, oldest first.
    pub fn checkpoints(&self) -> impl DoubleEndedIterator<Item = &Checkpoint> {
        self.checkpoints.iter().map(Arc::as_ref)
    }

    /// Returns a checkpoint.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if there is none of this name.
    pub fn checkpoint(&self, checkpoint: &CheckpointId) -> Result<&Checkpoint, Error> {
        // The newest are asked for most.
        let mut known = self.checkpoints().rev();
        known.find(|known| known.view.id == *checkpoint).ok_or_else(|| {
            Error::NotFound(format!(
                "There is no checkpoint {checkpoint} in this session. `aca checkpoint list` lists them."
            ))
        })
    }

    /// Returns the name of the next checkpoint: short, typeable, and never used twice in a session.
    pub fn next_checkpoint(&self) -> CheckpointId {
        CheckpointId::new(format!("c-{}", self.checkpoints.len() + 1))
    }

    /// Returns the newest checkpoint if a task has not changed since, except in what it has used.
    pub fn standing_checkpoint(&self) -> Option<&Checkpoint> {
        self.checkpoints().next_back().filter(|last| last.seq > self.moved())
    }

    pub(super) fn checkpoint_made(&mut self, event: &Event, at_ms: u64) {
        let Event::CheckpointMade {
            checkpoint,
            name,
            why,
            about,
            tree,
        } = event
        else {
            return;
        };
        let made = Checkpoint {
            view: CheckpointView {
                id: checkpoint.clone(),
                name: name.clone(),
                why: *why,
                about: about.clone(),
                at_ms,
                tasks: self.counts(),
            },
            tree: tree.clone(),
            seq: self.seq(),
        };
        self.checkpoints.push_back(Arc::new(made));
    }

    /// Returns what happened, in a few words, and the tree of the files then, where that is known, if `event`, just
    /// applied, is a change that a person may want to go back to.
    pub(super) fn transition(&self, event: &Event) -> Option<(String, Option<String>)> {
        let mut tree = None;
        let what = match event {
            Event::SnapshotTaken { base, .. } => {
                tree = Some(base.clone());
                "began"
            }
            Event::AttemptEnded { end, .. } => match end {
                AttemptEnd::Finished { .. } => "finished",
                AttemptEnd::Stopped { .. } => "stopped",
                AttemptEnd::Failed { .. } => "failed",
                AttemptEnd::Lost { .. } => "lost",
            },
            Event::StopAsked { task } => match self.task(task)?.phase {
                Phase::Stopping => return None,
                _ => "stopped",
            },
            Event::SentBack { .. } => "sent back",
            Event::RecoverAsked { .. } => "recovered",
            Event::OperationEnded { task, operation } => {
                let task = self.task(task)?;
                match task.standing(operation).is_empty() {
                    true => return None,
                    false if task.lands(operation) => "landed",
                    false => "taken back",
                }
            }
            Event::Decided { task, .. } => {
                let task = self.task(task)?;
                // What is decided by landing is told when the landing ends.
                let landing = task.operations.iter().any(|known| !known.ended);
                match landing || task.pending().next().is_some() {
                    true => return None,
                    false => "decided",
                }
            }
            Event::Checked { check, .. } if check.state != aca_protocol::proposal::CheckState::Running => "checked",
            Event::Restored { checkpoint, .. } => return Some((format!("went back to {checkpoint}"), None)),
            _ => return None,
        };
        let task = self.task(&self.task_of(event)?)?;
        Some((format!("{what}: {}", task.title), tree))
    }
}

/// Which of the counts a task belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// It waits for its turn, or is at work.
    Working,
    /// Its proposal waits for decisions.
    Ready,
    /// It is lost.
    Lost,
    /// Nothing is left to do.
    Settled,
}

impl Counted {
    /// Returns the count that it belongs to.
    pub(super) fn of(self, counts: &mut TaskCounts) -> &mut u32 {
        match self {
            Self::Working => &mut counts.working,
            Self::Ready => &mut counts.ready,
            Self::Lost => &mut counts.lost,
            Self::Settled => &mut counts.settled,
        }
    }
}

impl Task {
    /// Whether it waits for its turn, or something of it is at work.
    pub fn is_at_work(&self) -> bool {
        match self.phase {
            Phase::Queued
            | Phase::Preparing
            | Phase::Running { .. }
            | Phase::Paused { .. }
            | Phase::Verifying { .. }
            | Phase::Stopping => true,
            Phase::Stopped | Phase::Review | Phase::NothingToDo | Phase::Failed { .. } | Phase::Lost { .. } => false,
        }
    }

    /// Returns the count it belongs to; nothing for one that is set aside.
    pub(super) fn counted(&self) -> Option<Counted> {
        if self.aside {
            return None;
        }
        Some(match self.phase {
            _ if self.is_at_work() => Counted::Working,
            Phase::Lost { .. } => Counted::Lost,
            Phase::Review if self.pending().next().is_some() => Counted::Ready,
            _ => Counted::Settled,
        })
    }
}
