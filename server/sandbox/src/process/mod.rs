//! Sandboxes as plain processes in namespaces of their own, where no container engine runs.
//!
//! `aca-agent confine` does the confining; this side starts it, reads its records and ends it. A sandbox is a
//! directory in the state directory, which it never sees itself; its supervisor outlives the daemon.

mod load;
mod record;

use std::ffi::OsString;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use aca_protocol::agent::files;
use async_trait::async_trait;
use rustix::fs::{FileType, Mode, OFlags};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::UnixStream;
use tokio::time::Instant;

use crate::backend::{Backend, Found, Load, Status, Stream};
use crate::spec::{Mount, check_name};
use crate::{Error, SandboxSpec, sandbox_user};
use record::{Claimed, Records};

/// How processes are confined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessConfig {
    /// Where the sandboxes' records are; no sandbox sees it.
    pub state_dir: PathBuf,
    /// The agent's executable, which does the confining.
    pub agent: PathBuf,
    /// Whether to start although a layer is refused without which the sandbox still stands: its network, IPC, host
    /// name or control group namespace. Never set without the user's word.
    pub unconfined_ok: bool,
}

/// The backend that confines plain processes.
pub struct Process {
    config: ProcessConfig,
}

/// How long a sandbox may take to start, and to die once it is killed.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the agent may take to listen.
const LISTENING: Duration = Duration::from_secs(5);

impl Process {
    /// Makes a backend; nothing is started yet.
    #[must_use]
    pub fn new(config: ProcessConfig) -> Self {
        Self { config }
    }

    fn records(&self, name: &str) -> Result<Records, Error> {
        check_name(name).map_err(|reason| Error::BadSpec {
            name: name.to_owned(),
            reason,
        })?;
        Ok(Records::of(&self.config.state_dir, name))
    }

    /// Starts the supervisor and returns once it says that the program runs.
    async fn supervise(&self, spec: &SandboxSpec, records: &Records, mounts: &[Mount]) -> Result<(), Error> {
        let mut child = tokio::process::Command::new(&self.config.agent)
            .arg("confine")
            .args(self.arguments(spec, records, mounts))
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(Error::file("run", &self.config.agent))?;
        let output = child
            .stdout
            .take()
            .ok_or_else(|| cannot("The supervisor has no output."))?;
        let mut line = String::new();
        let mut output = BufReader::new(output).take(16 * 1024);
        let heard = tokio::time::timeout(PATIENCE, output.read_line(&mut line)).await;
        let said = line.trim_end();
        match heard {
            Ok(Ok(_)) if said == "ready" => Ok(()),
            Ok(Ok(_)) => Err(cannot(
                said.strip_prefix("failed: ")
                    .unwrap_or("The supervisor ended without a word."),
            )),
            Ok(Err(e)) => Err(cannot(&format!("The supervisor cannot be heard: {e}."))),
            Err(_) => {
                let _ = child.start_kill();
                Err(cannot("The supervisor did not answer in time."))
            }
        }
    }

    fn arguments(&self, spec: &SandboxSpec, records: &Records, mounts: &[Mount]) -> Vec<OsString> {
        let (user, group) = sandbox_user();
        let mut args: Vec<OsString> = vec!["supervise".into(), "--state".into(), records.dir().into()];
        let numbers = [
            ("--user", u64::from(user)),
            ("--group", u64::from(group)),
            ("--pids", u64::from(spec.limits.pids)),
            ("--tmp", spec.limits.tmp_bytes),
        ];
        for (flag, number) in numbers {
            args.extend([flag.into(), number.to_string().into()]);
        }
        if self.config.unconfined_ok {
            args.push("--weaker".into());
        }
        args.extend(["--dir".into(), spec.workspace.clone().into()]);
        for mount in mounts {
            let flag = if mount.writable { "--rw" } else { "--ro" };
            args.extend([flag.into(), mount.source.clone().into(), mount.target.clone().into()]);
        }
        args.push("--".into());
        args.extend(spec.command.iter().map(OsString::from));
        args
    }
}

/// Connects to a unix socket in a directory that the sandbox can write to. The sandbox can put anything there, so what
/// is opened is neither followed nor looked up again.
async fn dial(socket: &Path) -> std::io::Result<UnixStream> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = rustix::fs::open(socket, flags, Mode::empty())?;
    let kind = FileType::from_raw_mode(rustix::fs::fstat(&opened)?.st_mode);
    if kind != FileType::Socket {
        return Err(std::io::Error::other("it is not a socket"));
    }
    UnixStream::connect(format!("/proc/self/fd/{}", opened.as_raw_fd())).await
}

fn found(records: &Records) -> Result<Found, Error> {
    Ok(Found {
        name: records.name(),
        labels: records.labels()?,
        status: records.status()?,
    })
}

fn cannot(reason: &str) -> Error {
    Error::CannotConfine {
        reason: reason.to_owned(),
    }
}

#[async_trait]
impl Backend for Process {
    fn name(&self) -> &'static str {
        "process"
    }

    async fn prepare(&self, progress: &mut (dyn FnMut(String) + Send)) -> Result<(), Error> {
        std::fs::create_dir_all(&self.config.state_dir).map_err(Error::file("make", &self.config.state_dir))?;
        let agent = &self.config.agent;
        let meta = agent.metadata().map_err(Error::file("find the agent", agent))?;
        if !meta.is_file() || meta.mode() & 0o111 == 0 {
            return Err(cannot(&format!("{} is not an executable file.", agent.display())));
        }
        progress("The process backend confines with namespaces alone: memory and processors are not limited.".into());
        Ok(())
    }

    async fn start(&self, spec: &SandboxSpec) -> Result<(), Error> {
        let mounts = spec.mounts()?;
        let records = self.records(&spec.name)?;
        if !records.create(&spec.labels)?
            && let Some(label) = found(&records)?.differs_in(&spec.labels)
        {
            return Err(Error::NameTaken {
                name: spec.name.clone(),
                label: label.to_owned(),
            });
        }
        match records.status()? {
            Status::Created => self.supervise(spec, &records, &mounts).await,
            _ => Ok(()),
        }
    }

    async fn connect(&self, name: &str, out: &Path) -> Result<Stream, Error> {
        let not_running = || Error::NotRunning { name: name.to_owned() };
        let records = self.records(name)?;
        if records.status()? != Status::Running {
            return Err(not_running());
        }
        let deadline = Instant::now() + LISTENING;
        loop {
            match dial(&out.join(files::SOCKET)).await {
                Ok(stream) => return Ok(Box::new(stream)),
                // The agent takes a moment to listen.
                Err(_) if Instant::now() < deadline && records.status()? == Status::Running => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                Err(_) if records.status()? != Status::Running => return Err(not_running()),
                Err(e) => return Err(Error::file("connect to the agent at", out.join(files::SOCKET))(e)),
            }
        }
    }

    async fn find(&self, name: &str) -> Result<Option<Found>, Error> {
        let found = found(&self.records(name)?)?;
        Ok((found.status != Status::Absent).then_some(found))
    }

    async fn stop(&self, name: &str) -> Result<(), Error> {
        let records = self.records(name)?;
        // The death of process 1 takes the whole namespace with it, the supervisor's only its own.
        for claimed in [Claimed::Init, Claimed::Supervisor] {
            let Some(process) = records.process(claimed)? else {
                continue;
            };
            if claimed == Claimed::Init {
                process.kill()?;
            }
            match tokio::time::timeout(PATIENCE, process.ended()).await {
                Ok(ended) => ended?,
                Err(_) => {
                    return Err(Error::Engine {
                        doing: format!("kill {name}"),
                        reason: "it does not die.".into(),
                    });
                }
            }
        }
        Ok(())
    }

    async fn remove(&self, name: &str) -> Result<(), Error> {
        self.stop(name).await?;
        self.records(name)?.remove()
    }

    async fn load(&self, name: &str) -> Result<Option<Load>, Error> {
        let records = self.records(name)?;
        Ok(records.pid(Claimed::Supervisor)?.map(load::below))
    }

    async fn list(&self, (key, value): (&str, &str)) -> Result<Vec<Found>, Error> {
        let mut labelled = Vec::new();
        for records in Records::all(&self.config.state_dir)? {
            let found = found(&records)?;
            if found.labels.get(key).is_some_and(|v| v == value) {
                labelled.push(found);
            }
        }
        labelled.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(labelled)
    }
}
