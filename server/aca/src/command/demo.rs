//! `aca demo`: the whole loop on a bundled example, with the very commands a person would type.
//!
//! It works in a directory of its own, with its own settings and data, so it never meets the person's sessions.

mod pair;
mod stage;

use aca_protocol::methods::TasksResult;
use aca_protocol::proposal::{FileView, HunkView, ProposalView};
use aca_protocol::task::TaskView;
use ratatui::style::Stylize as _;
use serde_json::json;

use crate::cli::DemoArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::terminal::paint;
use crate::words;

use pair::Pair;
use stage::Stage;

/// What the accepted hunk puts into the file.
const WANTED: &str = "return max(0, subtotal - self.discount)";
/// What the rejected hunk would have put there.
const UNWANTED: &str = "TOTAL!!!";

/// Runs the demonstration and checks what came of it.
pub(crate) async fn run(context: &Context, args: &DemoArgs) -> Result<Exit, Failure> {
    let screen = context.screen;
    screen.say(&paint(
        "aca demo: from a TODO to reviewed lines. A recorded model answers: no key, no network.".bold(),
    ));
    let pair = pair::choose(context, args).await?;
    screen.say(&pair.introduction());
    let stage = Stage::build(&pair)?;
    let shown = show(context, &stage).await;
    let cleaned = stage.clean(&pair).await;
    let task = shown?;
    cleaned?;
    screen.say(&paint(
        "\nThis is the loop. Your own: aca run --todo FILE:LINE, or a code action in your editor.".bold(),
    ));
    screen.result(&json!({ "sandbox": pair.backend_name(), "driver": pair.driver_name(), "task": task }))?;
    Ok(Exit::Done)
}

async fn show(context: &Context, stage: &Stage) -> Result<TaskView, Failure> {
    let screen = context.screen;
    let line = stage.todo_line()?;
    screen.say(&format!(
        "\n{}\n{}",
        paint("A file with a TODO:".bold()),
        stage.excerpt(line, 3)?
    ));

    stage
        .perform(screen, &["run", "--todo", &format!("cart.py:{line}")])
        .await?;
    stage.perform(screen, &["review", "--list"]).await?;

    let proposal: ProposalView = stage.ask(&["review", "--list"]).await?;
    let (wanted, unwanted) = (hunk_with(&proposal, WANTED)?, hunk_with(&proposal, UNWANTED)?);
    screen.say(&paint(
        "\nThe first hunk is what the TODO asks for, the second is not. You decide:".bold(),
    ));
    stage
        .perform(screen, &["review", "--accept", &words::short(&wanted.id)])
        .await?;
    stage
        .perform(screen, &["review", "--reject", &words::short(&unwanted.id)])
        .await?;

    screen.say(&format!(
        "\n{}\n{}",
        paint("The file now:".bold()),
        stage.excerpt(line, 3)?
    ));
    let text = stage.text()?;
    if !text.contains(WANTED) || text.contains(UNWANTED) || text.contains("TODO") {
        return Err(Failure::new(
            Exit::Failed,
            "The demo ended with another file than it should. This is a fault of aca.",
        ));
    }
    screen.say(&paint(
        "✓ The accepted hunk is in the file, the rejected one is not.".green(),
    ));
    let tasks: TasksResult = stage.ask(&["status"]).await?;
    tasks
        .tasks
        .into_iter()
        .next()
        .ok_or_else(|| Failure::new(Exit::Failed, "The demo's task is gone. This is a fault of aca."))
}

fn hunk_with<'p>(proposal: &'p ProposalView, text: &str) -> Result<&'p HunkView, Failure> {
    let hunks = proposal.files.iter().flat_map(|file: &FileView| &file.hunks);
    hunks.into_iter().find(|hunk| hunk.new.contains(text)).ok_or_else(|| {
        Failure::new(
            Exit::Failed,
            "The agent proposed something else than was recorded. This is a fault of aca.",
        )
    })
}

impl Pair {
    /// Says what the demo runs in, and how to get the other.
    fn introduction(&self) -> String {
        match self {
            Self::Container { engine, claude, .. } => {
                format!(
                    "Sandbox: a container of {engine} without network, driven by Claude Code ({}).",
                    claude.display()
                )
            }
            Self::Embedded { why, .. } => format!(
                "{}\nSandbox: a confined process, driven by aca's own small agent loop, because {why}\n\
                 To see Claude Code in a container instead: mend that (`aca doctor` says how), then run `aca demo` again.",
                paint("EMBEDDED PAIR: NO CONTAINER, NO CLAUDE CODE.".yellow().bold())
            ),
        }
    }
}
