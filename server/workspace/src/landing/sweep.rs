//! Removes what a landing left beside its file when its process was killed.

use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::directory::PREFIX;

/// Removes files of landings by processes that are gone from the directory of `path`, which is relative to `root`.
///
/// Such a file may hold what stood in `path` until the landing, so only one whose content `is_known` goes.
///
/// # Errors
///
/// Those of the file system. A directory that is not there has nothing to remove.
pub fn sweep(root: &Path, path: &str, is_known: impl Fn(&[u8]) -> bool) -> std::io::Result<()> {
    let file = root.join(path);
    let entries = match file.parent().map(std::fs::read_dir) {
        Some(Ok(entries)) => entries,
        Some(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => return Ok(()),
    };
    for entry in entries {
        let entry = entry?;
        if !is_abandoned(&entry.file_name()) || !entry.file_type()?.is_file() {
            continue;
        }
        let mut content = Vec::new();
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        let opened = std::fs::OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits().cast_signed())
            .open(entry.path());
        opened?.read_to_end(&mut content)?;
        if is_known(&content) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Whether it is the name of a file of a landing whose process is gone.
fn is_abandoned(name: &std::ffi::OsStr) -> bool {
    let rest = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
    let process = rest.and_then(|rest| rest.split_once('-')).map(|(process, _)| process);
    process
        .and_then(|process| process.parse::<u32>().ok())
        .is_some_and(|process| !Path::new(&format!("/proc/{process}")).exists())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_known_content_of_a_process_that_is_gone_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        // Above the largest number a process can have.
        let gone = format!("{PREFIX}4294967295-0");
        let unknown = format!("{PREFIX}4294967295-1");
        let running = format!("{PREFIX}{}-0", std::process::id());
        fs::create_dir(dir.path().join("d")).unwrap();
        for (name, content) in [(&gone, "ours"), (&unknown, "the user's"), (&running, "ours")] {
            fs::write(dir.path().join("d").join(name), content).unwrap();
        }
        sweep(dir.path(), "d/file", |content| content == b"ours").unwrap();
        let left = |name| dir.path().join("d").join(name).exists();
        assert_eq!((left(&gone), left(&unknown), left(&running)), (false, true, true));
        sweep(dir.path(), "no/such/file", |_| true).unwrap();
    }
}
