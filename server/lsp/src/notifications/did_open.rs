//! `textDocument/didOpen`.

use std::sync::Arc;

use lsp_types::{TextDocumentItem, Url};

use crate::connection::Connection;
use crate::documents::Document;
use crate::workspaces::{path_of, project_of};

/// Takes the document over from the disk.
pub(crate) fn did_open(connection: &Arc<Connection>, item: TextDocumentItem) {
    let file = connection.workspaces.file(&item.uri);
    let document = Document::open(item.uri, &item.language_id, item.version, &item.text, file);
    connection.report(&document);
    let uri = document.uri.clone();
    let path = document.file.as_ref().map(|file| file.path.clone());
    connection.documents.open(document);
    match path {
        Some(path) => connection.publisher.opened(path),
        None => find_project(connection, uri),
    }
}

/// Looks for the project of a document that is in no workspace, where the client names none: it was started on a
/// single file.
fn find_project(connection: &Arc<Connection>, uri: Url) {
    let Some(path) = path_of(&uri).filter(|_| !connection.workspaces.is_named()) else {
        return;
    };
    let behind = Arc::clone(connection);
    connection.background.spawn(async move {
        let project = tokio::task::spawn_blocking(move || project_of(&path)).await;
        let Ok(Some(project)) = project else { return };
        if behind.add_root(project).is_some() {
            place_anew(&behind);
        }
    });
}

/// Gives every open document its place in the workspaces as they are now.
pub(crate) fn place_anew(connection: &Arc<Connection>) {
    for document in connection.documents.all() {
        let file = connection.workspaces.file(&document.uri);
        let is_as_before = match (&file, &document.file) {
            (Some(now), Some(before)) => Arc::ptr_eq(&now.root, &before.root) && now.path == before.path,
            (None, None) => true,
            _ => false,
        };
        if is_as_before {
            continue;
        }
        if let Some(old) = &document.file
            && file.as_ref().is_none_or(|now| now.path != old.path)
        {
            connection.engine.buffers().close(connection.editor, &old.path);
        }
        let Some(placed) = connection
            .documents
            .update(&document.uri, |document| document.place(file))
        else {
            continue;
        };
        connection.report(&placed);
        if let Some(file) = &placed.file {
            connection.publisher.opened(file.path.clone());
        }
    }
    connection.publisher.lenses();
}
