//! What editors say about settings, and what counts then.

use std::path::Path;

use aca_protocol::methods::TasksParams;
use aca_protocol::settings::SettingsResult;

use super::canonical;
use crate::actor::Message;
use crate::config::{ConfigError, EditorSettings, Loaded};
use crate::{Change, EditorId, Engine, Error};

impl Engine {
    /// Loads the settings that count in a workspace, by the engine's name for it.
    ///
    /// # Errors
    ///
    /// As [`config::load`](crate::config::load).
    pub fn load_settings(&self, root: &Path) -> Result<Loaded, ConfigError> {
        self.shared.settings.load(root)
    }

    /// Lists the settings that count in a workspace.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if the workspace is no directory or a settings file is wrong.
    pub async fn settings(&self, params: TasksParams) -> Result<SettingsResult, Error> {
        let loaded = self.load_settings(&canonical(&params.workspace)?);
        let loaded = loaded.map_err(|error| Error::Invalid(error.to_string()))?;
        Ok(loaded.views())
    }

    /// Takes an editor's settings, in the place of those that it sent before. They count in its workspaces, ahead of
    /// those of editors that sent theirs earlier.
    pub fn set_editor_settings(&self, editor: EditorId, settings: EditorSettings) {
        for root in self.shared.settings.send(editor, settings) {
            self.settings_changed(&root);
        }
    }

    /// Records that an editor has a workspace, in which its settings count.
    pub fn attach_editor(&self, editor: EditorId, root: &Path) {
        if self.shared.settings.attach(editor, root) {
            self.settings_changed(root);
        }
    }

    /// Records that an editor has a workspace no more.
    pub fn detach_editor(&self, editor: EditorId, root: &Path) {
        if self.shared.settings.detach(editor, root) {
            self.settings_changed(root);
        }
    }

    /// Forgets an editor, with its documents and its settings.
    pub fn disconnect_editor(&self, editor: EditorId) {
        self.buffers().disconnect(editor);
        for root in self.shared.settings.disconnect(editor) {
            self.settings_changed(&root);
        }
    }

    /// Has everybody look at the settings of a workspace again.
    pub fn settings_changed(&self, root: &Path) {
        let root = root.to_owned();
        // An engine that has ended has nobody who would look; a change without a subscriber is nobody's loss.
        let _ = self.shared.inbox.send(Message::Settings(root.clone()));
        let _ = self.shared.changes.send(Change::Settings(root));
    }
}
