//! `textDocument/codeAction`: from memory only, in some ten microseconds.

use std::sync::Arc;

use aca_protocol::methods::AtWorkParams;
use aca_protocol::task::TaskView;
use lsp_types::{CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeActionResponse, Command};

use crate::connection::Connection;
use crate::documents::WorkspaceFile;
use crate::{life, review, selection};

/// Returns the actions on a place: those on its TODOs, on the selection, and on pending hunks.
pub(crate) fn code_action(connection: &Arc<Connection>, params: &CodeActionParams) -> CodeActionResponse {
    let Some(document) = connection.documents.get(&params.text_document.uri) else {
        return Vec::new();
    };
    let Some(file) = &document.file else { return Vec::new() };
    let flags = connection.flags();
    let board = connection.board.file(&file.path);
    // The most specific first: a hunk may lie on the TODO it came from.
    let mut actions = review::actions(&review::Context {
        document: &document,
        file: &board,
        workspace: &connection.board.workspace(&file.root.canonical),
        selected: params.range,
        diagnostics: &params.context.diagnostics,
        encoding: flags.encoding,
        front_end: &flags.front_end,
    });
    let at_work = at_work(connection, file);
    actions.extend(life::actions(&life::Context {
        document: &document,
        file: &board,
        at_work: &at_work,
        selected: params.range,
        front_end: &flags.front_end,
    }));
    let selected = selection::actions(&document, params.range, flags.encoding, &flags.front_end);
    actions.extend(selected);
    actions.extend(life::beside(file, &at_work, &flags.front_end));
    once(&mut actions);
    if let Some(only) = &params.context.only {
        actions.retain(|action| action.kind.as_ref().is_some_and(|kind| is_wanted(kind, only)));
    }
    actions
        .into_iter()
        .filter_map(|action| wire(action, flags.code_action_literals))
        .collect()
}

/// Returns the tasks at work on a file.
fn at_work(connection: &Connection, file: &WorkspaceFile) -> Vec<TaskView> {
    if !connection.board.is_busy() {
        return Vec::new();
    }
    let params = AtWorkParams {
        workspace: file.root.canonical.clone(),
        path: file.relative.clone(),
    };
    // A workspace that is not open yet has no tasks at work.
    let result = connection.engine.at_work(&params);
    result.map(|result| result.tasks).unwrap_or_default()
}

/// Takes out what is offered again: hunks of one task have its actions each, and so has the TODO they lie on.
fn once(actions: &mut Vec<CodeAction>) {
    let mut offered: Vec<Option<Command>> = Vec::with_capacity(actions.len());
    actions.retain(|action| {
        let is_new = !offered.contains(&action.command);
        offered.push(action.command.clone());
        is_new
    });
}

/// Says whether a kind is one of those asked for, or below one: `refactor` asks for `refactor.rewrite` too.
fn is_wanted(kind: &CodeActionKind, only: &[CodeActionKind]) -> bool {
    only.iter().any(|only| {
        kind.as_str()
            .strip_prefix(only.as_str())
            .is_some_and(|rest| only.as_str().is_empty() || rest.is_empty() || rest.starts_with('.'))
    })
}

/// Returns an action as the client takes it: old ones take only commands.
fn wire(action: CodeAction, literals: bool) -> Option<CodeActionOrCommand> {
    if literals {
        Some(CodeActionOrCommand::CodeAction(action))
    } else {
        action.command.map(CodeActionOrCommand::Command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_asks_for_a_kind_and_those_below_it() {
        let cases = [
            ("refactor.rewrite", "refactor.rewrite", true),
            ("refactor.rewrite", "refactor", true),
            ("refactor.rewrite", "", true),
            ("refactor.rewrite", "refactor.re", false),
            ("quickfix", "refactor", false),
            ("quickfix", "source", false),
        ];
        for (kind, only, expected) in cases {
            let only = [CodeActionKind::from(only.to_owned())];
            assert_eq!(
                is_wanted(&CodeActionKind::from(kind.to_owned()), &only),
                expected,
                "{kind} {only:?}"
            );
        }
    }
}
