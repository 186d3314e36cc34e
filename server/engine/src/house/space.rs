//! Room on the disk: work is started only where there is enough of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::actor::SessionContext;
use crate::config::{Backend, Config};
use crate::handle::Shared;
use crate::parts;

/// From so many times the least free space on, a person is told.
const EARLY: u64 = 4;

/// A directory that work needs room in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// What it is, after "The disk with".
    pub(super) what: &'static str,
    pub(super) path: PathBuf,
}

/// Says whether there is room to start paid work: where the data directory is, where the workspace is, and, if it is on
/// this host, where the container engine keeps its data. The ballast is whole afterwards.
///
/// # Errors
///
/// A sentence with the numbers and what to do, if there is not.
pub(crate) async fn preflight(shared: &Arc<Shared>, session: &SessionContext, config: &Config) -> Result<(), String> {
    let least = least(config);
    let mut places = own_places(&shared.config.data_dir, std::slice::from_ref(&session.root));
    places.extend(engine_place(config).await);
    places.iter().try_for_each(|place| place.suffices(least))?;
    let shared = Arc::clone(shared);
    let recovering = tokio::task::spawn_blocking(move || shared.house.recover(&shared.config.data_dir, least));
    recovering.await.map_err(|error| error.to_string())?
}

/// Returns the least free space that work is started with, in bytes.
pub(super) fn least(config: &Config) -> u64 {
    config.cleanup.min_free_mb << 20
}

/// Returns the places that are aca's own business.
pub(super) fn own_places(data_dir: &Path, roots: &[PathBuf]) -> Vec<Place> {
    let data = Place {
        what: "aca's data",
        path: data_dir.to_owned(),
    };
    let workspaces = roots.iter().map(|root| Place {
        what: "the workspace",
        path: root.clone(),
    });
    std::iter::once(data).chain(workspaces).collect()
}

/// Returns where the container engine keeps its data. One that does not answer is told of where it is needed.
async fn engine_place(config: &Config) -> Option<Place> {
    if config.sandbox.backend != Backend::Docker {
        return None;
    }
    let path = parts::docker(config).data_root().await.ok()??;
    Some(Place {
        what: "the container engine's data",
        path,
    })
}

impl Place {
    fn suffices(&self, least: u64) -> Result<(), String> {
        let free = free_bytes(&self.path)?;
        if free >= least {
            return Ok(());
        }
        Err(format!(
            "{} has {} free, and work is started only from {} on. `aca cleanup` shows what aca keeps and could remove; \
             free some space, then run the task again.",
            self.named(),
            mebibytes(free),
            mebibytes(least)
        ))
    }

    /// Returns what a person should know before the room is too little to start.
    pub(super) fn warning(&self, least: u64) -> Option<String> {
        let free = free_bytes(&self.path).ok()?;
        (free < least.saturating_mul(EARLY)).then(|| {
            format!(
                "{} has {} free; below {} no work is started. `aca cleanup` shows what could be removed.",
                self.named(),
                mebibytes(free),
                mebibytes(least)
            )
        })
    }

    fn named(&self) -> String {
        format!("The disk with {} ({})", self.what, self.path.display())
    }
}

/// Returns how much an ordinary user can still write where `path` is, in bytes.
///
/// # Errors
///
/// A sentence, if that cannot be found out.
pub(super) fn free_bytes(path: &Path) -> Result<u64, String> {
    let stat = rustix::fs::statvfs(path).map_err(|error| format!("{} cannot be examined: {error}.", path.display()))?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_room_is_refused_with_the_numbers_and_little_is_said_early() {
        let dir = tempfile::tempdir().unwrap();
        let place = own_places(dir.path(), &[]).remove(0);
        let free = free_bytes(dir.path()).unwrap();
        assert_eq!(place.suffices(free / 100), Ok(()));
        assert_eq!(place.warning(free / 100), None);
        let refused = place.suffices(free + (1 << 40)).unwrap_err();
        let wanted = format!("{} MiB on", (free + (1 << 40)) >> 20);
        assert!(
            refused.contains(&wanted) && refused.contains("aca cleanup"),
            "{refused}"
        );
        let said = place.warning(free / 2).unwrap();
        assert!(said.contains("The disk with aca's data"), "{said}");
        assert!(free_bytes(Path::new("/none/such")).is_err());
    }
}
