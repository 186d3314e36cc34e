//! Sealed sessions: the key of a session as the store and the gateway want it.
//!
//! A session with a key file is sealed and opens with that key alone. One without is sealed from when
//! `[secrets] seal_sessions` is set and it is opened to be written.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use aca_protocol::SessionId;
use aca_secrets::{MasterKey, SessionKey};
use aca_store::{Seal, SealError, Store};

use crate::{Error, actor};

/// Returns the key of the session in `dir`, which is a folder's folder of the data directory; nothing if the session is
/// plain.
///
/// # Errors
///
/// [`Error::Unavailable`] if it is sealed and the key cannot be had; it says what to do.
pub(crate) fn key_of_session(dir: &Path) -> Result<Option<SessionKey>, Error> {
    /// Keys that were opened, each with when its file was written: a keyring takes its time.
    static OPENED: Mutex<Option<HashMap<PathBuf, (SystemTime, SessionKey)>>> = Mutex::new(None);
    let Ok(written) = SessionKey::path(dir).metadata().and_then(|file| file.modified()) else {
        return Ok(None);
    };
    {
        let opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        let known = opened.as_ref().and_then(|opened| opened.get(dir));
        if let Some((_, key)) = known.filter(|(at, _)| *at == written) {
            return Ok(Some(key.clone()));
        }
    }
    let master = MasterKey::open(data_dir(dir)?).map_err(|error| unavailable(dir, &error))?;
    let key = SessionKey::open(dir, &master).map_err(|error| unavailable(dir, &error))?;
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    opened
        .get_or_insert_default()
        .insert(dir.to_owned(), (written, key.clone()));
    Ok(Some(key))
}

/// Returns what opens the contents of the session in `dir`; nothing if the session is plain.
///
/// # Errors
///
/// As [`key_of_session`].
pub(crate) fn of_session(dir: &Path) -> Result<Option<Arc<dyn Seal>>, Error> {
    let key = key_of_session(dir)?;
    Ok(key.map(|key| Arc::new(SessionSeal(key)) as Arc<dyn Seal>))
}

/// As [`of_session`], and gives the session a key before if it has none and sessions are to be sealed.
///
/// # Errors
///
/// As [`of_session`]; and if the settings ask for sealing and no key was ever made.
fn to_write(dir: &Path, seal: bool) -> Result<Option<Arc<dyn Seal>>, Error> {
    if seal && !SessionKey::exists(dir) {
        let master = MasterKey::open(data_dir(dir)?).map_err(|error| unavailable(dir, &error))?;
        let name = dir.file_name().unwrap_or_default().to_string_lossy();
        SessionKey::create(dir, &name, &master).map_err(|error| unavailable(dir, &error))?;
    }
    of_session(dir)
}

/// Opens the session in `dir` to be written, sealed from now on if the settings say so.
///
/// # Errors
///
/// As [`to_write`], and those of the store.
pub(crate) fn open(dir: &Path) -> Result<Store, Error> {
    Store::open(dir, to_write(dir, wanted())?).map_err(actor::store_error)
}

/// Makes the session `session` of the workspace at `root` in `dir`, sealed from its first event on if the settings say
/// so.
///
/// # Errors
///
/// As [`open`].
pub(crate) fn create(dir: &Path, root: &Path, session: &SessionId) -> Result<Store, Error> {
    let seal = wanted();
    if seal {
        // Nothing is made that could not be sealed.
        MasterKey::open(data_dir(dir)?).map_err(|error| unavailable(dir, &error))?;
    }
    let plain = Store::create(dir, root, session, None).map_err(actor::store_error)?;
    if !seal {
        return Ok(plain);
    }
    // The key's file needs the directory, which appears with the store in it.
    drop(plain);
    open(dir)
}

/// Whether sessions are to be sealed, by the user's settings; a repository has no say in it.
fn wanted() -> bool {
    crate::config::load(None).is_ok_and(|loaded| loaded.config.secrets.seal_sessions)
}

/// Seals the contents of events.
struct SessionSeal(SessionKey);

impl Seal for SessionSeal {
    fn seal(&self, seq: u64, kind: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        self.0.seal(&about(seq, kind), plain).map_err(|error| said(&error))
    }

    fn open(&self, seq: u64, kind: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        self.0
            .open_sealed(&about(seq, kind), sealed)
            .map_err(|error| said(&error))
    }
}

fn about(seq: u64, kind: &str) -> Vec<u8> {
    format!("event {seq} {kind}").into_bytes()
}

fn said(error: &aca_secrets::Error) -> SealError {
    SealError(error.to_string().trim_end_matches('.').to_owned())
}

fn data_dir(session_dir: &Path) -> Result<&Path, Error> {
    let data_dir = session_dir.parent().and_then(Path::parent);
    data_dir.ok_or_else(|| Error::Internal(format!("{} is no session's directory.", session_dir.display())))
}

fn unavailable(dir: &Path, error: &aca_secrets::Error) -> Error {
    Error::Unavailable(format!("The session in {} is sealed. {error}", dir.display()))
}

#[cfg(test)]
mod tests {
    use aca_secrets::MasterKey;
    use aca_store::NewEvent;

    use super::*;

    fn event(body: &[u8]) -> NewEvent<'_> {
        NewEvent {
            kind: "told",
            ts_ms: 1,
            task: None,
            attempt: None,
            who: None,
            body,
        }
    }

    #[test]
    fn a_plain_session_is_sealed_from_then_on_and_opens_with_its_key_alone() {
        let data = tempfile::tempdir().unwrap();
        let (dir, id) = (data.path().join("sessions/s1"), SessionId::new("s1"));
        let mut plain = Store::create(&dir, Path::new("/w"), &id, None).unwrap();
        plain.append(&[event(br#"{"text":"plain words"}"#)], &[]).unwrap();
        drop(plain);
        assert!(of_session(&dir).unwrap().is_none());
        let refused = to_write(&dir, true).err().unwrap().to_string();
        assert!(refused.contains("aca secrets enable"), "{refused}");

        MasterKey::create(data.path(), true).unwrap();
        let seal = to_write(&dir, true).unwrap().unwrap();
        let mut store = Store::open(&dir, Some(seal)).unwrap();
        store.append(&[event(br#"{"text":"sealed words"}"#)], &[]).unwrap();
        drop(store);
        let files = ["state.db", "state.db-wal"].map(|file| std::fs::read(dir.join(file)).unwrap_or_default());
        let files = files.concat();
        let holds = |words: &str| files.windows(words.len()).any(|window| window == words.as_bytes());
        assert!(holds("plain words") && !holds("sealed words"));

        assert!(Store::open(&dir, None).is_err());
        let store = Store::open(&dir, to_write(&dir, false).unwrap()).unwrap();
        let bodies: Vec<_> = store.events(0).map(|event| event.unwrap().body).collect();
        assert_eq!(
            bodies,
            [&br#"{"text":"plain words"}"#[..], br#"{"text":"sealed words"}"#]
        );
    }

    #[test]
    fn a_lost_key_is_said_with_what_to_do() {
        let data = tempfile::tempdir().unwrap();
        let dir = data.path().join("sessions/s1");
        std::fs::create_dir_all(&dir).unwrap();
        MasterKey::create(data.path(), true).unwrap();
        to_write(&dir, true).unwrap();
        let moved = data.path().join("sessions/s2");
        std::fs::rename(&dir, &moved).unwrap();
        std::fs::remove_file(data.path().join("secrets/master-key")).unwrap();
        let lost = of_session(&moved).err().unwrap().to_string();
        assert!(
            lost.contains("s2 is sealed") && lost.contains("aca secrets recover"),
            "{lost}"
        );
    }
}
