//! `aca checkpoint`: lists points that the workspace's session can go back to, makes one, compares, and goes back.

use std::path::Path;
use std::time::{Duration, SystemTime};

use aca_protocol::methods::{Checkpoints, CreateCheckpoint, DiffCheckpoint, RestoreCheckpoint, TasksParams};
use aca_protocol::session::{
    CheckpointParams, CheckpointReason, CheckpointView, CreateCheckpointParams, FileDifference, TaskCounts,
};
use ratatui::style::Stylize as _;
use ratatui::text::Line;

use crate::cli::CheckpointCommand;
use crate::context::{Context, Link};
use crate::exit::{Exit, Failure};
use crate::terminal::{harmless, harmless_line, paint};
use crate::words;

/// Does what was asked.
pub(crate) async fn run(context: &Context, command: CheckpointCommand) -> Result<Exit, Failure> {
    let root = context.root()?;
    let link = context.link(&root).await?;
    let exit = match command {
        CheckpointCommand::List => list(context, &link, &root).await?,
        CheckpointCommand::Create(args) => create(context, &link, &root, args.name).await?,
        CheckpointCommand::Diff(args) => diff(context, &link, &root, &args.checkpoint).await?,
        CheckpointCommand::Restore(args) => restore(context, &link, &root, &args.checkpoint).await?,
    };
    link.close().await;
    Ok(exit)
}

async fn list(context: &Context, link: &Link, root: &Path) -> Result<Exit, Failure> {
    let workspace = root.to_owned();
    let all = link.client.call::<Checkpoints>(TasksParams { workspace }).await?;
    for checkpoint in &all.checkpoints {
        context.screen.say(&line(checkpoint));
    }
    if all.checkpoints.is_empty() {
        context
            .screen
            .say("There is no checkpoint in this workspace yet; `aca checkpoint create` makes one.");
    }
    context.screen.result(&all)?;
    Ok(Exit::Done)
}

async fn create(context: &Context, link: &Link, root: &Path, name: Option<String>) -> Result<Exit, Failure> {
    let workspace = root.to_owned();
    let params = CreateCheckpointParams { workspace, name };
    let made = link.client.call::<CreateCheckpoint>(params).await?;
    context.screen.say(&format!(
        "The checkpoint {} is made; `aca checkpoint restore {}` goes back to it.",
        made.id, made.id
    ));
    context.screen.result(&made)?;
    Ok(Exit::Done)
}

async fn diff(context: &Context, link: &Link, root: &Path, wanted: &str) -> Result<Exit, Failure> {
    let params = named(link, root, wanted).await?;
    let compared = link.client.call::<DiffCheckpoint>(params).await?;
    for file in &compared.files {
        context.screen.say(&difference(file));
    }
    if compared.files.is_empty() {
        context.screen.say("No file differs from what it was.");
    }
    context.screen.result(&compared)?;
    Ok(Exit::Done)
}

async fn restore(context: &Context, link: &Link, root: &Path, wanted: &str) -> Result<Exit, Failure> {
    let params = named(link, root, wanted).await?;
    let checkpoint = params.checkpoint.clone();
    let done = link.client.call::<RestoreCheckpoint>(params).await?;
    let mut said = format!("The session is back at {checkpoint}.");
    for (hunks, what) in [(&done.taken_back, "taken back"), (&done.landed_again, "landed again")] {
        if !hunks.is_empty() {
            said.push_str(&format!(" {} {what}.", words::count_of(hunks, "hunk")));
        }
    }
    context.screen.say(&said);
    for refusal in &done.refused {
        context.screen.note(&format!(
            "Hunk {} stays as it is in the files: {}",
            words::short(&refusal.hunk),
            harmless(&refusal.reason)
        ));
    }
    context.screen.note(&format!(
        "`aca checkpoint restore {}` brings everything back as it was.",
        done.before
    ));
    context.screen.result(&done)?;
    Ok(if done.refused.is_empty() {
        Exit::Done
    } else {
        Exit::Conflicts
    })
}

/// Finds the checkpoint that is named: by its id, or the newest by its name.
async fn named(link: &Link, root: &Path, wanted: &str) -> Result<CheckpointParams, Failure> {
    let workspace = root.to_owned();
    let params = TasksParams {
        workspace: workspace.clone(),
    };
    let all = link.client.call::<Checkpoints>(params).await?.checkpoints;
    let checkpoint = find(&all, wanted).ok_or_else(|| {
        let message = format!(
            "There is no checkpoint `{}` in this workspace; `aca checkpoint list` lists all.",
            harmless(wanted)
        );
        Failure::new(Exit::Nothing, message)
    })?;
    Ok(CheckpointParams {
        workspace,
        checkpoint: checkpoint.id.clone(),
    })
}

/// Finds a checkpoint by its id, or the newest by its name.
pub(crate) fn find<'c>(all: &'c [CheckpointView], wanted: &str) -> Option<&'c CheckpointView> {
    let by_id = all.iter().find(|checkpoint| checkpoint.id.as_str() == wanted);
    let mut newest = all.iter().rev();
    by_id.or_else(|| newest.find(|checkpoint| checkpoint.name.as_deref() == Some(wanted)))
}

/// One line about a checkpoint.
fn line(checkpoint: &CheckpointView) -> String {
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(checkpoint.at_ms);
    let ago = SystemTime::now().duration_since(at).unwrap_or_default();
    let about = match (&checkpoint.name, checkpoint.why) {
        (Some(name), _) => harmless_line(name),
        (None, CheckpointReason::Interval) => checkpoint.about.clone(),
        (None, _) => harmless_line(&checkpoint.about),
    };
    let about = match checkpoint.name {
        Some(_) => about.bold(),
        None => about.into(),
    };
    paint(Line::from(vec![
        format!("{:<6}", checkpoint.id.to_string()).cyan(),
        format!("{:>9}  ", words::ago(ago)).dim(),
        about,
        format!("  {}", tasks(&checkpoint.tasks)).dim(),
    ]))
}

fn tasks(counts: &TaskCounts) -> String {
    let all = [
        (counts.working, "at work"),
        (counts.ready, "ready"),
        (counts.lost, "lost"),
        (counts.settled, "settled"),
    ];
    let said: Vec<String> = all
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    said.join(", ")
}

/// A file's difference, with a heading that says what a unified diff does not.
fn difference(file: &FileDifference) -> String {
    let note = file.note.as_ref().map(|note| format!(" ({})", harmless_line(note)));
    let heading = format!(
        "{} {}{}",
        file.change,
        harmless_line(&file.path),
        note.unwrap_or_default()
    );
    let mut lines = vec![paint(Line::from(heading.bold()))];
    for line in file.diff.iter().flat_map(|diff| diff.lines()) {
        let shown = harmless_line(line);
        lines.push(match line.as_bytes().first() {
            Some(b'+') => paint(Line::from(shown.green())),
            Some(b'-') => paint(Line::from(shown.red())),
            Some(b'@') => paint(Line::from(shown.cyan())),
            _ => shown,
        });
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use aca_protocol::CheckpointId;

    use super::*;

    fn checkpoint(id: &str, name: Option<&str>) -> CheckpointView {
        CheckpointView {
            id: CheckpointId::new(id),
            name: name.map(str::to_owned),
            why: CheckpointReason::Transition,
            about: "landed: a task".to_owned(),
            at_ms: 0,
            tasks: TaskCounts {
                ready: 2,
                settled: 1,
                ..TaskCounts::default()
            },
        }
    }

    #[test]
    fn a_checkpoint_is_found_by_its_id_or_as_the_newest_of_its_name() {
        let all = [
            checkpoint("c-1", Some("lunch")),
            checkpoint("c-2", Some("c-1")),
            checkpoint("c-3", Some("lunch")),
        ];
        let found = |wanted| find(&all, wanted).map(|checkpoint| checkpoint.id.as_str());
        assert_eq!(found("c-1"), Some("c-1"));
        assert_eq!(found("lunch"), Some("c-3"));
        assert_eq!(found("c-4"), None);
    }

    #[test]
    fn a_line_says_what_happened_and_how_the_tasks_stood() {
        let said = line(&checkpoint("c-1", None));
        assert!(said.contains("landed: a task"), "{said}");
        assert!(said.contains("2 ready, 1 settled"), "{said}");
        assert!(line(&checkpoint("c-2", Some("lunch"))).contains("lunch"));
    }

    #[test]
    fn a_difference_names_its_file_and_what_cannot_be_shown() {
        let file = FileDifference {
            path: "logo.png".to_owned(),
            change: "changed".to_owned(),
            diff: None,
            note: Some("it is not text".to_owned()),
        };
        assert!(difference(&file).contains("changed logo.png (it is not text)"));
    }
}
