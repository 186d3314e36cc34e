//! The user's files: TODO scan, snapshots, watching, landing.

pub mod landing;
pub mod objects;
pub mod paths;
pub mod todo;
pub mod watch;
