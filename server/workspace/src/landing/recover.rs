//! Finds what landings left when their process was killed.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::names::{self, Stage};
use super::{Displaced, Place};

/// Returns what landings on `path` by processes that are gone have displaced, and removes what is their own.
///
/// Content that `is_known` is nothing new: what a landing expected to displace, and what it was to put in its place.
/// All other content is the user's, saved while the landing was under way; it is the [`Displaced::late_write`] of what
/// is returned.
///
/// # Errors
///
/// Those of the file system. A directory that is not there has nothing in it.
pub fn recover(place: Place<'_>, path: &str, is_known: impl Fn(&[u8]) -> bool) -> std::io::Result<Vec<Displaced>> {
    let file = place.root.join(path);
    let mut found = Vec::new();
    let beside = file
        .parent()
        .map(|dir| left_in(dir, path))
        .transpose()?
        .unwrap_or_default();
    let kept = place
        .displaced
        .map(|dir| left_in(dir, path))
        .transpose()?
        .unwrap_or_default();
    for (left, stage) in beside.iter().chain(&kept) {
        if *stage == Stage::Unfinished {
            std::fs::remove_file(left)?;
            continue;
        }
        let mut displaced = Displaced::left(open(left)?, left.clone(), &is_known)?;
        if let Some(kept) = place.displaced {
            displaced.move_to(kept);
        }
        found.push(displaced);
    }
    Ok(found)
}

/// Returns the plain files in a directory that a landing on `path` left.
fn left_in(dir: &Path, path: &str) -> std::io::Result<Vec<(std::path::PathBuf, Stage)>> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut left = Vec::new();
    for entry in entries {
        let entry = entry?;
        let stage = entry.file_name().to_str().and_then(|name| names::abandoned(name, path));
        if let Some(stage) = stage
            && entry.file_type()?.is_file()
        {
            left.push((entry.path(), stage));
        }
    }
    Ok(left)
}

/// Opens a file as long as it is a plain one.
fn open(path: &Path) -> std::io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(Error::other(format!("{} is not a plain file any more", path.display()))),
    }
}
