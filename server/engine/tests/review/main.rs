//! Proposals against live files, through the engine's handle: no sandbox, but real files, a real object store and a
//! real session database. An editor is a channel that answers as editors do.

mod cases;
mod fixture;
