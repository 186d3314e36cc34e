//! Lands content in closed files of the user, so that no save of theirs is lost whenever it comes.
//!
//! A file is put into place by exchanging it with the one there (`renameat2`), and then the displaced one is looked at:
//! if it is not what was expected, the user saved in between, and the two are exchanged back. Between reading and
//! renaming there is no moment in which a save can vanish. What was displaced is kept for a while, because a program that
//! had it open may write to it still. Symbolic links are never followed.
//!
//! A [`step`] changes one file, and may be taken again after a crash at any point. Larger operations are made of steps.

mod directory;
mod displaced;
mod error;
mod exchange;
mod names;
mod recover;

use std::path::Path;

pub use displaced::Displaced;
pub use error::LandError;
pub use recover::recover;

pub(crate) use names::PREFIX;

use directory::Directory;
use exchange::Step;

/// Where landings happen.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The workspace.
    pub root: &'a Path,
    /// An existing directory outside of the workspace that only these landings use. What they displace is kept there, so
    /// that a crash does not lose what is written to it late, if it is on the same file system as the file.
    pub displaced: Option<&'a Path>,
}

/// What the user's file is expected to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect<'a> {
    /// A file with this content.
    Bytes(&'a [u8]),
    /// Not there.
    Absent,
}

/// What the user's file is to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum New<'a> {
    /// A file with this content.
    Bytes {
        /// The content.
        bytes: &'a [u8],
        /// Whether it is executable; `None` leaves that as it is.
        executable: Option<bool>,
        /// The permissions it gets where there is no file yet; `None` for those of any new file.
        permissions: Option<u32>,
    },
    /// Not there.
    Remove,
}

/// What a step has come to. The file is as it should be.
#[derive(Debug)]
pub enum Landed {
    /// It was so before.
    Already,
    /// It was changed in place (only its mode), or is new.
    Done,
    /// It was changed, and this is what was there before.
    Displaced(Displaced),
}

/// Makes the file at `path`, relative to the root, what `new` says if it is what `expect` says.
///
/// When this returns `Ok`, the change is durable and has been seen in place. Directories missing above a new file are
/// made, those empty above a removed one go away, as git has it. Mode, owner and extended attributes are kept as far as
/// this process may.
///
/// It may be taken again, whatever became of it before: a file that is what `new` says already stays as it is. After a
/// crash [`recover()`] comes first.
///
/// # Errors
///
/// [`LandError::Moved`] if the file is something else by now; compute the change anew. All others need a person. After
/// an error the user's file has the user's content.
pub fn step(place: Place<'_>, path: &str, expect: Expect<'_>, new: New<'_>) -> Result<Landed, LandError> {
    let file = place.root.join(path);
    let error = LandError::at(&file);
    crate::paths::check(path).map_err(LandError::Path)?;
    let create = expect == Expect::Absent && new != New::Remove;
    let mut dir = match Directory::open(place.root, path, create) {
        Ok(Some(dir)) => dir,
        Ok(None) if new == New::Remove => return Ok(Landed::Already),
        Ok(None) => return Err(error.moved(None)),
        Err(errno) => return Err(error.errno(errno)),
    };
    let step = Step {
        dir: &dir,
        error: &error,
        displaced: place.displaced,
    };
    let landed = match (expect, new) {
        (Expect::Bytes(old), New::Bytes { bytes, executable, .. }) => step.exchange(old, bytes, executable),
        (
            Expect::Absent,
            New::Bytes {
                bytes,
                executable,
                permissions,
            },
        ) => step.create(bytes, executable, permissions),
        (Expect::Bytes(old), New::Remove) => step.remove(old).inspect(|_| dir.remove_empty(path)),
        (Expect::Absent, New::Remove) => step.be_absent(),
    };
    if landed.is_err() {
        dir.remove_created();
    }
    landed
}

#[cfg(test)]
mod tests;
