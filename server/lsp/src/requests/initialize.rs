//! `initialize`: what both sides can do, and where the work is.

use std::sync::Arc;

use lsp_types::{InitializeParams, InitializeResult, ServerInfo};

use crate::capabilities::{self, ClientFlags};
use crate::connection::Connection;
use crate::settings;
use crate::transport::parent;
use crate::workspaces::named_roots;

/// Answers at once; the workspaces' sessions are opened behind it.
pub(crate) fn initialize(connection: &Arc<Connection>, params: &InitializeParams) -> InitializeResult {
    connection.set_flags(ClientFlags::new(
        &params.capabilities,
        params.client_info.as_ref().map(|client| client.name.as_str()),
    ));
    if let Some(client) = &params.client_info {
        connection.set_client(client);
    }
    let options = params.initialization_options.as_ref();
    if let Some(sent) = options.and_then(|options| options.get("settings")) {
        settings::take(connection, sent);
    }
    if let Some(pid) = params.process_id.filter(|_| connection.options.watch_parent) {
        parent::watch(pid, connection.stop.clone());
    }
    let roots = named_roots(params);
    if !roots.is_empty() {
        connection.workspaces.set_named();
    }
    for root in roots {
        connection.add_root(root);
    }
    InitializeResult {
        capabilities: capabilities::server(connection.encoding()),
        server_info: Some(ServerInfo {
            name: "aca".to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
    }
}
