//! `workspace/executeCommand`: starts what a command asks for and answers before it is done.

use std::sync::Arc;

use aca_engine::Error as EngineError;
use aca_protocol::TaskId;
use aca_protocol::methods::{DecideParams, RunParams};
use aca_protocol::task::Origin;
use lsp_types::{ExecuteCommandParams, MessageType, Position, Range, ShowDocumentParams, Url};
use serde_json::{Value, json};
use tower_lsp::jsonrpc::Result;

use crate::commands::{Command, RunArgs};
use crate::connection::Connection;
use crate::documents::{Document, WorkspaceFile, line_of};
use crate::{error, selection};

/// Runs a command. See [`commands`](crate::commands) for what there is.
pub(crate) async fn execute_command(
    connection: &Arc<Connection>,
    params: ExecuteCommandParams,
) -> Result<Option<Value>> {
    match Command::parse(&params.command, params.arguments)? {
        Command::Run(args) => {
            let run = run_params(connection, &args).map_err(|error| error::reply(&error))?;
            let task = connection
                .ask("a task's start", move |engine| async move { engine.run(run).await })
                .await?;
            Ok(Some(json!({ "task": task.id })))
        }
        Command::Stop(args) => {
            let id = args.task;
            let task = connection
                .ask("a stop", move |engine| async move { engine.stop(&id).await })
                .await?;
            Ok(Some(json!({ "task": task.id })))
        }
        Command::Decide {
            task,
            decision,
            selection,
        } => {
            known(connection, &task)?;
            decide(
                connection,
                DecideParams {
                    task,
                    decision,
                    selection,
                    resolution: None,
                    seen: None,
                },
            );
            Ok(None)
        }
        Command::ShowProposal(args) => {
            known(connection, &args.task)?;
            show(connection, &args.task);
            Ok(None)
        }
    }
}

fn known(connection: &Connection, task: &TaskId) -> Result<()> {
    connection
        .engine
        .proposal(task)
        .map(|_| ())
        .map_err(|error| error::reply(&error))
}

/// Returns what to run, from the document as it is now.
fn run_params(connection: &Connection, args: &RunArgs) -> std::result::Result<RunParams, EngineError> {
    let document = connection.documents.get(&args.uri).ok_or_else(|| {
        EngineError::NotFound(format!(
            "{} is not open in this editor. Open it and try again.",
            args.uri
        ))
    })?;
    let file = document.file.as_ref().ok_or_else(|| {
        EngineError::Invalid(format!(
            "{} is in none of the editor's workspaces, so aca does not work on it.",
            args.uri
        ))
    })?;
    let origin = match (args.range, args.line) {
        (Some(range), None) => selected(connection, &document, file, args, range)?,
        (None, Some(line)) => todo(&document, file, args, line)?,
        _ => {
            let message = "The command needs either `line`, for a TODO, or `range`, for a selection.";
            return Err(EngineError::Invalid(message.to_owned()));
        }
    };
    Ok(RunParams {
        workspace: file.root.canonical.clone(),
        origin,
    })
}

fn todo(
    document: &Document,
    file: &WorkspaceFile,
    args: &RunArgs,
    line: u32,
) -> std::result::Result<Origin, EngineError> {
    let found = match &args.text {
        Some(text) => document.find_todo(line, text),
        None => document.todo_at(line),
    };
    let todo = found.ok_or_else(|| {
        let text = args
            .text
            .as_ref()
            .map(|text| format!(" (“{}”)", crate::life::short(text, 60)))
            .unwrap_or_default();
        EngineError::Stale(format!(
            "The TODO on line {} of {}{text} is not there any more. Ask for the actions on it again.",
            line.saturating_add(1),
            file.relative
        ))
    })?;
    Ok(Origin::Todo {
        path: file.relative.clone(),
        line: line_of(todo),
        text: todo.text.clone(),
    })
}

fn selected(
    connection: &Connection,
    document: &Document,
    file: &WorkspaceFile,
    args: &RunArgs,
    range: Range,
) -> std::result::Result<Origin, EngineError> {
    if args.version.is_some_and(|version| version != document.version) {
        return Err(EngineError::Stale(format!(
            "{} has changed since. Select the code again.",
            file.relative
        )));
    }
    let code = selection::code(document, range, connection.encoding())
        .ok_or_else(|| EngineError::Invalid("There is no code in the selection.".to_owned()))?;
    let instruction = args
        .instruction
        .clone()
        .unwrap_or_else(|| selection::instruction(document, range, &code));
    // A selection that ends before the first character of a line does not include that line.
    let end_line = if range.end.character == 0 {
        range.end.line.saturating_sub(1)
    } else {
        range.end.line
    };
    let start_line = range.start.line.min(range.end.line);
    Ok(Origin::Selection {
        path: file.relative.clone(),
        start_line,
        end_line: end_line.max(start_line),
        code,
        instruction,
    })
}

/// Decides behind the answer, and tells the user what could not be done.
fn decide(connection: &Arc<Connection>, params: DecideParams) {
    let behind = Arc::clone(connection);
    connection.background.spawn(async move {
        let outcome = behind
            .ask("a decision", move |engine| async move { engine.decide(params).await })
            .await;
        let message = match outcome {
            Ok(result) => {
                let reasons: Vec<_> = result.refused.into_iter().map(|refusal| refusal.reason).collect();
                reasons.join("\n")
            }
            Err(error) => error.message.into_owned(),
        };
        if !message.is_empty() {
            behind.client.show_message(MessageType::WARNING, message).await;
        }
    });
}

/// Shows the first undecided hunk of a task, because the user asked to see it.
fn show(connection: &Arc<Connection>, task: &TaskId) {
    let place = first_hunk(connection, task);
    let behind = Arc::clone(connection);
    connection.background.spawn(async move {
        let Some((uri, line)) = place else {
            behind
                .client
                .show_message(MessageType::INFO, "Every hunk of this task is decided.")
                .await;
            return;
        };
        let at = Position { line, character: 0 };
        let place = format!("{}:{}", uri.path(), line.saturating_add(1));
        let shown = behind.flags().show_document
            && behind
                .client
                .show_document(ShowDocumentParams {
                    uri,
                    external: Some(false),
                    take_focus: Some(true),
                    selection: Some(Range { start: at, end: at }),
                })
                .await
                .unwrap_or(false);
        if !shown {
            behind
                .client
                .show_message(MessageType::INFO, format!("The first hunk is at {place}."))
                .await;
        }
    });
}

fn first_hunk(connection: &Connection, task: &TaskId) -> Option<(Url, u32)> {
    let mut paths = connection.board.touched(task);
    paths.sort();
    paths.into_iter().find_map(|path| {
        let uri = connection.workspaces.uri_of(&path)?;
        let pending = connection.board.file(&path).pending;
        let line = pending
            .iter()
            .filter(|pending| pending.task == *task)
            .map(|pending| pending.hunk.line)
            .min()?;
        Some((uri, line))
    })
}
