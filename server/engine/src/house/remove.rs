//! Removing what a person chose. Each thing is out of sight before anything of it is removed, so that a removal that is
//! cut short leaves nothing half there; the rest of it goes the next time.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aca_protocol::session::{CleanupFailure, CleanupParams, CleanupResult, DeleteSessionParams};

use super::item::{Item, What};
use super::plan::{Plan, settings};
use crate::handle::Engine;
use crate::{Error, parts, staging};

/// Where things lie while they are removed.
fn place(data_dir: &Path) -> PathBuf {
    data_dir.join("removing")
}

/// Removes things by the identifiers of the plan. What the plan of this moment keeps is refused.
///
/// # Errors
///
/// Those of [`super::plan`]. What cannot be removed is no error: it is among the failed ones of the result.
pub(crate) async fn remove(engine: &Engine, params: CleanupParams) -> Result<CleanupResult, Error> {
    let plan = Plan::make(&engine.shared).await?;
    let mut result = CleanupResult {
        removed: Vec::new(),
        failed: Vec::new(),
        bytes: 0,
    };
    for id in params.items {
        let found = plan.items.iter().find(|item| item.shown.id == id);
        let removed = match found {
            None => Err("There is no such thing any more.".to_owned()),
            Some(Item { shown, .. }) if shown.kept.is_some() => Err(shown.kept.clone().unwrap_or_default()),
            Some(item) => carry_out(engine, item).await.map(|()| item.shown.bytes),
        };
        match removed {
            Ok(bytes) => {
                result.bytes += bytes;
                result.removed.push(id);
            }
            Err(reason) => result.failed.push(CleanupFailure { id, reason }),
        }
    }
    engine.shared.house.look_again();
    Ok(result)
}

async fn carry_out(engine: &Engine, item: &Item) -> Result<(), String> {
    match &item.what {
        What::Engine(kind, name) => {
            let config = settings().map_err(|error| error.to_string())?;
            let discarded = parts::docker(&config).discard(*kind, name).await;
            discarded.map_err(|error| error.to_string())
        }
        What::Session(session) => {
            let params = DeleteSessionParams {
                session: session.clone(),
                force: false,
            };
            let deleted = engine.delete_session(params).await;
            deleted.map(drop).map_err(|error| error.to_string())
        }
        What::Path(path) => {
            let (shared, path) = (Arc::clone(&engine.shared), path.clone());
            let removing = tokio::task::spawn_blocking(move || for_good(&shared.config.data_dir, &path));
            removing.await.map_err(|error| error.to_string())?
        }
    }
}

/// Removes a file or directory of the data directory for good.
fn for_good(data_dir: &Path, path: &Path) -> Result<(), String> {
    let text = |error: std::io::Error| format!("{} cannot be removed: {error}.", path.display());
    let place = place(data_dir);
    std::fs::create_dir_all(&place).map_err(text)?;
    let hidden = place.join(uuid::Uuid::new_v4().simple().to_string());
    match std::fs::rename(path, &hidden) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        renamed => renamed.map_err(text)?,
    }
    staging::remove_tree(&hidden).map_err(text)
}

/// Removes what removals that were cut short have left.
pub(super) fn finish(data_dir: &Path) {
    if let Err(error) = staging::remove_tree(&place(data_dir)) {
        tracing::warn!(%error, "what was to be removed is still there");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_removed_is_gone_and_what_was_cut_short_goes_later() {
        let data = tempfile::tempdir().unwrap();
        let thing = data.path().join("sessions/s/attempts/a");
        std::fs::create_dir_all(thing.join("work")).unwrap();
        std::fs::write(thing.join("work/file"), "text").unwrap();
        for_good(data.path(), &thing).unwrap();
        assert!(!thing.exists() && thing.parent().unwrap().exists());
        for_good(data.path(), &thing).unwrap();
        // As if the process had ended after the renaming.
        std::fs::create_dir_all(place(data.path()).join("cut/short")).unwrap();
        finish(data.path());
        assert!(!place(data.path()).exists());
        finish(data.path());
    }
}
