//! `workspace/executeCommand`: starts what a command asks for and answers before it is done.

mod review;
mod run;
mod show;

use std::sync::Arc;

use aca_engine::{Engine, Error as EngineError};
use aca_protocol::TaskId;
use aca_protocol::methods::{
    CheckParams, ConfirmCheckParams, DecideParams, SendBackParams, TaskParams, TellParams, UndoParams,
};
use aca_protocol::proposal::{ProposalView, Selection};
use aca_protocol::session::RecoverParams;
use aca_protocol::task::TaskView;
use lsp_types::ExecuteCommandParams;
use serde_json::{Value, json};
use tower_lsp::jsonrpc::Result;

use crate::commands::{Command, HunksArgs};
use crate::connection::Connection;
use crate::{checks, error, follow};

/// Runs a command. See [`commands`](crate::commands) for what there is.
pub(crate) async fn execute_command(
    connection: &Arc<Connection>,
    params: ExecuteCommandParams,
) -> Result<Option<Value>> {
    let command = Command::parse(&params.command, params.arguments)?;
    connection.attend();
    match command {
        Command::Run(args) => {
            let run = run::run_params(connection, &args).map_err(|error| error::reply(&error))?;
            task(connection, "a task's start", move |engine| async move {
                engine.run(run).await
            })
            .await
        }
        Command::Stop(args) => {
            let stop = move |engine: Engine| async move { engine.stop(&args.task).await };
            task(connection, "a stop", stop).await
        }
        Command::Pause(args) => {
            let pause = move |engine: Engine| async move { engine.pause(TaskParams { task: args.task }).await };
            task(connection, "a pause", pause).await
        }
        Command::Resume(args) => {
            let resume = move |engine: Engine| async move { engine.resume(TaskParams { task: args.task }).await };
            task(connection, "a resumption", resume).await
        }
        Command::Recover(args) => {
            let params = RecoverParams {
                task: args.task,
                how: args.how,
            };
            let recover = move |engine: Engine| async move { engine.recover(params).await };
            task(connection, "a decision on a task", recover).await
        }
        Command::Tell(args) => {
            let params = TellParams {
                task: args.task,
                text: args.text,
            };
            let tell = move |engine: Engine| async move { engine.tell(params).await };
            task(connection, "a message to an agent", tell).await
        }
        Command::SendBack(args) => {
            let params = SendBackParams {
                task: args.task,
                remark: args.remark,
                redo: args.redo,
            };
            let send_back = move |engine: Engine| review::send_back(engine, params);
            task(connection, "a remark", send_back).await
        }
        Command::Decide {
            task,
            decision,
            selection,
            resolution,
            seen,
        } => {
            known(connection, &task).await?;
            let params = DecideParams {
                task,
                decision,
                selection,
                resolution,
                seen,
            };
            review::behind(connection, move |engine| review::decide(engine, params));
            Ok(None)
        }
        Command::Reopen(args) => {
            known(connection, &args.task).await?;
            review::behind(connection, move |engine| review::reopen(engine, args));
            Ok(None)
        }
        Command::Split(args) => {
            known(connection, &args.task).await?;
            review::behind(connection, move |engine| review::split(engine, args));
            Ok(None)
        }
        Command::Undo(args) => {
            let params = UndoParams {
                workspace: args.workspace,
                operation: args.operation,
                hunks: args.hunks,
            };
            review::behind(connection, move |engine| review::undo(engine, params));
            Ok(None)
        }
        Command::Check(HunksArgs { task, hunks }) => {
            known(connection, &task).await?;
            let selection = hunks.map_or(Selection::All, |ids| Selection::Hunks { ids });
            check(connection, CheckParams { task, selection }).await
        }
        Command::ConfirmCheck(args) => {
            let params = ConfirmCheckParams {
                workspace: args.workspace,
                command: args.command,
            };
            confirm(connection, params).await
        }
        Command::ShowProposal(args) => {
            let proposal = known(connection, &args.task).await?;
            show::show(connection, &proposal);
            Ok(None)
        }
    }
}

/// Asks the engine for something about a task, and answers with the task.
async fn task<F, W>(connection: &Connection, what: &str, ask: F) -> Result<Option<Value>>
where
    F: FnOnce(Engine) -> W,
    W: Future<Output = std::result::Result<TaskView, EngineError>> + Send + 'static,
{
    let task = connection.ask(what, ask).await?;
    Ok(Some(json!({ "task": task.id })))
}

/// Starts a check, whose end the user is told of.
async fn check(connection: &Arc<Connection>, params: CheckParams) -> Result<Option<Value>> {
    let task = params.task.clone();
    let check = move |engine: Engine| async move { engine.check(params).await };
    connection.ask("a check", check).await?;
    connection.checks.asked(&task);
    // It may have ended by now.
    if let Ok(proposal) = connection.engine.proposal(&task) {
        checks::tell(connection, &proposal);
    }
    Ok(Some(json!({ "task": task })))
}

/// Confirms the check command as it was shown, or withdraws that.
async fn confirm(connection: &Arc<Connection>, params: ConfirmCheckParams) -> Result<Option<Value>> {
    let workspace = params.workspace.clone();
    let is_withdrawn = params.command.is_none();
    let confirm = move |engine: Engine| async move {
        let known = engine.confirm_check(params).await?;
        if is_withdrawn || known.confirmed {
            return Ok(());
        }
        let command = known.command.unwrap_or_default();
        Err(EngineError::Stale(format!(
            "The check command has changed and is not confirmed: it is “{command}” now. Ask for the actions again."
        )))
    };
    let confirmed = connection.ask("a confirmation", confirm).await;
    follow::read_check(connection, &workspace);
    confirmed.map(|()| None)
}

/// Returns a task's proposal. The task may have become ready just now, so it is asked for and not looked up.
async fn known(connection: &Connection, task: &TaskId) -> Result<Arc<ProposalView>> {
    let task = task.clone();
    let look = move |engine: Engine| async move { engine.refresh(&task).await };
    connection.ask("a proposal", look).await
}
