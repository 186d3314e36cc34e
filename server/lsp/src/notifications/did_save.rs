//! `textDocument/didSave`: a save is no decision and changes no text, but saved settings may change what is a TODO.

use std::sync::Arc;

use aca_engine::config;
use lsp_types::Url;

use super::did_open::place_anew;
use crate::connection::Connection;
use crate::follow;
use crate::workspaces::{Root, path_of};

/// Reads the settings of a workspace again when its settings file is saved in this editor.
pub(crate) fn did_save(connection: &Arc<Connection>, uri: &Url) {
    let Some(path) = path_of(uri) else { return };
    let roots = connection.workspaces.all();
    let Some(old) = roots.iter().find(|root| {
        [&root.given, &root.canonical]
            .iter()
            .any(|dir| dir.join(config::FILE_NAME) == path)
    }) else {
        return;
    };
    // Wrong settings are said; until they are mended, those that counted before go on.
    match Root::new(old.given.clone()) {
        Ok((root, None)) => {
            follow::read_check(connection, &root.canonical);
            connection.workspaces.replace(root);
            place_anew(connection);
        }
        Ok((_, Some(problem))) | Err(problem) => connection.complain(problem),
    }
}
