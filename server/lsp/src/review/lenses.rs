//! What can be decided about a pending hunk and why it is there, as lenses above it.

use std::sync::Arc;

use aca_protocol::proposal::Resolution;
use lsp_types::{CodeLens, Command, Position, Range};
use serde::Serialize;

use super::actions::{can_land, hunk_args, resolve_args};
use super::diagnostics::range;
use super::message::why;
use crate::board::Hunk;
use crate::capabilities::ClientFlags;
use crate::commands::{self, command};
use crate::documents::Document;
use crate::front_end::{FrontEnd, Icons};
use crate::life::short;

/// How much of a reason a lens has room for, in characters.
const MAX_REASON: usize = 80;

/// Returns the lenses of a document's pending hunks. A front end that draws hunks itself gets none: an answer would stand
/// above lines that do not show the question.
pub(crate) fn lenses(document: &Document, pending: &[Arc<Hunk>], flags: &ClientFlags) -> Vec<CodeLens> {
    let mut lenses = Vec::new();
    if flags.front_end.inline_review {
        return lenses;
    }
    for hunk in pending {
        let line = range(hunk, Some(document), flags.encoding).start.line;
        let at = Position { line, character: 0 };
        lenses.extend(commands_of(hunk, &flags.front_end).into_iter().map(|command| CodeLens {
            range: Range { start: at, end: at },
            command: Some(command),
            data: None,
        }));
    }
    lenses
}

fn commands_of(hunk: &Hunk, front_end: &FrontEnd) -> Vec<Command> {
    let Icons { done, refused, .. } = front_end.icons();
    let of = |title: &str, name: &str, args: &dyn Args| args.command(title, name);
    let mut commands = if hunk.view.state.is_conflict() {
        vec![
            of("conflict: keep mine", commands::REJECT, &hunk_args(hunk)),
            of(
                "take the agent's",
                commands::RESOLVE,
                &resolve_args(hunk, Resolution::Agent),
            ),
        ]
    } else if can_land(hunk) {
        vec![
            of(&format!("{done} accept"), commands::ACCEPT, &hunk_args(hunk)),
            of(&format!("{refused} reject"), commands::REJECT, &hunk_args(hunk)),
        ]
    } else {
        let title = format!("cannot be landed: {refused} reject");
        vec![of(&title, commands::REJECT, &hunk_args(hunk))]
    };
    // A lens needs a command to be shown; one without a name does nothing.
    commands.extend(why(&hunk.view).map(|why| Command {
        title: front_end.words(&short(&why, MAX_REASON)),
        command: String::new(),
        arguments: None,
    }));
    commands
}

/// An argument of one of our commands.
trait Args {
    fn command(&self, title: &str, name: &str) -> Command;
}

impl<T: Serialize> Args for T {
    fn command(&self, title: &str, name: &str) -> Command {
        command(title, name, self)
    }
}
