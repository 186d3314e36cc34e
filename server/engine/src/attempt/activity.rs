//! What the agent does right now, in the few words that a lens has room for.

use aca_protocol::agent::RecordBody;

/// Returns the activity that an event begins; nothing if it does not change what is shown.
pub(super) fn of(event: &RecordBody) -> Option<String> {
    match event {
        RecordBody::Started { .. } => Some("starting the agent".to_owned()),
        RecordBody::Prompted | RecordBody::ToolResult { .. } => Some("thinking".to_owned()),
        RecordBody::Said { .. } => Some("writing".to_owned()),
        RecordBody::ToolUse { tool, about, .. } => Some(tool_use(tool, about)),
        RecordBody::Retry {
            attempt, max, reason, ..
        } => Some(format!("waiting for the model, try {attempt} of {max}: {reason}")),
        RecordBody::Interrupted { attempt, max, .. } => Some(format!(
            "starting the agent again after it died, try {attempt} of {max}"
        )),
        RecordBody::StopAsked => Some("stopping".to_owned()),
        RecordBody::Told { .. } | RecordBody::Resumed => Some("thinking".to_owned()),
        RecordBody::Noise { .. } | RecordBody::Watchdog { .. } | RecordBody::Paused => None,
    }
}

fn tool_use(tool: &str, about: &str) -> String {
    let verb = match tool {
        "Edit" | "MultiEdit" | "Write" | "NotebookEdit" | "edit_file" | "write_file" => "editing",
        "Read" | "read_file" => "reading",
        "Bash" | "shell" => "running",
        "Grep" | "Glob" | "search" | "list_dir" => "searching",
        other => other,
    };
    if about.is_empty() {
        verb.to_owned()
    } else {
        format!("{verb} {about}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_of_both_drivers_read_alike() {
        for (tool, about, expected) in [
            ("Edit", "src/user.rs", "editing src/user.rs"),
            ("write_file", "a.py", "editing a.py"),
            ("Bash", "cargo test", "running cargo test"),
            ("Agent", "", "Agent"),
        ] {
            assert_eq!(tool_use(tool, about), expected);
        }
    }
}
