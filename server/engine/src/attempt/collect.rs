//! After the sandbox: the outcome, and the result as a proposal. Everything read here was written by the agent.

use std::collections::BTreeMap;
use std::sync::Arc;

use aca_protocol::agent::{End, Outcome};
use aca_workspace::objects::Checkout;

use super::Context;
use crate::core::{AttemptEnd, Proposed};
use crate::proposal::hunks_between;
use crate::staging;

impl Context {
    /// Turns an outcome into the attempt's end; the result is in the object store when this returns.
    pub(super) async fn collect(&self, outcome: Outcome) -> Result<AttemptEnd, String> {
        match outcome.end {
            End::Stopped => Ok(AttemptEnd::Stopped),
            End::Failed { reason } => Ok(AttemptEnd::Failed { reason }),
            End::Finished => {
                self.show("reading the result");
                let (proposed, refused) = match self.result().await {
                    Ok(result) => result,
                    Err(reason) => return Ok(self.unread(&reason)),
                };
                let mut summary = outcome.summary;
                for (path, reason) in refused {
                    summary.push_str(&format!("\nLeft out: {path}: {reason}"));
                }
                Ok(AttemptEnd::Finished {
                    summary,
                    proposed,
                    verify: false,
                })
            }
        }
    }

    /// The work is done, so it is kept where it cannot be read.
    fn unread(&self, reason: &str) -> AttemptEnd {
        let work = self.dir.work();
        let reason = format!(
            "The agent finished, and its result cannot be read: {reason} Its checkout is kept in {}.",
            work.display()
        );
        AttemptEnd::Lost { reason }
    }

    /// Reads the result; the second part is what was left out of it, path and reason.
    async fn result(&self) -> Result<(Option<Proposed>, Vec<(String, String)>), String> {
        let base = self.base()?;
        let (session, dir) = (Arc::clone(&self.session), self.dir.clone());
        let importing = tokio::task::spawn_blocking(move || {
            let checkout: Checkout = staging::read_json(&dir.checkout())?;
            let imported = session.objects.import_result(&base, &dir.work(), &checkout);
            let imported = imported.map_err(|error| error.to_string())?;
            let hunks = hunks_between(&session.objects, &base, &imported.tree)?;
            let (base, result) = (base.as_str().to_owned(), imported.tree.as_str().to_owned());
            let proposed = (!hunks.is_empty()).then_some(Proposed {
                base,
                result,
                hunks,
                reasons: BTreeMap::new(),
            });
            Ok((proposed, imported.refused))
        });
        importing.await.map_err(|error| error.to_string())?
    }
}
