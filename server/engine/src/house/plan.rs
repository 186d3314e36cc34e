//! What takes space, and what of it is proposed for removal: what was not used for long, and the oldest where there is
//! too much.

use std::collections::HashSet;
use std::sync::PoisonError;

use aca_protocol::SessionId;
use aca_protocol::session::CleanupPlanResult;

use super::item::{Item, Rest};
use super::sessions::Sessions;
use super::{engine_side, files, sessions, space};
use crate::Error;
use crate::config::{self, Cleanup, Config};
use crate::handle::Shared;
use crate::session::size;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// A thousand million bytes.
const GB: u64 = 1_000_000_000;

/// Everything that takes space, with what is proposed for removal.
pub(super) struct Plan {
    pub(super) items: Vec<Item>,
    bytes: u64,
    limit_bytes: u64,
    free_bytes: u64,
}

/// Returns the plan as front ends show it, what is proposed first, then by size.
///
/// # Errors
///
/// [`Error::Invalid`] if the settings cannot be read, [`Error::Internal`] if the disk cannot be examined.
pub(crate) async fn plan(shared: &std::sync::Arc<Shared>) -> Result<CleanupPlanResult, Error> {
    let plan = Plan::make(shared).await?;
    let mut items: Vec<_> = plan.items.into_iter().map(|item| item.shown).collect();
    items.sort_by(|a, b| {
        (b.proposed, a.kept.is_some(), b.bytes, &a.id).cmp(&(a.proposed, b.kept.is_some(), a.bytes, &b.id))
    });
    Ok(CleanupPlanResult {
        items,
        bytes: plan.bytes,
        limit_bytes: plan.limit_bytes,
        free_bytes: plan.free_bytes,
    })
}

impl Plan {
    /// Looks at everything.
    ///
    /// # Errors
    ///
    /// Those of [`plan`].
    pub(super) async fn make(shared: &std::sync::Arc<Shared>) -> Result<Self, Error> {
        let config = settings()?;
        let open: HashSet<SessionId> = {
            let views = shared.views.read().unwrap_or_else(PoisonError::into_inner);
            views.sessions.values().map(|view| view.session.clone()).collect()
        };
        let (looking, settings) = (std::sync::Arc::clone(shared), config.clone());
        let looked = tokio::task::spawn_blocking(move || {
            let data_dir = &looking.config.data_dir;
            let found = sessions::look(&looking, &open);
            let files = files::items(data_dir, &looking.config.agent, &settings);
            let bytes = size::on_disk(data_dir);
            (found, files, bytes, space::free_bytes(data_dir))
        });
        let looked = looked
            .await
            .map_err(|error| Error::internal("Looking at what takes space", error))?;
        let (Sessions { mut items, attempts }, files, bytes, free) = looked;
        items.extend(files);
        items.extend(engine_side::items(&config, &attempts).await);
        let limit_bytes = limit_bytes(&config.cleanup);
        propose(&mut items, &config.cleanup, crate::actor::now_ms(), bytes);
        Ok(Self {
            items,
            bytes,
            limit_bytes,
            free_bytes: free.map_err(Error::Internal)?,
        })
    }
}

/// Reads the user's settings: what is kept is no workspace's business.
pub(super) fn settings() -> Result<Config, Error> {
    let loaded = config::load(None).map_err(|error| Error::Invalid(error.to_string()))?;
    Ok(loaded.config)
}

/// Returns the size from which on aca's data is too much, in bytes.
pub(super) fn limit_bytes(cleanup: &Cleanup) -> u64 {
    cleanup.max_gb.saturating_mul(GB)
}

/// Proposes what was not used for long; and if the data directory is still too large then, the oldest things in it.
fn propose(items: &mut [Item], cleanup: &Cleanup, now_ms: u64, bytes: u64) {
    let mut left = bytes;
    for item in items.iter_mut().filter(|item| item.shown.kept.is_none()) {
        let days = match item.rest {
            Rest::Long => cleanup.after_days,
            Rest::Short => cleanup.trash_days,
        };
        if now_ms.saturating_sub(item.shown.used_ms) >= days.saturating_mul(DAY_MS) {
            item.shown.proposed = true;
            left = left.saturating_sub(if item.is_data() { item.shown.bytes } else { 0 });
        }
    }
    let limit = limit_bytes(cleanup);
    let may_go = |item: &&mut Item| item.shown.kept.is_none() && !item.shown.proposed && item.is_data();
    let mut rest: Vec<&mut Item> = items.iter_mut().filter(may_go).collect();
    rest.sort_by_key(|item| item.shown.used_ms);
    for item in rest {
        if left <= limit {
            break;
        }
        item.shown.proposed = true;
        left = left.saturating_sub(item.shown.bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::item::What;
    use super::*;

    const NOW: u64 = 400 * DAY_MS;

    fn item(name: &str, bytes: u64, days: u64) -> Item {
        let what = What::Path(PathBuf::from(name));
        Item::new("attempt", name, String::new(), what).measured(bytes, NOW - days * DAY_MS)
    }

    fn proposed(mut items: Vec<Item>, bytes: u64) -> Vec<String> {
        let cleanup = Cleanup {
            after_days: 90,
            max_gb: 5,
            trash_days: 14,
            min_free_mb: 512,
        };
        propose(&mut items, &cleanup, NOW, bytes);
        let proposed = items.into_iter().filter(|item| item.shown.proposed);
        proposed.map(|item| item.shown.id.replace("attempt:", "")).collect()
    }

    #[test]
    fn what_is_old_is_proposed_and_what_is_kept_never() {
        let items = vec![
            item("old", 1, 90),
            item("young", 1, 89),
            item("trash", 1, 14).resting_short(),
            item("kept", 9 * GB, 300).kept(Some("It is lost.".to_owned())),
        ];
        assert_eq!(proposed(items, 3), ["old", "trash"]);
    }

    #[test]
    fn where_there_is_too_much_the_oldest_goes_until_it_fits() {
        let items = || {
            vec![
                item("newest", 2 * GB, 1),
                item("older", 2 * GB, 20),
                item("oldest", 2 * GB, 30),
                item("kept", 3 * GB, 80).kept(Some("It waits for review.".to_owned())),
            ]
        };
        assert_eq!(proposed(items(), 5 * GB), Vec::<String>::new());
        assert_eq!(proposed(items(), 6 * GB), ["oldest"]);
        assert_eq!(proposed(items(), 9 * GB), ["older", "oldest"]);
        let mut engine = items();
        engine.insert(
            0,
            Item {
                what: What::Engine(aca_sandbox::BelongingKind::Image, "i".to_owned()),
                ..item("image", 9 * GB, 70)
            },
        );
        assert_eq!(proposed(engine, 6 * GB), ["oldest"], "what is elsewhere does not help");
    }
}
