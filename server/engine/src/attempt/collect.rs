//! After the sandbox: the outcome, and the result as a proposal. Everything read here was written by the agent.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;

use aca_protocol::agent::{End, Outcome, files};
use aca_workspace::objects::Checkout;
use serde::de::DeserializeOwned;

use super::Context;
use crate::core::{AttemptEnd, Proposed};
use crate::proposal::hunks_between;

/// How large an outcome may be, in bytes.
const MAX_OUTCOME: u64 = 1 << 20;

impl Context {
    /// Returns the outcome if the agent has written one for this attempt.
    ///
    /// # Errors
    ///
    /// A sentence, if it is there and cannot be read or is not of this attempt.
    pub(super) fn outcome(&self) -> Result<Option<Outcome>, String> {
        let path = self.dir.out().join(files::OUTCOME);
        let mut bytes = Vec::new();
        match open_regular(&path).and_then(|file| file.take(MAX_OUTCOME).read_to_end(&mut bytes)) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("The outcome {} cannot be read: {error}.", path.display())),
        }
        let outcome: Outcome = serde_json::from_slice(&bytes)
            .map_err(|error| format!("The outcome {} is not one: {error}.", path.display()))?;
        let spec: aca_protocol::agent::AttemptSpec = read_json(&self.dir.spec())?;
        if outcome.attempt != self.attempt.id || outcome.nonce != spec.nonce {
            return Err(format!("The outcome {} belongs to another attempt.", path.display()));
        }
        Ok(Some(outcome))
    }

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
            let checkout: Checkout = read_json(&dir.checkout())?;
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

/// Opens a regular file without following a link in its last component.
pub(super) fn open_regular(path: &Path) -> std::io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let meta = file.metadata()?;
    if !meta.is_file() || meta.nlink() != 1 {
        return Err(std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            "it is not a plain file",
        ));
    }
    Ok(file)
}

/// Reads a JSON file that the engine has written itself.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{} cannot be read: {error}.", path.display()))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{} cannot be understood: {error}.", path.display()))
}

/// Removes a directory or file with everything below it, following no link. What is not there is removed already.
pub(super) fn remove_tree(path: &Path) -> std::io::Result<()> {
    let removed = match path.symlink_metadata() {
        Ok(meta) if meta.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
