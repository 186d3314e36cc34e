//! The note that the owner of a data directory leaves for others: who it is and where it listens.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::process::Identity;
use super::version;

/// The owner of a data directory. Only the lock says whether it still lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owner {
    /// Its process id.
    pub(crate) pid: u32,
    /// What tells its process from another one with the same id, where the system knows that.
    #[serde(default)]
    pub(crate) identity: Option<Identity>,
    /// Its version.
    pub(crate) version: String,
    /// Where it listens.
    pub(crate) socket: PathBuf,
}

/// Writes the note; it is complete whenever it can be read.
///
/// # Errors
///
/// When the file cannot be written.
pub(crate) fn write(data_dir: &Path, socket: &Path) -> io::Result<()> {
    let pid = std::process::id();
    let owner = Owner {
        pid,
        identity: Identity::of(pid),
        version: version().into(),
        socket: socket.to_path_buf(),
    };
    let unfinished = data_dir.join("owner.json.tmp");
    fs::write(&unfinished, serde_json::to_vec(&owner)?)?;
    fs::rename(unfinished, note(data_dir))
}

/// Removes the note: the one who left it is not the owner any more.
pub(crate) fn remove(data_dir: &Path) {
    let _ = fs::remove_file(note(data_dir));
}

/// Reads the note, if there is one.
pub(crate) fn read(data_dir: &Path) -> Option<Owner> {
    serde_json::from_slice(&fs::read(note(data_dir)).ok()?).ok()
}

fn note(data_dir: &Path) -> PathBuf {
    data_dir.join("owner.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_note_can_be_read() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()), None);
        write(dir.path(), Path::new("/run/x.sock")).unwrap();
        let owner = read(dir.path()).unwrap();
        assert_eq!(
            (owner.pid, owner.socket),
            (std::process::id(), PathBuf::from("/run/x.sock"))
        );
        fs::write(note(dir.path()), "{").unwrap();
        assert_eq!(read(dir.path()), None);
        remove(dir.path());
        assert!(!note(dir.path()).exists());
    }
}
