//! What a task is made from, as the document says it now.

use aca_engine::Error as EngineError;
use aca_protocol::methods::RunParams;
use aca_protocol::task::Origin;
use lsp_types::{Range, Url};

use crate::commands::RunArgs;
use crate::connection::Connection;
use crate::documents::{Document, WorkspaceFile, line_of};
use crate::selection;
use crate::workspaces::path_of;

/// Returns what to run, from the document as it is now.
pub(super) fn run_params(connection: &Connection, args: &RunArgs) -> std::result::Result<RunParams, EngineError> {
    let document = connection.documents.get(&args.uri).ok_or_else(|| {
        EngineError::NotFound(format!(
            "{} is not open in this editor. Open it and try again.",
            name_of(&args.uri)
        ))
    })?;
    let file = document.file.as_ref().ok_or_else(|| {
        EngineError::Invalid(format!(
            "{} is in none of the folders that the editor has open, so aca does not work on it. Open its project's folder.",
            name_of(&args.uri)
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

/// Returns what a person calls a document: its path where it has one.
fn name_of(uri: &Url) -> String {
    path_of(uri).map_or_else(|| uri.to_string(), |path| path.display().to_string())
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
        let (line, path) = (line.saturating_add(1), &file.relative);
        match &args.text {
            Some(text) => EngineError::Stale(format!(
                "The TODO on line {line} of {path} (“{}”) is not there any more. Ask for the actions on it again.",
                crate::life::short(text, 60)
            )),
            None => EngineError::Invalid(format!(
                "There is no TODO on line {line} of {path}. Put the cursor on one, or write one there."
            )),
        }
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
