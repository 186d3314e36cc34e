//! The master key: it wraps the keys of sessions, and lies in the vault.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cipher::{self, Key};
use crate::{Error, Kept, Place, RecoveryKey, Secret, Vault, files};

/// The master key's name in the vault.
const NAME: &str = "master-key";

/// What the second copy is bound to.
const RECOVERY: &[u8] = b"aca master key for recovery ";
const CHECK: &[u8] = b"aca master key check ";

/// The key that wraps the keys of sessions.
#[derive(Clone)]
pub struct MasterKey {
    id: String,
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

/// What is kept about the master key beside it.
#[derive(Serialize, Deserialize)]
struct Record {
    id: String,
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
        if read_record(&vault)?.is_some() {
            return Err(Error::Enabled);
        }
        let master = Self {
            id: cipher::random_name()?,
            key: Key::random()?,
        };
        let recovery = RecoveryKey::random()?;
        let copy = recovery.key().seal(&about(RECOVERY, &master.id), master.key.bytes())?;
        let record = Record {
            id: master.id.clone(),
            recovery: cipher::to_hex(&copy),
            check: cipher::to_hex(&master.key.seal(&about(CHECK, &master.id), &[])?),
        };
        let kept = master.keep(&vault, file_only)?;
        // Last: as long as it is not there, nothing was sealed with the key.
        files::write(&record_path(&vault), &serde_json::to_vec(&record).unwrap_or_default())?;
        Ok((master, recovery, kept))
    }

    /// Opens the master key of a data directory.
    ///
    /// # Errors
    ///
    /// [`Error::NotEnabled`] if there is none, [`Error::Lost`] if it is gone from its place.
    pub fn open(data_dir: &Path) -> Result<Self, Error> {
        let vault = Vault::new(data_dir);
        let record = read_record(&vault)?.ok_or(Error::NotEnabled)?;
        let lost = |place: String| Error::Lost { place };
        let (secret, place) = vault.get(NAME)?.ok_or_else(|| lost("its place".to_owned()))?;
        let key = Key::from_hex(secret.expose()).ok_or_else(|| lost(place.to_string()))?;
        let check = cipher::from_hex(&record.check).ok_or_else(|| damaged(&vault))?;
        key.open(&about(CHECK, &record.id), &check)
            .map_err(|_| lost(place.to_string()))?;
        Ok(Self { id: record.id, key })
    }

    /// Puts the master key back into the vault from its second copy.
    ///
    /// # Errors
    ///
    /// [`Error::WrongRecoveryKey`] if it is another one's, [`Error::NotEnabled`] if there was no master key.
    pub fn recover(data_dir: &Path, recovery: &RecoveryKey, file_only: bool) -> Result<Kept, Error> {
        let vault = Vault::new(data_dir);
        let record = read_record(&vault)?.ok_or(Error::NotEnabled)?;
        let copy = cipher::from_hex(&record.recovery).ok_or_else(|| damaged(&vault))?;
        let opened = recovery.key().open(&about(RECOVERY, &record.id), &copy);
        let bytes = zeroize::Zeroizing::new(opened.map_err(|_| Error::WrongRecoveryKey {
            reason: "it is that of another key",
        })?);
        let key = Key::from_bytes(&bytes).ok_or_else(|| damaged(&vault))?;
        Self { id: record.id, key }.keep(&vault, file_only)
    }

    /// Says how the master key of a data directory stands.
    ///
    /// # Errors
    ///
    /// If what is kept about it cannot be read.
    pub fn state(data_dir: &Path) -> Result<MasterState, Error> {
        let vault = Vault::new(data_dir);
        if read_record(&vault)?.is_none() {
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
        &self.id
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    fn keep(&self, vault: &Vault, file_only: bool) -> Result<Kept, Error> {
        let secret = Secret::parse(&self.key.to_hex()).map_err(|_| damaged(vault))?;
        vault.put(NAME, &secret, file_only)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({}, hidden)", self.id)
    }
}

fn about(what: &[u8], id: &str) -> Vec<u8> {
    [what, id.as_bytes()].concat()
}

fn record_path(vault: &Vault) -> PathBuf {
    vault.dir().join("sealing.json")
}

fn read_record(vault: &Vault) -> Result<Option<Record>, Error> {
    let Some(text) = files::read(&record_path(vault))? else {
        return Ok(None);
    };
    serde_json::from_slice(&text).map(Some).map_err(|_| damaged(vault))
}

fn damaged(vault: &Vault) -> Error {
    Error::Damaged {
        path: record_path(vault),
        reason: "it does not describe a master key",
    }
}
