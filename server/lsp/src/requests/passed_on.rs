//! The requests that the engine answers as they are.

use aca_protocol::methods::{TaskParams, TasksParams};
use aca_protocol::session::{
    AuditParams, AuditResult, CheckpointParams, CheckpointView, CheckpointsResult, CleanupParams, CleanupPlanResult,
    CleanupResult, CreateCheckpointParams, DeleteSessionParams, DeleteSessionResult, DiffCheckpointResult,
    ExchangeParams, ExchangeRecord, ExchangesResult, ExportSessionParams, ExportSessionResult, ImportSessionParams,
    NoParams, RecoverParams, RenameSessionParams, RestoreCheckpointResult, SandboxesResult, SessionDetail, SessionInfo,
    SessionParams, SessionsResult, UseParams, UseResult, VerifyAuditResult,
};
use aca_protocol::settings::SettingsResult;
use aca_protocol::task::TaskView;
use tower_lsp::jsonrpc::Result;

use crate::language_server::Server;

/// Makes a handler for each request: what it is called in messages, and the engine's method that answers it.
macro_rules! passed_on {
    ($($name:ident($params:ty) -> $result:ty: $what:literal;)*) => {
        $(pub(crate) async fn $name(server: &Server, params: $params) -> Result<$result> {
            let ask = move |engine: aca_engine::Engine| async move { engine.$name(params).await };
            server.connection.ask($what, ask).await
        })*
    };
}

/// The same for requests about a workspace, whose session is opened if need be.
macro_rules! passed_on_opened {
    ($($name:ident($params:ty) -> $result:ty: $what:literal;)*) => {
        $(pub(crate) async fn $name(server: &Server, params: $params) -> Result<$result> {
            let ask = move |engine: aca_engine::Engine| async move {
                engine.open(&params.workspace).await?;
                engine.$name(params).await
            };
            server.connection.ask($what, ask).await
        })*
    };
}

passed_on! {
    recover(RecoverParams) -> TaskView: "a decision on a task";
    sessions(NoParams) -> SessionsResult: "a list of sessions";
    session(SessionParams) -> SessionDetail: "a look at a session";
    use_session(SessionParams) -> SessionInfo: "a change of the session";
    rename_session(RenameSessionParams) -> SessionInfo: "a name for a session";
    delete_session(DeleteSessionParams) -> DeleteSessionResult: "the removal of a session";
    undelete_session(SessionParams) -> SessionInfo: "a deleted session";
    export_session(ExportSessionParams) -> ExportSessionResult: "an export";
    import_session(ImportSessionParams) -> SessionInfo: "an import";
    audit(AuditParams) -> AuditResult: "a look at the audit log";
    verify_audit(SessionParams) -> VerifyAuditResult: "a check of the audit log";
    exchanges(TaskParams) -> ExchangesResult: "a list of model requests";
    exchange(ExchangeParams) -> ExchangeRecord: "a look at a model request";
    usage(UseParams) -> UseResult: "a look at the usage";
    cleanup_plan(NoParams) -> CleanupPlanResult: "a look at what takes space";
    cleanup(CleanupParams) -> CleanupResult: "a cleanup";
    settings(TasksParams) -> SettingsResult: "a look at the settings";
    sandboxes(NoParams) -> SandboxesResult: "a list of sandboxes";
}

passed_on_opened! {
    checkpoints(TasksParams) -> CheckpointsResult: "a list of checkpoints";
    create_checkpoint(CreateCheckpointParams) -> CheckpointView: "a checkpoint";
    diff_checkpoint(CheckpointParams) -> DiffCheckpointResult: "a comparison with a checkpoint";
    restore_checkpoint(CheckpointParams) -> RestoreCheckpointResult: "going back to a checkpoint";
}
