//! Settings that the client sends, and what is read again when any have changed.

use std::sync::Arc;

use aca_engine::config::EditorSettings;
use serde_json::Value;

use crate::connection::Connection;
use crate::follow;
use crate::notifications::place_anew;
use crate::workspaces::Root;

/// The client's name where it gives none.
const NAMELESS: &str = "an editor";

/// Takes the client's settings, in the place of those it sent before, and says in one message what is wrong with them.
pub(crate) fn take(connection: &Arc<Connection>, sent: &Value) {
    let name = connection.client_name().unwrap_or(NAMELESS);
    let (settings, problems) = EditorSettings::read(name, connection.flags().aca, sent);
    connection.engine.set_editor_settings(connection.editor, settings);
    // Here at once, because the client's next question may depend on it.
    for root in connection.workspaces.all() {
        read_again(connection, &root);
    }
    if !problems.is_empty() {
        let problems = problems.join("\n");
        connection.complain(format!(
            "Of aca's settings in this editor, this does not count; the rest does.\n{problems}"
        ));
    }
}

/// Looks at the settings of a workspace again. Until wrong ones are mended, those from before count; what is wrong is
/// returned.
pub(crate) fn read_again(connection: &Arc<Connection>, old: &Root) -> Option<String> {
    let (new, problem) = Root::new(&connection.engine, old.given.clone(), old.canonical.clone());
    if problem.is_some() {
        return problem;
    }
    follow::read_check(connection, &new.canonical);
    if new.keywords != old.keywords {
        connection.workspaces.replace(new);
        place_anew(connection);
    }
    None
}
