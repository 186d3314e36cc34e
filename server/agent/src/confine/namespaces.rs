//! The second stage: enters the namespaces and starts process 1 of the sandbox in them.

use std::ffi::OsString;
use std::fs::File;
use std::io::BufRead;
use std::process::{Command, Stdio};

use rustix::thread::{CapabilitySet, UnshareFlags};

use super::args::Plan;
use super::supervise::{die_with_parent, exit_code};
use super::{Error, NO_NAMESPACES, say, step};

/// Namespaces without which the sandbox could not stand: its workspace would not be where it belongs, or a stop would
/// not reach all its processes.
const NEEDED: &[(UnshareFlags, &str)] = &[
    (UnshareFlags::NEWUSER, "user"),
    (UnshareFlags::NEWNS, "mount"),
    (UnshareFlags::NEWPID, "process"),
];
/// Namespaces that it can do without, at a loss.
const WANTED: &[(UnshareFlags, &str)] = &[
    (UnshareFlags::NEWNET, "network"),
    (UnshareFlags::NEWIPC, "IPC"),
    (UnshareFlags::NEWUTS, "host name"),
    (UnshareFlags::NEWCGROUP, "control group"),
];
/// What the next stage uses: it mounts, maps itself to its user, forbids further namespaces, and gives up the rest.
const KEPT: [CapabilitySet; 6] = [
    CapabilitySet::SYS_ADMIN,
    CapabilitySet::SYS_RESOURCE,
    CapabilitySet::SETUID,
    CapabilitySet::SETGID,
    CapabilitySet::SETPCAP,
    CapabilitySet::NET_ADMIN,
];

/// Runs the rest of the sandbox and returns its exit code.
pub(super) fn run(plan: &Plan, args: &[OsString]) -> Result<i32, Error> {
    die_with_parent()?;
    for (flag, name) in NEEDED {
        enter(*flag, name)?;
    }
    for (flag, name) in WANTED {
        match enter(*flag, name) {
            Err(e) if !plan.weaker => return Err(e),
            _ => {}
        }
    }
    say("unshared");
    heed("go")?;
    keep_capabilities()?;
    let mut init = Command::new("/proc/self/exe")
        .args(["confine", "init"])
        .args(args.iter().skip(1))
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::inherit())
        .spawn()
        .map_err(step("Starting process 1 of the sandbox"))?;
    say(&format!("init {}", init.id()));
    heed("run")?;
    // Process 1 alone holds the output now, so that its end is seen outside.
    let quiet = File::options()
        .write(true)
        .open("/dev/null")
        .map_err(step("Opening /dev/null"))?;
    rustix::stdio::dup2_stdout(&quiet).map_err(step("Closing the output"))?;
    drop(init.stdin.take());
    Ok(exit_code(
        init.wait().map_err(step("Waiting for process 1 of the sandbox"))?,
    ))
}

#[expect(
    deprecated,
    reason = "its unsafe successor only matters for file tables, which are not unshared here"
)]
fn enter(flag: UnshareFlags, name: &str) -> Result<(), Error> {
    rustix::thread::unshare(flag).map_err(|e| Error::Step {
        doing: format!("Making a {name} namespace"),
        source: e.into(),
        hint: NO_NAMESPACES,
    })
}

/// Waits for the stage outside to say `word`.
fn heed(word: &str) -> Result<(), Error> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(step("Hearing from outside"))?;
    if line.trim_end() == word {
        Ok(())
    } else {
        Err(Error::Inner("The stage outside is gone.".into()))
    }
}

/// Lets capabilities outlast the next stage's start, which a user other than root would lose.
fn keep_capabilities() -> Result<(), Error> {
    let mut sets = rustix::thread::capabilities(None).map_err(step("Reading capabilities"))?;
    sets.inheritable = KEPT.into_iter().collect();
    rustix::thread::set_capabilities(None, sets).map_err(step("Keeping capabilities"))?;
    for capability in KEPT {
        let kept = rustix::thread::configure_capability_in_ambient_set(capability, true);
        kept.map_err(step("Keeping capabilities"))?;
    }
    Ok(())
}
