//! `aca daemon status`: whether it runs, since when, and what it has to do.

use std::time::{Duration, UNIX_EPOCH};

use chrono::{DateTime, Local};
use serde_json::json;

use crate::context::Context;
use crate::daemon::find;
use crate::daemon::greeting::{Ask, OwnerStatus};
use crate::exit::{Exit, Failure};
use crate::{log, terminal, words};

/// Asks the owner how it is. The exit code says whether there is one.
pub(super) async fn run(context: &Context) -> Result<Exit, Failure> {
    let owner = find::knock(&context.data_dir, Ask::Status).await?;
    let answer = owner.map(|owner| owner.answer);
    let status = answer.as_ref().and_then(|answer| answer.status.as_ref());
    match (&answer, status) {
        (Some(answer), Some(status)) => {
            let who = if answer.in_process {
                "An editor or a command hosts the engine (--in-process)"
            } else {
                "The daemon runs"
            };
            context.screen.say(&format!(
                "{who}: process {}, aca {}.\n{}",
                status.pid,
                status.version,
                rows(context, status)
            ));
            for problem in &status.problems {
                context.screen.note(&format!("Problem: {problem}"));
            }
        }
        _ => context
            .screen
            .say("No daemon runs; the next editor or command that needs it starts it."),
    }
    context.screen.result(&json!({ "daemon": status }))?;
    Ok(if status.is_some() { Exit::Done } else { Exit::Nothing })
}

fn rows(context: &Context, status: &OwnerStatus) -> String {
    let workspaces: Vec<_> = status
        .workspaces
        .iter()
        .map(|root| root.display().to_string())
        .collect();
    let rows = [
        ("since", since(status.started_ms)),
        ("clients", status.clients.to_string()),
        ("workspaces", or_none(workspaces.join(", "))),
        ("at work", words::count(status.running, "task")),
        (
            "memory",
            status
                .memory_bytes
                .map_or_else(String::new, |bytes| format!("{} MiB", bytes >> 20)),
        ),
        ("data", status.data_dir.display().to_string()),
        ("socket", status.socket.display().to_string()),
        ("log", log::path(&context.data_dir).display().to_string()),
    ];
    let rows = rows.into_iter().filter(|(_, value)| !value.is_empty());
    let lines: Vec<_> = rows
        .map(|(name, value)| format!("  {name:<12}{}", terminal::harmless_line(&value)))
        .collect();
    lines.join("\n")
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none".into() } else { text }
}

fn since(started_ms: u64) -> String {
    let started = UNIX_EPOCH + Duration::from_millis(started_ms);
    let local: DateTime<Local> = started.into();
    local.format("%Y-%m-%d %H:%M:%S").to_string()
}
