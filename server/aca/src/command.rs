//! The commands, one file each.

pub(crate) mod attach;
pub(crate) mod check;
pub(crate) mod checkpoint;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod daemon;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod exchanges;
pub(crate) mod image;
pub(crate) mod login;
pub(crate) mod lsp;
pub(crate) mod pause;
pub(crate) mod resume;
pub(crate) mod review;
pub(crate) mod run;
pub(crate) mod secrets;
pub(crate) mod send_back;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod stop;
pub(crate) mod tell;
pub(crate) mod top;
pub(crate) mod undo;
