//! *Do this…* on selected code.

use aca_workspace::todo::Language;
use lsp_types::{CodeAction, CodeActionKind, Command, Range};

use crate::commands::{self, COMPLETE, RunArgs, command};
use crate::documents::{Document, Encoding, line_of};
use crate::front_end::{ClientCommand, FrontEnd};
use crate::life::short;

/// How comments begin and end, in the languages where they do.
const COMMENTS: &[(&str, &str)] = &[("//", ""), ("/*", "*/"), ("#", "")];

/// Returns the actions on a selection, if there is code in it: the front end's own, which asks what to do, and the one
/// with a guess. A guess that guesses nothing is for those who cannot ask.
pub(crate) fn actions(
    document: &Document,
    selected: Range,
    encoding: Encoding,
    front_end: &FrontEnd,
) -> Vec<CodeAction> {
    let Some(code) = code(document, selected, encoding) else {
        return Vec::new();
    };
    let args = RunArgs {
        uri: document.uri.clone(),
        version: Some(document.version),
        line: None,
        text: None,
        range: Some(selected),
        instruction: None,
    };
    let ask = front_end.command(ClientCommand::RunSelection, "Do this…", &args);
    let guess = match instruction(document, selected, &code) {
        guess if guess != COMPLETE => Some(short(&guess, 40)),
        _ if ask.is_some() => None,
        _ => Some("complete the selected code".to_owned()),
    };
    let guessed = guess.map(|about| command(format!("Do this… ({about})"), commands::RUN, &args));
    let action = |command: Command| CodeAction {
        title: command.title.clone(),
        kind: Some(CodeActionKind::REFACTOR_REWRITE),
        command: Some(command),
        ..CodeAction::default()
    };
    ask.into_iter().chain(guessed).map(action).collect()
}

/// Returns the selected code, unless there is none but blanks.
pub(crate) fn code(document: &Document, selected: Range, encoding: Encoding) -> Option<String> {
    let bytes = encoding.to_bytes(&document.text, selected);
    let code = document.text.get_byte_slice(bytes)?.to_string();
    (!code.trim().is_empty()).then_some(code)
}

/// Returns what to do with a selection about which the user was not asked.
pub(crate) fn instruction(document: &Document, selected: Range, code: &str) -> String {
    let lines = selected.start.line..=selected.end.line;
    let todos = document.todos().iter().filter(|todo| lines.contains(&line_of(todo)));
    let words: Vec<_> = todos.map(|todo| todo.text.as_str()).collect();
    if !words.is_empty() {
        return words.join("\n");
    }
    document
        .language()
        .and_then(|language| leading_comment(language, code))
        .unwrap_or_else(|| COMPLETE.to_owned())
}

/// Returns the words of the comment that a text begins with.
fn leading_comment(language: &Language, code: &str) -> Option<String> {
    let is_of_language = |open: &str| language.rules.iter().any(|rule| rule.open == open);
    let comments: Vec<_> = COMMENTS.iter().filter(|(open, _)| is_of_language(open)).collect();
    let mut words = Vec::new();
    for line in code.lines().map(str::trim).skip_while(|line| line.is_empty()) {
        let comment = comments
            .iter()
            .find_map(|(open, close)| Some((close, line.strip_prefix(open)?)));
        let Some((close, rest)) = comment else { break };
        let rest = rest.strip_suffix(close).unwrap_or(rest);
        // `///` and `//!` begin as `//` does.
        let rest = rest.trim_start_matches(['/', '!', '*', '#']).trim();
        if !rest.is_empty() {
            words.push(rest);
        }
    }
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use lsp_types::Position;

    use super::*;
    use crate::life::fixture::rust_document;

    #[test]
    fn the_instruction_comes_from_the_selection() {
        let cases = [
            ("fn a() {\n}\n", COMPLETE),
            (
                "\n  // Sort the users\n  // by name.\nfn a() {}\n",
                "Sort the users by name.",
            ),
            ("/* Sort the users */\nfn a() {}\n", "Sort the users"),
            ("/// Sort the users.\nfn a() {}\n", "Sort the users."),
            ("#[test]\nfn a() {}\n", COMPLETE),
            ("//\nfn a() {}\n", COMPLETE),
            ("fn a() {\n    // TODO sort\n}\n", "TODO sort"),
        ];
        for (text, expected) in cases {
            let document = rust_document(text);
            let all = Range {
                start: Position::new(0, 0),
                end: Position::new(9, 0),
            };
            let code = code(&document, all, Encoding::Utf16).unwrap();
            assert_eq!(instruction(&document, all, &code), expected, "{text:?}");
        }
    }

    #[test]
    fn nothing_selected_gets_no_action() {
        let document = rust_document("fn a() {}\n   \n");
        let empty = Range {
            start: Position::new(0, 2),
            end: Position::new(0, 2),
        };
        let blank = Range {
            start: Position::new(1, 0),
            end: Position::new(1, 3),
        };
        for nothing in [empty, blank] {
            let found = actions(&document, nothing, Encoding::Utf16, &FrontEnd::default());
            assert!(found.is_empty(), "{found:?}");
        }
    }
}
