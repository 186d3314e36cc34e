//! The embedded agent: `aca-agent`, unpacked where sandboxes can mount it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::exit::Failure;

/// The program, as the build script made it.
const PROGRAM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/aca-agent"));

/// The SHA-256 of [`PROGRAM`], in hexadecimal.
const DIGEST: &str = env!("ACA_AGENT_SHA256");

/// Unpacks the agent into the data directory, unless it is there, and returns its path. The name carries the digest, so
/// that sandboxes of an older aca keep theirs.
///
/// # Errors
///
/// When the file cannot be written.
pub(crate) fn unpack(data_dir: &Path) -> Result<PathBuf, Failure> {
    let name: String = DIGEST.chars().take(16).collect();
    let path = data_dir.join("bin").join(format!("aca-agent-{name}"));
    if is_complete(&path) {
        return Ok(path);
    }
    write(&path).map_err(|error| Failure::while_doing(&format!("{} cannot be written", path.display()), error))?;
    Ok(path)
}

fn is_complete(path: &Path) -> bool {
    let whole = |metadata: fs::Metadata| metadata.is_file() && metadata.len() == PROGRAM.len() as u64;
    let ours = |metadata: &fs::Metadata| {
        metadata.uid() == rustix::process::geteuid().as_raw() && metadata.permissions().mode() & 0o777 == 0o755
    };
    fs::symlink_metadata(path).ok().filter(ours).is_some_and(whole)
}

/// Writes under another name first, so that nobody ever sees half a program.
fn write(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
        // The sandbox's user is another one where aca runs as root.
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    }
    let unfinished = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o755)
        .open(&unfinished)?;
    file.write_all(PROGRAM)?;
    file.set_permissions(fs::Permissions::from_mode(0o755))?;
    file.sync_all()?;
    drop(file);
    fs::rename(unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agent_is_unpacked_once_and_mended_when_broken() {
        let data = tempfile::tempdir().unwrap();
        let path = unpack(data.path()).unwrap();
        assert_eq!(fs::read(&path).unwrap(), PROGRAM);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o755);
        let inode = fs::metadata(&path).unwrap().ino();
        assert_eq!(unpack(data.path()).unwrap(), path);
        assert_eq!(fs::metadata(&path).unwrap().ino(), inode, "it was written again");
        fs::write(&path, "half").unwrap();
        unpack(data.path()).unwrap();
        assert_eq!(fs::read(&path).unwrap(), PROGRAM);
        assert_eq!(
            fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1,
            "something was left behind"
        );
    }

    #[test]
    fn the_agent_is_a_static_program() {
        assert!(PROGRAM.starts_with(b"\x7fELF"));
        let interpreter = b"/ld-linux";
        assert!(
            !PROGRAM.windows(interpreter.len()).any(|bytes| bytes == interpreter),
            "it asks for a loader"
        );
    }
}
