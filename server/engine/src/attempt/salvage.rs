//! What is found of the work of an attempt that brought no proposal.

use aca_protocol::agent::files;

use super::Context;
use crate::core::{AttemptEnd, Proposed};
use crate::{parts, staging};

impl Context {
    /// Adds to an end without a result what was found of the work. It is in the object store when this returns.
    pub(super) async fn with_salvage(&self, end: AttemptEnd) -> AttemptEnd {
        match end {
            AttemptEnd::Finished { .. } => end,
            AttemptEnd::Stopped { .. } => AttemptEnd::Stopped {
                salvaged: self.salvage().await,
            },
            AttemptEnd::Failed { reason, .. } => AttemptEnd::Failed {
                reason,
                salvaged: self.salvage().await,
            },
            AttemptEnd::Lost { reason, .. } => AttemptEnd::Lost {
                reason,
                salvaged: self.salvage().await,
            },
        }
    }

    /// Returns the difference between the base and the checkout; nothing if there is none, or it cannot be read.
    async fn salvage(&self) -> Option<Proposed> {
        if !self.has_begun() || !self.dir.checkout().exists() {
            return None;
        }
        // What still runs would change what is read.
        if let Err(error) = self.end_sandbox().await {
            tracing::warn!(error, attempt = %self.attempt.id, "a sandbox may still run while its work is read");
        }
        self.show("reading what is there of the work");
        match self.result(Vec::new()).await {
            Ok(result) => result.proposed,
            Err(reason) => {
                tracing::warn!(reason, attempt = %self.attempt.id, "the work of an attempt cannot be read");
                None
            }
        }
    }

    /// Kills the attempt's own sandbox, unless the agent has said that everything ended.
    async fn end_sandbox(&self) -> Result<(), String> {
        if matches!(staging::outcome(&self.dir), Ok(Some(_))) {
            return Ok(());
        }
        let backend = parts::backend_of(&self.shared, &self.session.root, &self.attempt)?;
        let name = self.attempt.id.as_str();
        let found = backend.find(name).await.map_err(|error| error.to_string())?;
        let labels = staging::labels(&self.session, &self.task.id, &self.attempt.id, &self.dir);
        match found.filter(|found| found.differs_in(&labels).is_none()) {
            Some(_) => backend.stop(name).await.map_err(|error| error.to_string()),
            None => Ok(()),
        }
    }

    /// Whether the agent has left a sign that it had begun.
    pub(super) fn has_begun(&self) -> bool {
        let out = self.dir.out();
        [files::STARTED, files::JOURNAL]
            .iter()
            .any(|name| out.join(name).exists())
    }
}
