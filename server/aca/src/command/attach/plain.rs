//! A transcript without a terminal: printed as lines, or as JSON a line for each record, and followed until the task is
//! settled.

use std::collections::HashMap;

use aca_protocol::AttemptId;
use aca_protocol::methods::{
    TaskChanged, TaskParams, Transcript, TranscriptChanged, TranscriptParams, TranscriptRecord,
};
use aca_protocol::task::TaskView;
use ratatui::style::Stylize as _;
use ratatui::text::Line;
use serde::Serialize;

use super::entry;
use super::transcript::{Entry, Transcript as Entries};
use crate::client::Client;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::terminal::{harmless_line, interrupted, paint};
use crate::words;

/// What of a transcript is printed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Which {
    /// Only this round, counted from one.
    pub(super) round: Option<usize>,
    /// Whether to go on until the task is settled.
    pub(super) follow: bool,
}

/// One line of JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonLine<'r> {
    attempt: &'r AttemptId,
    #[serde(flatten)]
    record: &'r TranscriptRecord,
}

/// Prints a task's transcript. Returns the task as it is at the end, and whether the person broke it off or nobody reads
/// any more.
///
/// # Errors
///
/// When there is no such round, or the connection ends.
pub(super) async fn print(
    context: &Context,
    client: &mut Client,
    mut task: TaskView,
    which: Which,
) -> Result<(TaskView, Option<Exit>), Failure> {
    let mut printer = Printer {
        context,
        rounds: HashMap::new(),
        order: Vec::new(),
        ended: false,
    };
    let mut interrupted = Box::pin(interrupted());
    loop {
        // Whatever the agent wrote was written before its end was recorded.
        let settled = task.state.is_settled();
        printer.catch_up(client, &task, which.round).await?;
        if printer.ended {
            return Ok((task, Some(Exit::Done)));
        }
        if settled || !which.follow {
            return Ok((task, None));
        }
        loop {
            let notice = tokio::select! {
                notice = client.notification() => notice.ok_or_else(gone)?,
                () = &mut interrupted => return Ok((task, Some(Exit::Interrupted))),
            };
            if let Some(changed) = notice.read::<TaskChanged>() {
                if changed.id == task.id && changed.revision >= task.revision {
                    task = changed;
                    break;
                }
            } else if notice
                .read::<TranscriptChanged>()
                .is_some_and(|news| news.task == task.id)
            {
                break;
            }
        }
    }
}

struct Printer<'c> {
    context: &'c Context,
    /// How far each round is printed.
    rounds: HashMap<AttemptId, Printed>,
    order: Vec<AttemptId>,
    /// Whether nobody reads any more.
    ended: bool,
}

#[derive(Default)]
struct Printed {
    next: u64,
    entries: Entries,
    /// How many entries are printed.
    printed: usize,
}

impl Printer<'_> {
    async fn catch_up(&mut self, client: &Client, task: &TaskView, round: Option<usize>) -> Result<(), Failure> {
        if self.order.last() != task.attempt.as_ref() || self.order.is_empty() {
            let params = TranscriptParams {
                task: task.id.clone(),
                attempt: None,
                from: 0,
            };
            let result = client.call::<Transcript>(params).await?;
            self.order = result.attempts.into_iter().map(|brief| brief.id).collect();
        }
        let wanted: Vec<(usize, AttemptId)> = match round {
            None => self.order.iter().cloned().enumerate().collect(),
            Some(round) => {
                let index = round.saturating_sub(1);
                let attempt = self.order.get(index).ok_or_else(|| {
                    let message = format!(
                        "The task {} has {}; there is no round {round}.",
                        task.id,
                        words::count_of(&self.order, "round")
                    );
                    Failure::new(Exit::Nothing, message)
                })?;
                vec![(index, attempt.clone())]
            }
        };
        for (index, attempt) in wanted {
            // Earlier rounds are over, so they are read once.
            let is_newest = index + 1 == self.order.len();
            if is_newest || !self.rounds.contains_key(&attempt) {
                self.read(client, &TaskParams { task: task.id.clone() }, index, attempt)
                    .await?;
            }
        }
        Ok(())
    }

    async fn read(
        &mut self,
        client: &Client,
        of: &TaskParams,
        index: usize,
        attempt: AttemptId,
    ) -> Result<(), Failure> {
        loop {
            let is_new = !self.rounds.contains_key(&attempt);
            if is_new && self.order.len() > 1 && !self.context.screen.is_json() {
                self.say(&Line::from(format!("── round {}", index + 1)).dim());
            }
            let printed = self.rounds.entry(attempt.clone()).or_default();
            let params = TranscriptParams {
                task: of.task.clone(),
                attempt: Some(attempt.clone()),
                from: printed.next,
            };
            let result = client.call::<Transcript>(params).await?;
            printed.next = result.next;
            for record in &result.records {
                printed.entries.push(record);
                if self.context.screen.is_json() {
                    let line = JsonLine {
                        attempt: &attempt,
                        record,
                    };
                    self.ended |= !self.context.screen.result_line(&line)?;
                }
            }
            if !self.context.screen.is_json() {
                self.print_entries(&attempt);
            }
            if !result.more || self.ended {
                return Ok(());
            }
        }
    }

    /// Prints the entries that are complete: a tool call once it has its result, unless others follow it.
    fn print_entries(&mut self, attempt: &AttemptId) {
        let Some(printed) = self.rounds.get_mut(attempt) else {
            return;
        };
        let mut lines = Vec::new();
        while let Some(entry) = printed.entries.entry(printed.printed) {
            let is_last = printed.printed + 1 == printed.entries.len();
            if is_last && matches!(entry, Entry::Tool(tool) if tool.ok.is_none()) {
                break;
            }
            lines.extend(entry::rows(entry, false).iter().map(|row| row.line()));
            printed.printed += 1;
        }
        for line in lines {
            self.say(&line);
        }
    }

    fn say(&mut self, line: &Line<'_>) {
        self.ended |= !self.context.screen.say_line(&paint(line.clone()));
    }
}

/// Says how a task stands, in a line.
pub(super) fn last_line(task: &TaskView) -> String {
    let state = crate::words::state(&task.state);
    paint(Line::from(format!("── {}: {}", task.id, harmless_line(&state))).dim())
}

fn gone() -> Failure {
    Failure::new(
        Exit::Unavailable,
        "The process that owns the sessions ended; `aca status` finds the task.",
    )
}
