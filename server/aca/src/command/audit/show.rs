//! `aca audit show`

use std::time::Duration;

use aca_protocol::session::AuditEntry;
use chrono::{DateTime, Local};
use ratatui::style::Stylize as _;
use ratatui::text::{Line, Span};

use super::page;
use crate::cli::AuditShowArgs;
use crate::command::session::find;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::terminal::{harmless_line, interrupted, paint};

/// How often more is looked for while following.
const GLANCE: Duration = Duration::from_millis(500);

/// Prints what was recorded, oldest first.
pub(super) async fn run(context: &Context, args: &AuditShowArgs) -> Result<Exit, Failure> {
    let link = context.link_to_all().await?;
    let session = find::session(&link, args.session.as_deref(), context).await?.id;
    let about_task = |entry: &AuditEntry| match &args.task {
        Some(wanted) => entry
            .task
            .as_ref()
            .is_some_and(|task| task.as_str().starts_with(wanted)),
        None => true,
    };
    let (mut after, mut shown) = (0, 0_u64);
    let ended = tokio::select! {
        () = interrupted() => Ok::<Exit, Failure>(Exit::Interrupted),
        ended = async {
            loop {
                let result = page(&link, &session, after, false).await?;
                after = result.entries.last().map_or(after, |entry| entry.seq);
                for entry in result.entries.iter().filter(|entry| about_task(entry)) {
                    shown += 1;
                    if !context.screen.say_line(&line(entry)) || !context.screen.result_line(entry)? {
                        return Ok(Exit::Done);
                    }
                }
                match (result.more, args.follow) {
                    (true, _) => {}
                    (false, true) => tokio::time::sleep(GLANCE).await,
                    (false, false) => return Ok(Exit::Done),
                }
            }
        } => ended,
    };
    link.close().await;
    let exit = ended?;
    match &args.task {
        Some(task) if shown == 0 && exit == Exit::Done => Err(Failure::new(
            Exit::Nothing,
            format!(
                "Nothing about a task `{}` was recorded in this session.",
                harmless_line(task)
            ),
        )),
        _ => Ok(exit),
    }
}

/// One line about an entry: its place, when, who asked, what happened.
fn line(entry: &AuditEntry) -> String {
    let who = entry
        .who
        .as_deref()
        .map_or_else(|| "aca itself".dim(), |who| Span::from(harmless_line(who)).cyan());
    let task = entry.task.as_ref().map(|task| format!("{task}  ")).unwrap_or_default();
    paint(Line::from(vec![
        format!("{:>5}  {}  ", entry.seq, at(entry.at_ms)).dim(),
        who,
        format!("  {task}").dim(),
        harmless_line(&entry.about).into(),
    ]))
}

/// A moment in local time.
fn at(at_ms: u64) -> String {
    let at = i64::try_from(at_ms).ok().and_then(DateTime::from_timestamp_millis);
    let at = at.unwrap_or_default().with_timezone(&Local);
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use aca_protocol::TaskId;

    use super::*;

    #[test]
    fn an_entry_in_a_line() {
        let entry = AuditEntry {
            seq: 12,
            at_ms: 0,
            who: Some("Neovim 0.11.4\u{1b}".into()),
            kind: "stop_asked".into(),
            task: Some(TaskId::new("t1")),
            attempt: None,
            about: "The task was asked\nto stop.".into(),
            hash: "00".into(),
            id: "e".into(),
            rule: 2,
            sealed: false,
            body: None,
            stored: None,
        };
        let words = line(&entry);
        assert!(
            words.contains("   12  ") && words.contains("Neovim 0.11.4\\u{1b}"),
            "{words}"
        );
        assert!(words.contains("t1  ") && words.contains("asked\\nto stop."), "{words}");
        let itself = line(&AuditEntry { who: None, ..entry });
        assert!(itself.contains("aca itself"), "{itself}");
    }
}
