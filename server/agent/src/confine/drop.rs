//! Giving up: what the last stage lets go of before it becomes the program.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use landlock::{ABI, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr, path_beneath_rules};
use rustix::process::{Gid, Resource, Rlimit, Uid, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::args::Plan;
use super::supervise::die_with_parent;
use super::{Error, say, step};

/// What is refused; the rest is allowed, for a task may run anything else.
const FILTER: &str = include_str!("seccomp.json");
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/aca/bin";
/// The largest file the program may write, in bytes.
const FILE_SIZE: u64 = 2 << 30;
/// How many files one process may have open.
const FILES: u64 = 8192;

/// Gives up every right and becomes the program; returns only to say why it could not.
pub(super) fn run(plan: &Plan) -> Result<i32, Error> {
    limits(plan)?;
    become_user(plan)?;
    no_capabilities()?;
    rustix::thread::set_no_new_privs(true).map_err(step("Forbidding new privileges"))?;
    // Changing user has untied this process from its parent.
    die_with_parent()?;
    landlock(plan)?;
    filter_system_calls()?;
    become_program(plan)
}

fn limits(plan: &Plan) -> Result<(), Error> {
    let fixed = |n| Rlimit {
        current: Some(n),
        maximum: Some(n),
    };
    let mut limits = vec![
        (Resource::Core, fixed(0)),
        (Resource::Fsize, fixed(FILE_SIZE)),
        (Resource::Nofile, fixed(FILES)),
        (Resource::Memlock, fixed(64 << 10)),
    ];
    if counts_per_namespace() {
        limits.push((Resource::Nproc, fixed(plan.pids)));
    }
    for (resource, limit) in limits {
        setrlimit(resource, limit).map_err(step("Setting a limit"))?;
    }
    // Where memory runs out, the sandbox goes first. It can only be asked for.
    let _ = std::fs::write("/proc/self/oom_score_adj", "500");
    Ok(())
}

/// Since Linux 5.14 processes are counted for each user namespace; before, all of the user's on the host would be.
fn counts_per_namespace() -> bool {
    let uname = rustix::system::uname();
    let release = uname.release().to_string_lossy();
    let mut numbers = release
        .split(|c: char| !c.is_ascii_digit())
        .map(|n| n.parse::<u32>().unwrap_or(0));
    (numbers.next(), numbers.next()) >= (Some(5), Some(14))
}

fn become_user(plan: &Plan) -> Result<(), Error> {
    let (uid, gid) = (Uid::from_raw(plan.user), Gid::from_raw(plan.group));
    if rustix::process::geteuid() == uid {
        return Ok(());
    }
    rustix::thread::set_thread_groups(&[]).map_err(step("Leaving groups"))?;
    rustix::thread::set_thread_res_gid(gid, gid, gid).map_err(step("Changing group"))?;
    // The capability to clear the bounding set is used after this.
    rustix::thread::set_keep_capabilities(true).map_err(step("Changing user"))?;
    rustix::thread::set_thread_res_uid(uid, uid, uid).map_err(step("Changing user"))
}

fn no_capabilities() -> Result<(), Error> {
    // The effective set is emptied by a change of user, the permitted one is not.
    let sets = rustix::thread::capabilities(None).map_err(step("Reading capabilities"))?;
    let raised = CapabilitySets {
        effective: sets.permitted,
        ..sets
    };
    rustix::thread::set_capabilities(None, raised).map_err(step("Giving up capabilities"))?;
    rustix::thread::clear_ambient_capability_set().map_err(step("Giving up capabilities"))?;
    for bit in 0..u64::BITS {
        // Beyond the last capability that the kernel knows there is nothing to give up.
        match rustix::thread::remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << bit)) {
            Err(rustix::io::Errno::INVAL) => break,
            dropped => dropped.map_err(step("Giving up capabilities"))?,
        }
    }
    let none = CapabilitySet::empty();
    let sets = CapabilitySets {
        effective: none,
        permitted: none,
        inheritable: none,
    };
    rustix::thread::set_capabilities(None, sets).map_err(step("Giving up capabilities"))
}

/// A second layer under the read-only mounts: writing only where the plan shows something writable, as far as the
/// kernel's Landlock goes.
fn landlock(plan: &Plan) -> Result<(), Error> {
    let writes = AccessFs::from_write(ABI::V3);
    let writable = plan.mounts.iter().filter(|m| m.writable).map(|m| m.target.as_path());
    let paths: Vec<&Path> = writable
        .chain([Path::new("/tmp"), Path::new("/dev"), Path::new("/proc")])
        .collect();
    let restricted = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(writes)
        .and_then(|ruleset| ruleset.create())
        .and_then(|ruleset| ruleset.add_rules(path_beneath_rules(paths, writes)))
        .and_then(|ruleset| ruleset.restrict_self());
    restricted
        .map(|_| ())
        .map_err(|e| step("Restricting writes with Landlock")(std::io::Error::other(e)))
}

/// Refuses the system calls that lead out of a sandbox or to parts of the kernel that a task has no use for.
fn filter_system_calls() -> Result<(), Error> {
    let failed = |e: &dyn std::fmt::Display| Error::Inner(format!("Filtering system calls failed: {e}."));
    let arch = std::env::consts::ARCH.try_into().map_err(|e| failed(&e))?;
    let filters = seccompiler::compile_from_json(FILTER.as_bytes(), arch).map_err(|e| failed(&e))?;
    filters
        .values()
        .try_for_each(|filter| seccompiler::apply_filter(filter).map_err(|e| failed(&e)))
}

fn become_program(plan: &Plan) -> Result<i32, Error> {
    std::env::set_current_dir(&plan.dir).map_err(step(format!("Entering {}", plan.dir.display())))?;
    let Some((program, args)) = plan.command.split_first() else {
        return Err(Error::Usage("the command is missing.".into()));
    };
    // The report's copy closes when the program starts; its own standard streams lead nowhere.
    let report = rustix::io::fcntl_dupfd_cloexec(std::io::stdout(), 3).map_err(step("Keeping the report"))?;
    say("ready");
    let nowhere = File::options()
        .read(true)
        .write(true)
        .open("/dev/null")
        .map_err(step("Opening /dev/null"))?;
    rustix::stdio::dup2_stdin(&nowhere).map_err(step("Closing the input"))?;
    rustix::stdio::dup2_stdout(&nowhere).map_err(step("Closing the output"))?;
    rustix::stdio::dup2_stderr(&nowhere).map_err(step("Closing the error output"))?;
    let home = format!(
        "{}/{}",
        aca_protocol::agent::inside::OUT,
        aca_protocol::agent::files::HOME
    );
    let error = Command::new(program)
        .args(args)
        .env_clear()
        .envs([("PATH", PATH), ("HOME", &home), ("LANG", "C.UTF-8"), ("TMPDIR", "/tmp")])
        .exec();
    let failed = format!(
        "failed: Starting {} in the sandbox failed: {error}.\n",
        program.display()
    );
    let _ = rustix::io::write(&report, failed.as_bytes());
    Err(step("Starting the program")(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_compiles_wherever_it_may_run() {
        for arch in [seccompiler::TargetArch::x86_64, seccompiler::TargetArch::aarch64] {
            let filters = seccompiler::compile_from_json(FILTER.as_bytes(), arch).unwrap();
            assert_eq!(filters.len(), 1);
        }
    }
}
