//! A task's state in a few words, as lenses and progress show it.

use aca_protocol::task::{TaskState, TaskView};

/// The longest reason that is shown on a line, in characters.
const MAX_REASON: usize = 80;

/// Returns where a task stands, in one line. `now_ms` is the time in milliseconds since the Unix epoch.
pub(crate) fn describe(task: &TaskView, now_ms: u64) -> String {
    match &task.state {
        TaskState::Queued => "queued".to_owned(),
        TaskState::Preparing { step } if step.is_empty() => "preparing".to_owned(),
        TaskState::Preparing { step } => format!("preparing: {step}"),
        TaskState::Running { activity, since_ms } => {
            let activity = if activity.is_empty() { "running" } else { activity };
            let mut words = format!("{activity} · {}", duration(now_ms.saturating_sub(*since_ms)));
            if task.usage.cost_micros > 0 {
                words.push_str(&format!(" · {}", cost(task.usage.cost_micros)));
            }
            words
        }
        TaskState::Paused => "paused".to_owned(),
        TaskState::Verifying { since_ms } => format!("verifying · {}", duration(now_ms.saturating_sub(*since_ms))),
        TaskState::Stopping => "stopping".to_owned(),
        TaskState::Stopped => "stopped".to_owned(),
        TaskState::Ready { pending, conflicts: 0 } => format!("{}: review", hunks(*pending)),
        TaskState::Ready { pending, conflicts } => {
            let conflict = if *conflicts == 1 { "conflict" } else { "conflicts" };
            format!("{} ({conflicts} {conflict}): review", hunks(*pending))
        }
        TaskState::NothingToDo { .. } => "finished without a change".to_owned(),
        TaskState::Landed { .. } => "landed".to_owned(),
        TaskState::Rejected => "rejected".to_owned(),
        TaskState::Failed { reason } => format!("failed: {}", short(reason, MAX_REASON)),
        TaskState::Lost { reason } => format!("lost: {}", short(reason, MAX_REASON)),
    }
}

/// Returns the first line of a text, cut to `max` characters.
pub(crate) fn short(text: &str, max: usize) -> String {
    let line = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    if line.chars().count() <= max {
        return line.to_owned();
    }
    let mut short: String = line.chars().take(max.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Returns a number of hunks in words.
fn hunks(count: u32) -> String {
    if count == 1 {
        "1 hunk".to_owned()
    } else {
        format!("{count} hunks")
    }
}

fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} min"),
    }
}

fn cost(micros: u64) -> String {
    if micros < 10_000 {
        "< $0.01".to_owned()
    } else {
        format!("${}.{:02}", micros / 1_000_000, micros / 10_000 % 100)
    }
}

#[cfg(test)]
mod tests {
    use aca_protocol::task::Usage;

    use super::*;
    use crate::life::fixture::todo_task;

    #[test]
    fn every_state_has_its_words() {
        let cases = [
            (TaskState::Queued, "queued"),
            (
                TaskState::Preparing {
                    step: "building the image".to_owned(),
                },
                "preparing: building the image",
            ),
            (
                TaskState::Running {
                    activity: "editing src/user.rs".to_owned(),
                    since_ms: 1_000,
                },
                "editing src/user.rs · 41 s · $0.03",
            ),
            (
                TaskState::Running {
                    activity: String::new(),
                    since_ms: 90_000,
                },
                "running · 0 s · $0.03",
            ),
            (TaskState::Stopping, "stopping"),
            (TaskState::Stopped, "stopped"),
            (
                TaskState::Ready {
                    pending: 3,
                    conflicts: 0,
                },
                "3 hunks: review",
            ),
            (
                TaskState::Ready {
                    pending: 1,
                    conflicts: 1,
                },
                "1 hunk (1 conflict): review",
            ),
            (
                TaskState::NothingToDo { summary: String::new() },
                "finished without a change",
            ),
            (
                TaskState::Landed {
                    accepted: 2,
                    rejected: 1,
                },
                "landed",
            ),
            (TaskState::Rejected, "rejected"),
            (
                TaskState::Failed {
                    reason: "No engine answers.\nDetails".to_owned(),
                },
                "failed: No engine answers.",
            ),
            (
                TaskState::Lost {
                    reason: "It is gone.".to_owned(),
                },
                "lost: It is gone.",
            ),
        ];
        for (state, expected) in cases {
            let mut task = todo_task("t", "a.rs", 0, "TODO x");
            task.usage = Usage {
                cost_micros: 31_000,
                ..Usage::default()
            };
            task.state = state;
            assert_eq!(describe(&task, 42_000), expected);
        }
    }

    #[test]
    fn long_times_and_small_costs_are_readable() {
        assert_eq!(
            [duration(59_999), duration(61_000), duration(3_725_000)],
            ["59 s", "1 min 01 s", "1 h 02 min"]
        );
        assert_eq!(
            [cost(1), cost(10_000), cost(1_230_000), cost(12_000_000)],
            ["< $0.01", "$0.01", "$1.23", "$12.00"]
        );
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(short("  测测测测\nmore", 3), "测测…");
        assert_eq!(short("", 3), "");
    }
}
