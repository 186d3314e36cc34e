//! What the agent says at the end about why it changed what it changed.

use std::time::Duration;

use aca_protocol::agent::ClaimedReason;
use serde_json::Value;

use crate::text::clip;

/// How long the answer may take. The work is done, so it is not waited for longer.
pub(super) const ASK_TIME: Duration = Duration::from_secs(120);

/// How many reasons are kept.
const MAX_CLAIMS: usize = 500;

/// The longest path, words to find the place by, and reason, in bytes.
const MAX_PATH: usize = 4096;
const MAX_LINES: usize = 1024;
const MAX_WHY: usize = 2048;

/// Tools that change no file. Whatever else was used may have.
const READING: [&str; 12] = [
    "Read",
    "Grep",
    "Glob",
    "LS",
    "TodoWrite",
    "TaskCreate",
    "TaskUpdate",
    "TaskList",
    "TaskGet",
    "read_file",
    "list_dir",
    "search",
];

/// Says whether a tool may change files.
pub(super) fn may_write(tool: &str) -> bool {
    !READING.contains(&tool)
}

/// Reads the answer to the question for reasons: a list in JSON, perhaps with words or a fence around it.
///
/// Whatever is none is no reason; an answer without any gives an empty list.
pub(super) fn read(answer: &str) -> Vec<ClaimedReason> {
    let list = answer
        .find('[')
        .zip(answer.rfind(']'))
        .and_then(|(start, end)| answer.get(start..=end));
    let items: Vec<Value> = list
        .and_then(|list| serde_json::from_str(list).ok())
        .unwrap_or_default();
    let claims = items
        .into_iter()
        .filter_map(|item| serde_json::from_value::<ClaimedReason>(item).ok())
        .filter(|claim| !claim.path.trim().is_empty() && !claim.why.trim().is_empty())
        .filter(|claim| claim.path.len() <= MAX_PATH);
    claims
        .take(MAX_CLAIMS)
        .map(|claim| ClaimedReason {
            path: claim.path,
            lines: clip(&claim.lines, MAX_LINES),
            why: clip(claim.why.trim(), MAX_WHY),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_found_among_words_and_rubbish_is_nothing() {
        let one = r#"[{"path":"a.rs","lines":"let x","why":"Because."},{"path":"b.rs","why":"Too."}]"#;
        let fenced = format!("Here it is:\n```json\n{one}\n```\nThat is all.");
        for answer in [one, &fenced] {
            let claims = read(answer);
            assert_eq!(claims.len(), 2, "{answer}");
            assert_eq!((claims[0].lines.as_str(), claims[1].lines.as_str()), ("let x", ""));
        }
        for rubbish in [
            "",
            "No.",
            "[1, 2]",
            "][",
            "[{\"path\":\"a\"}]",
            "[{\"path\":\" \",\"why\":\"x\"}]",
            "{}",
        ] {
            assert_eq!(read(rubbish), [], "{rubbish}");
        }
        let mixed = r#"[7, {"path":"a","why":"x"}, {"path":7,"why":"x"}]"#;
        assert_eq!(read(mixed).len(), 1);
    }

    #[test]
    fn only_tools_that_are_known_to_read_do_not_write() {
        for (tool, writes) in [
            ("Read", false),
            ("search", false),
            ("Bash", true),
            ("edit_file", true),
            ("mcp__x", true),
        ] {
            assert_eq!(may_write(tool), writes, "{tool}");
        }
    }
}
