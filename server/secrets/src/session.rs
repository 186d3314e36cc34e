//! The key of one session. Without it nothing that the session has sealed can be read again.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cipher::{self, Key};
use crate::master::Record;
use crate::{Error, MasterKey, files};

const WRAPPED: &[u8] = b"aca session key ";

/// The key that seals the contents of one session.
#[derive(Clone)]
pub struct SessionKey(Key);

#[derive(Serialize, Deserialize)]
struct KeyFile {
    /// The master key that it is wrapped with.
    master: String,
    /// What the recovery key needs to bring that one back, should the directory of the secrets be lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    record: Option<Record>,
    /// The session that it is the key of.
    session: String,
    wrapped: String,
}

impl SessionKey {
    /// Returns whether the session in this directory has a key.
    pub fn exists(session_dir: &Path) -> bool {
        Self::path(session_dir).exists()
    }

    /// Where the key of the session in this directory is, if it has one.
    pub fn path(session_dir: &Path) -> PathBuf {
        session_dir.join("session.key")
    }

    /// Makes the key of the session in `session_dir`, which must be there; `session` is its identifier.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn create(session_dir: &Path, session: &str, master: &MasterKey) -> Result<Self, Error> {
        let key = Key::random()?;
        key_file(session_dir, session, &key, master)?;
        Ok(Self(key))
    }

    /// Opens the key of the session in `session_dir`.
    ///
    /// # Errors
    ///
    /// If there is none, or it was wrapped with another master key.
    pub fn open(session_dir: &Path, master: &MasterKey) -> Result<Self, Error> {
        let path = Self::path(session_dir);
        let not_found = || Error::file(&path, "read", std::io::ErrorKind::NotFound.into());
        let text = files::read(&path)?.ok_or_else(not_found)?;
        let damaged = |reason| Error::Damaged {
            path: path.clone(),
            reason,
        };
        let file: KeyFile = serde_json::from_slice(&text).map_err(|_| damaged("it is not a session's key"))?;
        let wrapped = cipher::from_hex(&file.wrapped).ok_or_else(|| damaged("the key in it is cut"))?;
        let other = || Error::OtherKey { path: path.clone() };
        if file.master != master.id() {
            return Err(other());
        }
        let opened = master
            .key()
            .open(&about(&file.session), &wrapped)
            .map_err(|_| other())?;
        let key = Key::from_bytes(&zeroize::Zeroizing::new(opened)).ok_or_else(|| damaged("the key in it is cut"))?;
        Ok(Self(key))
    }

    /// Forgets the key for good: what was sealed with it cannot be read any more, here or in any copy. True if there
    /// was one.
    ///
    /// # Errors
    ///
    /// If it is still there.
    pub fn destroy(session_dir: &Path) -> Result<bool, Error> {
        files::remove(&SessionKey::path(session_dir))
    }

    /// Seals `plain`, bound to what it is `about`.
    ///
    /// # Errors
    ///
    /// If the operating system gives no random numbers.
    pub fn seal(&self, about: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
        self.0.seal(about, plain)
    }

    /// Opens what [`seal`](Self::seal) made for the same `about`.
    ///
    /// # Errors
    ///
    /// [`Error::NotOpened`] if it is something else.
    pub fn open_sealed(&self, about: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Error> {
        self.0.open(about, sealed)
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(hidden)")
    }
}

/// Returns what the sealed sessions of a data directory say of their master keys, each once.
pub(crate) fn masters(data_dir: &Path) -> Vec<Record> {
    let mut found: Vec<Record> = Vec::new();
    for folder in ["sessions", "trash"] {
        let dirs = std::fs::read_dir(data_dir.join(folder)).into_iter().flatten().flatten();
        for dir in dirs {
            let Ok(Some(text)) = files::read(&SessionKey::path(&dir.path())) else {
                continue;
            };
            let record = serde_json::from_slice::<KeyFile>(&text)
                .ok()
                .and_then(|file| file.record);
            if let Some(record) = record.filter(|record| found.iter().all(|known| known.id != record.id)) {
                found.push(record);
            }
        }
    }
    found
}

fn key_file(session_dir: &Path, session: &str, key: &Key, master: &MasterKey) -> Result<(), Error> {
    let file = KeyFile {
        master: master.id().to_owned(),
        record: Some(master.record().clone()),
        session: session.to_owned(),
        wrapped: cipher::to_hex(&master.key().seal(&about(session), key.bytes())?),
    };
    files::write(
        &SessionKey::path(session_dir),
        &serde_json::to_vec(&file).unwrap_or_default(),
    )
}

fn about(session: &str) -> Vec<u8> {
    [WRAPPED, session.as_bytes()].concat()
}
