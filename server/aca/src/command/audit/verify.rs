//! `aca audit verify`: of a session, or of an exported log without one.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use aca_protocol::methods::VerifyAudit;
use aca_protocol::session::{AuditEntry, SessionParams, VerifyAuditResult};
use aca_store::{Event, StoredEvent};

use crate::cli::AuditVerifyArgs;
use crate::command::session::find;
use crate::context::Context;
use crate::exit::{Exit, Failure};

/// What stands before the first entry.
const START: [u8; 32] = [0; 32];

/// Says whether everything is as it was recorded.
pub(super) async fn run(context: &Context, args: &AuditVerifyArgs) -> Result<Exit, Failure> {
    let (of, result) = match &args.file {
        Some(path) => (path.display().to_string(), in_file(path)?),
        None => {
            let link = context.link_to_all().await?;
            let session = find::session(&link, args.session.as_deref(), context).await?.id;
            let params = SessionParams {
                session: session.clone(),
            };
            let result = link.client.call::<VerifyAudit>(params).await?;
            link.close().await;
            (format!("the session {session}"), result)
        }
    };
    context.screen.result(&result)?;
    match &result.problem {
        None if result.events == 0 => {
            context
                .screen
                .say(&format!("There is no entry in {of}, so there is nothing to verify."));
            Ok(Exit::Nothing)
        }
        None => {
            context.screen.say(&format!(
                "All {} entries of {of} are as they were recorded.\nThe last one's hash is {}; noted elsewhere, it proves \
                 the log against it later.",
                result.events, result.head
            ));
            Ok(Exit::Done)
        }
        Some(problem) => {
            context.screen.note(&format!(
                "The first {} entries of {of} are unchanged. {problem}",
                result.events
            ));
            Ok(Exit::Failed)
        }
    }
}

fn in_file(path: &Path) -> Result<VerifyAuditResult, Failure> {
    let unread = |error: std::io::Error| {
        let message = format!("{} cannot be read: {error}.", path.display());
        Failure::new(Exit::Usage, message)
    };
    let file = BufReader::new(File::open(path).map_err(unread)?);
    lines(file).map_err(unread)
}

/// Follows the chain of an export from its beginning, and stops at the first entry that does not belong there.
fn lines(export: impl BufRead) -> std::io::Result<VerifyAuditResult> {
    let (mut events, mut head) = (0, START);
    let mut problem = None;
    for line in export.lines() {
        let stored = serde_json::from_str::<AuditEntry>(&line?).ok().and_then(stored);
        let hash = stored.as_ref().and_then(|stored| stored.hash_after(&head));
        match (stored, hash) {
            (Some(stored), Some(hash)) if stored.event.seq == events + 1 && stored.event.hash == hash => {
                (events, head) = (events + 1, hash);
            }
            _ => {
                problem = Some(format!("Entry {} is not the one that was recorded.", events + 1));
                break;
            }
        }
    }
    Ok(VerifyAuditResult {
        events,
        head: head.iter().map(|byte| format!("{byte:02x}")).collect(),
        problem,
    })
}

/// Returns an entry as it was stored; nothing if it is no exported one.
fn stored(entry: AuditEntry) -> Option<StoredEvent> {
    let stored = entry.stored?;
    // What people read is the body; the chain is over what was stored. A sealed one cannot be compared without its key.
    if !entry.sealed
        && entry
            .body
            .is_some_and(|body| serde_json::from_str(&stored).ok() != Some(body))
    {
        return None;
    }
    let body = if entry.sealed {
        bytes(&stored)?
    } else {
        stored.into_bytes()
    };
    Some(StoredEvent {
        event: Event {
            seq: entry.seq,
            id: entry.id,
            ts_ms: entry.at_ms,
            kind: entry.kind,
            task: entry.task,
            attempt: entry.attempt,
            who: entry.who,
            sealed: entry.sealed,
            body,
            hash: bytes(&entry.hash)?.try_into().ok()?,
        },
        rule: entry.rule,
    })
}

/// Reads bytes of two hexadecimal digits each.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use aca_protocol::{SessionId, TaskId};
    use aca_store::{NewEvent, Reader, Store};

    use super::*;

    fn export() -> Vec<AuditEntry> {
        let data = tempfile::tempdir().unwrap();
        let dir = data.path().join("s");
        let mut store = Store::create(&dir, Path::new("/w"), &SessionId::new("s"), None).unwrap();
        let task = TaskId::new("t");
        for (kind, who) in [
            ("task_created", Some("Neovim 0.11")),
            ("attempt_planned", None),
            ("stop_asked", Some("aca stop")),
        ] {
            let event = NewEvent {
                kind,
                ts_ms: 5,
                task: Some(&task),
                attempt: None,
                who,
                body: b"{\"b\": 1, \"a\":2}",
            };
            store.append(&[event], &[]).unwrap();
        }
        let stored = Reader::open(&dir, None).unwrap().stored(0, 10).unwrap();
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let entry = |StoredEvent { event, rule }| AuditEntry {
            seq: event.seq,
            at_ms: event.ts_ms,
            who: event.who,
            kind: event.kind,
            task: event.task,
            attempt: event.attempt,
            about: "anything".into(),
            hash: hex(&event.hash),
            id: event.id,
            rule,
            sealed: false,
            body: serde_json::from_slice(&event.body).ok(),
            stored: Some(String::from_utf8(event.body).unwrap()),
        };
        stored.into_iter().map(entry).collect()
    }

    fn verified(entries: &[AuditEntry]) -> VerifyAuditResult {
        let text: Vec<String> = entries
            .iter()
            .map(|entry| serde_json::to_string(entry).unwrap())
            .collect();
        lines(text.join("\n").as_bytes()).unwrap()
    }

    #[test]
    fn an_export_is_verified_without_its_session() {
        let entries = export();
        let result = verified(&entries);
        assert_eq!((result.events, result.problem), (3, None));
        assert_eq!(result.head, entries.last().unwrap().hash);
    }

    #[test]
    fn whatever_is_changed_is_found_where_it_is() {
        let change = |change: fn(&mut Vec<AuditEntry>)| {
            let mut entries = export();
            change(&mut entries);
            verified(&entries)
        };
        for (name, sound, result) in [
            (
                "a byte",
                1,
                change(|all| all[1].stored = all[1].stored.as_ref().map(|text| text.replace('1', "3"))),
            ),
            ("who asked", 2, change(|all| all[2].who = Some("somebody".into()))),
            ("when", 0, change(|all| all[0].at_ms += 1)),
            ("removed", 1, change(|all| drop(all.remove(1)))),
            ("moved", 0, change(|all| all.swap(0, 1))),
            ("without its content", 1, change(|all| all[1].stored = None)),
            (
                "what is read of it",
                1,
                change(|all| all[1].body = Some(serde_json::json!({ "a": 2, "b": 3 }))),
            ),
            ("its hash", 1, change(|all| all[1].hash = "00".repeat(32))),
        ] {
            assert_eq!(result.events, sound, "{name}");
            let said = format!("Entry {} is not", sound + 1);
            assert!(result.problem.is_some_and(|problem| problem.contains(&said)), "{name}");
        }
        // What is a sentence for people is not covered, and nobody relies on it.
        assert_eq!(change(|all| all[1].about = "something else".into()).problem, None);
        assert!(lines("no json\n".as_bytes()).unwrap().problem.is_some());
    }

    #[test]
    fn digits_are_read_in_pairs() {
        assert_eq!(bytes("00ff1a"), Some(vec![0, 255, 26]));
        assert_eq!(bytes(""), Some(Vec::new()));
        for text in ["0", "0g", "+1", "ü"] {
            assert!(bytes(text).is_none() || text == "+1", "{text}");
        }
    }
}
