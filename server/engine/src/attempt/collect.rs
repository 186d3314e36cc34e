//! After the sandbox: the outcome, and the result as a proposal. Everything read here was written by the agent.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::sync::Arc;

use aca_protocol::agent::{ClaimedReason, End, Outcome, Record, files as names};
use aca_workspace::objects::Checkout;

use super::Context;
use super::journal::MAX_LINE;
use super::reasons::Deeds;
use crate::core::{AttemptEnd, HunkRef, Phase, Proposed};
use crate::{check, proposal, staging};

impl Context {
    /// Turns an outcome into the attempt's end; the result is in the object store when this returns.
    pub(super) async fn collect(&self, outcome: Outcome) -> Result<AttemptEnd, String> {
        match outcome.end {
            End::Stopped if self.is_stopping() => Ok(AttemptEnd::Stopped { salvaged: None }),
            End::Stopped => Ok(AttemptEnd::Failed {
                reason: "Its sandbox was told to end, and not by aca: the container engine does so when it is restarted without \
                         live-restore."
                    .to_owned(),
                salvaged: None,
            }),
            End::Failed { reason } => Ok(AttemptEnd::Failed { reason, salvaged: None }),
            End::Finished => {
                self.show("reading the result");
                let ReadResult {
                    proposed,
                    refused,
                    unheard,
                } = match self.result(outcome.reasons).await {
                    Ok(result) => result,
                    Err(reason) => return Ok(self.unread(&reason)),
                };
                let mut summary = outcome.summary;
                for (path, reason) in refused {
                    summary.push_str(&format!("\nLeft out: {path}: {reason}"));
                }
                for words in unheard {
                    summary.push_str(&format!("\nIt had finished before it heard: {words}"));
                }
                Ok(AttemptEnd::Finished {
                    summary,
                    proposed,
                    verify: check::wanted(&self.shared, &self.session).await,
                })
            }
        }
    }

    /// Whether a person asked for a stop.
    fn is_stopping(&self) -> bool {
        self.stop.is_cancelled() || self.task.phase == Phase::Stopping
    }

    /// The work is done, so it is kept where it cannot be read.
    fn unread(&self, reason: &str) -> AttemptEnd {
        let work = self.dir.work();
        let reason = format!(
            "The agent finished, and its result cannot be read: {reason} Its checkout is kept in {}.",
            work.display()
        );
        AttemptEnd::Lost { reason, salvaged: None }
    }

    /// Reads the result, with the reasons that the agent claims for it.
    pub(super) async fn result(&self, claims: Vec<ClaimedReason>) -> Result<ReadResult, String> {
        let base = self.base()?;
        let (session, dir, told) = (Arc::clone(&self.session), self.dir.clone(), self.steer.told());
        let importing = tokio::task::spawn_blocking(move || {
            let checkout: Checkout = staging::read_json(&dir.checkout())?;
            // What the agent changed shows against what it started from; what it proposes, against the base.
            let imported = session
                .objects
                .import_result(checkout.tree(), &dir.work(), &checkout)
                .map_err(|error| error.to_string())?;
            let files = proposal::files(&session.objects, &base, &imported.tree)?;
            let refs = files.iter().flat_map(|file| {
                let path = file.path.clone();
                file.ids().into_iter().map(move |id| HunkRef { id, path: path.clone() })
            });
            let hunks: Vec<HunkRef> = refs.collect();
            let deeds = deeds(&dir.out().join(names::JOURNAL), &session.root);
            let proposed = (!hunks.is_empty()).then(|| Proposed {
                base: base.as_str().to_owned(),
                result: imported.tree.as_str().to_owned(),
                hunks,
                reasons: deeds.reasons(&claims, &files, &session.root),
            });
            let unheard = deeds.unheard(&told).into_iter().map(str::to_owned).collect();
            Ok(ReadResult {
                proposed,
                refused: imported.refused,
                unheard,
            })
        });
        importing.await.map_err(|error| error.to_string())?
    }
}

/// What an attempt has left behind.
pub(super) struct ReadResult {
    pub(super) proposed: Option<Proposed>,
    /// What was left out of it, path and reason.
    refused: Vec<(String, String)>,
    /// What the agent was told too late.
    unheard: Vec<String>,
}

/// Reads what a journal says about the attempt's changes; as far as it can be read, for nothing depends on it.
fn deeds(journal: &Path, root: &Path) -> Deeds {
    let mut deeds = Deeds::default();
    let Ok(file) = staging::open_regular(journal) else {
        return deeds;
    };
    let mut journal = BufReader::new(file);
    let mut line = Vec::new();
    let mut next = |line: &mut Vec<u8>| {
        line.clear();
        let read = journal.by_ref().take(MAX_LINE as u64).read_until(b'\n', line);
        read.is_ok_and(|read| read > 0)
    };
    while next(&mut line) {
        if let Ok(record) = serde_json::from_slice::<Record>(&line) {
            deeds.see(&record, root);
        }
    }
    deeds
}
