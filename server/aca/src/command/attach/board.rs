//! The picture of a task that is watched: a heading, the transcript, what was said last, and a line to type in.

use aca_protocol::task::{TaskState, TaskView};
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Style, Stylize as _};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::keys;
use super::view::{Mode, Question, View, recovery_key};
use crate::figures;
use crate::terminal::{Page, harmless_line, help, hints};
use crate::words;

/// On a terminal with fewer lines the rules are left out.
const ROOMY: u16 = 12;
/// On a terminal with fewer columns a state is said in one word.
const WIDE: usize = 60;
/// So many lines of what was said are shown at most.
const MAX_SAID: usize = 4;
/// An agent of which nothing is heard for so many seconds is said to be silent.
const SILENT: u64 = 10;

/// Draws it all. `now_ms` is the time, in milliseconds since the Unix epoch.
pub(super) fn draw(frame: &mut Frame<'_>, view: &mut View, now_ms: u64) {
    let area = frame.area();
    let width = usize::from(area.width);
    let said = said_lines(view, width);
    let roomy = area.height >= ROOMY;
    let taken = 3 + if roomy { 2 } else { 0 } + said.len();
    let room = usize::from(area.height).saturating_sub(taken).max(1);
    let mut page = Page::new(frame.buffer_mut());
    page.both(&title(&view.task), &state(&view.task, width));
    page.both(&facts(view, now_ms), &position(view));
    if roomy {
        page.line(&Line::from("─".repeat(width)).dim());
    }
    let top = page.next();
    let body = body(view, width, room);
    for line in &body {
        page.line(line);
    }
    page.skip(room - body.len());
    if roomy {
        page.line(&rule(view, width));
    }
    for line in &said {
        page.line(line);
    }
    let y = page.next();
    let (line, cursor) = bottom(view, width);
    page.line(&line);
    mark(frame.buffer_mut(), &view.searched, &body, top);
    if let Some(cursor) = cursor {
        frame.set_cursor_position((cursor, y));
    }
}

fn title(task: &TaskView) -> Line<'static> {
    Line::from(harmless_line(&task.title)).bold()
}

/// Where the task stands, without what the agent does: that is in the transcript.
fn state(task: &TaskView, width: usize) -> Line<'static> {
    let text = match &task.state {
        state @ TaskState::Ready { .. } if width >= WIDE => words::state(state),
        state => words::short_state(state),
    };
    Line::from(Span::styled(text, words::state_style(&task.state)))
}

/// What is known of the round that is shown.
fn facts(view: &View, now_ms: u64) -> Line<'static> {
    let round = view.rounds.shown();
    let task = &view.task;
    let at_work = view.is_at_work() && view.rounds.is_newest();
    let mut begin = task.id.to_string();
    let mut facts = Vec::new();
    let last = round.transcript.last_ms();
    let began = round.transcript.began_ms().or(at_work.then_some(task.changed_ms));
    let end = if at_work { Some(now_ms) } else { last };
    if let (Some(began), Some(end)) = (began, end) {
        begin.push_str(&format!(" · {}", figures::span(end.saturating_sub(began) / 1000)));
    }
    if task.usage.requests > 0 {
        facts.push(format!(
            "{} tokens",
            figures::short_number(figures::tokens(&task.usage))
        ));
        facts.push(figures::cost(task.usage.cost_micros));
    }
    facts.extend(round.brief.model.as_deref().map(harmless_line));
    facts.extend(round.brief.backend.as_deref().map(harmless_line));
    let mut spans = vec![begin.dim()];
    if let (TaskState::Running { .. }, true, Some(last)) = (&task.state, at_work, last) {
        let silent = now_ms.saturating_sub(last) / 1000;
        if silent >= SILENT {
            spans.push(format!(" · silent for {}", figures::span(silent)).yellow());
        }
    }
    spans.extend(facts.iter().map(|fact| format!(" · {fact}").dim()));
    spans.into()
}

fn position(view: &View) -> Line<'static> {
    match view.rounds.position() {
        (_, 0 | 1) => Line::default(),
        (shown, of) => {
            let text = format!("round {shown} of {of}");
            let style = if shown < of {
                Style::new().yellow()
            } else {
                Style::new().dim()
            };
            Span::styled(text, style).into()
        }
    }
}

fn body(view: &mut View, width: usize, room: usize) -> Vec<Line<'static>> {
    if view.mode == Mode::Help {
        let rows = help(keys::HELP);
        return rows.iter().flat_map(|row| row.wrap(width)).take(room).collect();
    }
    let empty = match &view.task.state {
        TaskState::Queued => "It waits for its turn.",
        state if state.is_settled() => "No agent has said anything.",
        _ => "The agent has not said anything yet.",
    };
    let round = view.rounds.shown_mut();
    round.pane.resize(width, room);
    let lines = round.pane.visible(&round.transcript);
    if lines.is_empty() {
        return vec![Line::from(empty).dim()];
    }
    lines
}

/// The rule under the transcript: whether the end is followed, and what the agent does right now.
fn rule(view: &View, width: usize) -> Line<'static> {
    let pane = &view.rounds.shown().pane;
    let text = match &view.task.state {
        _ if !pane.follows() => " more below: End ".into(),
        TaskState::Running { activity, .. } if view.rounds.is_newest() && !activity.is_empty() => {
            format!(" {} ", harmless_line(activity))
        }
        TaskState::Preparing { step } if !step.is_empty() => format!(" {} ", harmless_line(step)),
        _ => String::new(),
    };
    if text.is_empty() {
        return Line::from("─".repeat(width)).dim();
    }
    let text = crate::terminal::cut(&text, width.saturating_sub(2));
    let rest = width.saturating_sub(2 + text.width());
    let colour = if pane.follows() {
        Style::new().cyan()
    } else {
        Style::new().yellow()
    };
    vec!["──".dim(), Span::styled(text, colour), "─".repeat(rest).dim()].into()
}

/// What was said last; otherwise why the task ended.
fn said_lines(view: &View, width: usize) -> Vec<Line<'static>> {
    let mut lines = match (&view.said, &view.task.state) {
        (Some(said), _) => said.lines(width),
        (None, TaskState::Failed { reason } | TaskState::Lost { reason }) => {
            let reason = harmless_line(reason);
            crate::terminal::Row::new(["✗ ".red()], [reason.into()]).wrap(width)
        }
        (None, _) => Vec::new(),
    };
    lines.truncate(MAX_SAID);
    lines
}

/// The last line: what is typed, a question, or the keys that matter; and where the cursor is.
fn bottom(view: &View, width: usize) -> (Line<'static>, Option<u16>) {
    let typed = |(line, cursor): (Line<'static>, u16)| (line, Some(cursor));
    match view.mode {
        Mode::Tell => {
            let label = if view.is_at_work() {
                "tell the agent ▸ "
            } else {
                "send it back with ▸ "
            };
            typed(view.words.line(label, width))
        }
        Mode::Search => typed(view.search.line("search ▸ ", width)),
        Mode::Ask(Question::Stop) => (
            Line::from("Stop the task? What it did so far is kept. y/n").bold(),
            None,
        ),
        Mode::Ask(Question::Recover) => {
            let ways = view.task.recovery.iter().map(|way| {
                let (key, means) = recovery_key(*way);
                format!("{key} {means}")
            });
            let ways: Vec<String> = ways.collect();
            (Line::from(format!("{}; Esc leaves it", ways.join(", "))).bold(), None)
        }
        Mode::Help => (Line::from("any key goes back").dim(), None),
        Mode::Keys if view.busy => (Line::from("…").cyan(), None),
        Mode::Keys => (hints(&keys_now(view), width), None),
    }
}

/// The keys that matter now, the most needed first.
fn keys_now(view: &View) -> Vec<(&'static str, &'static str)> {
    let mut keys = match view.task.state {
        TaskState::Running { .. } => vec![("Enter", "tell the agent"), ("p", "hold"), ("s", "stop")],
        TaskState::Paused => vec![("p", "go on"), ("Enter", "tell the agent"), ("s", "stop")],
        TaskState::Queued | TaskState::Preparing { .. } | TaskState::Verifying { .. } => vec![("s", "stop")],
        TaskState::Ready { .. } => vec![("r", "review"), ("Enter", "send back")],
        TaskState::Landed { .. } | TaskState::Rejected | TaskState::NothingToDo { .. } => vec![("Enter", "send back")],
        TaskState::Failed { .. } | TaskState::Lost { .. } | TaskState::Stopped => Vec::new(),
        TaskState::Stopping => Vec::new(),
    };
    if !view.task.recovery.is_empty() {
        keys.push(("c", "go on"));
    }
    let pane = &view.rounds.shown().pane;
    if !pane.follows() {
        keys.push(("End", "follow"));
    }
    keys.push(("o", if pane.is_unfolded() { "fold" } else { "unfold" }));
    if view.rounds.position().1 > 1 {
        keys.push(("[ ]", "rounds"));
    }
    keys.extend([("?", "all keys"), ("q", "leave"), ("/", "search")]);
    keys
}

/// Shows where a text is in the lines from `top` on.
fn mark(buffer: &mut Buffer, searched: &str, lines: &[Line<'_>], top: u16) {
    if searched.is_empty() {
        return;
    }
    let exact = searched.chars().any(char::is_uppercase);
    for (line, y) in lines.iter().zip(top..buffer.area.height) {
        let text = line.to_string();
        // A letter whose small form has another length would shift the places.
        let small = text.to_lowercase();
        let text = if exact || small.len() != text.len() {
            text
        } else {
            small
        };
        for (at, found) in text.match_indices(searched) {
            let x = text.get(..at).map_or(0, UnicodeWidthStr::width);
            let to = |width: usize| u16::try_from(width).unwrap_or(u16::MAX);
            let area = Rect::new(to(x), y, to(found.width()), 1).intersection(buffer.area);
            buffer.set_style(area, Style::new().reversed());
        }
    }
}
