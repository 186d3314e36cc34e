//! Identifiers. Each is an opaque string on the wire and a type of its own in the code.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps a string that is known to be such an identifier.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// Returns the identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// One task tree over one workspace, with its history.
    SessionId
}
id! {
    /// A unit of work, unique within its user's data directory.
    TaskId
}
id! {
    /// One run of one task in one sandbox; also the name of that sandbox, so that it is never started twice.
    AttemptId
}
id! {
    /// A hunk of a proposal. It is computed from the hunk's content and place, so it survives restarts.
    HunkId
}
id! {
    /// A landing of hunks, or the taking back of one.
    OperationId
}
id! {
    /// A named point that a session can go back to.
    CheckpointId
}
