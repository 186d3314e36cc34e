//! The tasks as a table: which, in which order, with what of each.

use std::cmp::Reverse;

use aca_protocol::task::{TaskState, TaskView};
use ratatui::style::Style;
use ratatui::text::Span;

use super::overview::{Overview, waits};
use crate::figures;
use crate::terminal::{Align, Cell, Column, harmless_line};
use crate::words;

/// In which order the tasks are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Order {
    /// What is at work, then what waits for a person, then the rest; each with what changed last first.
    #[default]
    State,
    /// What changed last first.
    Changed,
    /// What cost most first.
    Cost,
    /// By workspace and title.
    Name,
}

impl Order {
    /// Returns the next order.
    pub(super) fn next(self) -> Self {
        match self {
            Self::State => Self::Changed,
            Self::Changed => Self::Cost,
            Self::Cost => Self::Name,
            Self::Name => Self::State,
        }
    }

    /// Returns its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Changed => "last change",
            Self::Cost => "cost",
            Self::Name => "name",
        }
    }
}

/// Returns the tasks that have all words of the filter, in order.
pub(super) fn tasks<'o>(overview: &'o Overview, order: Order, filter: &str) -> Vec<&'o TaskView> {
    let wanted: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    let has_all = |task: &&TaskView| {
        let state = words::state(&task.state);
        let text = format!("{} {} {} {}", task.id, task.title, task.workspace.display(), state).to_lowercase();
        wanted.iter().all(|word| text.contains(word))
    };
    let mut tasks: Vec<&TaskView> = overview.tasks.values().filter(has_all).collect();
    match order {
        Order::State => tasks.sort_by_key(|task| (group(&task.state), Reverse(task.changed_ms))),
        Order::Changed => tasks.sort_by_key(|task| Reverse(task.changed_ms)),
        Order::Cost => tasks.sort_by_key(|task| (Reverse(task.usage.cost_micros), Reverse(task.changed_ms))),
        Order::Name => tasks.sort_by(|one, other| (&one.workspace, &one.title).cmp(&(&other.workspace, &other.title))),
    }
    tasks
}

fn group(state: &TaskState) -> u8 {
    match state {
        state if waits(state) && state.is_settled() => 1,
        state if !state.is_settled() => 0,
        TaskState::Failed { .. } => 2,
        _ => 3,
    }
}

/// The columns; at 80 columns all but the workspace have room.
pub(super) const COLUMNS: &[Column] = &[
    column("TASK", Align::Left, 0),
    column("STATE", Align::Left, 0),
    column("TIME", Align::Right, 1),
    column("TOKENS", Align::Right, 5),
    column("COST", Align::Right, 2),
    column("CPU", Align::Right, 3),
    column("MEM", Align::Right, 4),
    column("WORKSPACE", Align::Left, 6),
    column("TITLE", Align::Rest, 0),
];

const fn column(title: &'static str, align: Align, spare: u8) -> Column {
    Column { title, align, spare }
}

/// Returns a task's cells.
pub(super) fn cells(overview: &Overview, task: &TaskView, now_ms: u64) -> Vec<Cell> {
    let sandbox = overview.sandboxes.get(&task.id);
    let cpu = sandbox.and_then(|sandbox| sandbox.cpu_percent);
    let memory = sandbox.and_then(|sandbox| sandbox.memory_bytes);
    let workspace = task.workspace.file_name().unwrap_or_default().to_string_lossy();
    let used = task.usage.requests > 0;
    let title = harmless_line(&task.title);
    let title = match &task.state {
        TaskState::Running { activity, .. } if !activity.is_empty() => format!("{title} — {}", harmless_line(activity)),
        TaskState::Preparing { step } if !step.is_empty() => format!("{title} — {}", harmless_line(step)),
        TaskState::Failed { reason } | TaskState::Lost { reason } => format!("{title} — {}", harmless_line(reason)),
        _ => title,
    };
    vec![
        Span::raw(task.id.to_string()),
        Span::styled(words::short_state(&task.state), words::state_style(&task.state)),
        Span::raw(figures::short_span(time_ms(task, now_ms) / 1000)),
        Span::raw(if used {
            figures::short_number(figures::tokens(&task.usage))
        } else {
            String::new()
        }),
        Span::raw(if used {
            figures::cost(task.usage.cost_micros)
        } else {
            String::new()
        }),
        Span::raw(cpu.map(|cpu| format!("{cpu:.0}%")).unwrap_or_default()),
        Span::raw(memory.map(figures::short_bytes).unwrap_or_default()),
        Span::styled(harmless_line(&workspace), Style::new().dim()),
        Span::raw(title),
    ]
}

/// How long a task has been at work, or how long ago it changed last.
fn time_ms(task: &TaskView, now_ms: u64) -> u64 {
    let since = match &task.state {
        TaskState::Running { since_ms, .. } | TaskState::Verifying { since_ms } => *since_ms,
        _ => task.changed_ms,
    };
    now_ms.saturating_sub(since)
}
