//! Why files cannot be watched, as sentences for the user.

use std::path::{Path, PathBuf};

/// Why the files of a workspace are looked through at intervals instead of being watched.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The platform watches no more directories.
    #[error(
        "The system's limit of watched directories is reached, so {} is looked through every few seconds instead. \
         Raise it, for example with `sudo sysctl fs.inotify.max_user_watches=1048576`, and start again.",
        root.display()
    )]
    Watches {
        /// The workspace.
        root: PathBuf,
    },
    /// The platform allows no more watchers.
    #[error(
        "The system's limit of watching programs is reached, so {} is looked through every few seconds instead. \
         Raise it, for example with `sudo sysctl fs.inotify.max_user_instances=1024`, and start again.",
        root.display()
    )]
    Instances {
        /// The workspace.
        root: PathBuf,
    },
    /// The file system does not report what other machines or its own server change.
    #[error(
        "{} is on {kind}, which does not report every change, so it is looked through every few seconds.",
        root.display()
    )]
    FileSystem {
        /// The workspace.
        root: PathBuf,
        /// The file system's name.
        kind: &'static str,
    },
    /// Anything else.
    #[error("{} cannot be watched, so it is looked through every few seconds instead: {source}.", root.display())]
    Platform {
        /// The workspace.
        root: PathBuf,
        /// What the platform says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Problem {
    pub(super) fn new(root: &Path, error: notify::Error) -> Self {
        let root = root.to_owned();
        let no_more_files = rustix::io::Errno::MFILE.raw_os_error();
        match error.kind {
            notify::ErrorKind::MaxFilesWatch => Self::Watches { root },
            notify::ErrorKind::Io(ref source) if source.raw_os_error() == Some(no_more_files) => {
                Self::Instances { root }
            }
            _ => Self::Platform {
                root,
                source: error.into(),
            },
        }
    }
}

/// File systems that report only what this machine changes, by the magic number of `statfs(2)`.
const SILENT: [(u64, &str); 10] = [
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

/// Returns the name of the file system of `root` if it does not report every change.
pub(super) fn silent_file_system(root: &Path) -> Option<&'static str> {
    let stat = rustix::fs::statfs(root).ok()?;
    // The field's type differs between platforms, and sign extension must not make a magic number another one.
    let magic = (stat.f_type as u64) & 0xffff_ffff;
    SILENT.iter().find(|(known, _)| *known == magic).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_come_with_their_remedy() {
        let root = Path::new("/w");
        let watches = Problem::new(root, notify::Error::new(notify::ErrorKind::MaxFilesWatch)).to_string();
        assert!(watches.contains("fs.inotify.max_user_watches"), "{watches}");
        let files = std::io::Error::from_raw_os_error(rustix::io::Errno::MFILE.raw_os_error());
        let instances = Problem::new(root, notify::Error::io(files)).to_string();
        assert!(instances.contains("fs.inotify.max_user_instances"), "{instances}");
    }

    #[test]
    fn a_local_file_system_reports() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(silent_file_system(dir.path()), None);
    }
}
