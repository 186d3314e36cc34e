//! Which settings count in a workspace while editors are attached to it.
//!
//! Of several editors with settings, the one that sent its own last counts, as a whole. Settings count for as long as
//! their editor is attached: nothing is stored, and whoever takes over this process' work hears of them anew.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::EditorId;
use crate::config::{self, ConfigError, EditorSettings, Loaded};

/// What the attached editors have sent.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// The last one is the newest.
    sent: Vec<(EditorId, Arc<EditorSettings>)>,
    workspaces: HashMap<EditorId, HashSet<PathBuf>>,
}

impl Settings {
    /// Loads the settings of a workspace.
    ///
    /// # Errors
    ///
    /// As [`config::load`].
    pub(crate) fn load(&self, root: &Path) -> Result<Loaded, ConfigError> {
        config::load_with(self.newest(root).as_deref(), root)
    }

    /// Takes an editor's settings in the place of those it sent before. Returns the workspaces they are for.
    pub(crate) fn send(&self, editor: EditorId, settings: EditorSettings) -> Vec<PathBuf> {
        let mut inner = self.lock();
        inner.sent.retain(|(known, _)| *known != editor);
        inner.sent.push((editor, Arc::new(settings)));
        inner.workspaces.get(&editor).into_iter().flatten().cloned().collect()
    }

    /// Records that an editor has a workspace. Says whether its settings count there from now on.
    pub(crate) fn attach(&self, editor: EditorId, root: &Path) -> bool {
        let mut inner = self.lock();
        let is_new = inner.workspaces.entry(editor).or_default().insert(root.to_owned());
        is_new && inner.newest(root).is_some_and(|(newest, _)| *newest == editor)
    }

    /// Records that an editor has a workspace no more. Says whether its settings counted there.
    pub(crate) fn detach(&self, editor: EditorId, root: &Path) -> bool {
        let mut inner = self.lock();
        let counted = inner.newest(root).is_some_and(|(newest, _)| *newest == editor);
        let workspaces = inner.workspaces.get_mut(&editor);
        workspaces.is_some_and(|workspaces| workspaces.remove(root)) && counted
    }

    /// Forgets an editor. Returns the workspaces that its settings were for.
    pub(crate) fn disconnect(&self, editor: EditorId) -> Vec<PathBuf> {
        let mut inner = self.lock();
        let workspaces = inner.workspaces.remove(&editor).unwrap_or_default();
        let had = inner.sent.iter().any(|(known, _)| *known == editor);
        inner.sent.retain(|(known, _)| *known != editor);
        workspaces.into_iter().filter(|_| had).collect()
    }

    fn newest(&self, root: &Path) -> Option<Arc<EditorSettings>> {
        self.lock().newest(root).map(|(_, settings)| Arc::clone(settings))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn newest(&self, root: &Path) -> Option<&(EditorId, Arc<EditorSettings>)> {
        let has = |editor: &EditorId| self.workspaces.get(editor).is_some_and(|roots| roots.contains(root));
        self.sent.iter().rev().find(|(editor, _)| has(editor))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::sync::mpsc;

    use super::*;
    use crate::Buffers;

    fn editors<const N: usize>() -> [EditorId; N] {
        let buffers = Buffers::default();
        std::array::from_fn(|_| buffers.connect(mpsc::unbounded_channel().0))
    }

    fn turns(name: &str, turns: u32) -> EditorSettings {
        EditorSettings::read(name, true, &json!({ "agent": { "max_turns": turns } })).0
    }

    #[test]
    fn the_newest_that_sent_settings_counts_for_as_long_as_it_is_there() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let [first, second, silent] = editors();
        let settings = Settings::default();
        let max_turns = |root: &tempfile::TempDir| settings.load(root.path()).unwrap().config.agent.max_turns;
        settings.send(first, turns("first", 11));
        assert!(settings.attach(first, one.path()));
        assert!(!settings.attach(silent, one.path()));
        assert_eq!((max_turns(&one), max_turns(&other)), (11, 200));

        assert!(!settings.attach(second, one.path()));
        assert!(!settings.attach(second, other.path()));
        assert_eq!(settings.send(second, turns("second", 22)).len(), 2);
        assert_eq!((max_turns(&one), max_turns(&other)), (22, 22));
        assert_eq!(settings.send(first, turns("first", 33)), [one.path()]);
        assert_eq!((max_turns(&one), max_turns(&other)), (33, 22));

        assert!(settings.detach(first, one.path()));
        assert_eq!(max_turns(&one), 22);
        assert_eq!(settings.disconnect(silent), Vec::<PathBuf>::new());
        assert_eq!(settings.disconnect(second).len(), 2);
        assert_eq!((max_turns(&one), max_turns(&other)), (200, 200));
    }
}
