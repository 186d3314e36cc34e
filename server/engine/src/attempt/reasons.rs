//! Why the hunks of a result are there: what the agent claims, tied to the tool calls that made them.
//!
//! A claim is only words. It counts as verified where a successful call of an editing tool put lines of the hunk there,
//! or took them away. Claims and journal were written in the sandbox, so a tie says what the journal has, no more.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use aca_protocol::HunkId;
use aca_protocol::agent::{ClaimedReason, Record, RecordBody};
use aca_protocol::proposal::Reason;
use aca_workspace::paths;
use serde_json::Value;

use crate::proposal::{ChangedFile, Parts};

/// The most calls that are kept of an attempt, and named for one hunk.
const MAX_CALLS: usize = 20_000;
const MAX_NAMED: usize = 20;

/// A call of a tool that changes a file by text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Call {
    id: String,
    path: String,
    removed: Vec<Piece>,
    inserted: Vec<Piece>,
}

/// A line of a call's text. The first and the last may be parts of lines of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    text: String,
    part: bool,
}

/// What a journal says about the changes of an attempt.
#[derive(Debug, Default)]
pub(super) struct Deeds {
    calls: Vec<Call>,
    failed: HashSet<String>,
    told: Vec<String>,
}

impl Deeds {
    /// Takes a record of the journal into account. `root` is the workspace.
    pub(super) fn see(&mut self, record: &Record, root: &Path) {
        match &record.event {
            Some(RecordBody::ToolResult { id, ok: false, .. }) => drop(self.failed.insert(id.clone())),
            Some(RecordBody::Told { text }) => self.told.push(text.clone()),
            _ => {}
        }
        let Some(frame) = &record.frame else { return };
        // Most frames are pieces of a stream; only whole messages have calls.
        if self.calls.len() >= MAX_CALLS || !frame.get().contains("tool_use") {
            return;
        }
        let Ok(frame) = serde_json::from_str::<Value>(frame.get()) else {
            return;
        };
        let message = match frame.get("type").and_then(Value::as_str) {
            Some("assistant") => frame.get("message"),
            Some("message") => Some(&frame),
            _ => None,
        };
        let blocks = message.and_then(|message| message.get("content")?.as_array());
        let calls = blocks.into_iter().flatten().filter_map(|block| call(block, root));
        self.calls.extend(calls);
    }

    /// Returns those of `told` that the agent has not heard.
    pub(super) fn unheard<'a>(&self, told: &'a [(String, String)]) -> Vec<&'a str> {
        let mut heard = self.told.clone();
        let unheard = told
            .iter()
            .filter(|(_, text)| match heard.iter().position(|heard| heard == text) {
                Some(index) => {
                    heard.swap_remove(index);
                    false
                }
                None => true,
            });
        unheard.map(|(_, text)| text.as_str()).collect()
    }

    /// Returns the reasons of hunks, as far as the agent gave any.
    pub(super) fn reasons(
        &self,
        claims: &[ClaimedReason],
        files: &[ChangedFile],
        root: &Path,
    ) -> BTreeMap<HunkId, Reason> {
        let mut reasons = BTreeMap::new();
        for file in files {
            let about: Vec<&ClaimedReason> = claims
                .iter()
                .filter(|claim| relative(&claim.path, root).as_deref() == Some(file.path.as_str()))
                .collect();
            match &file.parts {
                Parts::Lines { ledger, .. } => {
                    let hunks = ledger.hunks().iter();
                    let changes: Vec<(&HunkId, Change<'_>)> = hunks
                        .map(|hunk| (&hunk.id, Change::new(&hunk.old, &hunk.new)))
                        .collect();
                    // Words that are nowhere in the file name no place; alone, they are meant for all of it.
                    let nowhere = |claim: &ClaimedReason| !changes.iter().any(|(_, change)| change.is_named_by(claim));
                    let all = about
                        .iter()
                        .find(|claim| claim.lines.trim().is_empty() || (about.len() == 1 && nowhere(claim)));
                    for (id, change) in &changes {
                        let named = about.iter().find(|claim| change.is_named_by(claim));
                        if let Some(claim) = named.or(all) {
                            let calls = self.calls_of(&file.path, |call| change.is_of(call));
                            reasons.insert((*id).clone(), reason(claim, calls));
                        }
                    }
                }
                Parts::Whole { id, .. } => {
                    if let Some(claim) = about.first() {
                        reasons.insert(id.clone(), reason(claim, self.calls_of(&file.path, |_| true)));
                    }
                }
            }
        }
        reasons
    }

    fn calls_of(&self, path: &str, wanted: impl Fn(&Call) -> bool) -> Vec<String> {
        let calls = self.calls.iter();
        let tied = calls.filter(|call| call.path == path && !self.failed.contains(&call.id) && wanted(call));
        tied.map(|call| call.id.clone()).take(MAX_NAMED).collect()
    }
}

fn reason(claim: &ClaimedReason, calls: Vec<String>) -> Reason {
    Reason {
        why: claim.why.clone(),
        verified: !calls.is_empty(),
        calls,
    }
}

/// Reads a block of a message as a call that changes a file by text.
fn call(block: &Value, root: &Path) -> Option<Call> {
    let text = |value: &Value, key: &str| Some(value.get(key)?.as_str()?.to_owned());
    if text(block, "type")? != "tool_use" {
        return None;
    }
    let input = block.get("input")?;
    let named = ["file_path", "path", "notebook_path"].into_iter();
    let path = named.filter_map(|key| text(input, key)).next()?;
    let edit = |input: &Value, old: &str, new: &str| {
        (
            text(input, old).unwrap_or_default(),
            text(input, new).unwrap_or_default(),
        )
    };
    let edits = match text(block, "name")?.as_str() {
        "Edit" => vec![edit(input, "old_string", "new_string")],
        "MultiEdit" => {
            let edits = input.get("edits")?.as_array()?.iter();
            edits.map(|input| edit(input, "old_string", "new_string")).collect()
        }
        "edit_file" => vec![edit(input, "old_text", "new_text")],
        "Write" | "write_file" => vec![(String::new(), text(input, "content")?)],
        "NotebookEdit" => vec![(String::new(), text(input, "new_source")?)],
        _ => return None,
    };
    let (mut removed, mut inserted) = (Vec::new(), Vec::new());
    for (old, new) in &edits {
        removed.extend(pieces(old, new));
        inserted.extend(pieces(new, old));
    }
    Some(Call {
        id: text(block, "id")?,
        path: relative(&path, root)?,
        removed,
        inserted,
    })
}

/// Returns the lines of `text` that `other` does not have.
fn pieces(text: &str, other: &str) -> Vec<Piece> {
    let others: HashSet<&str> = other.lines().map(str::trim).collect();
    let last = text.lines().count().saturating_sub(1);
    let lines = text.lines().enumerate();
    let new = lines.filter(|(_, line)| !line.trim().is_empty() && !others.contains(line.trim()));
    new.map(|(n, line)| Piece {
        text: line.trim().to_owned(),
        part: n == 0 || n == last,
    })
    .collect()
}

/// The lines that a hunk takes away and puts there, without those it keeps.
struct Change<'a> {
    removed: Vec<&'a str>,
    inserted: Vec<&'a str>,
}

impl<'a> Change<'a> {
    fn new(old: &'a str, new: &'a str) -> Self {
        let only = |text: &'a str, other: &str| {
            let others: HashSet<&str> = other.lines().map(str::trim).collect();
            let lines = text.lines().map(str::trim);
            lines
                .filter(|line| !line.is_empty() && !others.contains(line))
                .collect()
        };
        Self {
            removed: only(old, new),
            inserted: only(new, old),
        }
    }

    /// Whether a call made the change, or a part of it.
    fn is_of(&self, call: &Call) -> bool {
        let has = |lines: &[&str], piece: &Piece| {
            let is = |line: &&str| **line == piece.text || (piece.part && line.contains(&piece.text));
            is_telling(&piece.text) && lines.iter().any(is)
        };
        call.inserted.iter().any(|piece| has(&self.inserted, piece))
            || call.removed.iter().any(|piece| has(&self.removed, piece))
    }

    /// Whether a claim quotes one of the lines, or a part of one.
    fn is_named_by(&self, claim: &ClaimedReason) -> bool {
        let mut words = claim.lines.lines().map(str::trim).filter(|words| is_telling(words));
        words.any(|words| {
            let mut lines = self.inserted.iter().chain(&self.removed);
            lines.any(|line| line.contains(words) || (is_telling(line) && words.contains(line)))
        })
    }
}

/// Whether a line is not one of those that stand anywhere, such as a closing brace.
fn is_telling(line: &str) -> bool {
    line.chars().filter(|char| char.is_alphanumeric()).count() >= 2
}

fn relative(path: &str, root: &Path) -> Option<String> {
    paths::relative(root, &root.join(path.trim_start_matches("./")))
}

#[cfg(test)]
mod tests {
    use aca_workspace::objects::Objects;
    use serde_json::json;

    use super::*;

    fn record(frame: &Value) -> Record {
        Record {
            seq: 1,
            at_ms: 0,
            frame: Some(serde_json::value::to_raw_value(frame).unwrap()),
            event: None,
        }
    }

    fn edit(id: &str, old: &str, new: &str) -> Record {
        let input = json!({"file_path": "/ws/a.rs", "old_string": old, "new_string": new});
        record(&json!({"type": "assistant", "message": {"content": [
            {"type": "tool_use", "id": id, "name": "Edit", "input": input}
        ]}}))
    }

    fn claim(lines: &str, why: &str) -> ClaimedReason {
        let (path, lines, why) = ("./a.rs".to_owned(), lines.to_owned(), why.to_owned());
        ClaimedReason { path, lines, why }
    }

    fn files(base: &str, result: &str) -> Vec<ChangedFile> {
        let dir = tempfile::tempdir().unwrap();
        let objects = Objects::open(&dir.path().join("objects.git")).unwrap();
        let root = dir.path().join("w");
        std::fs::create_dir(&root).unwrap();
        let mut trees = [base, result].into_iter().map(|text| {
            std::fs::write(root.join("a.rs"), text).unwrap();
            objects.snapshot(&root, &[]).unwrap()
        });
        let (base, result) = (trees.next().unwrap(), trees.next().unwrap());
        crate::proposal::files(&objects, &base, &result).unwrap()
    }

    const BASE: &str = "fn one() {}\n\n\n\nfn two() {}\n\n\n\nfn three() {}\n";
    const RESULT: &str = "fn one(x: u8) {}\n\n\n\nfn two() {}\n\n\n\n";

    /// The reasons of the two hunks, as words, whether verified, and calls.
    fn check(deeds: &Deeds, claims: &[ClaimedReason], wanted: &[Option<(&str, &[&str])>]) {
        let files = files(BASE, RESULT);
        let reasons = deeds.reasons(claims, &files, Path::new("/ws"));
        let found: Vec<_> = files[0].ids().iter().map(|id| reasons.get(id).cloned()).collect();
        let wanted: Vec<_> = wanted
            .iter()
            .map(|wanted| {
                wanted.map(|(why, calls)| Reason {
                    why: why.to_owned(),
                    verified: !calls.is_empty(),
                    calls: calls.iter().map(|&call| call.to_owned()).collect(),
                })
            })
            .collect();
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_reason_is_tied_to_the_calls_that_made_its_hunk() {
        let mut deeds = Deeds::default();
        for record in [
            edit("c1", "fn one() {}", "fn one(y: u8) {}"),
            edit("c2", "one(y", "one(x"),
            edit("c3", "fn three() {}\n", ""),
            edit("c4", "fn one(y: u8)", "fn one(x: u8)"),
        ] {
            deeds.see(&record, Path::new("/ws"));
        }
        deeds.failed.insert("c4".to_owned());
        let by_lines = [claim("fn one(x: u8)", "An argument."), claim("fn three", "Not needed.")];
        check(
            &deeds,
            &by_lines,
            &[Some(("An argument.", &["c1", "c2"])), Some(("Not needed.", &["c3"]))],
        );
        check(
            &deeds,
            &[claim("", "Both.")],
            &[Some(("Both.", &["c1", "c2"])), Some(("Both.", &["c3"]))],
        );
        check(
            &deeds,
            &[claim("fn three", "Gone."), claim("fn nowhere", "x")],
            &[None, Some(("Gone.", &["c3"]))],
        );
        check(&deeds, &[], &[None, None]);
        // Words that name one place are not meant for another; words that name none are meant for the file.
        check(&deeds, &[claim("fn three", "Gone.")], &[None, Some(("Gone.", &["c3"]))]);
        check(
            &deeds,
            &[claim("fn nowhere", "Both.")],
            &[Some(("Both.", &["c1", "c2"])), Some(("Both.", &["c3"]))],
        );
        // What a shell did is claimed and no more.
        check(
            &Deeds::default(),
            &[claim("", "A script did it.")],
            &[Some(("A script did it.", &[])), Some(("A script did it.", &[]))],
        );
    }

    #[test]
    fn the_direct_drivers_calls_are_read_too() {
        let mut deeds = Deeds::default();
        let input = json!({"path": "a.rs", "old_text": "fn one()", "new_text": "fn one(x: u8)"});
        let content = json!([{"type": "tool_use", "id": "d1", "name": "edit_file", "input": input}]);
        deeds.see(
            &record(&json!({"type": "message", "content": content})),
            Path::new("/ws"),
        );
        check(
            &deeds,
            &[claim("", "Why.")],
            &[Some(("Why.", &["d1"])), Some(("Why.", &[]))],
        );
    }

    #[test]
    fn what_was_told_and_not_heard_is_known() {
        let mut deeds = Deeds::default();
        deeds.told.extend(["a".to_owned(), "b".to_owned()]);
        let told = ["a", "a", "b", "c"].map(|text| (text.to_owned(), text.to_owned()));
        assert_eq!(deeds.unheard(&told), ["a", "c"]);
    }
}
