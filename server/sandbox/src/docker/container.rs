//! A sandbox in the engine's terms: what a container is created from, and what its state means.

use std::collections::HashMap;

use aca_protocol::agent::{files, inside};
use bollard::models::{
    ContainerCreateBody, ContainerState, ContainerStateStatusEnum, HostConfig, HostConfigCgroupnsModeEnum,
    HostConfigLogConfig, Mount as EngineMount, MountType, ResourcesUlimits, RestartPolicy, RestartPolicyNameEnum,
};

use crate::backend::Status;
use crate::spec::Mount;
use crate::{Error, SandboxSpec, sandbox_user};

/// Replaces the engine's own profile, which lets AF_VSOCK, io_uring and ptrace through.
const SECCOMP: &str = include_str!("../../../../docker/seccomp.json");
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/aca/bin";
/// The largest file a program inside may write, in bytes.
const FILE_SIZE: i64 = 2 << 30;

/// Returns what the engine creates the container of `spec` from. `mounts` are the specification's own, checked; `cpus`
/// is how many processors the engine has, as it refuses a limit above.
pub(super) fn body(spec: &SandboxSpec, mounts: &[Mount], image: &str, cpus: f64) -> Result<ContainerCreateBody, Error> {
    let (uid, gid) = sandbox_user();
    let mut command = spec.command.iter().cloned();
    Ok(ContainerCreateBody {
        image: Some(image.to_owned()),
        user: Some(format!("{uid}:{gid}")),
        entrypoint: Some(command.by_ref().take(1).collect()),
        cmd: Some(command.collect()),
        working_dir: Some(text(spec, &spec.workspace)?),
        env: Some(environment()),
        labels: Some(spec.labels.clone().into_iter().collect()),
        network_disabled: Some(true),
        host_config: Some(host_config(spec, mounts, cpus)?),
        ..ContainerCreateBody::default()
    })
}

fn environment() -> Vec<String> {
    let home = format!("HOME={}/{}", inside::OUT, files::HOME);
    vec![
        format!("PATH={PATH}"),
        home,
        "LANG=C.UTF-8".into(),
        "TMPDIR=/tmp".into(),
    ]
}

/// Nothing of this comes from a caller but the mounts and the limits.
fn host_config(spec: &SandboxSpec, mounts: &[Mount], cpus: f64) -> Result<HostConfig, Error> {
    let seccomp = format!("seccomp={SECCOMP}");
    let memory = i64::try_from(spec.limits.memory_bytes).unwrap_or(i64::MAX);
    Ok(HostConfig {
        network_mode: Some("none".into()),
        readonly_rootfs: Some(true),
        cap_drop: Some(vec!["ALL".into()]),
        security_opt: Some(vec!["no-new-privileges:true".into(), seccomp]),
        privileged: Some(false),
        ipc_mode: Some("private".into()),
        cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
        pids_limit: Some(i64::from(spec.limits.pids)),
        memory: Some(memory),
        // Equal to the memory limit: no swap.
        memory_swap: Some(memory),
        nano_cpus: Some(nano_cpus(spec.limits.cpus.min(cpus))),
        oom_score_adj: Some(500),
        ulimits: Some(ulimits()),
        tmpfs: Some(tmpfs(spec, mounts)),
        mounts: Some(mounts.iter().map(|m| engine_mount(spec, m)).collect::<Result<_, _>>()?),
        // The agent is process 1 and reaps.
        init: Some(false),
        publish_all_ports: Some(false),
        auto_remove: Some(false),
        restart_policy: Some(RestartPolicy {
            name: Some(RestartPolicyNameEnum::NO),
            maximum_retry_count: None,
        }),
        // The journal is the record. A log that a program inside floods keeps the engine busy, and holds a kill up for
        // seconds; measured: json-file 2.3 s, none 0.2 s.
        log_config: Some(HostConfigLogConfig {
            typ: Some("none".into()),
            config: None,
        }),
        ..HostConfig::default()
    })
}

#[expect(clippy::cast_possible_truncation, reason = "a number of processors is small")]
fn nano_cpus(cpus: f64) -> i64 {
    (cpus * 1e9) as i64
}

fn ulimits() -> Vec<ResourcesUlimits> {
    let limit = |name: &str, soft, hard| ResourcesUlimits {
        name: Some(name.into()),
        soft: Some(soft),
        hard: Some(hard),
    };
    vec![
        limit("nofile", 4096, 8192),
        limit("core", 0, 0),
        limit("fsize", FILE_SIZE, FILE_SIZE),
    ]
}

fn tmpfs(spec: &SandboxSpec, mounts: &[Mount]) -> HashMap<String, String> {
    let size = spec.limits.tmp_bytes;
    // Tests and builds run programs from /tmp, so it is not `noexec`, which would be the engine's default.
    let mut tmpfs = HashMap::from([("/tmp".to_owned(), format!("rw,exec,nosuid,nodev,size={size},mode=1777"))]);
    // An image's /root is closed to the sandbox's user, and a root user's workspace may lie in it.
    if mounts.iter().any(|m| m.target.starts_with("/root")) {
        tmpfs.insert("/root".to_owned(), "rw,nosuid,nodev,size=64k,mode=0755".to_owned());
    }
    tmpfs
}

fn engine_mount(spec: &SandboxSpec, mount: &Mount) -> Result<EngineMount, Error> {
    Ok(EngineMount {
        typ: Some(MountType::BIND),
        source: Some(text(spec, &mount.source)?),
        target: Some(text(spec, &mount.target)?),
        read_only: Some(!mount.writable),
        ..EngineMount::default()
    })
}

fn text(spec: &SandboxSpec, path: &std::path::Path) -> Result<String, Error> {
    path.to_str().map(String::from).ok_or_else(|| Error::BadSpec {
        name: spec.name.clone(),
        reason: format!("The path {} is not UTF-8.", path.display()),
    })
}

/// Says what the engine's state of a container means.
pub(super) fn status(state: Option<&ContainerState>) -> Status {
    use ContainerStateStatusEnum as Engine;
    let Some(state) = state else { return Status::Absent };
    // A power cut can take an engine's record back to "created" although the container ran.
    let never_started = state.started_at.as_deref().is_none_or(|at| at.starts_with("0001-"));
    match state.status {
        Some(Engine::CREATED) if never_started => Status::Created,
        Some(Engine::PAUSED) => Status::Held,
        Some(Engine::RUNNING | Engine::RESTARTING) => Status::Running,
        _ => Status::Exited {
            code: state.exit_code.unwrap_or(255),
            oom: state.oom_killed.unwrap_or(false),
        },
    }
}

#[cfg(test)]
mod tests;
