//! What an applied event sets in motion.

use aca_protocol::session::Recovery;
use aca_protocol::{AttemptId, TaskId};

use super::{AttemptEnd, Event, Phase, State};

/// Work for the shell. Its outcome comes back as a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Carry the attempt from where it is to its end.
    Attempt(AttemptId),
    /// Stop the attempt and everything it started.
    Stop(AttemptId),
    /// The attempt has ended: remove its sandbox and its checkout.
    Discard(AttemptId),
    /// Hold the attempt where it is, or let it go on.
    Pause(AttemptId, bool),
    /// Tell the attempt's agent what it was not told yet.
    Tell(AttemptId),
    /// Run the project's check on the task's whole result.
    Verify(TaskId),
    /// What has happened is worth a checkpoint: what it was, in a few words, and the tree of the files then, where that
    /// is known.
    Checkpoint {
        /// What has happened.
        about: String,
        /// The tree.
        tree: Option<String>,
    },
    /// The task's proposal appeared, or something about it that is not decided by the one who is told this.
    Review(TaskId),
}

impl State {
    /// Returns what a restart of the engine has interrupted, to be set in motion again.
    pub fn interrupted(&self) -> Vec<Effect> {
        let attempts = self.active_attempts();
        let mut effects: Vec<Effect> = attempts.map(|attempt| Effect::Attempt(attempt.id.clone())).collect();
        let stopping = self.tasks().filter(|task| task.phase == Phase::Stopping);
        effects.extend(stopping.filter_map(|task| task.attempt.clone()).map(Effect::Stop));
        // What was landed for a task that is set aside may have been interrupted too.
        let reviewable = self.all_tasks();
        let reviewable = reviewable.filter(|task| task.proposed.is_some() || !task.operations.is_empty());
        effects.extend(reviewable.map(|task| Effect::Review(task.id.clone())));
        let verifying = self
            .tasks()
            .filter(|task| matches!(task.phase, Phase::Verifying { .. }));
        effects.extend(verifying.map(|task| Effect::Verify(task.id.clone())));
        effects
    }

    /// Returns what `event`, just applied to this state, sets in motion.
    pub fn effects(&self, event: &Event) -> Vec<Effect> {
        let mut effects = self.follows(event);
        let checkpoint = self.transition(event);
        effects.extend(checkpoint.map(|(about, tree)| Effect::Checkpoint { about, tree }));
        effects
    }

    fn follows(&self, event: &Event) -> Vec<Effect> {
        match event {
            Event::AttemptPlanned { attempt, .. } => vec![Effect::Attempt(attempt.clone())],
            Event::StopAsked { task } => {
                let attempt = self.task(task).and_then(|task| task.attempt.clone());
                attempt.map(Effect::Stop).into_iter().collect()
            }
            Event::PauseAsked { task, paused } => {
                let attempt = self.task(task).and_then(|task| task.attempt.clone());
                attempt
                    .map(|attempt| Effect::Pause(attempt, *paused))
                    .into_iter()
                    .collect()
            }
            Event::Told { task, .. } => {
                let attempt = self.task(task).and_then(|task| task.attempt.clone());
                attempt.map(Effect::Tell).into_iter().collect()
            }
            // What is left of a lost one stays until a person has decided.
            Event::RecoverAsked { task, how } => {
                let mut effects: Vec<Effect> = self.lost(task).map(Effect::Discard).into_iter().collect();
                if *how == Recovery::Take {
                    effects.push(Effect::Review(task.clone()));
                }
                effects
            }
            Event::SentBack { task, .. } => self.lost(task).map(Effect::Discard).into_iter().collect(),
            Event::AttemptEnded { attempt, end } => {
                let lost = matches!(end, AttemptEnd::Lost { .. });
                let mut effects: Vec<Effect> = (!lost).then(|| Effect::Discard(attempt.clone())).into_iter().collect();
                let task = self.attempt(attempt).and_then(|attempt| self.task(&attempt.task));
                // A round that proposes nothing takes the place of one that did.
                if let Some(task) = task.filter(|task| task.proposed.is_some() || task.previous.is_some()) {
                    effects.push(Effect::Review(task.id.clone()));
                    if matches!(task.phase, Phase::Verifying { .. }) {
                        effects.push(Effect::Verify(task.id.clone()));
                    }
                }
                effects
            }
            Event::Checked { task, .. } | Event::TaskRestored { task, .. } => vec![Effect::Review(task.clone())],
            _ => Vec::new(),
        }
    }

    /// Returns the newest attempt of a task if it is lost.
    fn lost(&self, task: &TaskId) -> Option<AttemptId> {
        let attempt = self.task(task)?.attempt.as_ref();
        let attempt = attempt.and_then(|attempt| self.attempt(attempt));
        attempt.filter(|attempt| attempt.lost).map(|attempt| attempt.id.clone())
    }
}
