//! What an agent said and did in one attempt, as entries to show: a tool call is one with its result.

use std::collections::HashMap;

use aca_protocol::agent::RecordBody;
use aca_protocol::methods::TranscriptRecord;

/// The entries of one attempt, oldest first.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    entries: Vec<Entry>,
    /// Where the tool calls are that have no result yet.
    calls: HashMap<String, usize>,
    began_ms: Option<u64>,
    last_ms: Option<u64>,
}

/// Something to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// The agent said something.
    Said(String),
    /// A person told it something.
    Told(String),
    /// It used a tool.
    Tool(Tool),
    /// A model request failed and is tried again; the newest try in a row.
    Retry {
        attempt: u32,
        max: u32,
        delay_ms: u64,
        reason: String,
    },
    /// Something happened to the attempt as a whole.
    Event(String),
    /// Something went wrong that the agent goes on from.
    Trouble(String),
}

/// A tool call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tool {
    /// The tool's name.
    pub(super) name: String,
    /// What it is about.
    pub(super) about: String,
    /// Whether it succeeded; nothing while it runs.
    pub(super) ok: Option<bool>,
    /// The beginning of its output.
    pub(super) output: String,
}

impl Transcript {
    /// Takes a record in. Returns the entry before the last that it changed, if it changed one.
    pub(super) fn push(&mut self, record: &TranscriptRecord) -> Option<usize> {
        self.began_ms.get_or_insert(record.at_ms);
        self.last_ms = Some(record.at_ms);
        let entry = match &record.body {
            RecordBody::Said { text } if text.trim().is_empty() => return None,
            RecordBody::Said { text } => Entry::Said(text.clone()),
            RecordBody::Told { text } => Entry::Told(text.clone()),
            RecordBody::ToolUse { id, tool, about } => {
                self.calls.insert(id.clone(), self.entries.len());
                Entry::Tool(Tool {
                    name: tool.clone(),
                    about: about.clone(),
                    ok: None,
                    output: String::new(),
                })
            }
            RecordBody::ToolResult { id, ok, text } => return self.result(id, *ok, text),
            RecordBody::Retry {
                attempt,
                max,
                delay_ms,
                reason,
            } => {
                let retry = Entry::Retry {
                    attempt: *attempt,
                    max: *max,
                    delay_ms: *delay_ms,
                    reason: reason.clone(),
                };
                let at = self.entries.len().checked_sub(1);
                if let (Some(at), Some(last @ Entry::Retry { .. })) = (at, self.entries.last_mut()) {
                    *last = retry;
                    return Some(at);
                }
                retry
            }
            RecordBody::Noise { text, .. } if text.trim().is_empty() => return None,
            RecordBody::Noise { from, text } => Entry::Trouble(format!("unexpected on {from}: {text}")),
            RecordBody::Interrupted { reason, attempt, max } => Entry::Trouble(format!(
                "the agent's program died and goes on with its conversation (restart {attempt} of {max}): {reason}"
            )),
            RecordBody::Watchdog { text } => Entry::Trouble(text.clone()),
            RecordBody::Started { .. } => Entry::Event("the agent has started".into()),
            RecordBody::Prompted => return None,
            RecordBody::StopAsked => Entry::Event("asked to stop".into()),
            RecordBody::Paused => Entry::Event("held".into()),
            RecordBody::Resumed => Entry::Event("goes on".into()),
        };
        self.entries.push(entry);
        None
    }

    fn result(&mut self, id: &str, ok: bool, text: &str) -> Option<usize> {
        let at = self.calls.remove(id)?;
        if let Some(Entry::Tool(tool)) = self.entries.get_mut(at) {
            tool.ok = Some(ok);
            text.clone_into(&mut tool.output);
        }
        Some(at)
    }

    /// Returns how many entries there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns an entry.
    pub(super) fn entry(&self, index: usize) -> Option<&Entry> {
        self.entries.get(index)
    }

    /// Returns when its first record was written, in milliseconds since the Unix epoch.
    pub(super) fn began_ms(&self) -> Option<u64> {
        self.began_ms
    }

    /// Returns when its last record was written, in milliseconds since the Unix epoch.
    pub(super) fn last_ms(&self) -> Option<u64> {
        self.last_ms
    }

    /// Returns the nearest entry before or after one that has a text. Capitals count only if the text has some.
    pub(super) fn find(&self, text: &str, from: usize, forward: bool) -> Option<usize> {
        let exact = text.chars().any(char::is_uppercase);
        let has = |index: &usize| self.entries.get(*index).is_some_and(|entry| entry.has(text, exact));
        if forward {
            (from.saturating_add(1)..self.entries.len()).find(has)
        } else {
            (0..from.min(self.entries.len())).rev().find(has)
        }
    }
}

impl Entry {
    fn has(&self, wanted: &str, exact: bool) -> bool {
        let has = |text: &String| text.contains(wanted) || (!exact && text.to_lowercase().contains(wanted));
        match self {
            Self::Said(text) | Self::Told(text) | Self::Event(text) | Self::Trouble(text) => has(text),
            Self::Tool(tool) => has(&tool.about) || has(&tool.name) || has(&tool.output),
            Self::Retry { reason, .. } => has(reason),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Records of these bodies, a second apart.
    pub(crate) fn records(bodies: impl IntoIterator<Item = RecordBody>) -> Vec<TranscriptRecord> {
        let numbered = bodies.into_iter().zip(1..);
        let record = |(body, seq): (RecordBody, u64)| TranscriptRecord {
            seq,
            at_ms: 1_000_000 + seq * 1000,
            body,
        };
        numbered.map(record).collect()
    }

    pub(crate) fn said(text: &str) -> RecordBody {
        RecordBody::Said { text: text.into() }
    }

    pub(crate) fn call(id: &str, tool: &str, about: &str) -> RecordBody {
        RecordBody::ToolUse {
            id: id.into(),
            tool: tool.into(),
            about: about.into(),
        }
    }

    pub(crate) fn result(id: &str, ok: bool, text: &str) -> RecordBody {
        RecordBody::ToolResult {
            id: id.into(),
            ok,
            text: text.into(),
        }
    }

    fn retry(attempt: u32) -> RecordBody {
        RecordBody::Retry {
            attempt,
            max: 5,
            delay_ms: 1000,
            reason: "overloaded".into(),
        }
    }

    #[test]
    fn results_join_their_calls_and_tries_each_other() {
        let mut transcript = Transcript::default();
        let bodies = [
            call("1", "Read", "a.rs"),
            call("2", "Bash", "cargo test"),
            result("1", true, "fn a() {}"),
            retry(1),
            retry(2),
            said("  "),
            said("Done."),
            result("2", false, "1 failed"),
            result("unknown", true, ""),
        ];
        let changed: Vec<Option<usize>> = records(bodies).iter().map(|record| transcript.push(record)).collect();
        assert_eq!(changed, [None, None, Some(0), None, Some(2), None, None, Some(1), None]);
        assert_eq!(transcript.len(), 4);
        let ok = |index| match transcript.entry(index) {
            Some(Entry::Tool(tool)) => tool.ok,
            other => panic!("{other:?}"),
        };
        assert_eq!((ok(0), ok(1)), (Some(true), Some(false)));
        assert!(matches!(transcript.entry(2), Some(Entry::Retry { attempt: 2, .. })));
        assert_eq!(
            (transcript.began_ms(), transcript.last_ms()),
            (Some(1_001_000), Some(1_009_000))
        );
    }

    #[test]
    fn texts_are_found_in_both_directions() {
        let mut transcript = Transcript::default();
        let bodies = [
            said("One fish"),
            call("1", "Bash", "ls fish"),
            said("two"),
            said("Fish"),
        ];
        for record in records(bodies) {
            transcript.push(&record);
        }
        for (text, from, forward, expected) in [
            ("fish", 0, true, Some(1)),
            ("fish", 1, true, Some(3)),
            ("fish", 3, true, None),
            ("fish", 3, false, Some(1)),
            ("Fish", 0, true, Some(3)),
            ("whale", 0, true, None),
        ] {
            assert_eq!(transcript.find(text, from, forward), expected, "{text} from {from}");
        }
    }
}
