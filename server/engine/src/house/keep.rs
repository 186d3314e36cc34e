//! Looking after the house while the engine runs: little room is said early, and a full disk once, until there is room.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aca_store::Ballast;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::sandboxes::Looks;
use super::{plan, remove, space};
use crate::config::Config;
use crate::handle::{Change, Shared};
use crate::session::size;

/// How often room is looked at.
const GLANCE: Duration = Duration::from_secs(30);

/// How often it is looked at while the disk is full.
const WAITING: Duration = Duration::from_secs(1);

/// How often what the data directory takes is summed up, which reads all of it.
const SUM: Duration = Duration::from_secs(15 * 60);

/// The part of the limit from which on a person is told, in hundredths.
const EARLY: u64 = 80;

/// What the engine knows of the house.
#[derive(Debug, Default)]
pub(crate) struct House {
    /// What is wrong, for as long as it is.
    standing: Mutex<BTreeSet<String>>,
    /// Whether the disk was full when something was to be recorded, and the ballast is not whole again.
    full: AtomicBool,
    /// Has everything looked at again.
    wish: Notify,
    /// The processor time of sandboxes at the last look.
    pub(super) looks: Looks,
}

impl House {
    /// Returns what is wrong at the moment, as sentences.
    pub(crate) fn problems(&self) -> Vec<String> {
        let standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        standing.iter().cloned().collect()
    }

    /// Has everything looked at again.
    pub(crate) fn look_again(&self) {
        self.wish.notify_one();
    }

    /// Gives the ballast up, because the disk is full; false if there is none left to give up.
    pub(crate) fn give_way(&self, data_dir: &Path) -> bool {
        let released = Ballast::of(data_dir).release().unwrap_or(0);
        if released > 0 {
            tracing::warn!(released, "the disk is full; the ballast was given up");
        }
        self.full.store(true, Ordering::Release);
        self.look_again();
        released > 0
    }

    /// Makes the ballast whole, which comes before any new work.
    ///
    /// # Errors
    ///
    /// A sentence, if there is no room for it.
    pub(super) fn recover(&self, data_dir: &Path, least: u64) -> Result<(), String> {
        let wanted = least.saturating_add(Ballast::BYTES);
        let ballast = Ballast::of(data_dir);
        if ballast.is_whole() {
            self.full.store(false, Ordering::Release);
            return Ok(());
        }
        if space::free_bytes(data_dir)? < wanted {
            return Err(full(data_dir, wanted));
        }
        ballast.restore().map_err(|error| error.to_string())?;
        self.full.store(false, Ordering::Release);
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.full.load(Ordering::Acquire)
    }

    /// Takes what is wrong now, and returns whether that is something else than before.
    fn stand(&self, problems: BTreeSet<String>) -> bool {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = *standing != problems;
        *standing = problems;
        changed
    }
}

/// Looks after the house for as long as the engine runs.
pub(crate) async fn keep(shared: Arc<Shared>) {
    let data_dir = shared.config.data_dir.clone();
    let finishing = tokio::task::spawn_blocking(move || remove::finish(&data_dir));
    // It has said itself what went wrong.
    let _ = finishing.await;
    // Summing up reads the whole directory, so a process that has just begun gets on with its work first.
    let (mut bytes, mut sum_at) = (0, Instant::now() + GLANCE);
    loop {
        if Instant::now() >= sum_at {
            let data_dir = shared.config.data_dir.clone();
            bytes = tokio::task::spawn_blocking(move || size::on_disk(&data_dir))
                .await
                .unwrap_or(0);
            sum_at = Instant::now() + SUM;
        }
        let problems = look(&shared, bytes).await;
        if shared.house.stand(problems) {
            // Nobody may be listening.
            let _ = shared.changes.send(Change::Status(shared.status()));
        }
        let pause = if shared.house.is_full() { WAITING } else { GLANCE };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shared.house.wish.notified() => sum_at = Instant::now(),
        }
    }
}

/// Returns what is wrong.
async fn look(shared: &Arc<Shared>, bytes: u64) -> BTreeSet<String> {
    let Ok(config) = plan::settings() else {
        // Whoever opens a workspace is told what is wrong with the settings.
        return BTreeSet::new();
    };
    let roots: Vec<PathBuf> = {
        let views = shared.views.read().unwrap_or_else(PoisonError::into_inner);
        views.sessions.keys().cloned().collect()
    };
    let looking = Arc::clone(shared);
    let looked = tokio::task::spawn_blocking(move || wrong(&looking, &config, &roots, bytes));
    looked.await.unwrap_or_default()
}

fn wrong(shared: &Shared, config: &Config, roots: &[PathBuf], bytes: u64) -> BTreeSet<String> {
    let (data_dir, least) = (&shared.config.data_dir, space::least(config));
    let mut problems = BTreeSet::new();
    if shared.house.is_full() {
        problems.extend(shared.house.recover(data_dir, least).err());
    }
    let places = space::own_places(data_dir, roots);
    let warnings = places.iter().filter_map(|place| place.warning(least));
    // Several places are often on one disk; the first says it.
    if problems.is_empty() {
        problems.extend(warnings.take(1));
    }
    problems.extend(too_much(data_dir, bytes, plan::limit_bytes(&config.cleanup)));
    problems
}

fn full(data_dir: &Path, wanted: u64) -> String {
    format!(
        "The disk that holds {} is full. Sandboxes that run go on, and nothing new is started until {} MiB are free. \
         `aca cleanup` shows what aca keeps and could remove.",
        data_dir.display(),
        wanted >> 20
    )
}

/// Says that aca's own data takes much, or too much.
fn too_much(data_dir: &Path, bytes: u64, limit: u64) -> Option<String> {
    if bytes < limit / 100 * EARLY {
        return None;
    }
    let gb = |bytes: u64| format!("{}.{} GB", bytes / 1_000_000_000, bytes / 100_000_000 % 10);
    let how = if bytes >= limit {
        "which is more than"
    } else {
        "which is close to"
    };
    Some(format!(
        "aca's data in {} takes {}, {how} the {} that cleanup.max_gb allows. `aca cleanup` proposes what could go.",
        data_dir.display(),
        gb(bytes),
        gb(limit)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn much_is_said_early_and_too_much_plainly() {
        let dir = Path::new("/data");
        let said = |bytes| too_much(dir, bytes, 5_000_000_000);
        assert_eq!(said(3_900_000_000), None);
        assert!(
            said(4_000_000_000)
                .unwrap()
                .contains("4.0 GB, which is close to the 5.0 GB")
        );
        assert!(said(5_100_000_000).unwrap().contains("5.1 GB, which is more than"));
    }

    #[test]
    fn the_ballast_is_given_up_once_and_comes_back_first() {
        let data = tempfile::tempdir().unwrap();
        let house = House::default();
        house.recover(data.path(), 0).unwrap();
        assert!(Ballast::of(data.path()).is_whole() && !house.is_full());
        assert!(house.give_way(data.path()));
        assert!(!house.give_way(data.path()) && house.is_full());
        let refused = house.recover(data.path(), u64::MAX / 2).unwrap_err();
        assert!(refused.contains("is full") && house.is_full(), "{refused}");
        house.recover(data.path(), 0).unwrap();
        assert!(Ballast::of(data.path()).is_whole() && !house.is_full());
    }

    #[test]
    fn what_is_wrong_is_news_once() {
        let house = House::default();
        let problem = || BTreeSet::from(["The disk is full.".to_owned()]);
        assert!(house.stand(problem()) && !house.stand(problem()));
        assert_eq!(house.problems(), ["The disk is full."]);
        assert!(house.stand(BTreeSet::new()) && house.problems().is_empty());
    }
}
