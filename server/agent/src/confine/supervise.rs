//! The process outside: claims the sandbox, maps its user, and writes down what becomes of it.
//!
//! Its records, in the state directory, are read by the sandbox backend:
//! `supervisor.json` and `init.json` name a process by identifier, start time and boot, `exit.json` is the end.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::RawFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal};

use super::args::Plan;
use super::{Error, NO_NAMESPACES, say, step};

/// Runs the sandbox to its end and returns its exit code.
pub(super) fn run(plan: &Plan, args: &[OsString]) -> Result<i32, Error> {
    close_inherited();
    // Whatever is signalled or closed with the terminal or the daemon is not the sandbox.
    let _ = rustix::process::setsid();
    if !claim(&plan.state)? {
        say("ready");
        return Ok(0);
    }
    let begun = begin(plan, args);
    let mut child = match begun {
        Ok(child) => child,
        Err(e) => {
            // Nothing of the program ran, so it may be tried again.
            let _ = std::fs::remove_file(plan.state.join("supervisor.json"));
            return Err(e);
        }
    };
    say("ready");
    let quiet = File::options()
        .write(true)
        .open("/dev/null")
        .map_err(step("Opening /dev/null"))?;
    rustix::stdio::dup2_stdout(&quiet).map_err(step("Closing the output"))?;
    let code = exit_code(child.wait().map_err(step("Waiting for the sandbox"))?);
    record(&plan.state, "exit.json", &format!("{{\"code\":{code}}}"))?;
    Ok(code)
}

/// Closes what the daemon, or whoever started it, had open: it is not the sandbox's, and would stay open with it.
fn close_inherited() {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else {
        return;
    };
    let numbers: Vec<RawFd> = entries
        .flatten()
        .filter_map(|e| e.file_name().to_str()?.parse().ok())
        .collect();
    let open = |number: &RawFd| *number > 2 && std::fs::read_link(format!("/proc/self/fd/{number}")).is_ok();
    for number in numbers.into_iter().filter(open) {
        #[expect(unsafe_code, reason = "nothing safe closes a descriptor that nobody here owns")]
        // SAFETY: This process has one thread and has opened nothing yet but the directory above, which is closed again,
        // so no value owns the descriptor.
        unsafe {
            rustix::io::close(number);
        }
    }
}

/// Returns the exit code as a shell would have it.
pub(super) fn exit_code(status: ExitStatus) -> i32 {
    status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .unwrap_or(super::FAILED)
}

/// Takes the sandbox for this process; false if another one had it first.
fn claim(state: &Path) -> Result<bool, Error> {
    let mine = state.join(format!("supervisor.{}", std::process::id()));
    write(&mine, &identity(std::process::id())?)?;
    let taken = std::fs::hard_link(&mine, state.join("supervisor.json"));
    let _ = std::fs::remove_file(&mine);
    match taken {
        Ok(()) => sync_dir(state).map(|()| true),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(step(format!("Claiming {}", state.display()))(e)),
    }
}

/// Starts the inner stages and returns once the program runs.
fn begin(plan: &Plan, args: &[OsString]) -> Result<Child, Error> {
    let mut child = Command::new("/proc/self/exe")
        .args(["confine", "unshare"])
        .args(args.iter().skip(1))
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(step("Starting the second stage"))?;
    let begun = negotiate(plan, &mut child);
    if begun.is_err() {
        let _ = child.kill();
        let _ = child.wait();
    }
    begun.map(|()| child)
}

fn negotiate(plan: &Plan, child: &mut Child) -> Result<(), Error> {
    let (Some(mut go), Some(lines)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(Error::Inner("The second stage has no pipes.".into()));
    };
    let mut lines = BufReader::new(lines).take(16 * 1024);
    expect(&mut lines, "unshared")?;
    map_user(plan, child.id(), &mut go)?;
    let init = expect(&mut lines, "init ")?;
    let init = init
        .parse()
        .map_err(|_| Error::Inner(format!("The second stage said {init:?}.")))?;
    record(&plan.state, "init.json", &identity(init)?)?;
    go.write_all(b"run\n").map_err(step("Letting the sandbox run"))?;
    expect(&mut lines, "ready").map(|_| ())?;
    // The pipe closes when the program has taken the place of the last stage; a failure to is said before.
    let mut last = String::new();
    lines.read_line(&mut last).map_err(step("Hearing from the sandbox"))?;
    if last.is_empty() {
        Ok(())
    } else {
        Err(Error::Inner(reason(&last)))
    }
}

/// Reads a line that begins with `wanted` and returns what follows.
fn expect(lines: &mut impl BufRead, wanted: &str) -> Result<String, Error> {
    let mut line = String::new();
    lines.read_line(&mut line).map_err(step("Hearing from the sandbox"))?;
    line.trim_end()
        .strip_prefix(wanted)
        .map(String::from)
        .ok_or_else(|| Error::Inner(reason(&line)))
}

fn reason(line: &str) -> String {
    let said = line.trim();
    match said.strip_prefix("failed: ") {
        Some(reason) => reason.to_owned(),
        None => format!("The sandbox ended before its program began (it said {said:?})."),
    }
}

/// Gives the second stage its identity inside: root only maps itself beside the sandbox's user, as it builds the root
/// directory with its own rights before it becomes that user.
fn map_user(plan: &Plan, pid: u32, go: &mut ChildStdin) -> Result<(), Error> {
    let as_root = rustix::process::geteuid().is_root();
    let map = |id: u32| {
        if as_root {
            format!("0 0 1\n{id} {id} 1\n")
        } else {
            format!("{id} {id} 1\n")
        }
    };
    let write = |file: &str, text: &str| {
        std::fs::write(format!("/proc/{pid}/{file}"), text).map_err(|source| Error::Step {
            doing: format!("Writing {file} of the user namespace"),
            source,
            hint: NO_NAMESPACES,
        })
    };
    write("uid_map", &map(plan.user))?;
    if !as_root {
        write("setgroups", "deny")?;
    }
    write("gid_map", &map(plan.group))?;
    go.write_all(b"go\n").map_err(step("Letting the sandbox go on"))
}

/// Describes a process so that another one with its identifier is not taken for it.
fn identity(pid: u32) -> Result<String, Error> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).map_err(step("Reading /proc"))?;
    let boot =
        std::fs::read_to_string("/proc/sys/kernel/random/boot_id").map_err(step("Reading the boot identifier"))?;
    // The second field may hold anything, in parentheses; the start time is the twentieth after it.
    let start = stat
        .rsplit_once(')')
        .and_then(|(_, rest)| rest.split_whitespace().nth(19));
    let start = start.ok_or_else(|| Error::Inner(format!("/proc/{pid}/stat has no start time.")))?;
    Ok(format!(
        "{{\"pid\":{pid},\"start\":{start},\"boot\":\"{}\"}}",
        boot.trim()
    ))
}

/// Writes a record that is complete whenever it exists.
fn record(state: &Path, name: &str, text: &str) -> Result<(), Error> {
    let new = state.join(format!("{name}.new"));
    write(&new, text)?;
    std::fs::rename(&new, state.join(name)).map_err(step(format!("Writing {name}")))?;
    sync_dir(state)
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    let written =
        File::create(path).and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(step(format!("Writing {}", path.display())))
}

fn sync_dir(state: &Path) -> Result<(), Error> {
    File::open(state)
        .and_then(|dir| dir.sync_all())
        .map_err(step(format!("Syncing {}", state.display())))
}

/// Makes this process die with its parent, which it would otherwise outlive unseen.
pub(super) fn die_with_parent() -> Result<(), Error> {
    let parent = rustix::process::getppid();
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(step("Tying a stage to its parent"))?;
    // A parent of another process namespace has no identifier here, before and after.
    if rustix::process::getppid() == parent && parent != Some(Pid::INIT) {
        Ok(())
    } else {
        Err(Error::Inner("The stage outside is gone.".into()))
    }
}
