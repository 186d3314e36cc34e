//! The hash chain: each event's hash covers its content and its predecessor's hash.

use sha2::{Digest as _, Sha256};

use crate::Event;

/// A SHA-256 hash.
pub(crate) type Hash = [u8; 32];

/// What stands before the first event.
pub(crate) const START: Hash = [0; 32];

/// Returns the hash of `event` after an event with hash `prev`.
///
/// Every part is preceded by its length, so that no two events have the same input.
pub(crate) fn hash(prev: &Hash, event: &Event) -> Hash {
    let mut sha = Sha256::new();
    sha.update(prev);
    sha.update(event.seq.to_be_bytes());
    sha.update(event.ts_ms.to_be_bytes());
    for part in [
        Some(event.id.as_bytes()),
        Some(event.kind.as_bytes()),
        event.task.as_ref().map(|task| task.as_str().as_bytes()),
        event.attempt.as_ref().map(|attempt| attempt.as_str().as_bytes()),
        Some(event.body.as_slice()),
    ] {
        let len = part.map_or(u64::MAX, |part| part.len() as u64);
        sha.update(len.to_be_bytes());
        sha.update(part.unwrap_or_default());
    }
    sha.finalize().into()
}
