//! The audit log: everything that was recorded of a session, as sentences, and whether it is still as it was recorded.

mod about;
mod behind;
mod known;
mod review;
mod verify;
mod words;

use std::path::Path;
use std::sync::Arc;

use aca_protocol::SessionId;
use aca_protocol::session::{AuditEntry, AuditParams, AuditResult, VerifyAuditResult};
use aca_store::{Reader, Seal, StoredEvent};

use crate::core::Event;
use crate::handle::EngineConfig;
use crate::{Error, layout, sealing};

use known::Known;

pub(crate) use behind::Looks;

/// The most entries that one answer holds.
const MOST: u32 = 5000;

/// A session that is looked at, open or not.
pub(crate) struct Log {
    reader: Reader,
    seal: Option<Arc<dyn Seal>>,
}

impl Log {
    /// Opens the log of a session of the data directory.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if there is none of that name, [`Error::Internal`] if it cannot be read.
    pub(crate) fn open(config: &EngineConfig, session: &SessionId) -> Result<Self, Error> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let missing = || {
            Error::NotFound(format!(
                "There is no session {session}. `aca session list` lists all of them."
            ))
        };
        if session.as_str().is_empty() || !session.as_str().chars().all(plain) {
            return Err(missing());
        }
        let dir = layout::session(&config.data_dir, session);
        if !dir.is_dir() {
            return Err(missing());
        }
        let seal = seal(&dir);
        let reader = Reader::open(&dir, seal.clone()).map_err(unreadable)?;
        Ok(Self { reader, seal })
    }

    /// Returns the entries that were asked for.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if they cannot be read. Damage is no error here: what is there is shown as it is.
    pub(crate) fn page(&self, params: &AuditParams) -> Result<AuditResult, Error> {
        let limit = params.limit.clamp(1, MOST);
        let mut stored = self.reader.stored(params.after, limit + 1).map_err(unreadable)?;
        let more = stored.len() > limit as usize;
        stored.truncate(limit as usize);
        let opened: Vec<Opened> = stored.into_iter().map(|stored| self.opened(stored)).collect();
        let known = Known::of(&self.reader, opened.iter().filter_map(|opened| opened.event.as_ref()));
        let entries = opened.into_iter().map(|opened| opened.entry(&known, params.bodies));
        Ok(AuditResult {
            entries: entries.collect(),
            more,
        })
    }

    /// Checks every event, and the rows that were derived from them.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if the log cannot be read at all.
    pub(crate) fn verify(&self) -> Result<VerifyAuditResult, Error> {
        verify::all(&self.reader)
    }

    fn opened(&self, stored: StoredEvent) -> Opened {
        let event = &stored.event;
        let body = match &self.seal {
            _ if !event.sealed => Some(event.body.clone()),
            Some(seal) => seal.open(event.seq, &event.kind, &event.body).ok(),
            None => None,
        };
        Opened {
            event: body.as_deref().and_then(|body| serde_json::from_slice(body).ok()),
            body,
            stored,
        }
    }
}

/// A stored event with its content, where that can be read.
struct Opened {
    stored: StoredEvent,
    body: Option<Vec<u8>>,
    event: Option<Event>,
}

impl Opened {
    fn entry(self, known: &Known, bodies: bool) -> AuditEntry {
        let StoredEvent { event: stored, rule } = self.stored;
        let about = match (&self.event, &self.body) {
            (Some(event), _) => about::sentence(event, known),
            (None, None) => "Its content is sealed, and the key is not here.".to_owned(),
            (None, Some(_)) => "Its content cannot be understood.".to_owned(),
        };
        let text = || match stored.sealed {
            true => hexadecimal(&stored.body),
            false => String::from_utf8_lossy(&stored.body).into_owned(),
        };
        AuditEntry {
            seq: stored.seq,
            at_ms: stored.ts_ms,
            about,
            hash: hexadecimal(&stored.hash),
            body: self
                .body
                .filter(|_| bodies)
                .and_then(|body| serde_json::from_slice(&body).ok()),
            stored: bodies.then(text),
            id: stored.id,
            rule,
            sealed: stored.sealed,
            who: stored.who,
            kind: stored.kind,
            task: stored.task,
            attempt: stored.attempt,
        }
    }
}

/// Opens the session in `dir` to be read.
///
/// # Errors
///
/// [`Error::Internal`] if it cannot be.
pub(crate) fn reader(dir: &Path) -> Result<Reader, Error> {
    Reader::open(dir, seal(dir)).map_err(unreadable)
}

/// Returns what opens the contents of the session in `dir`, if they are sealed and the key is here.
fn seal(dir: &Path) -> Option<Arc<dyn Seal>> {
    // Much can be said without the key: who did what when, and whether it is unchanged.
    sealing::of_session(dir).unwrap_or_default()
}

/// Writes bytes as two digits each.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unreadable(error: aca_store::Error) -> Error {
    Error::Internal(error.to_string())
}
