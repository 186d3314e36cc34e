//! `aca session show`

use std::time::{Duration, UNIX_EPOCH};

use aca_protocol::methods::Session;
use aca_protocol::session::{AttemptInfo, SessionDetail, SessionParams};
use chrono::{DateTime, Local};
use ratatui::style::Stylize as _;
use ratatui::text::Line;

use super::{find, list};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::figures::short_bytes;
use crate::terminal::{harmless_line, paint};
use crate::words;

/// Shows a session.
pub(super) async fn run(context: &Context, wanted: Option<&str>) -> Result<Exit, Failure> {
    let link = context.link_to_all().await?;
    let session = find::session(&link, wanted, context).await?.id;
    let detail = link.client.call::<Session>(SessionParams { session }).await?;
    for line in lines(&detail) {
        context.screen.say(&line);
    }
    context.screen.result(&detail)?;
    link.close().await;
    Ok(Exit::Done)
}

fn lines(detail: &SessionDetail) -> Vec<String> {
    let info = &detail.info;
    let is = match (info.current, info.open) {
        (true, true) => "the workspace's, open",
        (true, false) => "the workspace's",
        (false, _) => "another one is the workspace's",
    };
    let rows = [
        ("session", info.id.to_string()),
        ("name", harmless_line(info.name.as_deref().unwrap_or("none"))),
        ("workspace", harmless_line(&info.workspace.display().to_string())),
        ("is", is.to_owned()),
        ("created", time(info.created_ms)),
        ("changed", time(info.changed_ms)),
        ("tasks", list::tasks(info.tasks)),
        ("used", or_nothing(words::usage(&info.usage))),
        (
            "kept",
            format!(
                "{} events, {} checkpoints, {}",
                detail.events,
                detail.checkpoints,
                short_bytes(info.bytes)
            ),
        ),
    ];
    let row = |(name, value): (&str, String)| paint(Line::from(vec![format!("{name:<10}").dim(), value.into()]));
    let mut lines: Vec<String> = rows.into_iter().map(row).collect();
    for task in &detail.tasks {
        lines.push(words::task_line(task));
        let attempts = detail.attempts.iter().filter(|attempt| attempt.task == task.id);
        lines.extend(attempts.map(attempt));
    }
    lines
}

fn attempt(attempt: &AttemptInfo) -> String {
    let state = attempt.end.as_deref().unwrap_or(&attempt.stage).to_owned();
    let took = attempt
        .ended_ms
        .map(|ended| ended.saturating_sub(attempt.planned_ms) / 1000);
    let took = took.map_or(String::new(), |seconds| format!(", {seconds} s"));
    paint(Line::from(vec![
        format!("    {}  ", attempt.id).dim(),
        format!("{}{took}  {state}  ", time(attempt.planned_ms)).into(),
        words::usage(&attempt.usage).dim(),
    ]))
}

fn time(ms: u64) -> String {
    let at = DateTime::<Local>::from(UNIX_EPOCH + Duration::from_millis(ms));
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

fn or_nothing(text: String) -> String {
    if text.is_empty() { "nothing".to_owned() } else { text }
}
