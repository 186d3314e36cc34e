//! Something that takes space, as the plan shows it, with what removing it means.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use aca_protocol::SessionId;
use aca_protocol::session::CleanupItem;
use aca_sandbox::BelongingKind;

/// Something that takes space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// As the plan shows it.
    pub(super) shown: CleanupItem,
    /// What removing it means.
    pub(super) what: What,
    /// After how long without use it is proposed.
    pub(super) rest: Rest,
}

/// What removing something means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// Take it off the container engine.
    Engine(BelongingKind, String),
    /// Move the session to the trash.
    Session(SessionId),
    /// Remove a file, or a directory with everything in it.
    Path(PathBuf),
}

/// After how long without use something is proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// What may still be looked at: `cleanup.after_days`.
    Long,
    /// What is there only in case: `cleanup.trash_days`.
    Short,
}

impl Item {
    /// Describes something by its kind, its name among its kind, and words about it.
    pub(super) fn new(kind: &str, name: &str, about: String, what: What) -> Self {
        let shown = CleanupItem {
            id: format!("{kind}:{name}"),
            kind: kind.to_owned(),
            about,
            bytes: 0,
            used_ms: 0,
            proposed: false,
            kept: None,
        };
        Self {
            shown,
            what,
            rest: Rest::Long,
        }
    }

    /// Says what it takes, in bytes, and when it was last used, in milliseconds since the Unix epoch.
    pub(super) fn measured(mut self, bytes: u64, used_ms: u64) -> Self {
        (self.shown.bytes, self.shown.used_ms) = (bytes, used_ms);
        self
    }

    /// Says that it is there only in case.
    pub(super) fn resting_short(mut self) -> Self {
        self.rest = Rest::Short;
        self
    }

    /// Says why it is not removed, if there is a reason.
    pub(super) fn kept(mut self, reason: Option<String>) -> Self {
        self.shown.kept = reason;
        self
    }

    /// Whether it takes space in the data directory.
    pub(super) fn is_data(&self) -> bool {
        !matches!(self.what, What::Engine(..))
    }
}

/// Returns when a file or directory was changed last, in milliseconds since the Unix epoch; zero if nobody knows.
pub(super) fn changed_ms(path: &Path) -> u64 {
    let changed = path.symlink_metadata().and_then(|meta| meta.modified()).ok();
    let since = changed.and_then(|changed| changed.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
