//! Sealing: the content of events and of the fold, made unreadable without a key that is kept elsewhere.

use std::path::Path;
use std::sync::Arc;

use aca_protocol::TaskId;

use crate::log::Record;
use crate::{Error, Event};

/// Seals contents and opens them again. What is sealed is bound to its place and kind: moved elsewhere, it does not open.
pub trait Seal: Send + Sync {
    /// Returns `plain`, the content of the event at `seq` with this kind, in sealed form.
    ///
    /// # Errors
    ///
    /// If it cannot be sealed; nothing is recorded then.
    fn seal(&self, seq: u64, kind: &str, plain: &[u8]) -> Result<Vec<u8>, SealError>;

    /// Returns the content that [`Seal::seal`] made `sealed` of, for the same place and kind.
    ///
    /// # Errors
    ///
    /// If it is not what was sealed there, or was sealed with another key.
    fn open(&self, seq: u64, kind: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError>;
}

impl std::fmt::Debug for dyn Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

/// Why something was not sealed or opened, as a part of a sentence, without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SealError(pub String);

/// Returns `plain` as it is to be stored, and whether that is sealed.
pub(crate) fn close(
    seal: Option<&Arc<dyn Seal>>,
    seq: u64,
    kind: &str,
    plain: &[u8],
    path: &Path,
) -> Result<(Vec<u8>, bool), Error> {
    let Some(seal) = seal else {
        return Ok((plain.to_vec(), false));
    };
    let sealed = seal.seal(seq, kind, plain);
    Ok((sealed.map_err(|error| Error::seal(path, "sealed", &error))?, true))
}

/// What a sealed title begins with; a title is a line of text without control characters.
const SEALED_TITLE: char = '\u{1}';

/// Returns the title of a task as it is to be stored: what people call their work is content too.
pub(crate) fn close_title(
    seal: Option<&Arc<dyn Seal>>,
    task: &TaskId,
    title: &str,
    path: &Path,
) -> Result<String, Error> {
    let (stored, sealed) = close(seal, 0, &title_kind(task), title.as_bytes(), path)?;
    Ok(match sealed {
        false => title.to_owned(),
        true => stored
            .iter()
            .fold(SEALED_TITLE.to_string(), |text, byte| text + &format!("{byte:02x}")),
    })
}

/// Returns a title as it was before it was stored; empty if it is sealed and does not open.
pub(crate) fn open_title(seal: Option<&Arc<dyn Seal>>, task: &TaskId, stored: String) -> String {
    let Some(digits) = stored.strip_prefix(SEALED_TITLE) else {
        return stored;
    };
    let bytes: Option<Vec<u8>> = (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok())
        .collect();
    let opened = seal
        .zip(bytes)
        .and_then(|(seal, bytes)| seal.open(0, &title_kind(task), &bytes).ok());
    opened
        .and_then(|title| String::from_utf8(title).ok())
        .unwrap_or_default()
}

/// What a sealed title is bound to, in the place of an event's kind.
fn title_kind(task: &TaskId) -> String {
    format!("title of {task}")
}

/// Opens the bodies of events as they were read.
pub(crate) fn open_all(records: Vec<Record>, seal: Option<&Arc<dyn Seal>>, path: &Path) -> Result<Vec<Event>, Error> {
    let open = |record: Record| {
        let mut event = record.event;
        if event.sealed {
            let seal = seal.ok_or_else(|| Error::Sealed { path: path.to_owned() })?;
            let plain = seal.open(event.seq, &event.kind, &event.body);
            event.body = plain.map_err(|error| Error::seal(path, "opened", &error))?;
        }
        Ok(event)
    };
    records.into_iter().map(open).collect()
}

#[cfg(test)]
mod tests;
