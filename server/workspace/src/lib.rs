//! The user's files: TODO scan, snapshots, landing.
