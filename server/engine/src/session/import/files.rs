//! The files of an export: exactly those of its manifest, each with its hash, copied before anything is made of them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::session::hostile::{self, Found};
use crate::session::package::{FORMAT, ListedFile, Manifest, SessionFile, is_path, names};

/// How large the two files that are read whole may be, in bytes.
const MAX_META: u64 = 64 << 20;

/// How many files a package may have.
const MAX_FILES: usize = 100_000;

/// How large a package may be, in bytes.
const MAX_BYTES: u64 = 64 << 30;

/// Copies the package in `from` to the new directory `to` and returns what it says the session is. Patches and other
/// files that only people read are checked and not copied.
///
/// # Errors
///
/// A sentence, if it is not the package that was written.
pub(super) fn take(from: &Path, to: &Path) -> Result<SessionFile, String> {
    if !from.is_dir() {
        return Err("there is no such directory. Name the directory that an export has made.".to_owned());
    }
    let mut listed = manifest(from)?;
    hostile::walk(from, &|_| true, &mut |found| match found {
        Found::File { path, .. } if path == names::MANIFEST => Ok(()),
        Found::File { path, file } => {
            let expected = listed.remove(&path);
            let expected = expected.ok_or_else(|| format!("the file {path} is not in its manifest."))?;
            let to = is_needed(&path).then(|| to.join(&path));
            copy(file, &expected, to.as_deref()).map_err(|error| format!("the file {path} {error}."))
        }
        Found::Odd { path, reason } => Err(format!("{path} cannot be taken: {reason}.")),
    })?;
    if let Some(missing) = listed.keys().next() {
        return Err(format!("the file {missing} is missing."));
    }
    let session: SessionFile = read_json(&to.join(names::SESSION), names::SESSION)?;
    check_format(session.format)?;
    Ok(session)
}

/// Reads the manifest and returns the files that it lists, by path.
fn manifest(from: &Path) -> Result<BTreeMap<String, ListedFile>, String> {
    #[derive(serde::Deserialize)]
    struct Format {
        format: u32,
    }
    let path = from.join(names::MANIFEST);
    let Format { format } = read_json(&path, names::MANIFEST)?;
    check_format(format)?;
    let manifest: Manifest = read_json(&path, names::MANIFEST)?;
    let bytes = manifest
        .files
        .iter()
        .try_fold(0, |sum: u64, file| sum.checked_add(file.bytes));
    if manifest.files.len() > MAX_FILES || bytes.is_none_or(|bytes| bytes > MAX_BYTES) {
        return Err("it is larger than a session can be.".to_owned());
    }
    let mut listed = BTreeMap::new();
    for file in manifest.files {
        if !is_path(&file.path) || file.path == names::MANIFEST {
            return Err(format!(
                "its manifest lists {:?}, which is no path of a file in it.",
                file.path
            ));
        }
        if let Some(twice) = listed.insert(file.path.clone(), file) {
            return Err(format!("its manifest lists {} twice.", twice.path));
        }
    }
    Ok(listed)
}

fn check_format(format: u32) -> Result<(), String> {
    if format == FORMAT {
        return Ok(());
    }
    Err(format!(
        "it has format {format}, and this aca reads format {FORMAT}. Use the aca that wrote it, or a newer one."
    ))
}

/// Whether something is made of a file, so that it must not change any more.
fn is_needed(path: &str) -> bool {
    let attempts = [names::CLAUDE, names::LOGS].map(|dir| format!("{dir}/"));
    [names::SESSION, names::EVENTS, names::OBJECTS].contains(&path) || attempts.iter().any(|dir| path.starts_with(dir))
}

/// Copies a file if there is a place for it, and compares it with what the manifest says.
fn copy(mut from: File, expected: &ListedFile, to: Option<&Path>) -> Result<(), String> {
    let unwritten = |error: std::io::Error| format!("cannot be copied: {error}");
    let mut out = None;
    if let Some(to) = to {
        crate::session::private_dir(to.parent().unwrap_or(to)).map_err(unwritten)?;
        let made = File::options().write(true).create_new(true).mode(0o600).open(to);
        out = Some(made.map_err(unwritten)?);
    }
    let (mut hash, mut bytes) = (Sha256::new(), 0_u64);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = from
            .read(&mut buffer)
            .map_err(|error| format!("cannot be read: {error}"))?;
        let chunk = buffer.get(..read).unwrap_or_default();
        bytes += read as u64;
        if chunk.is_empty() || bytes > expected.bytes {
            break;
        }
        hash.update(chunk);
        if let Some(out) = &mut out {
            out.write_all(chunk).map_err(unwritten)?;
        }
    }
    if bytes != expected.bytes || crate::session::hex(&hash.finalize()) != expected.sha256 {
        return Err("is not the one that was exported".to_owned());
    }
    Ok(())
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path, name: &str) -> Result<T, String> {
    let read = || {
        let mut bytes = Vec::new();
        crate::staging::open_regular(path)?
            .take(MAX_META)
            .read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(bytes)
    };
    let bytes = read().map_err(|error| format!("{name} cannot be read: {error}. It may not be an export of aca."))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{name} is not understood: {error}."))
}
