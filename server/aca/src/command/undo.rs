//! `aca undo`: takes back a landing, or an earlier taking back.

use std::path::Path;
use std::time::{Duration, SystemTime};

use aca_protocol::HunkId;
use aca_protocol::methods::{OperationView, Operations, TasksParams, Undo, UndoParams};
use ratatui::style::Stylize as _;
use ratatui::text::Line;

use crate::cli::UndoArgs;
use crate::context::{Context, Link};
use crate::exit::{Exit, Failure};
use crate::terminal::{harmless, harmless_line, paint};
use crate::{names, words};

/// Takes an operation back, or lists them.
pub(crate) async fn run(context: &Context, args: &UndoArgs) -> Result<Exit, Failure> {
    let root = context.root()?;
    let link = context.link(&root).await?;
    let workspace = root.clone();
    let all = link.client.call::<Operations>(TasksParams { workspace }).await?;
    let exit = if args.list {
        for operation in &all.operations {
            context.screen.say(&line(&all.operations, operation));
        }
        if all.operations.is_empty() {
            context.screen.say("Nothing has landed in this workspace yet.");
        }
        context.screen.result(&all)?;
        Exit::Done
    } else {
        take_back(context, &link, &root, args, &all.operations).await?
    };
    link.close().await;
    Ok(exit)
}

async fn take_back(
    context: &Context,
    link: &Link,
    root: &Path,
    args: &UndoArgs,
    all: &[OperationView],
) -> Result<Exit, Failure> {
    let operation = choose(all, args.operation.as_deref())?;
    let hunks = (!args.hunk.is_empty()).then(|| names::hunks(&operation.hunks, &args.hunk));
    let params = UndoParams {
        workspace: root.to_path_buf(),
        operation: Some(operation.id.clone()),
        hunks: hunks.transpose()?,
    };
    let lands = !is_landing(all, operation);
    let result = link.client.call::<Undo>(params).await?;
    let done = if lands { "landed again" } else { "taken back" };
    context
        .screen
        .say(&format!("{} {done}.", words::count_of(&result.hunks, "hunk")));
    for refusal in &result.refused {
        context.screen.note(&format!(
            "Hunk {} stays as it was: {}",
            words::short(&refusal.hunk),
            harmless(&refusal.reason)
        ));
    }
    context.screen.result(&result)?;
    Ok(if result.refused.is_empty() {
        Exit::Done
    } else {
        Exit::Conflicts
    })
}

/// Finds the operation that is named, or the newest landing that stands.
fn choose<'o>(all: &'o [OperationView], wanted: Option<&str>) -> Result<&'o OperationView, Failure> {
    let Some(wanted) = wanted else {
        let stands = |operation: &&OperationView| !operation.hunks.is_empty() && is_landing(all, operation);
        let newest = all.iter().rev().find(stands);
        let none = "Nothing that landed in this workspace is left to take back; `aca undo --list` lists all.";
        return newest.ok_or_else(|| Failure::new(Exit::Nothing, none));
    };
    let alike: Vec<&OperationView> = all
        .iter()
        .filter(|operation| operation.id.as_str().starts_with(wanted))
        .collect();
    let exact = alike.iter().copied().find(|operation| operation.id.as_str() == wanted);
    match (exact, alike.as_slice()) {
        (Some(operation), _) => Ok(operation),
        (None, [operation]) => Ok(operation),
        (None, []) => Err(Failure::new(
            Exit::Nothing,
            format!(
                "There is no operation `{}` here; `aca undo --list` lists all.",
                harmless(wanted)
            ),
        )),
        (None, _) => Err(Failure::new(
            Exit::Usage,
            format!("Several operations begin with `{wanted}`; say more of the id."),
        )),
    }
}

/// Whether an operation put hunks into files: it takes nothing back, or it takes back a taking back.
pub(crate) fn is_landing(all: &[OperationView], operation: &OperationView) -> bool {
    let undone = operation.undoes.as_ref();
    // An operation takes back only earlier ones, so this ends.
    let undone = undone.and_then(|id| {
        all.iter()
            .take_while(|other| other.id != operation.id)
            .find(|other| other.id == *id)
    });
    undone.is_none_or(|undone| !is_landing(all, undone))
}

/// One line about an operation.
fn line(all: &[OperationView], operation: &OperationView) -> String {
    let what = match (&operation.undoes, is_landing(all, operation)) {
        (None, _) => "landed".to_owned(),
        (Some(undone), true) => format!("landed again what {undone} took back"),
        (Some(undone), false) => format!("took back {undone}"),
    };
    let stands: Vec<String> = operation.hunks.iter().map(|hunk: &HunkId| words::short(hunk)).collect();
    let stands = if stands.is_empty() {
        "nothing of it stands".to_owned()
    } else {
        stands.join(", ")
    };
    let paths = harmless_line(&operation.paths.join(", "));
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(operation.at_ms);
    let ago = SystemTime::now().duration_since(at).unwrap_or_default();
    paint(Line::from(vec![
        format!("{}  {}  ", operation.id, operation.task).dim(),
        format!("{}  ", words::ago(ago)).into(),
        format!("{what}  ").cyan(),
        format!("{paths}  ").into(),
        stands.dim(),
    ]))
}

#[cfg(test)]
mod tests {
    use aca_protocol::{OperationId, TaskId};

    use super::*;

    fn operation(id: &str, undoes: Option<&str>, hunks: &[&str]) -> OperationView {
        OperationView {
            id: OperationId::new(id),
            task: TaskId::new("t"),
            undoes: undoes.map(OperationId::new),
            at_ms: 0,
            paths: vec!["a.rs".into()],
            hunks: hunks.iter().map(|id| HunkId::new(*id)).collect(),
        }
    }

    #[test]
    fn the_newest_landing_that_stands_is_taken_back() {
        let all = [
            operation("o1", None, &["h1"]),
            operation("o2", None, &[]),
            operation("o3", Some("o2"), &["h2"]),
        ];
        let again = [
            operation("p1", None, &[]),
            operation("p2", Some("p1"), &[]),
            operation("p3", Some("p2"), &["h"]),
        ];
        for (all, wanted, expected) in [
            (all.as_slice(), None, Ok("o1")),
            (&all, Some("o3"), Ok("o3")),
            (&all, Some("o"), Err(Exit::Usage)),
            (&all, Some("x"), Err(Exit::Nothing)),
            (&again, None, Ok("p3")),
            (&[], None, Err(Exit::Nothing)),
        ] {
            let found = choose(all, wanted).map(|operation| operation.id.as_str());
            assert_eq!(found.map_err(|failure| failure.exit), expected, "{wanted:?}");
        }
    }

    #[test]
    fn an_operation_in_a_line() {
        let all = [operation("o1", None, &[]), operation("o2", Some("o1"), &["h1"])];
        let words: Vec<String> = all.iter().map(|operation| line(&all, operation)).collect();
        assert!(
            words
                .iter()
                .any(|line| line.contains("landed  a.rs  nothing of it stands")),
            "{words:?}"
        );
        assert!(
            words.iter().any(|line| line.contains("took back o1  a.rs  h1")),
            "{words:?}"
        );
    }
}
