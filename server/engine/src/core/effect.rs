//! What an applied event sets in motion.

use aca_protocol::{AttemptId, TaskId};

use super::{Event, State};

/// Work for the shell. Its outcome comes back as a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Carry the attempt from where it is to its end.
    Attempt(AttemptId),
    /// Stop the attempt and everything it started.
    Stop(AttemptId),
    /// The attempt has ended: remove its sandbox and its checkout.
    Discard(AttemptId),
    /// The task's proposal appeared. What is decided about it afterwards comes from the one who is told this.
    Review(TaskId),
}

impl State {
    /// Returns what `event`, just applied to this state, sets in motion.
    pub fn effects(&self, event: &Event) -> Vec<Effect> {
        match event {
            Event::AttemptPlanned { attempt, .. } => vec![Effect::Attempt(attempt.clone())],
            Event::StopAsked { task } => {
                let attempt = self.task(task).and_then(|task| task.attempt.clone());
                attempt.map(Effect::Stop).into_iter().collect()
            }
            Event::AttemptEnded { attempt, .. } => {
                let mut effects = vec![Effect::Discard(attempt.clone())];
                let task = self.attempt(attempt).and_then(|attempt| self.task(&attempt.task));
                if let Some(task) = task.filter(|task| task.proposed.is_some()) {
                    effects.push(Effect::Review(task.id.clone()));
                }
                effects
            }
            _ => Vec::new(),
        }
    }
}
