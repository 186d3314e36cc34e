//! The root directory of the sandbox: a file system in memory with the host's programs, read-only, and what the plan
//! shows; then the host's own is let go.

use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::StatVfsMountFlags;
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind_recursive, mount_change, mount_remount, unmount,
};
use rustix::process::pivot_root;

use super::args::{Mount, Plan};
use super::supervise::die_with_parent;
use super::{Error, loopback, step};

/// The host's root directory while the new one is built.
const HOST: &str = "/host";
/// The new root directory while it is built.
const NEW: &str = "/new";
/// Directories of programs and libraries.
const PROGRAMS: &[&str] = &["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
/// What programs need of the host's configuration; none of it is secret.
const CONFIGURATION: &[&str] = &[
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
];
const DEVICES: &[&str] = &["null", "zero", "full", "random", "urandom", "tty"];
const LINKS: &[(&str, &str)] = &[
    ("/proc/self/fd", "dev/fd"),
    ("/proc/self/fd/0", "dev/stdin"),
    ("/proc/self/fd/1", "dev/stdout"),
    ("/proc/self/fd/2", "dev/stderr"),
];

/// Builds the root directory and enters it.
pub(super) fn run(plan: &Plan) -> Result<(), Error> {
    die_with_parent()?;
    wait_for_go()?;
    match loopback::up() {
        Err(e) if !plan.weaker => return Err(e),
        _ => {}
    }
    let everything = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", everything).map_err(step("Detaching the mounts from the host's"))?;
    stand_aside(plan)?;
    let quiet = MountFlags::NOSUID | MountFlags::NODEV;
    mount("sandbox", NEW, "tmpfs", quiet, Some(c"mode=0755,size=1m")).map_err(step("Mounting the root directory"))?;
    programs()?;
    configuration(plan)?;
    devices()?;
    scratch(plan)?;
    for shown in &plan.mounts {
        show(shown)?;
    }
    processes()?;
    seal()
}

/// The stage outside writes down which process this is before it does anything.
fn wait_for_go() -> Result<(), Error> {
    let mut nothing = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut nothing)
        .map(|_| ())
        .map_err(step("Hearing from outside"))
}

/// Makes the host's root directory an ordinary one beside the new, so that nothing mounted hides what it shows.
fn stand_aside(plan: &Plan) -> Result<(), Error> {
    // Any directory will do to mount over; this one is sure to exist.
    let base = plan
        .mounts
        .iter()
        .find(|m| m.writable)
        .map_or(Path::new("/tmp"), |m| m.source.as_path());
    mount(
        "sandbox",
        base,
        "tmpfs",
        MountFlags::NOSUID | MountFlags::NODEV,
        Some(c"mode=0755,size=1m"),
    )
    .map_err(step("Mounting a file system in memory"))?;
    for dir in [HOST, NEW] {
        fs::create_dir(base.join(dir.trim_start_matches('/'))).map_err(step("Making a directory"))?;
    }
    std::env::set_current_dir(base).map_err(step("Changing directory"))?;
    pivot_root(".", HOST.trim_start_matches('/')).map_err(step("Changing the root directory"))?;
    std::env::set_current_dir("/").map_err(step("Changing directory"))
}

fn inside(target: impl AsRef<Path>) -> PathBuf {
    Path::new(NEW).join(target.as_ref().strip_prefix("/").unwrap_or(target.as_ref()))
}

fn outside(source: impl AsRef<Path>) -> PathBuf {
    Path::new(HOST).join(source.as_ref().strip_prefix("/").unwrap_or(source.as_ref()))
}

fn programs() -> Result<(), Error> {
    for dir in PROGRAMS {
        match fs::symlink_metadata(outside(dir)) {
            Ok(meta) if meta.is_symlink() => {
                let target = fs::read_link(outside(dir)).map_err(step(format!("Reading the link {dir}")))?;
                symlink(target, inside(dir)).map_err(step(format!("Making the link {dir}")))?;
            }
            Ok(meta) if meta.is_dir() => show(&read_only(dir))?,
            _ => {}
        }
    }
    Ok(())
}

fn read_only(path: &str) -> Mount {
    Mount {
        source: path.into(),
        target: path.into(),
        writable: false,
    }
}

fn configuration(plan: &Plan) -> Result<(), Error> {
    let (user, group) = (plan.user, plan.group);
    make_dir(&inside("/etc"))?;
    for path in CONFIGURATION {
        // A link may lead to where the sandbox has nothing.
        if let Ok(real) = outside(path).canonicalize() {
            show(&Mount {
                source: Path::new("/").join(real.strip_prefix(HOST).unwrap_or(&real)),
                ..read_only(path)
            })?;
        }
    }
    let files = [
        (
            "passwd",
            format!("root:x:0:0::/nonexistent:/bin/sh\nagent:x:{user}:{group}::/aca/out/home:/bin/sh\n"),
        ),
        ("group", format!("root:x:0:\nagent:x:{group}:\n")),
        ("hosts", "127.0.0.1 localhost\n::1 localhost\n".to_owned()),
        (
            "nsswitch.conf",
            "passwd: files\ngroup: files\nhosts: files\n".to_owned(),
        ),
    ];
    for (name, text) in files {
        fs::write(inside("/etc").join(name), text).map_err(step(format!("Writing /etc/{name}")))?;
    }
    Ok(())
}

fn devices() -> Result<(), Error> {
    make_dir(&inside("/dev"))?;
    for name in DEVICES {
        let target = inside("/dev").join(name);
        fs::write(&target, "").map_err(step(format!("Making /dev/{name}")))?;
        let bound = mount_bind_recursive(outside("/dev").join(name), &target);
        bound.map_err(step(format!("Showing /dev/{name}")))?;
    }
    for (target, link) in LINKS {
        symlink(target, Path::new(NEW).join(link)).map_err(step(format!("Making the link /{link}")))?;
    }
    Ok(())
}

/// Directories that last as long as the sandbox.
fn scratch(plan: &Plan) -> Result<(), Error> {
    for (dir, size) in [("/tmp", plan.tmp), ("/dev/shm", plan.tmp)] {
        let options = std::ffi::CString::new(format!("mode=1777,size={size}")).unwrap_or_default();
        make_dir(&inside(dir))?;
        mount(
            "scratch",
            inside(dir),
            "tmpfs",
            MountFlags::NOSUID | MountFlags::NODEV,
            Some(options.as_c_str()),
        )
        .map_err(step(format!("Mounting {dir}")))?;
    }
    Ok(())
}

/// Shows one directory or file of the host.
fn show(shown: &Mount) -> Result<(), Error> {
    let (source, target) = (outside(&shown.source), inside(&shown.target));
    let doing = || format!("Showing {} in the sandbox", shown.source.display());
    if fs::metadata(&source).map_err(step(doing()))?.is_dir() {
        make_dir(&target)?;
    } else if !target.exists() {
        make_dir(target.parent().unwrap_or(Path::new(NEW)))?;
        fs::write(&target, "").map_err(step(doing()))?;
    }
    mount_bind_recursive(&source, &target).map_err(step(doing()))?;
    for mounted in mounts_below(&target)? {
        restrict(&mounted, shown.writable).map_err(step(doing()))?;
    }
    Ok(())
}

fn make_dir(dir: &Path) -> Result<(), Error> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o755).create(dir);
    made.map_err(step(format!("Making the directory {}", dir.display())))
}

/// Takes set-user-id, devices and, unless `writable`, writing from one mount. What the host took from it stays taken,
/// as the kernel demands.
fn restrict(mounted: &Path, writable: bool) -> std::io::Result<()> {
    let had = rustix::fs::statvfs(mounted)?.f_flag;
    let mut flags = MountFlags::BIND | MountFlags::NOSUID | MountFlags::NODEV;
    let kept = [
        (StatVfsMountFlags::RDONLY, MountFlags::RDONLY),
        (StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
        (StatVfsMountFlags::NOATIME, MountFlags::NOATIME),
        (StatVfsMountFlags::NODIRATIME, MountFlags::NODIRATIME),
        (StatVfsMountFlags::RELATIME, MountFlags::RELATIME),
    ];
    for (flag, keep) in kept {
        flags.set(keep, had.contains(flag));
    }
    if !writable {
        flags |= MountFlags::RDONLY;
    }
    Ok(mount_remount(mounted, flags, "")?)
}

/// Returns the mount at `target` and those within it.
fn mounts_below(target: &Path) -> Result<Vec<PathBuf>, Error> {
    let text = fs::read(outside("/proc/self/mountinfo")).map_err(step("Reading the mounts"))?;
    let points = text
        .split(|b| *b == b'\n')
        .filter_map(|line| line.split(|b| *b == b' ').nth(4));
    Ok(points.map(unescape).filter(|point| point.starts_with(target)).collect())
}

/// Undoes the kernel's `\ooo` for spaces and the like.
fn unescape(escaped: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some((first, after)) = rest.split_first() {
        let octal = after.get(..3).and_then(|o| std::str::from_utf8(o).ok());
        match octal.and_then(|o| u8::from_str_radix(o, 8).ok()) {
            Some(byte) if *first == b'\\' => {
                bytes.push(byte);
                rest = after.get(3..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    OsString::from_vec(bytes).into()
}

/// Shows the sandbox its own processes, and forbids it namespaces of its own, in which it would have capabilities.
fn processes() -> Result<(), Error> {
    let proc = inside("/proc");
    make_dir(&proc)?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("proc", &proc, "proc", flags, None).map_err(|e| Error::Step {
        doing: "Mounting /proc".into(),
        source: e.into(),
        hint: " Inside another container the kernel allows it only where that one's /proc is not masked.",
    })?;
    fs::write(proc.join("sys/user/max_user_namespaces"), "0").map_err(step("Forbidding further namespaces"))
}

/// Makes the root directory read-only, enters it and lets the host's go.
fn seal() -> Result<(), Error> {
    let flags = MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV;
    mount_remount(NEW, flags, "").map_err(step("Making the root directory read-only"))?;
    std::env::set_current_dir(NEW).map_err(step("Changing directory"))?;
    pivot_root(".", ".").map_err(step("Changing the root directory"))?;
    unmount(".", UnmountFlags::DETACH).map_err(step("Letting the host's directories go"))?;
    std::env::set_current_dir("/").map_err(step("Changing directory"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn mount_points_are_unescaped() {
        let cases = [
            ("/a", "/a"),
            (r"/a\040b", "/a b"),
            (r"/a\134040", r"/a\040"),
            (r"/a\04", r"/a\04"),
            (r"/\", r"/\"),
        ];
        for (escaped, plain) in cases {
            assert_eq!(unescape(escaped.as_bytes()).as_os_str().as_bytes(), plain.as_bytes());
        }
    }

    #[test]
    fn paths_stay_below_their_roots() {
        assert_eq!(inside("/a/b"), Path::new("/new/a/b"));
        assert_eq!(outside("/"), Path::new("/host"));
    }
}
