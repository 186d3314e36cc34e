//! The master key: it wraps the keys of sessions, and lies in the vault.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cipher::{self, Key};
use crate::{Error, Kept, Place, RecoveryKey, Secret, Vault, files, session};

/// The master key's name in the vault.
const NAME: &str = "master-key";

/// What the second copy is bound to.
const RECOVERY: &[u8] = b"aca master key for recovery ";
const CHECK: &[u8] = b"aca master key check ";

/// The key that wraps the keys of sessions.
#[derive(Clone)]
pub struct MasterKey {
    record: Record,
    key: Key,
}

/// How the master key stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MasterState {
    /// Sealing was never set up.
    None,
    /// It is where it was put.
    There(Place),
    /// It was put there and cannot be had, for this reason.
    Missing(Place, String),
}

/// What is kept about the master key beside it, and beside each session's key: without it the recovery key opens nothing.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: String,
    /// The key itself, sealed with the recovery key.
    recovery: String,
    /// Its identifier, sealed with it: another key is told apart.
    check: String,
}

impl MasterKey {
    /// Makes the master key of a data directory and keeps it; the recovery key is to be shown to the user and
    /// forgotten.
    ///
    /// # Errors
    ///
    /// [`Error::Enabled`] if there is one, also where it cannot be had; and if it can be kept nowhere.
    pub fn create(data_dir: &Path, file_only: bool) -> Result<(Self, RecoveryKey, Kept), Error> {
        let vault = Vault::new(data_dir);
        if !records(&vault)?.is_empty() {
            return Err(Error::Enabled);
        }
        let (id, key) = (cipher::random_name()?, Key::random()?);
        let recovery = RecoveryKey::random()?;
        let copy = recovery.key().seal(&about(RECOVERY, &id), key.bytes())?;
        let record = Record {
            recovery: cipher::to_hex(&copy),
            check: cipher::to_hex(&key.seal(&about(CHECK, &id), &[])?),
            id,
        };
        let master = Self { record, key };
        // The record comes last: as long as it is not there, nothing was sealed with the key.
        let kept = master.keep(&vault, file_only)?;
        Ok((master, recovery, kept))
    }

    /// Takes back what [`create`](Self::create) made a moment ago, because its recovery key could not be shown. Nothing
    /// may have been sealed with it.
    ///
    /// # Errors
    ///
    /// If it is still there.
    pub fn take_back(data_dir: &Path) -> Result<(), Error> {
        let vault = Vault::new(data_dir);
        files::remove(&record_path(&vault))?;
        vault.remove(NAME)?;
        Ok(())
    }

    /// Opens the master key of a data directory.
    ///
    /// # Errors
    ///
    /// [`Error::NotEnabled`] if there is none, [`Error::Lost`] if it is gone from its place.
    pub fn open(data_dir: &Path) -> Result<Self, Error> {
        let vault = Vault::new(data_dir);
        let record = records(&vault)?.into_iter().next().ok_or(Error::NotEnabled)?;
        let lost = |place: String| Error::Lost { place };
        let (secret, place) = vault.get(NAME)?.ok_or_else(|| lost("its place".to_owned()))?;
        let key = Key::from_hex(secret.expose()).ok_or_else(|| lost(place.to_string()))?;
        let check = cipher::from_hex(&record.check).ok_or_else(|| damaged(&vault))?;
        key.open(&about(CHECK, &record.id), &check)
            .map_err(|_| lost(place.to_string()))?;
        Ok(Self { record, key })
    }

    /// Puts the master key back into the vault from its second copy.
    ///
    /// # Errors
    ///
    /// [`Error::WrongRecoveryKey`] if it is another one's, [`Error::NotEnabled`] if there was no master key.
    pub fn recover(data_dir: &Path, recovery: &RecoveryKey, file_only: bool) -> Result<Kept, Error> {
        let vault = Vault::new(data_dir);
        let records = records(&vault)?;
        if records.is_empty() {
            return Err(Error::NotEnabled);
        }
        for record in records {
            let copy = cipher::from_hex(&record.recovery).ok_or_else(|| damaged(&vault))?;
            let Ok(opened) = recovery.key().open(&about(RECOVERY, &record.id), &copy) else {
                continue;
            };
            let key = Key::from_bytes(&zeroize::Zeroizing::new(opened)).ok_or_else(|| damaged(&vault))?;
            return Self { record, key }.keep(&vault, file_only);
        }
        Err(Error::WrongRecoveryKey {
            reason: "it is that of another key",
        })
    }

    /// Says how the master key of a data directory stands.
    ///
    /// # Errors
    ///
    /// If what is kept about it cannot be read.
    pub fn state(data_dir: &Path) -> Result<MasterState, Error> {
        let vault = Vault::new(data_dir);
        if records(&vault)?.is_empty() {
            return Ok(MasterState::None);
        }
        let place = vault.place(NAME)?.unwrap_or(Place::Keyring);
        Ok(match Self::open(data_dir) {
            Ok(_) => MasterState::There(place),
            Err(error) => MasterState::Missing(place, error.to_string()),
        })
    }

    /// Which master key it is.
    pub(crate) fn id(&self) -> &str {
        &self.record.id
    }

    /// What the recovery key needs, to be kept beside what the key seals.
    pub(crate) fn record(&self) -> &Record {
        &self.record
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    fn keep(&self, vault: &Vault, file_only: bool) -> Result<Kept, Error> {
        let secret = Secret::parse(&self.key.to_hex()).map_err(|_| damaged(vault))?;
        let kept = vault.put(NAME, &secret, file_only)?;
        files::write(
            &record_path(vault),
            &serde_json::to_vec(&self.record).unwrap_or_default(),
        )?;
        Ok(kept)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({}, hidden)", self.record.id)
    }
}

fn about(what: &[u8], id: &str) -> Vec<u8> {
    [what, id.as_bytes()].concat()
}

fn record_path(vault: &Vault) -> PathBuf {
    vault.dir().join("sealing.json")
}

/// Returns what is kept about the master key; where that is gone, what the sessions that were sealed with one say of it.
/// Nothing if there never was one.
fn records(vault: &Vault) -> Result<Vec<Record>, Error> {
    match files::read(&record_path(vault))? {
        Some(text) => serde_json::from_slice(&text)
            .map(|record| vec![record])
            .map_err(|_| damaged(vault)),
        None => Ok(session::masters(vault.data_dir())),
    }
}

fn damaged(vault: &Vault) -> Error {
    Error::Damaged {
        path: record_path(vault),
        reason: "it does not describe a master key",
    }
}
