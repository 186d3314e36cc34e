//! The records of a process sandbox: a directory with its labels, its processes and its end.
//!
//! `labels.json` comes into being with the directory; `supervisor.json`, `init.json` and `exit.json` are the
//! supervisor's. Each is complete whenever it exists.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::io::unix::AsyncFd;

use crate::Error;
use crate::backend::Status;

/// The records of one sandbox.
pub(super) struct Records {
    dir: PathBuf,
}

/// Which of a sandbox's processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claimed {
    /// The one outside.
    Supervisor,
    /// Process 1 inside.
    Init,
}

/// A process by what tells it from any other, before and after it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Identity {
    pid: i32,
    /// When it started, in clock ticks since the boot.
    start: u64,
    /// The boot's identifier.
    boot: String,
}

impl Claimed {
    fn file(self) -> &'static str {
        match self {
            Self::Supervisor => "supervisor.json",
            Self::Init => "init.json",
        }
    }
}

#[derive(Deserialize)]
struct Exit {
    code: i64,
}

/// What a killed process leaves as its exit code.
const KILLED: i64 = 137;

impl Records {
    pub(super) fn of(state_dir: &Path, name: &str) -> Self {
        Self {
            dir: state_dir.join(name),
        }
    }

    /// Returns the records of every sandbox there is.
    pub(super) fn all(state_dir: &Path) -> Result<Vec<Self>, Error> {
        let entries = match std::fs::read_dir(state_dir) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(Error::file("read", state_dir))?,
        };
        let mut all = Vec::new();
        for entry in entries {
            let entry = entry.map_err(Error::file("read", state_dir))?;
            // One that is being made begins with a dot.
            if !entry.file_name().as_encoded_bytes().starts_with(b".") {
                all.push(Self { dir: entry.path() });
            }
        }
        Ok(all)
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn name(&self) -> String {
        self.dir
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    /// Makes the directory with the labels in it; false if there is one already.
    pub(super) fn create(&self, labels: &BTreeMap<String, String>) -> Result<bool, Error> {
        let new = self
            .dir
            .with_file_name(format!(".{}.{}", self.name(), std::process::id()));
        std::fs::create_dir_all(&new).map_err(Error::file("make", &new))?;
        let text = serde_json::to_vec(labels).map_err(|e| Error::file("write", &new)(e.into()))?;
        let file = new.join("labels.json");
        std::fs::write(&file, text).map_err(Error::file("write", &file))?;
        match std::fs::rename(&new, &self.dir) {
            Ok(()) => Ok(true),
            Err(e) if matches!(e.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists) => {
                std::fs::remove_dir_all(&new).map_err(Error::file("remove", &new))?;
                Ok(false)
            }
            Err(e) => Err(Error::file("make", &self.dir)(e)),
        }
    }

    pub(super) fn remove(&self) -> Result<(), Error> {
        // Out of sight at once, so that a removal cut short never looks like a sandbox.
        let old = self
            .dir
            .with_file_name(format!(".{}.{}", self.name(), std::process::id()));
        match std::fs::rename(&self.dir, &old) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
            moved => moved.map_err(Error::file("remove", &self.dir))?,
        }
        std::fs::remove_dir_all(&old).map_err(Error::file("remove", &old))
    }

    pub(super) fn labels(&self) -> Result<BTreeMap<String, String>, Error> {
        Ok(self.read("labels.json")?.unwrap_or_default())
    }

    pub(super) fn status(&self) -> Result<Status, Error> {
        if !self.dir.join("labels.json").exists() {
            return Ok(Status::Absent);
        }
        if let Some(exit) = self.exit()? {
            return Ok(exit);
        }
        let Some(supervisor) = self.read::<Identity>("supervisor.json")? else {
            return Ok(Status::Created);
        };
        if supervisor.lives() {
            return Ok(Status::Running);
        }
        // It may have ended in good order between the two looks; else it was killed, and the sandbox with it.
        Ok(self.exit()?.unwrap_or(Status::Exited {
            code: KILLED,
            oom: false,
        }))
    }

    fn exit(&self) -> Result<Option<Status>, Error> {
        let exit = self.read::<Exit>("exit.json")?;
        Ok(exit.map(|exit| Status::Exited {
            code: exit.code,
            oom: false,
        }))
    }

    /// Returns one of the sandbox's processes if it lives.
    pub(super) fn process(&self, which: Claimed) -> Result<Option<Running>, Error> {
        Ok(self
            .read::<Identity>(which.file())?
            .and_then(|identity| identity.open()))
    }

    /// Returns the identifier of one of the sandbox's processes if it lives. It may end at any time.
    pub(super) fn pid(&self, which: Claimed) -> Result<Option<i32>, Error> {
        let identity = self.read::<Identity>(which.file())?;
        Ok(identity.filter(Identity::lives).map(|identity| identity.pid))
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        let path = self.dir.join(name);
        match std::fs::read(&path) {
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            text => {
                let text = text.map_err(Error::file("read", &path))?;
                serde_json::from_slice(&text)
                    .map(Some)
                    .map_err(|e| Error::file("read", &path)(e.into()))
            }
        }
    }
}

impl Identity {
    fn lives(&self) -> bool {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid));
        let (Ok(boot), Ok(stat)) = (boot, stat) else {
            return false;
        };
        boot.trim() == self.boot && start_of_living(&stat) == Some(self.start)
    }

    /// Takes hold of the process, so that no later one can be mistaken for it.
    fn open(&self) -> Option<Running> {
        let fd = pidfd_open(Pid::from_raw(self.pid)?, PidfdFlags::NONBLOCK).ok()?;
        self.lives().then_some(Running { fd })
    }
}

/// Returns the start time in a line of `/proc/<pid>/stat` (proc(5)), unless it is a process that has ended.
fn start_of_living(stat: &str) -> Option<u64> {
    // The second field may hold anything, in parentheses.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    let start = fields.nth(18)?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then_some(start)
}

/// A process that was alive when it was looked for.
pub(super) struct Running {
    fd: OwnedFd,
}

impl Running {
    pub(super) fn kill(&self) -> Result<(), Error> {
        match pidfd_send_signal(&self.fd, Signal::KILL) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(e) => Err(Error::Engine {
                doing: "kill a process sandbox".into(),
                reason: e.to_string(),
            }),
        }
    }

    /// Waits until it has ended.
    pub(super) async fn ended(self) -> Result<(), Error> {
        let failed = |e: std::io::Error| Error::Engine {
            doing: "wait for a process sandbox".into(),
            reason: e.to_string(),
        };
        #[expect(
            deprecated,
            reason = "its unsafe successor guards against handles that change; an owned one does not"
        )]
        let fd = AsyncFd::new(self.fd).map_err(failed)?;
        fd.readable().await.map(|_| ()).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_times_are_found_whatever_the_name() {
        let rest = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20";
        assert_eq!(start_of_living(&format!("7 (sh) S {rest}")), Some(4242));
        assert_eq!(start_of_living(&format!("7 (a) S (b) R {rest}")), Some(4242));
        assert_eq!(start_of_living(&format!("7 (sh) Z {rest}")), None);
        assert_eq!(start_of_living("7 (sh) S 1 2"), None);
        assert_eq!(start_of_living(""), None);
    }

    #[test]
    fn a_directory_is_made_once_and_its_state_is_read() {
        let state = tempfile::tempdir().unwrap();
        let records = Records::of(state.path(), "a1");
        assert_eq!(records.status().unwrap(), Status::Absent);
        let labels = BTreeMap::from([("aca.task".to_owned(), "t".to_owned())]);
        assert!(records.create(&labels).unwrap());
        assert!(!records.create(&BTreeMap::new()).unwrap());
        assert_eq!(records.labels().unwrap(), labels);
        assert_eq!(records.status().unwrap(), Status::Created);
        let dead = r#"{"pid":1,"start":18446744073709551615,"boot":"never"}"#;
        std::fs::write(records.dir().join("supervisor.json"), dead).unwrap();
        assert_eq!(records.status().unwrap(), Status::Exited { code: 137, oom: false });
        assert!(records.process(Claimed::Supervisor).unwrap().is_none());
        std::fs::write(records.dir().join("exit.json"), r#"{"code":3}"#).unwrap();
        assert_eq!(records.status().unwrap(), Status::Exited { code: 3, oom: false });
        assert_eq!(Records::all(state.path()).unwrap().len(), 1);
        records.remove().unwrap();
        records.remove().unwrap();
        assert_eq!(Records::all(state.path()).unwrap().len(), 0);
    }
}
