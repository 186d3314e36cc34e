//! A place for what the owner made of all events up to one, so that it need not read them again.

use rusqlite::{OptionalExtension as _, Transaction, params};
use sha2::{Digest as _, Sha256};

use crate::chain::Hash;
use crate::{Error, Store, log};

/// The kind under which a fold is sealed; no event has it.
const KIND: &str = "aca:fold";

/// A stored fold. Only one that is whole, belongs to the log, and has the format asked for is ever seen.
struct Stored {
    format: u32,
    seq: u64,
    /// The hash of the event at `seq`, which stands for all events that were folded.
    hash: Hash,
    sealed: bool,
    body: Vec<u8>,
}

impl Store {
    /// Keeps `bytes` as what the events up to the one at `seq` come to, in place of what was kept before.
    ///
    /// `format` is the caller's number for how it writes them. They are sealed where the events are.
    ///
    /// # Errors
    ///
    /// If there is no event at `seq`, and as for [`Store::append`].
    pub fn put_fold(&mut self, format: u32, seq: u64, bytes: &[u8]) -> Result<(), Error> {
        self.write(|transaction, path, _, seal| {
            let database = |error: rusqlite::Error| Error::database(path, &error);
            let hash = log::hash_at(transaction, seq).map_err(database)?;
            let hash = hash.ok_or_else(|| Error::NoSuchEvent {
                path: path.to_owned(),
                seq,
            })?;
            let (body, sealed) = crate::seal::close(seal, seq, KIND, bytes, path)?;
            let fold = Stored {
                format,
                seq,
                hash,
                sealed,
                body,
            };
            fold.write(transaction).map_err(database)
        })
    }

    /// Returns the fold that was kept last, and the place of the last event in it.
    ///
    /// It saves work and nothing else: one of another format, one that is damaged, and one of a log other than this are
    /// as if they were not there.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn fold(&self, format: u32) -> Result<Option<(u64, Vec<u8>)>, Error> {
        self.find_fold(format)
            .map_err(|error| Error::database(&self.path, &error))
    }

    fn find_fold(&self, format: u32) -> rusqlite::Result<Option<(u64, Vec<u8>)>> {
        let stored = self
            .connection
            .query_row(
                "SELECT seq, hash, sealed, body, sum FROM fold WHERE k = 1 AND format = ?1",
                [format],
                |row| {
                    let fold = Stored {
                        format,
                        seq: row.get(0)?,
                        hash: row.get(1)?,
                        sealed: row.get(2)?,
                        body: row.get(3)?,
                    };
                    Ok((fold, row.get::<_, Hash>(4)?))
                },
            )
            .optional()?;
        let Some((fold, sum)) = stored else { return Ok(None) };
        if fold.sum() != sum || log::hash_at(&self.connection, fold.seq)? != Some(fold.hash) {
            return Ok(None);
        }
        if !fold.sealed {
            return Ok(Some((fold.seq, fold.body)));
        }
        let opened = self.seal.as_ref().map(|seal| seal.open(fold.seq, KIND, &fold.body));
        Ok(opened.and_then(Result::ok).map(|plain| (fold.seq, plain)))
    }
}

impl Stored {
    fn write(&self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        transaction
            .prepare_cached(
                "INSERT INTO fold(k, format, seq, hash, sealed, body, sum) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT(k) DO UPDATE SET format = ?1, seq = ?2, hash = ?3, sealed = ?4, body = ?5, sum = ?6",
            )?
            .execute(params![
                self.format,
                self.seq,
                self.hash,
                self.sealed,
                self.body,
                self.sum()
            ])
            .map(drop)
    }

    fn sum(&self) -> Hash {
        let mut sha = Sha256::new();
        sha.update(b"aca fold");
        sha.update(self.format.to_be_bytes());
        sha.update(self.seq.to_be_bytes());
        sha.update(self.hash);
        sha.update([u8::from(self.sealed)]);
        sha.update(&self.body);
        sha.finalize().into()
    }
}

#[cfg(test)]
mod tests;
