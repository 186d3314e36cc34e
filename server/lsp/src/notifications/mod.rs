//! The notifications that clients send, one file each. Their order is kept: each does its work before it first awaits.

mod did_change;
mod did_change_configuration;
mod did_change_workspace_folders;
mod did_close;
mod did_open;
mod did_save;
mod set_trace;
mod work_done_progress_cancel;

pub(crate) use did_change::did_change;
pub(crate) use did_change_configuration::did_change_configuration;
pub(crate) use did_change_workspace_folders::did_change_workspace_folders;
pub(crate) use did_close::did_close;
pub(crate) use did_open::{did_open, place_anew};
pub(crate) use did_save::did_save;
pub(crate) use set_trace::set_trace;
pub(crate) use work_done_progress_cancel::work_done_progress_cancel;
