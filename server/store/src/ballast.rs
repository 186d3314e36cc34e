//! Room kept back on the disk, so that there is some when it is full.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::{Error, file_system};

/// Held while a ballast is made: several attempts of one process may find it missing at once.
static MAKING: Mutex<()> = Mutex::new(());

/// What is written at a time.
static CHUNK: [u8; 1 << 16] = [0; 1 << 16];

/// A file in the data directory that holds nothing and takes room. Given up on a full disk, it lets the session be
/// brought to a good end and the person be told.
#[derive(Debug, Clone)]
pub struct Ballast {
    data_dir: PathBuf,
    path: PathBuf,
}

impl Ballast {
    /// Its size, in bytes.
    pub const BYTES: u64 = 16 << 20;

    /// Names the ballast of a data directory; nothing is written.
    pub fn of(data_dir: &Path) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            path: data_dir.join("ballast"),
        }
    }

    /// Returns whether all of it is there.
    pub fn is_whole(&self) -> bool {
        let meta = self.path.symlink_metadata();
        // A file can be long without taking room.
        meta.is_ok_and(|meta| meta.is_file() && meta.len() == Self::BYTES && meta.blocks() * 512 >= Self::BYTES)
    }

    /// Gives the room free, and returns how many bytes that were. There being none is no error.
    ///
    /// # Errors
    ///
    /// If the file cannot be removed.
    pub fn release(&self) -> Result<u64, Error> {
        let bytes = self.path.symlink_metadata().map_or(0, |meta| meta.blocks() * 512);
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(&self.path, "removed", error)),
            _ => Ok(bytes),
        }
    }

    /// Makes it, if it is not whole. It is written and synced, because a file system may grant room that it has not got.
    ///
    /// # Errors
    ///
    /// [`Error::DiskFull`] if there is no room for it; nothing is written then.
    pub fn restore(&self) -> Result<(), Error> {
        let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_whole() {
            return Ok(());
        }
        self.release()?;
        if file_system::free_bytes(&self.data_dir)? < Self::BYTES {
            return Err(Error::DiskFull {
                path: self.path.clone(),
            });
        }
        let written = self.write();
        if written.is_err() {
            self.release()?;
        }
        written.map_err(|error| Error::io(&self.path, "written", error))?;
        file_system::sync_dir(&self.data_dir)
    }

    fn write(&self) -> std::io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.path)?;
        for _ in 0..Self::BYTES / CHUNK.len() as u64 {
            file.write_all(&CHUNK)?;
        }
        file.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_room_and_gives_it_back() {
        let data = tempfile::tempdir().unwrap();
        let ballast = Ballast::of(data.path());
        assert!(!ballast.is_whole());
        assert_eq!(ballast.release().unwrap(), 0);
        ballast.restore().unwrap();
        ballast.restore().unwrap();
        assert!(ballast.is_whole());
        assert!(ballast.release().unwrap() >= Ballast::BYTES);
        assert!(!data.path().join("ballast").exists());
    }

    #[test]
    fn several_may_ask_for_it_at_once() {
        let data = tempfile::tempdir().unwrap();
        let ballast = Ballast::of(data.path());
        let made: Vec<Result<(), Error>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| ballast.restore())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(made.iter().all(Result::is_ok), "{made:?}");
        assert!(ballast.is_whole());
    }

    #[test]
    fn a_file_that_takes_no_room_is_no_ballast() {
        let data = tempfile::tempdir().unwrap();
        let ballast = Ballast::of(data.path());
        let hole = std::fs::File::create(data.path().join("ballast")).unwrap();
        hole.set_len(Ballast::BYTES).unwrap();
        assert!(!ballast.is_whole());
        ballast.restore().unwrap();
        assert!(ballast.is_whole());
    }
}
