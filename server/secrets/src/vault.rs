//! The vault: a secret by its name, in the keyring, or in a file where no keyring answers.
//!
//! For each secret there is a note in the data directory that says where it is, never what it is. So nobody asks a
//! keyring that has nothing, and whoever keeps a secret in memory sees at the note that another was put in its place.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::secret::Secret;
use crate::{Error, cipher, files, keyring};

/// Where secrets of one data directory are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vault {
    dir: PathBuf,
}

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the keyring of the operating system.
    Keyring,
    /// In a file that only this user can read.
    File(PathBuf),
}

/// Where a secret was put, and why not in the keyring if it was not.
#[derive(Debug)]
pub struct Kept {
    /// Where it is.
    pub place: Place,
    /// What kept it out of the keyring, if it was meant for that.
    pub fallback: Option<Error>,
}

/// The note of one secret.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    /// The keyring's account; nothing if the secret is in a file.
    keyring: Option<String>,
}

impl Vault {
    /// The vault of a data directory. Nothing is made yet.
    pub fn new(data_dir: &Path) -> Self {
        Self {
            dir: data_dir.join("secrets"),
        }
    }

    /// Puts a secret into the keyring, or into a file if no keyring serves or `file_only` says so; an earlier one of
    /// this name is gone afterwards.
    ///
    /// # Errors
    ///
    /// If it can be put nowhere. An earlier one stays then.
    pub fn put(&self, name: &str, secret: &Secret, file_only: bool) -> Result<Kept, Error> {
        let earlier = self.note(name)?;
        let mut fallback = None;
        let mut account = None;
        if !file_only {
            let fresh = format!("{name}-{}", cipher::random_name()?);
            match keyring::put(&fresh, secret.expose()) {
                Ok(()) => account = Some(fresh),
                Err(error) => fallback = Some(error),
            }
        }
        let place = match &account {
            Some(_) => Place::Keyring,
            None => {
                files::write(&self.value(name), secret.expose().as_bytes())?;
                Place::File(self.value(name))
            }
        };
        let note = Note { keyring: account };
        let written = serde_json::to_vec(&note).unwrap_or_default();
        files::write(&self.note_path(name), &written)?;
        if place == Place::Keyring {
            files::remove(&self.value(name))?;
        }
        if let Some(old) = earlier.and_then(|note| note.keyring) {
            // A keyring that is gone keeps what nobody finds any more.
            let _ = keyring::remove(&old);
        }
        Ok(Kept { place, fallback })
    }

    /// Returns a secret, and where it is; nothing if none was put there.
    ///
    /// # Errors
    ///
    /// If it was put there and cannot be had.
    pub fn get(&self, name: &str) -> Result<Option<(Secret, Place)>, Error> {
        let Some(note) = self.note(name)? else { return Ok(None) };
        let (text, place) = match note.keyring {
            Some(account) => (keyring::get(&account)?, Place::Keyring),
            None => {
                let path = self.value(name);
                let text = files::read(&path)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned().into());
                (text, Place::File(path))
            }
        };
        let Some(text) = text else {
            let place = place.to_string();
            return Err(Error::Lost { place });
        };
        let secret = Secret::parse(&text).map_err(|reason| Error::Damaged {
            path: self.note_path(name),
            reason,
        })?;
        Ok(Some((secret, place)))
    }

    /// Returns where a secret is without asking for it; nothing if there is none.
    ///
    /// # Errors
    ///
    /// If the note of it cannot be read.
    pub fn place(&self, name: &str) -> Result<Option<Place>, Error> {
        let place = |note: Note| match note.keyring {
            Some(_) => Place::Keyring,
            None => Place::File(self.value(name)),
        };
        Ok(self.note(name)?.map(place))
    }

    /// Removes a secret wherever it is; true if there was one.
    ///
    /// # Errors
    ///
    /// If it is still there.
    pub fn remove(&self, name: &str) -> Result<bool, Error> {
        let note = self.note(name)?;
        if let Some(account) = note.and_then(|note| note.keyring) {
            keyring::remove(&account)?;
        }
        let value = files::remove(&self.value(name))?;
        Ok(files::remove(&self.note_path(name))? || value)
    }

    /// Returns what changes whenever another secret is put in the place of one, or it is removed.
    pub fn version(&self, name: &str) -> Option<SystemTime> {
        std::fs::metadata(self.note_path(name))
            .and_then(|note| note.modified())
            .ok()
    }

    /// Sees whether the keyring of the operating system keeps what is put into it.
    ///
    /// # Errors
    ///
    /// Why it does not.
    pub fn test_keyring() -> Result<(), Error> {
        keyring::test()
    }

    /// Where the secrets' notes and files are.
    /// The data directory.
    pub(crate) fn data_dir(&self) -> &Path {
        self.dir.parent().unwrap_or(&self.dir)
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    fn note(&self, name: &str) -> Result<Option<Note>, Error> {
        let path = self.note_path(name);
        let Some(text) = files::read(&path)? else {
            return Ok(None);
        };
        let note = serde_json::from_slice(&text);
        note.map(Some).map_err(|_| Error::Damaged {
            path,
            reason: "it is not a note of where a secret is",
        })
    }

    fn note_path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.json"))
    }

    fn value(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyring => f.write_str("the keyring"),
            Self::File(path) => write!(f, "the file {}", path.display()),
        }
    }
}
