//! Records that leave a log as plain lines, and such that come into one.

use std::io;
use std::path::Path;

use aca_protocol::AttemptId;
use aca_secrets::SessionKey;

use super::file::Folder;

/// Returns the numbers of an attempt's records, in order, by the directory that its log was opened with. Without a log
/// there are none.
///
/// # Errors
///
/// If the directory cannot be read.
pub fn numbers(dir: &Path, attempt: &AttemptId) -> io::Result<Vec<u32>> {
    match Folder::new(dir, attempt, None).numbers() {
        Ok(numbers) => Ok(numbers.into_iter().map(|(number, _)| number).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Returns a record as the lines of JSON that were written, plain; nothing if there is no such number.
///
/// # Errors
///
/// If it cannot be read, or was sealed with another key.
pub fn lines(dir: &Path, attempt: &AttemptId, number: u32, key: Option<SessionKey>) -> io::Result<Option<Vec<u8>>> {
    Folder::new(dir, attempt, key).read(number)
}

/// Writes a record of these lines, in the place of one that is there; with `key` it is sealed.
///
/// # Errors
///
/// If it cannot be written.
pub fn put(dir: &Path, attempt: &AttemptId, number: u32, key: Option<SessionKey>, lines: &[u8]) -> io::Result<()> {
    let folder = Folder::new(dir, attempt, key);
    folder.create()?;
    folder.replace(number, lines).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_goes_from_log_to_log() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        let attempt = AttemptId::new("a");
        assert!(numbers(&from, &attempt).unwrap().is_empty());
        put(&from, &attempt, 2, None, b"{}\n").unwrap();
        let plain = lines(&from, &attempt, 2, None).unwrap().unwrap();
        put(&to, &attempt, 2, None, &plain).unwrap();
        assert_eq!(numbers(&to, &attempt).unwrap(), [2]);
        assert_eq!(lines(&to, &attempt, 2, None).unwrap().unwrap(), b"{}\n");
        assert!(lines(&to, &attempt, 1, None).unwrap().is_none());
    }
}
