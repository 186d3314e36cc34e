//! What a sandbox is given before it starts and what is read of it when it has ended, for attempts and checks alike.
//! Everything in a sandbox's `out` was written by a program inside it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use aca_protocol::agent::{AttemptSpec, Outcome, files};
use aca_protocol::{AttemptId, TaskId};
use aca_sandbox::{FENCE_LABEL, Limits, SandboxSpec};
use aca_workspace::objects::{Buffer, Tree};
use aca_workspace::paths;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use crate::actor::SessionContext;
use crate::config::Config;
use crate::handle::Shared;
use crate::layout::{self, AttemptDir};

/// How large an outcome may be, in bytes.
const MAX_OUTCOME: u64 = 1 << 20;

/// Returns the open documents of a workspace with the bytes that saving them would write.
pub(crate) fn unsaved(shared: &Shared, root: &Path) -> Vec<Buffer> {
    let open = shared.buffers.below(root);
    let buffer = |(path, text): (PathBuf, ropey::Rope)| {
        Some(Buffer {
            path: paths::relative(root, &path)?,
            text: crate::proposal::encode_like(&path, &text),
        })
    };
    open.into_iter().filter_map(buffer).collect()
}

/// Makes a sandbox's directory anew: the checkout of `tree`, and the specification inside and outside its reach. The
/// engine's own copy of the specification is on disk before anything that carries its hash exists.
///
/// # Errors
///
/// A sentence, if something cannot be written.
pub(crate) fn lay_out(
    session: &SessionContext,
    dir: &AttemptDir,
    tree: &Tree,
    spec: &AttemptSpec,
) -> Result<(), String> {
    let text = |error: std::io::Error| format!("{} cannot be written: {error}.", dir.path().display());
    for made in [dir.work(), dir.out(), dir.checkout()] {
        remove_tree(&made).map_err(text)?;
    }
    std::fs::create_dir_all(dir.path()).map_err(text)?;
    private(dir.path()).map_err(text)?;
    write_durably(
        &dir.spec(),
        &serde_json::to_vec(spec).map_err(|error| text(error.into()))?,
    )
    .map_err(text)?;
    let owner = Some(aca_sandbox::sandbox_user());
    let checkout = session
        .objects
        .materialize(tree, &dir.work(), owner)
        .map_err(|error| error.to_string())?;
    write_json(&dir.checkout(), &checkout).map_err(text)?;
    std::fs::create_dir_all(dir.out()).map_err(text)?;
    write_json(&dir.out().join(files::SPEC), spec).map_err(text)?;
    own(&dir.out(), owner)
        .and_then(|()| own(&dir.out().join(files::SPEC), owner))
        .map_err(text)
}

/// Returns the sandbox for what [`lay_out`] made in `dir`, with Claude Code in it if its program is given.
pub(crate) fn sandbox(
    shared: &Shared,
    session: &SessionContext,
    config: &Config,
    dir: &AttemptDir,
    (task, spec): (&TaskId, &AttemptSpec),
    claude: Option<PathBuf>,
) -> SandboxSpec {
    SandboxSpec {
        name: spec.attempt.as_str().to_owned(),
        labels: labels_with_fence(session, task, &spec.attempt, dir),
        workspace_source: dir.work(),
        workspace: session.root.clone(),
        out: dir.out(),
        agent: shared.config.agent.clone(),
        claude,
        read_only: vec![layout::objects(&session.dir).join("objects")],
        limits: Limits {
            memory_bytes: config.sandbox.memory_mb << 20,
            cpus: config.sandbox.cpus,
            pids: config.sandbox.pids,
            tmp_bytes: config.sandbox.tmp_mb << 20,
        },
        command: SandboxSpec::agent_command(),
    }
}

/// Returns what a sandbox for the specification in `dir` is known by, and no other of its name is.
pub(crate) fn labels(
    session: &SessionContext,
    task: &TaskId,
    attempt: &AttemptId,
    dir: &AttemptDir,
) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::from([
        ("aca.session".to_owned(), session.id.to_string()),
        ("aca.task".to_owned(), task.to_string()),
        ("aca.attempt".to_owned(), attempt.to_string()),
    ]);
    labels.extend(spec_hash(dir).map(|hash| ("aca.spec".to_owned(), hash)));
    labels
}

/// Returns what a new sandbox is labelled with: what it is known by, and who made it.
fn labels_with_fence(
    session: &SessionContext,
    task: &TaskId,
    attempt: &AttemptId,
    dir: &AttemptDir,
) -> BTreeMap<String, String> {
    let mut labels = labels(session, task, attempt, dir);
    labels.insert(FENCE_LABEL.to_owned(), session.fence.to_string());
    labels
}

/// Returns the hash of the specification in `dir`, as hexadecimal digits; nothing if there is none.
pub(crate) fn spec_hash(dir: &AttemptDir) -> Option<String> {
    let bytes = std::fs::read(dir.spec()).ok()?;
    Some(
        Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    )
}

/// Returns the outcome if the agent has written the one for the specification in `dir`.
///
/// # Errors
///
/// A sentence, if it is there and cannot be read or belongs to another specification.
pub(crate) fn outcome(dir: &AttemptDir) -> Result<Option<Outcome>, String> {
    let path = dir.out().join(files::OUTCOME);
    let mut bytes = Vec::new();
    match open_regular(&path).and_then(|file| file.take(MAX_OUTCOME).read_to_end(&mut bytes)) {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("The outcome {} cannot be read: {error}.", path.display())),
    }
    let outcome: Outcome = serde_json::from_slice(&bytes)
        .map_err(|error| format!("The outcome {} is not one: {error}.", path.display()))?;
    let spec: AttemptSpec = read_json(&dir.spec())?;
    if outcome.attempt != spec.attempt || outcome.nonce != spec.nonce {
        return Err(format!("The outcome {} belongs to another attempt.", path.display()));
    }
    Ok(Some(outcome))
}

/// Opens a regular file without following a link in its last component.
pub(crate) fn open_regular(path: &Path) -> std::io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let meta = file.metadata()?;
    if !meta.is_file() || meta.nlink() != 1 {
        return Err(std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            "it is not a plain file",
        ));
    }
    Ok(file)
}

/// Reads a JSON file that the engine has written itself.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{} cannot be read: {error}.", path.display()))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{} cannot be understood: {error}.", path.display()))
}

/// Writes a JSON file for the engine's own use.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> std::io::Result<()> {
    std::fs::write(path, serde_json::to_vec(value)?)
}

/// Removes a directory or file with everything below it, following no link. What is not there is removed already.
pub(crate) fn remove_tree(path: &Path) -> std::io::Result<()> {
    let removed = match path.symlink_metadata() {
        Ok(meta) if meta.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Writes a file that is whole whenever it is there, also after a power cut.
fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), |above| File::open(above)?.sync_all())
}

fn private(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o711))
}

fn own(path: &Path, owner: Option<(u32, u32)>) -> std::io::Result<()> {
    let Some((user, group)) = owner else { return Ok(()) };
    std::os::unix::fs::chown(path, Some(user), Some(group))
}
