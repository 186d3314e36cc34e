//! From what a person pointed at to what the agent is told.

use std::path::Path;
use std::sync::Arc;

use aca_protocol::task::Origin;
use aca_workspace::paths;
use aca_workspace::todo;
use ropey::Rope;

use crate::proposal::read_plain;
use crate::settings::Settings;
use crate::{Buffers, Error};

mod interrupted;
mod review;

pub(crate) use interrupted::{go_on, retold};
pub(crate) use review::{REASONS, next_round, redo, report, story};

/// The longest title, in characters.
const MAX_TITLE: usize = 72;

/// Returns `origin` with its path checked and, for a TODO named only by its place, its text read there.
///
/// # Errors
///
/// [`Error::Invalid`] for a path outside the workspace or a task without words, [`Error::NotFound`] where no TODO is
/// at the named line.
pub(crate) fn resolve(root: &Path, origin: Origin, buffers: &Buffers, settings: &Settings) -> Result<Origin, Error> {
    match origin {
        Origin::Todo { path, line, text } => {
            let file = paths::resolve(root, &path).map_err(|error| Error::Invalid(error.to_string()))?;
            if !text.trim().is_empty() {
                return Ok(Origin::Todo { path, line, text });
            }
            let (line, text) = todo_at(root, &file, &path, line, buffers, settings)?;
            Ok(Origin::Todo { path, line, text })
        }
        Origin::Selection {
            ref path,
            ref instruction,
            ..
        } => {
            paths::resolve(root, path).map_err(|error| Error::Invalid(error.to_string()))?;
            if instruction.trim().is_empty() {
                return Err(Error::Invalid(
                    "Say what to do with the selected code; the instruction is empty.".to_owned(),
                ));
            }
            Ok(origin)
        }
        Origin::Text { ref text } if text.trim().is_empty() => Err(Error::Invalid(
            "Say what to do; the text of the task is empty.".to_owned(),
        )),
        Origin::Text { .. } => Ok(origin),
    }
}

fn todo_at(
    root: &Path,
    file: &Path,
    path: &str,
    line: u32,
    buffers: &Buffers,
    settings: &Settings,
) -> Result<(u32, String), Error> {
    let text = match buffers.live(file) {
        Some(live) => live.text,
        None => {
            let bytes = read_plain(file).map_err(|error| {
                Error::NotFound(format!(
                    "{path} cannot be read: {error}. Name a file of {}.",
                    root.display()
                ))
            })?;
            let text = String::from_utf8(bytes).map_err(|_| Error::Invalid(format!("{path} is not UTF-8 text.")))?;
            Rope::from_str(&text)
        }
    };
    let first = text.get_line(0).map(|line| line.to_string()).unwrap_or_default();
    let Some(language) = todo::language_for(file, None, &first) else {
        return Err(Error::Invalid(format!(
            "aca does not know the language of {path}, so it finds no TODO there."
        )));
    };
    let keywords = settings.load(root).unwrap_or_default().config.keywords();
    let index = todo::TodoIndex::new(language, Arc::new(keywords), &text);
    let wanted = line as usize;
    let found = index
        .todos()
        .iter()
        .find(|todo| (todo.line..=todo.end_line).contains(&wanted));
    found
        .map(|todo| (u32::try_from(todo.line).unwrap_or(line), todo.text.clone()))
        .ok_or_else(|| {
            let known: Vec<String> = index
                .todos()
                .iter()
                .take(5)
                .map(|todo| (todo.line + 1).to_string())
                .collect();
            let hint = if known.is_empty() {
                "The file has none.".to_owned()
            } else {
                format!("The file has TODOs on the lines {}.", known.join(", "))
            };
            Error::NotFound(format!("There is no TODO on line {} of {path}. {hint}", line + 1))
        })
}

/// Returns one line that names the task.
pub(crate) fn title(origin: &Origin) -> String {
    let words = match origin {
        Origin::Todo { text, .. } | Origin::Text { text } => text,
        Origin::Selection { instruction, .. } => instruction,
    };
    let line = words
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or("task");
    if line.chars().count() <= MAX_TITLE {
        return line.to_owned();
    }
    let mut short: String = line.chars().take(MAX_TITLE - 1).collect();
    short.push('…');
    short
}

/// Returns the first message to the agent.
pub(crate) fn message(origin: &Origin, workspace: &Path) -> String {
    let place = format!("Working directory: {}\n", workspace.display());
    match origin {
        Origin::Todo { path, line, text } => format!(
            "{place}\nThe file {path} has this comment at line {}:\n\n{}\n\nDo what it asks. Remove the comment once it \
             is done; keep what it says that stays true.\n",
            line + 1,
            quoted(text)
        ),
        Origin::Selection {
            path,
            start_line,
            end_line,
            code,
            instruction,
        } => format!(
            "{place}\nThese are the lines {} to {} of {path}:\n\n{}\n\n{instruction}\n",
            start_line + 1,
            end_line + 1,
            quoted(code)
        ),
        Origin::Text { text } => format!("{place}\n{text}\n"),
    }
}

fn quoted(text: &str) -> String {
    let fence = if text.contains("```") { "~~~~" } else { "```" };
    format!("{fence}\n{}\n{fence}", text.trim_end_matches('\n'))
}

/// What every agent is told about where it works.
pub(crate) const SYSTEM: &str = "\
You work in a sandbox, on a copy of a person's project. There is no network. The person keeps working on the same \
files meanwhile and reviews your result hunk by hunk before any of it reaches them, so change only what the task \
needs, keep unrelated lines as they are, and leave no helper files behind. Nobody can answer questions now; where \
something is open, choose what the project's own code suggests and say so. End with a short summary of what you \
changed and why.";

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: &str) -> Origin {
        Origin::Text { text: words.to_owned() }
    }

    #[test]
    fn titles_are_one_short_line() {
        assert_eq!(title(&text("\n  add a test\nmore")), "add a test");
        let long = title(&text(&"é".repeat(200)));
        assert_eq!((long.chars().count(), long.ends_with('…')), (MAX_TITLE, true));
    }

    #[test]
    fn a_fence_in_the_code_does_not_end_the_quotation() {
        assert_eq!(quoted("a\n```\n"), "~~~~\na\n```\n~~~~");
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("x.py");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
        let todo = Origin::Todo {
            path: "x.py".to_owned(),
            line: 0,
            text: String::new(),
        };
        let refused = resolve(dir.path(), todo, &Buffers::default(), &Settings::default()).unwrap_err();
        assert!(refused.to_string().contains("not a plain file"), "{refused}");
    }

    #[test]
    fn empty_words_and_foreign_paths_are_refused() {
        let refused = |origin| {
            let resolved = resolve(Path::new("/p"), origin, &Buffers::default(), &Settings::default());
            matches!(resolved, Err(Error::Invalid(_)))
        };
        assert!(refused(text("  ")));
        let outside = Origin::Todo {
            path: "../x.rs".to_owned(),
            line: 0,
            text: "TODO x".to_owned(),
        };
        assert!(refused(outside));
    }
}
