//! Refuses file systems on which a write-ahead log is not safe, and makes names durable.

use std::fs::File;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use crate::Error;

/// The file systems that are refused, by the magic number of `statfs(2)`.
///
/// They lack coherent shared memory or reliable locks between machines, and do not say so when it matters.
const UNSAFE: [(u64, &str); 10] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x0102_1997, "9p"),
    (0x6573_5546, "FUSE"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "kAFS"),
    (0x00c3_6400, "Ceph"),
    (0x7375_7245, "Coda"),
];

/// Checks that the file system of `dir`, which exists, can hold a database.
pub(crate) fn check(dir: &Path) -> Result<(), Error> {
    let stat = rustix::fs::statfs(dir).map_err(|error| Error::io(dir, "examined", error))?;
    // The field's type differs between platforms, and sign extension must not make a magic number another one.
    let magic = (stat.f_type as u64) & 0xffff_ffff;
    match unsafe_kind(magic) {
        Some(kind) => Err(Error::UnsafeFileSystem {
            path: dir.to_owned(),
            kind,
        }),
        None => Ok(()),
    }
}

fn unsafe_kind(magic: u64) -> Option<&'static str> {
    UNSAFE.iter().find(|(known, _)| *known == magic).map(|(_, kind)| *kind)
}

/// Returns how many bytes this user may still write to the file system that `path`, which exists, is on.
///
/// # Errors
///
/// If it cannot be examined.
pub fn free_bytes(path: &Path) -> Result<u64, Error> {
    let stat = rustix::fs::statvfs(path).map_err(|error| Error::io(path, "examined", error))?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Makes a directory and its missing parents, for this user alone.
pub(crate) fn create_private_dir(dir: &Path) -> Result<(), Error> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|error| Error::io(dir, "created", error))
}

/// Makes the names in a directory durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), Error> {
    let synced = File::open(dir).and_then(|dir| dir.sync_all());
    synced.map_err(|error| Error::io(dir, "synced to disk", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_refused() {
        for (magic, kind) in [
            (0x6969, "NFS"),
            (0xff53_4d42, "CIFS"),
            (0x0102_1997, "9p"),
            (0x6573_5546, "FUSE"),
        ] {
            assert_eq!(unsafe_kind(magic), Some(kind));
        }
    }

    #[test]
    fn local_file_systems_are_accepted() {
        for (magic, name) in [
            (0xef53, "ext4"),
            (0x5846_5342, "xfs"),
            (0x9123_683e, "btrfs"),
            (0x0102_1994, "tmpfs"),
            (0x794c_7630, "overlay"),
        ] {
            assert_eq!(unsafe_kind(magic), None, "{name}");
        }
    }

    #[test]
    fn a_kernel_file_system_is_looked_at() {
        check(Path::new("/proc")).unwrap();
        assert!(matches!(check(Path::new("/nowhere")), Err(Error::Io { .. })));
    }
}
