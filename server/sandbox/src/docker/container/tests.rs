//! What a container is created from, and what its state means.

use super::*;
use crate::Limits;
use crate::spec::tests::spec;

fn made(change: impl FnOnce(&mut SandboxSpec)) -> ContainerCreateBody {
    let (_dir, mut spec) = spec();
    change(&mut spec);
    body(&spec, &spec.mounts().unwrap(), "image:tag", 2.0).unwrap()
}

fn host(change: impl FnOnce(&mut SandboxSpec)) -> HostConfig {
    made(change).host_config.unwrap()
}

#[test]
fn the_sandbox_is_closed() {
    let host = host(|_| ());
    assert_eq!(host.network_mode.as_deref(), Some("none"));
    assert_eq!(host.readonly_rootfs, Some(true));
    assert_eq!(host.cap_drop, Some(vec!["ALL".to_owned()]));
    assert_eq!(host.privileged, Some(false));
    assert_eq!(
        (host.cap_add, host.devices, host.binds, host.pid_mode, host.userns_mode),
        (None, None, None, None, None)
    );
    let options = host.security_opt.unwrap();
    assert!(options.contains(&"no-new-privileges:true".to_owned()));
    let seccomp = options.iter().find_map(|o| o.strip_prefix("seccomp=")).unwrap();
    let profile: serde_json::Value = serde_json::from_str(seccomp).unwrap();
    assert_eq!(profile["defaultAction"], "SCMP_ACT_ERRNO");
}

#[test]
fn the_profile_allows_nothing_that_opens_the_sandbox() {
    let profile: serde_json::Value = serde_json::from_str(SECCOMP).unwrap();
    let rules = profile["syscalls"].as_array().unwrap();
    let allowed = rules
        .iter()
        .filter(|rule| rule["action"] == "SCMP_ACT_ALLOW" && rule.get("args").is_none());
    let allowed: Vec<&str> = allowed
        .flat_map(|r| r["names"].as_array().unwrap())
        .map(|n| n.as_str().unwrap())
        .collect();
    let closed = "mount umount2 move_mount open_tree fsopen pivot_root chroot unshare setns clone clone3 bpf keyctl add_key \
        request_key ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd perf_event_open userfaultfd memfd_secret \
        io_uring_setup io_uring_enter io_uring_register socket socketcall name_to_handle_at open_by_handle_at init_module \
        finit_module kexec_load reboot swapon sethostname settimeofday clock_settime adjtimex syslog quotactl acct \
        iopl ioperm mbind set_mempolicy personality fanotify_init lookup_dcookie modify_ldt vhangup";
    for name in closed.split_whitespace() {
        assert!(!allowed.contains(&name), "{name} is allowed");
    }
    for name in "read write openat execve futex epoll_wait rseq statx".split_whitespace() {
        assert!(allowed.contains(&name), "{name} is not allowed");
    }
}

#[test]
fn the_agent_is_process_one_and_runs_once() {
    let body = made(|_| ());
    assert_eq!(body.entrypoint, Some(vec!["/aca/bin/aca-agent".to_owned()]));
    assert_eq!(body.cmd, Some(["run", "--out", "/aca/out"].map(String::from).to_vec()));
    assert_eq!(body.working_dir.as_deref(), Some("/home/u/project"));
    assert_eq!(
        body.labels.unwrap().get("aca.attempt").map(String::as_str),
        Some("attempt-1")
    );
    let (uid, gid) = sandbox_user();
    assert_eq!(body.user, Some(format!("{uid}:{gid}")));
    assert!(!body.user.unwrap().starts_with("0:"));
    let host = body.host_config.unwrap();
    assert_eq!(host.restart_policy.unwrap().name, Some(RestartPolicyNameEnum::NO));
    assert_eq!((host.auto_remove, host.init), (Some(false), Some(false)));
    assert_eq!((body.attach_stdout, body.attach_stderr, body.tty), (None, None, None));
}

#[test]
fn only_the_workspace_and_the_attempt_are_writable() {
    let (dir, spec) = spec();
    let objects = dir.path().join("objects.git");
    std::fs::create_dir(&objects).unwrap();
    let spec = SandboxSpec {
        claude: Some(spec.agent.clone()),
        read_only: vec![objects.clone()],
        ..spec
    };
    let host = body(&spec, &spec.mounts().unwrap(), "i", 2.0)
        .unwrap()
        .host_config
        .unwrap();
    let mounts: Vec<_> = host
        .mounts
        .unwrap()
        .into_iter()
        .map(|m| (m.target.unwrap(), m.read_only.unwrap()))
        .collect();
    let expected = [
        ("/home/u/project", false),
        ("/aca/out", false),
        ("/aca/bin/aca-agent", true),
        ("/aca/bin/claude", true),
        (objects.to_str().unwrap(), true),
    ];
    assert_eq!(
        mounts,
        expected.map(|(target, read_only)| (target.to_owned(), read_only))
    );
}

#[test]
fn limits_are_passed_on() {
    let limits = Limits {
        memory_bytes: 1 << 30,
        cpus: 1.5,
        pids: 99,
        tmp_bytes: 1 << 20,
    };
    let given = host(|s| s.limits = limits);
    assert_eq!((given.memory, given.memory_swap), (Some(1 << 30), Some(1 << 30)));
    assert_eq!((given.nano_cpus, given.pids_limit), (Some(1_500_000_000), Some(99)));
    assert_eq!(
        given.tmpfs.unwrap()["/tmp"],
        "rw,exec,nosuid,nodev,size=1048576,mode=1777"
    );
    // The engine refuses more processors than it has.
    assert_eq!(host(|s| s.limits.cpus = 64.0).nano_cpus, Some(2_000_000_000));
}

#[test]
fn a_workspace_of_root_can_be_reached() {
    assert!(!host(|_| ()).tmpfs.unwrap().contains_key("/root"));
    assert!(
        host(|s| s.workspace = "/root/project".into())
            .tmpfs
            .unwrap()
            .contains_key("/root")
    );
}

#[test]
fn only_what_never_ran_counts_as_created() {
    use ContainerStateStatusEnum as Engine;
    let never = "0001-01-01T00:00:00Z";
    let once = "2026-01-01T00:00:00Z";
    let exited = |code| Status::Exited { code, oom: false };
    let cases = [
        (Engine::CREATED, never, Status::Created),
        (Engine::CREATED, once, exited(7)),
        (Engine::RUNNING, once, Status::Running),
        (Engine::PAUSED, once, Status::Held),
        (Engine::EXITED, once, exited(7)),
        (Engine::DEAD, once, exited(7)),
    ];
    for (engine, started, expected) in cases {
        let state = ContainerState {
            status: Some(engine),
            started_at: Some(started.into()),
            exit_code: Some(7),
            ..ContainerState::default()
        };
        assert_eq!(status(Some(&state)), expected, "{engine} {started}");
    }
    assert_eq!(status(None), Status::Absent);
}
