//! What agents said and did, and the news of it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aca_protocol::methods::{AttemptBrief, TranscriptChangedParams, TranscriptParams, TranscriptResult};
use aca_protocol::{AttemptId, TaskId};
use tokio::sync::watch;

use super::Engine;
use crate::core::{Attempt, Stage};
use crate::layout::AttemptDir;
use crate::{Error, attempt, staging};

/// The newest record of a task's transcript; nothing until one comes.
pub type Newest = watch::Receiver<Option<TranscriptChangedParams>>;

/// Who listens to the agents at work.
#[derive(Debug, Default)]
pub(crate) struct Listeners(Mutex<HashMap<TaskId, watch::Sender<Option<TranscriptChangedParams>>>>);

impl Engine {
    /// Returns what the agent of one of a task's attempts said and did.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown task or an attempt of another, [`Error::Internal`] if its journal cannot be
    /// read.
    pub async fn transcript(&self, params: TranscriptParams) -> Result<TranscriptResult, Error> {
        let task = self.known(&params.task)?;
        let Some(attempt) = params.attempt.or(task.attempt) else {
            return Ok(TranscriptResult::default());
        };
        let id = task.id.clone();
        let attempts = self.shared.read(&task.session, move |state| {
            let own = state.attempts().filter(|attempt| attempt.task == id);
            own.cloned().collect::<Vec<Attempt>>()
        });
        let mut attempts = attempts.await?;
        if !attempts.iter().any(|known| known.id == attempt) {
            return Err(Error::NotFound(format!(
                "The task {} has no attempt {attempt}; it has {}.",
                task.id,
                attempts.len()
            )));
        }
        let dir = self.shared.session_at(&task.workspace)?.dir.clone();
        let piece = attempt::transcript(&dir, &attempt, params.from).await?;
        let attempts = if params.from == 0 {
            // Their names end in their numbers.
            attempts.sort_by(|one, other| (one.id.as_str().len(), &one.id).cmp(&(other.id.as_str().len(), &other.id)));
            attempts.iter().map(|known| brief(known, &dir)).collect()
        } else {
            Vec::new()
        };
        Ok(TranscriptResult {
            attempt: Some(attempt),
            attempts,
            records: piece.records,
            next: piece.next,
            more: piece.more,
        })
    }

    /// Subscribes to the news of a task's transcript. Whoever subscribes before reading misses nothing.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] for an unknown task.
    pub fn follow_transcript(&self, task: &TaskId) -> Result<Newest, Error> {
        self.known(task)?;
        Ok(self.shared.listeners.listen(task))
    }
}

fn brief(attempt: &Attempt, session_dir: &std::path::Path) -> AttemptBrief {
    let dir = AttemptDir::new(session_dir, &attempt.id);
    // Before it is laid out there is no specification, and a cleanup may have taken it.
    let spec = staging::read_json::<aca_protocol::agent::AttemptSpec>(&dir.spec()).ok();
    AttemptBrief {
        id: attempt.id.clone(),
        backend: attempt.backend.clone(),
        model: spec.map(|spec| spec.model),
        remark: attempt.continues.as_ref().map(|continues| continues.remark.clone()),
        ended: attempt.stage == Stage::Ended,
    }
}

impl Listeners {
    /// Tells those who listen to a task of a new record. It costs next to nothing while nobody does.
    pub(crate) fn tell(&self, task: &TaskId, attempt: &AttemptId, seq: u64) {
        let listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = listeners.get(task) {
            sender.send_replace(Some(TranscriptChangedParams {
                task: task.clone(),
                attempt: attempt.clone(),
                seq,
            }));
        }
    }

    fn listen(&self, task: &TaskId) -> Newest {
        let mut listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|_, sender| sender.receiver_count() > 0);
        let sender = listeners
            .entry(task.clone())
            .or_insert_with(|| watch::Sender::new(None));
        sender.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn news_reach_those_who_listen() {
        let listeners = Listeners::default();
        let (task, other, attempt) = (TaskId::new("t"), TaskId::new("u"), AttemptId::new("a"));
        listeners.tell(&task, &attempt, 1);
        let mut newest = listeners.listen(&task);
        assert!(
            !newest.has_changed().unwrap(),
            "what was there before is read, not told"
        );
        listeners.tell(&other, &attempt, 7);
        listeners.tell(&task, &attempt, 2);
        listeners.tell(&task, &attempt, 3);
        newest.changed().await.unwrap();
        assert_eq!(newest.borrow_and_update().as_ref().map(|news| news.seq), Some(3));
        assert!(!newest.has_changed().unwrap(), "only the newest counts");
        drop(newest);
        let _other = listeners.listen(&other);
        assert_eq!(
            listeners.0.lock().unwrap().len(),
            1,
            "nobody listens to the first any more"
        );
    }
}
