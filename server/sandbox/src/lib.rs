//! Sandboxes: where an attempt runs, and nothing of what it does there.
//!
//! A [`Backend`] starts a sandbox under the attempt's name at most once, whatever crashes in between, gives a byte
//! stream to the agent inside, and ends it at once when asked. [`Docker`] is the backend for work; [`Process`] confines
//! a plain process where no container engine runs, and is only ever chosen by name.

mod backend;
mod docker;
mod error;
mod process;
mod spec;

pub use backend::{Backend, ByteStream, FENCE_LABEL, Found, Load, Status, Stream};
pub use docker::{Belonging, BelongingKind, Diagnosis, Docker, DockerConfig};
pub use error::Error;
pub use process::{Process, ProcessConfig};
pub use spec::{Limits, SandboxSpec};

/// The user of every sandbox when aca itself runs as root.
const NOBODY_IN_PARTICULAR: u32 = 65532;

/// Returns the host user and group identifiers that programs in a sandbox run under: the caller's own, so that the
/// files they write are the caller's, or 65532:65532 when the caller is root.
///
/// A caller that is root gives the checkout and the attempt's directory to that user before it starts a sandbox.
#[must_use]
pub fn sandbox_user() -> (u32, u32) {
    let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
    if uid.is_root() {
        (NOBODY_IN_PARTICULAR, NOBODY_IN_PARTICULAR)
    } else {
        (uid.as_raw(), gid.as_raw())
    }
}
