//! Going back to a checkpoint: files first, by taking operations back, then the tasks.
//!
//! Files are changed in no other way than by `aca undo`, so what a person typed since stays: a hunk that overlaps with
//! it is refused, stays as it is, and is said to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, Weak};

use aca_protocol::methods::{Refusal, UndoParams, UndoResult};
use aca_protocol::session::RestoreCheckpointResult;
use aca_protocol::{CheckpointId, HunkId, TaskId};
use tokio::sync::oneshot;

use super::{Wanted, Worker};
use crate::Error;
use crate::actor::replay;
use crate::core::{Command, State, Toggle};
use crate::handle::Who;
use crate::proposal::{Job, Wish};

/// What became of the files.
#[derive(Default)]
struct Files {
    taken_back: Vec<HunkId>,
    landed_again: Vec<HunkId>,
    refused: Vec<Refusal>,
    /// Hunks for which nothing had to be done, because a person did it by hand.
    by_hand: BTreeMap<TaskId, BTreeSet<HunkId>>,
}

impl Worker {
    /// Goes back to a checkpoint.
    pub(super) async fn restore(&self, who: Who, checkpoint: CheckpointId) -> Result<RestoreCheckpointResult, Error> {
        let wanted = checkpoint.clone();
        let may = move |state: &State| {
            let seq = state.checkpoint(&wanted)?.seq;
            state.may_restore().map(|()| seq)
        };
        let seq = self.shared.read(&self.session.id, may).await??;
        let before = Wanted::before(format!("going back to {checkpoint}"));
        let before = self.make(who.clone(), before, None).await?.id;
        let then = Arc::new(self.state_at(seq).await?);
        let earlier = Arc::clone(&then);
        let way = self
            .shared
            .read(&self.session.id, move |state| state.way_back(&earlier));
        let mut files = Files::default();
        for toggle in way.await? {
            let undone = self.toggle(&who, &toggle).await?;
            files.note(toggle, undone);
        }
        let command = Command::Restore {
            checkpoint,
            then,
            by_hand: files.by_hand,
        };
        self.shared.command_of(&self.session.id, command, who).await?;
        Ok(RestoreCheckpointResult {
            before,
            taken_back: files.taken_back,
            landed_again: files.landed_again,
            refused: files.refused,
            tasks: self.shared.session_at(&self.session.root)?.all_tasks(),
        })
    }

    /// Takes a part of an operation back.
    async fn toggle(&self, who: &Who, toggle: &Toggle) -> Result<UndoResult, Error> {
        let params = UndoParams {
            workspace: self.session.root.clone(),
            operation: Some(toggle.operation.clone()),
            hunks: Some(toggle.hunks.clone()),
        };
        let (reply, answer) = oneshot::channel();
        let job = Job::Asked {
            who: who.clone(),
            wish: Wish::Undo { params, reply },
        };
        self.review.send(job).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Returns the state of the session when the event `seq` was the newest.
    async fn state_at(&self, seq: u64) -> Result<State, Error> {
        let (store, session) = (Weak::clone(&self.store), Arc::clone(&self.session));
        let reading = tokio::task::spawn_blocking(move || {
            let mut state = State::new(session.id.clone(), 0);
            while state.seq() < seq {
                // Between two pages others may write, or close it.
                let store = store.upgrade().ok_or_else(gone)?;
                let store = store.lock().unwrap_or_else(PoisonError::into_inner);
                replay::page(&mut state, &store, seq)?;
            }
            Ok(state)
        });
        reading
            .await
            .map_err(|error| Error::internal("Reading the history", error))?
    }
}

/// Returns what to say where the session was closed meanwhile.
fn gone() -> Error {
    Error::Unavailable("The session was closed meanwhile. Go back when it is open again.".to_owned())
}

impl Files {
    fn note(&mut self, toggle: Toggle, undone: UndoResult) {
        let of =
            |hunk: &HunkId| undone.hunks.contains(hunk) || undone.refused.iter().any(|refusal| refusal.hunk == *hunk);
        let by_hand = toggle.hunks.iter().filter(|hunk| !of(hunk)).cloned();
        self.by_hand.entry(toggle.task).or_default().extend(by_hand);
        let carried = if toggle.lands {
            &mut self.landed_again
        } else {
            &mut self.taken_back
        };
        carried.extend(undone.hunks);
        self.refused.extend(undone.refused);
    }
}
