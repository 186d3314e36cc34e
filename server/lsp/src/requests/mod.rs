//! The requests that clients send, one file each.

mod aca_decide;
mod aca_proposal;
mod aca_run;
mod aca_status;
mod aca_stop;
mod aca_tasks;
mod aca_transcript;
mod code_action;
mod code_lens;
mod execute_command;
mod initialize;
mod probe;

pub(crate) use aca_decide::aca_decide;
pub(crate) use aca_proposal::aca_proposal;
pub(crate) use aca_run::aca_run;
pub(crate) use aca_status::aca_status;
pub(crate) use aca_stop::aca_stop;
pub(crate) use aca_tasks::aca_tasks;
pub(crate) use aca_transcript::aca_transcript;
pub(crate) use code_action::code_action;
pub(crate) use code_lens::code_lens;
pub(crate) use execute_command::execute_command;
pub(crate) use initialize::initialize;
pub(crate) use probe::{probe_ask, probe_document, probe_panic, probe_say, probe_stuck};
