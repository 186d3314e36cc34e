//! Keeping house: what aca takes of the machine, what of it could go, and whether there is room to work.

mod space;

pub(crate) use space::preflight;
