//! How all about a task, or a checkpoint, looks on paper.

use std::time::Duration;

use aca_protocol::methods::{AttemptBrief, OperationView};
use aca_protocol::proposal::{HunkView, ProposalView};
use aca_protocol::session::{CheckpointReason, CheckpointView};
use aca_protocol::task::{Origin, TaskState, TaskView};
use ratatui::style::{Style, Stylize as _};
use ratatui::text::Span;

use super::AboutTask;
use crate::command::attach::markdown;
use crate::command::review;
use crate::figures;
use crate::terminal::{Row, harmless_line};
use crate::words;

/// Renders a task.
pub(super) fn task(about: &AboutTask) -> Vec<Row> {
    let task = &about.task;
    let mut rows = vec![Row::new(
        [],
        [
            task.id.to_string().dim(),
            "  ".into(),
            harmless_line(&task.title).bold(),
        ],
    )];
    rows.push(fact(
        "state",
        Span::styled(words::state(&task.state), words::state_style(&task.state)),
    ));
    rows.extend(origin(&task.origin));
    let made = format!("made {}, changed {}", ago(task.created_ms), ago(task.changed_ms));
    rows.push(fact("when", made.into()));
    let used = words::usage(&task.usage);
    if !used.is_empty() {
        rows.push(fact("used", used.into()));
    }
    if !about.attempts.is_empty() {
        rows.push(heading("Rounds"));
        rows.extend(about.attempts.iter().zip(1..).map(round));
    }
    if let Some(proposal) = &about.proposal {
        rows.extend(proposed(proposal));
    }
    if !about.operations.is_empty() {
        rows.push(heading("Landings"));
        rows.extend(about.operations.iter().map(operation));
    }
    let next = next(task);
    if !next.is_empty() {
        rows.push(heading("Next"));
        let width = next.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
        let row = |(command, does): &(String, &'static str)| {
            Row::new([format!("  {command:<width$}  ").cyan()], [Span::raw(*does)])
        };
        rows.extend(next.iter().map(row));
    }
    rows
}

/// Renders a checkpoint.
pub(super) fn checkpoint(checkpoint: &CheckpointView) -> Vec<Row> {
    let name = checkpoint.name.as_deref().map(harmless_line).unwrap_or_default();
    let why = match checkpoint.why {
        CheckpointReason::Asked => "asked for",
        CheckpointReason::Transition => "a task changed its state",
        CheckpointReason::Interval => "time had passed",
        CheckpointReason::Before => "something was about to change much",
    };
    let tasks = &checkpoint.tasks;
    let id = &checkpoint.id;
    vec![
        Row::new([], [id.to_string().dim(), "  ".into(), name.bold()]),
        fact("what", harmless_line(&checkpoint.about).into()),
        fact("why", why.into()),
        fact("when", ago(checkpoint.at_ms).into()),
        fact(
            "tasks",
            format!(
                "{} at work, {} for review, {} lost, {} others",
                tasks.working, tasks.ready, tasks.lost, tasks.settled
            )
            .into(),
        ),
        heading("Next"),
        Row::new(
            [format!("  aca checkpoint diff {id}     ").cyan()],
            ["what differs from it now".into()],
        ),
        Row::new(
            [format!("  aca checkpoint restore {id}  ").cyan()],
            ["go back to it".into()],
        ),
    ]
}

fn heading(text: &'static str) -> Row {
    Row::new([], [text.bold()])
}

fn fact(name: &str, text: Span<'static>) -> Row {
    Row::new([format!("  {name:<6} ").dim()], [text])
}

fn ago(at_ms: u64) -> String {
    words::ago(Duration::from_millis(figures::now_ms().saturating_sub(at_ms)))
}

fn origin(origin: &Origin) -> Vec<Row> {
    match origin {
        Origin::Todo { path, line, text } => {
            vec![fact(
                "from",
                format!("{}:{}: {}", harmless_line(path), line + 1, harmless_line(text)).into(),
            )]
        }
        Origin::Selection {
            path,
            start_line,
            end_line,
            instruction,
            ..
        } => {
            let (from, to) = (start_line + 1, end_line + 1);
            let text = format!("{}:{from}-{to}: {}", harmless_line(path), harmless_line(instruction));
            vec![fact("from", text.into())]
        }
        Origin::Text { text } => text
            .trim()
            .lines()
            .enumerate()
            .map(|(index, line)| fact(if index == 0 { "from" } else { "" }, harmless_line(line).into()))
            .collect(),
    }
}

fn round((attempt, number): (&AttemptBrief, usize)) -> Row {
    let parts = [&attempt.backend, &attempt.model].into_iter().flatten();
    let mut parts: Vec<String> = parts.map(|part| harmless_line(part)).collect();
    if !attempt.ended {
        parts.push("at work".into());
    }
    if let Some(remark) = attempt.remark.as_ref().filter(|remark| !remark.is_empty()) {
        parts.push(format!("sent back with: {}", harmless_line(remark)));
    }
    Row::new([format!("  {number}  ").dim()], [parts.join(" · ").into()])
}

fn proposed(proposal: &ProposalView) -> Vec<Row> {
    let mut rows = Vec::new();
    if !proposal.summary.trim().is_empty() {
        rows.push(heading("Summary"));
        rows.extend(markdown::rows(&proposal.summary).into_iter().map(|row| row.indented(2)));
    }
    if !proposal.note.is_empty() {
        rows.push(fact("note", harmless_line(&proposal.note).yellow()));
    }
    if let Some(check) = &proposal.check {
        rows.push(heading("Check"));
        rows.push(Row::new(["  ".into()], [review::in_colour(check, words::check(check))]));
        rows.extend(
            check
                .findings
                .iter()
                .map(|finding| review::finding(finding).indented(2)),
        );
    }
    if !proposal.files.is_empty() {
        rows.push(heading("Hunks"));
    }
    for file in &proposal.files {
        rows.push(Row::new(["  ".into()], [words::file_heading(file).cyan()]));
        rows.extend(file.hunks.iter().map(hunk));
    }
    rows
}

fn hunk(hunk: &HunkView) -> Row {
    let style = match () {
        () if hunk.state.is_conflict() => Style::new().red(),
        () if hunk.state.is_open() => Style::new().yellow(),
        () => Style::new().dim(),
    };
    let size = format!("  +{} -{}", hunk.new.lines().count(), hunk.old.lines().count());
    let mut text = vec![Span::styled(words::hunk_state(&hunk.state), style), size.dim()];
    if let Some(reason) = &hunk.reason {
        text.push(format!("  {}", harmless_line(&reason.why)).into());
        if !reason.verified {
            text.push(" (unverified)".yellow());
        }
    }
    Row::new([format!("    {}  ", words::short(&hunk.id)).dim()], text)
}

fn operation(operation: &OperationView) -> Row {
    let what = if operation.undoes.is_some() {
        "taken back"
    } else {
        "landed"
    };
    let paths: Vec<String> = operation.paths.iter().map(|path| harmless_line(path)).collect();
    let standing = if operation.hunks.is_empty() {
        ", nothing of it stands"
    } else {
        ""
    };
    let text = format!("{what} {}: {}{standing}", ago(operation.at_ms), paths.join(", "));
    Row::new([format!("  {}  ", operation.id).dim()], [text.into()])
}

/// Which commands lead on from where a task stands, and what they do.
fn next(task: &TaskView) -> Vec<(String, &'static str)> {
    let id = &task.id;
    let mut next = match &task.state {
        TaskState::Running { .. } => vec![
            (format!("aca attach {id}"), "watch it, and type to its agent"),
            (format!("aca stop {id}"), "stop it"),
        ],
        TaskState::Paused => vec![(format!("aca resume {id}"), "let it go on")],
        TaskState::Ready { .. } => vec![
            (format!("aca review {id}"), "decide its hunks"),
            (format!("aca send-back {id} REMARK"), "have its agent do better"),
        ],
        TaskState::Landed { .. } => vec![("aca undo".to_owned(), "take the newest landing back")],
        TaskState::NothingToDo { .. } => vec![(format!("aca send-back {id} REMARK"), "tell its agent what is missing")],
        state if !state.is_settled() => vec![(format!("aca attach {id}"), "watch it")],
        _ => Vec::new(),
    };
    if !task.recovery.is_empty() {
        next.push((format!("aca resume {id}"), "have it go on"));
    }
    if task.state.is_settled() {
        next.push((
            format!("aca attach {id} --no-follow"),
            "read what its agent said and did",
        ));
    }
    next
}
