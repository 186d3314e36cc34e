//! `workspace/didChangeConfiguration`.

use std::sync::Arc;

use serde_json::Value;

use crate::connection::Connection;
use crate::settings;

/// Takes the settings under `aca`. Some clients send nothing there, to say only that something has changed: those have
/// no settings for us, and what they sent before stays.
pub(crate) fn did_change_configuration(connection: &Arc<Connection>, changed: &Value) {
    if let Some(sent) = changed.get("aca") {
        settings::take(connection, sent);
    }
}
