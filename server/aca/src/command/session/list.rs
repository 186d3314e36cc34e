//! `aca session list`

use std::time::{Duration, SystemTime};

use aca_protocol::methods::Sessions;
use aca_protocol::session::{NoParams, SessionInfo, TaskCounts};
use ratatui::style::{Style, Stylize as _};
use ratatui::text::Span;

use super::short;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::figures::short_bytes;
use crate::terminal::{Align, Cell, Column, harmless_line, paint, table};
use crate::words;

const COLUMNS: [Column; 7] = [
    column("", Align::Left, 0),
    column("SESSION", Align::Left, 0),
    column("NAME", Align::Left, 3),
    column("CHANGED", Align::Left, 1),
    column("SIZE", Align::Right, 4),
    column("TASKS", Align::Left, 0),
    column("WORKSPACE", Align::Rest, 2),
];

const fn column(title: &'static str, align: Align, spare: u8) -> Column {
    Column { title, align, spare }
}

/// Lists all sessions.
pub(super) async fn run(context: &Context) -> Result<Exit, Failure> {
    let link = context.link_to_all().await?;
    let all = link.client.call::<Sessions>(NoParams {}).await?;
    if all.sessions.is_empty() {
        context
            .screen
            .say("There are no sessions yet; an editor or `aca run` makes one.");
    } else {
        let rows: Vec<Vec<Cell>> = all.sessions.iter().map(row).collect();
        let (heading, lines) = table(&COLUMNS, &rows, context.screen.width());
        context.screen.say(&paint(heading.dim()));
        for line in lines {
            context.screen.say(&paint(line));
        }
    }
    for session in &all.sessions {
        if let Some(problem) = &session.problem {
            context.screen.note(&format!("Problem: {problem}"));
        }
    }
    context.screen.result(&all)?;
    link.close().await;
    Ok(Exit::Done)
}

fn row(session: &SessionInfo) -> Vec<Cell> {
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(session.changed_ms);
    // Of one that cannot be read it is not known.
    let ago = match session.changed_ms {
        0 => String::new(),
        _ => words::ago(SystemTime::now().duration_since(at).unwrap_or_default()),
    };
    let mark = if session.current { "*" } else { "" };
    let tasks = match &session.problem {
        Some(_) => "cannot be read".red(),
        None => Span::styled(tasks(session.tasks), tasks_style(session.tasks)),
    };
    vec![
        mark.into(),
        short(session).cyan(),
        harmless_line(session.name.as_deref().unwrap_or_default()).into(),
        ago.into(),
        short_bytes(session.bytes).dim(),
        tasks,
        harmless_line(&session.workspace.display().to_string()).into(),
    ]
}

/// How the tasks of a session stand, in words.
pub(super) fn tasks(counts: TaskCounts) -> String {
    let TaskCounts {
        working,
        ready,
        lost,
        settled,
    } = counts;
    let parts = [
        (working, "at work"),
        (ready, "to review"),
        (lost, "lost"),
        (settled, "done"),
    ];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let words: Vec<String> = parts.map(|(count, what)| format!("{count} {what}")).collect();
    if words.is_empty() {
        "none".to_owned()
    } else {
        words.join(", ")
    }
}

fn tasks_style(counts: TaskCounts) -> Style {
    match counts {
        TaskCounts { lost: 1.., .. } => Style::new().red(),
        TaskCounts { ready: 1.., .. } => Style::new().yellow(),
        _ => Style::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_in_words() {
        assert_eq!(tasks(TaskCounts::default()), "none");
        let some = TaskCounts {
            ready: 2,
            settled: 1,
            ..TaskCounts::default()
        };
        assert_eq!(tasks(some), "2 to review, 1 done");
    }
}
