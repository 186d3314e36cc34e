//! What attempts have left behind: their conversations and their journals, as far as an agent's directory can be read.

use std::fs::File;
use std::path::Path;

use aca_gateway::exchange;
use aca_protocol::AttemptId;
use aca_protocol::agent::{AttemptSpec, files};
use aca_secrets::SessionKey;

use super::writer::Writer;
use crate::core::Attempt;
use crate::layout::AttemptDir;
use crate::session::hostile::{self, Found};
use crate::session::package::names;
use crate::{Error, sealing};

/// Copies what each attempt of the session in `dir` has left behind.
pub(super) fn write<'a>(
    writer: &mut Writer,
    dir: &Path,
    attempts: impl Iterator<Item = &'a Attempt>,
) -> Result<(), Error> {
    let key = sealing::key_of_session(dir)?;
    for attempt in attempts {
        let left = AttemptDir::new(dir, &attempt.id);
        let origin = |path: &str| format!("attempts/{}/{path}", attempt.id);
        // Why the copy could not be written.
        let mut unwritten = None;
        let walked = hostile::walk(left.path(), &is_copied, &mut |found| {
            let done = match found {
                Found::File { path, file } => match place(attempt.id.as_str(), &path) {
                    Some(to) if path == "spec.json" => writer.copy(&to, &origin(&path), without_token(file).as_slice()),
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
        exchanges(writer, &left, &attempt.id, key.as_ref())?;
    }
    Ok(())
}

/// Writes an attempt's model exchanges as plain lines.
fn exchanges(
    writer: &mut Writer,
    left: &AttemptDir,
    attempt: &AttemptId,
    key: Option<&SessionKey>,
) -> Result<(), Error> {
    let dir = left.exchanges();
    let origin = format!("attempts/{attempt}/exchanges");
    let numbers = match exchange::numbers(&dir, attempt) {
        Ok(numbers) => numbers,
        Err(error) => {
            writer.leave_out(&origin, &format!("it cannot be read: {error}"));
            return Ok(());
        }
    };
    for number in numbers {
        let origin = format!("{origin}/{number:04}");
        match exchange::lines(&dir, attempt, number, key.cloned()) {
            Ok(lines) => writer.copy(
                &format!("{}/{attempt}/exchanges/{number:04}.jsonl", names::LOGS),
                &origin,
                lines.unwrap_or_default().as_slice(),
            )?,
            Err(error) => writer.leave_out(&origin, &format!("it cannot be read: {error}")),
        }
    }
    Ok(())
}

/// Returns a specification without what its sandbox showed the gateway. One that cannot be read is empty.
fn without_token(file: File) -> Vec<u8> {
    let Ok(mut spec) = serde_json::from_reader::<_, AttemptSpec>(file) else {
        return Vec::new();
    };
    spec.gateway_token.clear();
    serde_json::to_vec(&spec).unwrap_or_default()
}

/// Whether a directory below that of an attempt has something that is exported: not the checkout, and of the agent's
/// home only conversations.
fn is_copied(path: &str) -> bool {
    let home = format!("{}/{}", "out", files::HOME);
    match path.strip_prefix(&home) {
        Some("" | "/.claude" | "/.claude/projects") => true,
        Some(below) => below.starts_with("/.claude/projects/") || !below.starts_with('/'),
        // Exchanges are packed, and sealed in a sealed session.
        None => !["work", "exchanges"].contains(&path),
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
            (
                "out/home/.claude/projects/-w/s.jsonl",
                Some("claude/a/projects/-w/s.jsonl"),
            ),
            (
                "out/home/.claude/projects/-w/s/subagents/x.jsonl",
                Some("claude/a/projects/-w/s/subagents/x.jsonl"),
            ),
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
            ("exchanges", false),
            ("more", true),
        ] {
            assert_eq!(is_copied(path), expected, "{path}");
        }
    }
}
