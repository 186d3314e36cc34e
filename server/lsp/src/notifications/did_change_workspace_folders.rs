//! `workspace/didChangeWorkspaceFolders`.

use std::sync::Arc;

use lsp_types::DidChangeWorkspaceFoldersParams;

use super::did_open::place_anew;
use crate::connection::Connection;
use crate::workspaces::path_of;

/// Adds and removes workspaces. The sessions of removed ones go on; this client just does not show them.
pub(crate) fn did_change_workspace_folders(connection: &Arc<Connection>, params: DidChangeWorkspaceFoldersParams) {
    connection.workspaces.set_named();
    for folder in params.event.removed.iter().filter_map(|folder| path_of(&folder.uri)) {
        if let Some(root) = connection.workspaces.remove(&folder) {
            connection.engine.detach_editor(connection.editor, &root.canonical);
            let (tasks, files) = connection.board.forget(&root.canonical);
            connection.progress.forget(&tasks);
            connection.publisher.files(files);
        }
    }
    for folder in params.event.added.iter().filter_map(|folder| path_of(&folder.uri)) {
        connection.add_root(folder);
    }
    place_anew(connection);
}
