//! Builds the service of a connection: the protocol's own methods, and those tower-lsp does not know.

use std::sync::Arc;

use aca_protocol::methods::{
    self, Amend, AtWork, Check, CheckCommand, ConfirmCheck, Decide, Join, Operations, Pause, Proposal, Request, Resume,
    Run, SendBack, Split, Status, Stop, Tasks, Tell, Transcript, Undo,
};
use tower_lsp::{Client, ClientSocket, LspService};

use crate::connection::Connection;
use crate::language_server::Server;
use crate::requests::passed_on;
use crate::{notifications, requests};

/// Returns the service, the client's end of it, and the state that its handlers share.
pub(crate) fn build(init: impl FnOnce(Client) -> Connection) -> (LspService<Server>, ClientSocket, Arc<Connection>) {
    let mut probes = false;
    let builder = LspService::build(|client| {
        let connection = Arc::new(init(client));
        probes = connection.options.probes;
        Server { connection }
    });
    let mut builder = builder
        .custom_method(Run::METHOD, requests::aca_run)
        .custom_method(Tasks::METHOD, requests::aca_tasks)
        .custom_method(Stop::METHOD, requests::aca_stop)
        .custom_method(Proposal::METHOD, requests::aca_proposal)
        .custom_method(methods::ProposalFile::METHOD, requests::aca_proposal_file)
        .custom_method(methods::EditProposal::METHOD, requests::aca_edit_proposal)
        .custom_method(Decide::METHOD, requests::aca_decide)
        .custom_method(Split::METHOD, requests::aca_split)
        .custom_method(Join::METHOD, requests::aca_join)
        .custom_method(Amend::METHOD, requests::aca_amend)
        .custom_method(Undo::METHOD, requests::aca_undo)
        .custom_method(Operations::METHOD, requests::aca_operations)
        .custom_method(SendBack::METHOD, requests::aca_send_back)
        .custom_method(Tell::METHOD, requests::aca_tell)
        .custom_method(Pause::METHOD, requests::aca_pause)
        .custom_method(Resume::METHOD, requests::aca_resume)
        .custom_method(AtWork::METHOD, requests::aca_at_work)
        .custom_method(Check::METHOD, requests::aca_check)
        .custom_method(CheckCommand::METHOD, requests::aca_check_command)
        .custom_method(ConfirmCheck::METHOD, requests::aca_confirm_check)
        .custom_method(Transcript::METHOD, requests::aca_transcript)
        .custom_method(Status::METHOD, requests::aca_status)
        .custom_method(methods::Recover::METHOD, passed_on::recover)
        .custom_method(methods::Sessions::METHOD, passed_on::sessions)
        .custom_method(methods::Session::METHOD, passed_on::session)
        .custom_method(methods::UseSession::METHOD, passed_on::use_session)
        .custom_method(methods::RenameSession::METHOD, passed_on::rename_session)
        .custom_method(methods::DeleteSession::METHOD, passed_on::delete_session)
        .custom_method(methods::UndeleteSession::METHOD, passed_on::undelete_session)
        .custom_method(methods::ExportSession::METHOD, passed_on::export_session)
        .custom_method(methods::ImportSession::METHOD, passed_on::import_session)
        .custom_method(methods::Checkpoints::METHOD, passed_on::checkpoints)
        .custom_method(methods::CreateCheckpoint::METHOD, passed_on::create_checkpoint)
        .custom_method(methods::DiffCheckpoint::METHOD, passed_on::diff_checkpoint)
        .custom_method(methods::RestoreCheckpoint::METHOD, passed_on::restore_checkpoint)
        .custom_method(methods::Audit::METHOD, passed_on::audit)
        .custom_method(methods::VerifyAudit::METHOD, passed_on::verify_audit)
        .custom_method(methods::Exchanges::METHOD, passed_on::exchanges)
        .custom_method(methods::Exchange::METHOD, passed_on::exchange)
        .custom_method(methods::Use::METHOD, passed_on::usage)
        .custom_method(methods::CleanupPlan::METHOD, passed_on::cleanup_plan)
        .custom_method(methods::Cleanup::METHOD, passed_on::cleanup)
        .custom_method(methods::Sandboxes::METHOD, passed_on::sandboxes)
        .custom_method(methods::Settings::METHOD, passed_on::settings)
        .custom_method(
            "window/workDoneProgress/cancel",
            notifications::work_done_progress_cancel,
        )
        .custom_method("$/setTrace", notifications::set_trace);
    if probes {
        builder = builder
            .custom_method("aca/probe/stuck", requests::probe_stuck)
            .custom_method("aca/probe/panic", requests::probe_panic)
            .custom_method("aca/probe/ask", requests::probe_ask)
            .custom_method("aca/probe/block", requests::probe_block)
            .custom_method("aca/probe/say", requests::probe_say)
            .custom_method("aca/probe/document", requests::probe_document);
    }
    let (service, socket) = builder.finish();
    let connection = Arc::clone(&service.inner().connection);
    (service, socket, connection)
}
