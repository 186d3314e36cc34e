//! `textDocument/didSave`: a save is no decision and changes no text, but saved settings may change what is a TODO.

use std::sync::Arc;

use aca_engine::config;
use lsp_types::Url;

use crate::connection::Connection;
use crate::settings;
use crate::workspaces::path_of;

/// Reads the settings of a workspace again when its settings file is saved in this editor.
pub(crate) fn did_save(connection: &Arc<Connection>, uri: &Url) {
    let Some(path) = path_of(uri) else { return };
    let roots = connection.workspaces.all();
    let saved = roots.iter().find(|root| {
        [&root.given, &root.canonical]
            .iter()
            .any(|dir| dir.join(config::FILE_NAME) == path)
    });
    let Some(root) = saved else { return };
    // Here at once, because this editor's next question may depend on it; the others hear of it.
    match settings::read_again(connection, root) {
        Some(problem) => connection.complain(problem),
        None => connection.engine.settings_changed(&root.canonical),
    }
}
