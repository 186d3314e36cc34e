//! Which specifications are refused.

use super::*;

/// Returns a specification that is fine, and the directory that holds what it shows.
pub(crate) fn spec() -> (tempfile::TempDir, SandboxSpec) {
    let dir = tempfile::tempdir().unwrap();
    for sub in ["work", "out"] {
        std::fs::create_dir(dir.path().join(sub)).unwrap();
    }
    std::fs::write(dir.path().join("aca-agent"), "").unwrap();
    let spec = SandboxSpec {
        name: "attempt-1".into(),
        labels: BTreeMap::from([("aca.attempt".to_owned(), "attempt-1".to_owned())]),
        workspace_source: dir.path().join("work"),
        workspace: "/home/u/project".into(),
        out: dir.path().join("out"),
        agent: dir.path().join("aca-agent"),
        claude: None,
        read_only: vec![],
        limits: Limits::default(),
        command: SandboxSpec::agent_command(),
    };
    (dir, spec)
}

fn reason(change: impl FnOnce(&mut SandboxSpec)) -> Option<String> {
    let (_dir, mut spec) = spec();
    change(&mut spec);
    match spec.mounts() {
        Ok(_) => None,
        Err(Error::BadSpec { reason, .. }) => Some(reason),
        Err(e) => panic!("{e}"),
    }
}

#[test]
fn a_plain_specification_is_fine() {
    assert_eq!(reason(|_| ()), None);
}

#[test]
fn names_are_limited() {
    for name in ["a1", "aca-1.b_c", &"x".repeat(128)] {
        assert_eq!(check_name(name), Ok(()), "{name}");
    }
    for name in ["", "a", ".a", "-a", "a/b", "../a", "a b", "a\n", "é1", &"x".repeat(129)] {
        assert!(check_name(name).is_err(), "{name}");
    }
}

#[test]
fn labels_are_limited() {
    for (key, value) in [
        ("aca.session", "s"),
        ("aca.x-1.y", ""),
        ("aca.task", "a title, with = and \""),
    ] {
        assert_eq!(check_label(key, value), Ok(()), "{key}");
    }
    for (key, value) in [
        ("session", "s"),
        ("aca.A", "s"),
        ("aca.a b", "s"),
        ("aca.a", "a\nb"),
        ("aca.a=b", "s"),
    ] {
        assert!(check_label(key, value).is_err(), "{key}");
    }
    assert!(check_label("aca.a", &"x".repeat(257)).is_err());
}

#[test]
fn directories_of_the_host_are_refused() {
    for path in [
        "/",
        "/etc",
        "/home",
        "/root",
        "/tmp",
        "/usr",
        "/var",
        "/proc",
        "/proc/self",
        "/sys",
        "/dev",
        "/dev/shm",
    ] {
        if Path::new(path).exists() {
            assert!(
                reason(|s| s.workspace_source = path.into()).is_some(),
                "{path} as the workspace"
            );
            assert!(
                reason(|s| s.out = path.into()).is_some(),
                "{path} as the attempt's directory"
            );
            assert!(reason(|s| s.read_only = vec![path.into()]).is_some(), "{path} to read");
        }
    }
}

#[test]
fn sockets_are_refused_even_behind_a_link() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("docker.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let link = dir.path().join("innocent");
    std::os::unix::fs::symlink(&socket, &link).unwrap();
    for path in [socket, link] {
        let refused = reason(|s| s.read_only = vec![path.clone()]).unwrap();
        assert!(refused.contains("socket"), "{refused}");
    }
}

#[test]
fn a_link_to_a_directory_of_the_host_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let link = dir.path().join("work");
    std::os::unix::fs::symlink("/etc", &link).unwrap();
    assert!(reason(|s| s.workspace_source = link).is_some());
}

#[test]
fn workspaces_cannot_cover_the_sandbox() {
    for path in [
        "/", "/aca", "/aca/bin", "/aca/out", "/etc", "/etc/x", "/proc", "/dev/x", "/usr", "/tmp", "x/y", "/a/../b",
    ] {
        assert!(reason(|s| s.workspace = path.into()).is_some(), "{path}");
    }
    for path in ["/home/u/p", "/root/p", "/tmp/p", "/a b/ü:,p", "/usr/src/p"] {
        assert_eq!(reason(|s| s.workspace = path.into()), None, "{path}");
    }
}

#[test]
fn what_is_missing_or_of_the_wrong_kind_is_refused() {
    assert!(
        reason(|s| s.workspace_source = "/nowhere/at/all".into())
            .unwrap()
            .contains("/nowhere")
    );
    assert!(
        reason(|s| s.workspace_source = s.agent.clone())
            .unwrap()
            .contains("not a directory")
    );
    assert!(reason(|s| s.agent = s.out.clone()).unwrap().contains("not a file"));
    assert!(reason(|s| s.claude = Some("/nowhere".into())).is_some());
    assert!(reason(|s| s.command = vec![]).is_some());
    assert!(reason(|s| s.command = vec!["sh".into()]).is_some());
}

#[test]
fn limits_are_limited() {
    assert!(reason(|s| s.limits.memory_bytes = 1 << 20).is_some());
    assert!(reason(|s| s.limits.cpus = 0.0).is_some());
    assert!(reason(|s| s.limits.cpus = f64::NAN).is_some());
    assert!(reason(|s| s.limits.pids = 0).is_some());
    assert!(reason(|s| s.limits.tmp_bytes = 0).is_some());
}

proptest::proptest! {
    #[test]
    fn no_name_leaves_its_directory(name in ".*") {
        if check_name(&name).is_ok() {
            let path = Path::new("/state").join(&name);
            proptest::prop_assert_eq!(path.parent(), Some(Path::new("/state")));
            proptest::prop_assert_eq!(path.file_name().and_then(|n| n.to_str()), Some(name.as_str()));
        }
    }
}
