//! Builds the service of a connection: the protocol's own methods, and those tower-lsp does not know.

use std::sync::Arc;

use aca_protocol::methods::{Decide, Proposal, Request, Run, Status, Stop, Tasks, Transcript};
use tower_lsp::{Client, ClientSocket, LspService};

use crate::connection::Connection;
use crate::language_server::Server;
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
        .custom_method(Decide::METHOD, requests::aca_decide)
        .custom_method(Transcript::METHOD, requests::aca_transcript)
        .custom_method(Status::METHOD, requests::aca_status)
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
            .custom_method("aca/probe/say", requests::probe_say)
            .custom_method("aca/probe/document", requests::probe_document);
    }
    let (service, socket) = builder.finish();
    let connection = Arc::clone(&service.inner().connection);
    (service, socket, connection)
}
