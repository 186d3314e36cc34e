//! What attempts have left behind: their conversations and their journals, as far as an agent's directory can be read.

use std::path::Path;

use aca_protocol::agent::files;

use super::writer::Writer;
use crate::Error;
use crate::core::Attempt;
use crate::layout::AttemptDir;
use crate::session::hostile::{self, Found};
use crate::session::package::names;

/// Copies what each attempt of the session in `dir` has left behind.
pub(super) fn write<'a>(
    writer: &mut Writer,
    dir: &Path,
    attempts: impl Iterator<Item = &'a Attempt>,
) -> Result<(), Error> {
    for attempt in attempts {
        let left = AttemptDir::new(dir, &attempt.id);
        let origin = |path: &str| format!("attempts/{}/{path}", attempt.id);
        // Why the copy could not be written.
        let mut unwritten = None;
        let walked = hostile::walk(left.path(), &is_copied, &mut |found| {
            let done = match found {
                Found::File { path, file } => match place(attempt.id.as_str(), &path) {
                    Some(to) => writer.copy(&to, &origin(&path), file),
                    None => Ok(()),
                },
                Found::Odd { path, reason } => {
                    writer.leave_out(&origin(&path), &reason);
                    Ok(())
                }
            };
            done.map_err(|error| {
                let text = error.to_string();
                unwritten = Some(error);
                text
            })
        });
        match (walked, unwritten) {
            (_, Some(error)) => return Err(error),
            (Err(reason), None) => writer.leave_out(&origin(""), &reason),
            (Ok(()), None) => {}
        }
    }
    Ok(())
}

/// Whether a directory below that of an attempt has something that is exported: not the checkout, and of the agent's
/// home only conversations.
fn is_copied(path: &str) -> bool {
    let home = format!("{}/{}", "out", files::HOME);
    match path.strip_prefix(&home) {
        Some("" | "/.claude" | "/.claude/projects") => true,
        Some(below) => below.starts_with("/.claude/projects/") || !below.starts_with('/'),
        None => path != "work",
    }
}

/// Returns where a file below an attempt's directory goes in the package; nothing if it stays behind.
fn place(attempt: &str, path: &str) -> Option<String> {
    let conversations = format!("out/{}/.claude/projects/", files::HOME);
    if let Some(below) = path.strip_prefix(&conversations) {
        return Some(format!("{}/{attempt}/projects/{below}", names::CLAUDE));
    }
    if let Some(below) = path.strip_prefix(&format!("out/{}/", files::HOME)) {
        let is_conversation = !below.contains('/') && below.ends_with(".json") && !below.starts_with('.');
        return is_conversation.then(|| format!("{}/{attempt}/{below}", names::CLAUDE));
    }
    // What the checkout looked like is of no use without it; the second copy of the specification is the agent's.
    let stays = ["checkout.json", "out/spec.json"].contains(&path);
    (!stays).then(|| format!("{}/{attempt}/{path}", names::LOGS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_files_of_an_attempt_go() {
        for (path, expected) in [
            ("spec.json", Some("execution_logs/a/spec.json")),
            ("out/spec.json", None),
            ("checkout.json", None),
            ("out/journal.ndjson", Some("execution_logs/a/out/journal.ndjson")),
            ("out/home/.claude/projects/-w/s.jsonl", Some("claude/a/projects/-w/s.jsonl")),
            ("out/home/.claude/projects/-w/s/subagents/x.jsonl", Some("claude/a/projects/-w/s/subagents/x.jsonl")),
            ("out/home/s.json", Some("claude/a/s.json")),
            ("out/home/.claude.json", None),
            ("out/home/.bash_history", None),
        ] {
            assert_eq!(place("a", path).as_deref(), expected, "{path}");
        }
        for (path, expected) in [
            ("work", false),
            ("out", true),
            ("out/home", true),
            ("out/homework", true),
            ("out/home/.claude", true),
            ("out/home/.claude/projects/-w/s", true),
            ("out/home/.claude/shell-snapshots", false),
            ("out/home/.cache", false),
            ("exchanges", true),
        ] {
            assert_eq!(is_copied(path), expected, "{path}");
        }
    }
}
