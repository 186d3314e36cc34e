//! The hash chain: each event's hash covers its content and its predecessor's hash.

use sha2::{Digest as _, Sha256};

use crate::log::Record;

/// A SHA-256 hash.
pub(crate) type Hash = [u8; 32];

/// What stands before the first event.
pub(crate) const START: Hash = [0; 32];

/// How an event's hash is computed. History is never written again, so an old rule is known for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// That of format 1, which knew neither who asked nor sealed bodies.
    First = 1,
    /// That of format 2.
    Second = 2,
}

impl Rule {
    /// The rule for events that are written now.
    pub(crate) const CURRENT: Self = Self::Second;

    /// Returns the rule that a database calls `number`.
    pub(crate) fn from_number(number: i64) -> Option<Self> {
        [Self::First, Self::Second]
            .into_iter()
            .find(|rule| *rule as i64 == number)
    }
}

/// Returns the hash of what is stored as `record` after an event with hash `prev`; `None` if the record's rule has no
/// place for something the record has.
///
/// Every part is preceded by its length, so that no two events have the same input. A sealed body is covered as it is
/// stored, so that verifying needs no key.
pub(crate) fn hash(prev: &Hash, record: &Record) -> Option<Hash> {
    let event = &record.event;
    let mut sha = Sha256::new();
    if record.rule == Rule::Second {
        sha.update(b"aca event 2");
        sha.update([u8::from(event.sealed)]);
        part(&mut sha, event.who.as_deref().map(str::as_bytes));
    } else if event.sealed || event.who.is_some() {
        return None;
    }
    sha.update(prev);
    sha.update(event.seq.to_be_bytes());
    sha.update(event.ts_ms.to_be_bytes());
    part(&mut sha, Some(event.id.as_bytes()));
    part(&mut sha, Some(event.kind.as_bytes()));
    part(&mut sha, event.task.as_ref().map(|task| task.as_str().as_bytes()));
    part(
        &mut sha,
        event.attempt.as_ref().map(|attempt| attempt.as_str().as_bytes()),
    );
    part(&mut sha, Some(&event.body));
    Some(sha.finalize().into())
}

fn part(sha: &mut Sha256, part: Option<&[u8]>) {
    let len = part.map_or(u64::MAX, |part| part.len() as u64);
    sha.update(len.to_be_bytes());
    sha.update(part.unwrap_or_default());
}

/// Follows the chain from one event to the next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    /// The last event that was followed to; 0 stands before the first.
    pub(crate) seq: u64,
    /// That event's hash, or `None` where following began behind an event nobody looked at.
    pub(crate) hash: Option<Hash>,
}

impl Link {
    /// Before the first event.
    pub(crate) const START: Self = Self {
        seq: 0,
        hash: Some(START),
    };

    /// After the event `seq`, whose hash is taken from its successor.
    pub(crate) fn after(seq: u64) -> Self {
        if seq == 0 {
            Self::START
        } else {
            Self { seq, hash: None }
        }
    }

    /// Goes on to the next event.
    ///
    /// # Errors
    ///
    /// What is wrong, if `record` is not the next event as it was recorded.
    pub(crate) fn follow(&mut self, record: &Record) -> Result<(), String> {
        let seq = self.seq + 1;
        if record.event.seq != seq {
            return Err(format!("event {seq} is missing"));
        }
        let prev = self.hash.unwrap_or(record.prev);
        if record.prev != prev || Some(record.event.hash) != hash(&prev, record) {
            return Err(format!("event {seq} is not the one that was recorded"));
        }
        *self = Self {
            seq,
            hash: Some(record.event.hash),
        };
        Ok(())
    }
}
