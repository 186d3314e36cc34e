//! The checks that a client started by a command, so that it is told how they end.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use aca_protocol::TaskId;
use aca_protocol::proposal::{CheckState, CheckView, ProposalView};
use lsp_types::MessageType;

use crate::connection::Connection;
use crate::review::outcome;

/// How many findings are named.
const MAX_FINDINGS: usize = 3;

/// The tasks whose checks this client waits for.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    asked: Mutex<HashSet<TaskId>>,
}

impl Checks {
    /// Records that the client started a check of a task's proposal.
    pub(crate) fn asked(&self, task: &TaskId) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.insert(task.clone());
    }

    /// Records that nothing more is to be told of it; says whether something was.
    fn ended(&self, task: &TaskId) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.remove(task)
    }
}

/// Tells the user how the check of a proposal ended, if they started it here.
pub(crate) fn tell(connection: &Arc<Connection>, proposal: &ProposalView) {
    let Some(check) = &proposal.check else { return };
    if check.state == CheckState::Running || !connection.checks.ended(&proposal.task) {
        return;
    }
    let severity = match check.state {
        CheckState::Passed => MessageType::INFO,
        _ => MessageType::WARNING,
    };
    let words = words(check);
    let behind = Arc::clone(connection);
    connection.background.spawn(async move {
        behind.client.show_message(severity, words).await;
    });
}

fn words(check: &CheckView) -> String {
    let mut words = format!("The check “{}” {}", check.command, outcome(check));
    for finding in check.findings.iter().take(MAX_FINDINGS) {
        let line = finding.line.saturating_add(1);
        words.push_str(&format!("\n{}:{line}: {}", finding.path, finding.message.trim()));
    }
    let more = check.findings.len().saturating_sub(MAX_FINDINGS);
    if more > 0 {
        words.push_str(&format!("\n… {more} more"));
    }
    words
}

#[cfg(test)]
mod tests {
    use aca_protocol::proposal::Finding;

    use super::*;

    #[test]
    fn the_first_findings_are_named() {
        let finding = |line| Finding {
            path: "a.rs".to_owned(),
            line,
            error: true,
            message: "no such name\n".to_owned(),
            hunk: None,
        };
        let mut check = CheckView {
            command: "cargo check".to_owned(),
            hunks: None,
            state: CheckState::Passed,
            findings: Vec::new(),
            output: String::new(),
        };
        assert_eq!(words(&check), "The check “cargo check” passed.");
        check.state = CheckState::Failed { code: Some(101) };
        check.findings = (0..5).map(finding).collect();
        assert_eq!(
            words(&check),
            "The check “cargo check” failed (exit code 101).\na.rs:1: no such name\na.rs:2: no such name\n\
             a.rs:3: no such name\n… 2 more"
        );
    }
}
