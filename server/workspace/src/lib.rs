//! The user's files: TODO scan, snapshots, landing.

pub mod landing;
pub mod objects;
pub mod paths;

pub mod todo;
