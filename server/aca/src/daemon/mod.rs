//! The daemon: the process that owns a data directory and serves everyone else over a socket.
//!
//! ```text
//! editor ─ aca lsp ──┐                        ┌─ engine
//! editor ─ aca lsp ──┼─► socket ─► greeting ──┤
//! aca COMMAND ───────┘                        └─ one language service for each connection
//! ```
//!
//! - [`find`] is the client's way to it: it connects, starts one where there is none, and replaces an older one.
//! - [`start`] detaches a daemon from whoever needs it first, and waits until it listens.
//! - [`run`] is the life of the daemon itself.
//! - [`greeting`] is what both ends say before the language server protocol begins.
//! - [`force`] ends one that does not answer.
//! - [`note`] is what the owner of a data directory leaves for others, [`process`] what the system knows of a process.

pub(crate) mod environment;
pub(crate) mod find;
pub(crate) mod force;
pub(crate) mod greeting;
pub(crate) mod note;
pub(crate) mod process;
pub(crate) mod run;
pub(crate) mod start;

use semver::Version;

/// The name and the version of this program, as it introduces itself.
pub(crate) const PROGRAM: &str = concat!("aca/", env!("CARGO_PKG_VERSION"));

/// Returns the version of this program.
pub(crate) fn version() -> &'static str {
    PROGRAM.strip_prefix("aca/").unwrap_or(PROGRAM)
}

/// Whether a version is older than this program's. One that cannot be read is not.
pub(crate) fn is_older(version: &str) -> bool {
    let ours = Version::parse(self::version());
    let theirs = Version::parse(version);
    matches!((ours, theirs), (Ok(ours), Ok(theirs)) if theirs.cmp_precedence(&ours).is_lt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_versions_are_older() {
        for (version, expected) in [
            ("0.0.1", true),
            (version(), false),
            ("99.0.0", false),
            ("0.1.0-rc.1", true),
            ("0.1.0+build", false),
            ("new", false),
        ] {
            assert_eq!(is_older(version), expected, "{version}");
        }
    }
}
