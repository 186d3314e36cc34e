//! `aca usage`: what was used of the models, in a table.

use std::collections::BTreeMap;

use aca_protocol::methods::Use;
use aca_protocol::session::{UseParams, UseRow};
use aca_protocol::task::Usage;
use ratatui::style::Stylize as _;

use crate::cli::{By, UsageArgs};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::figures;
use crate::terminal::{Align, Cell, Column, harmless_line, paint, table};

/// Prints the table.
pub(crate) async fn run(context: &Context, args: &UsageArgs) -> Result<Exit, Failure> {
    let link = context.link_to_all().await?;
    let since = args.since.map(|since| since.timestamp_millis());
    let params = UseParams {
        since_ms: since.and_then(|since| u64::try_from(since).ok()),
    };
    let used = link.client.call::<Use>(params).await?;
    context.screen.result(&used)?;
    if used.rows.is_empty() {
        context.screen.say("Nothing was used of any model in that time.");
    } else {
        let mut rows: Vec<Vec<Cell>> = summed(&used.rows, args.by)
            .iter()
            .map(|(name, usage)| row(name, usage))
            .collect();
        rows.push(row("all", &used.total).into_iter().map(|cell| cell.bold()).collect());
        let (heading, lines) = table(&columns(args.by), &rows, context.screen.width());
        context.screen.say(&paint(heading.dim()));
        for line in lines {
            context.screen.say(&paint(line));
        }
    }
    link.close().await;
    Ok(Exit::Done)
}

/// Sums rows up, in the order of their names; tasks in the order in which they came.
fn summed(rows: &[UseRow], by: By) -> Vec<(String, Usage)> {
    let mut sums: BTreeMap<(usize, String), Usage> = BTreeMap::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows {
        let name = match by {
            By::Day => row.day.clone(),
            By::Model => row.model.clone().unwrap_or_else(|| "not known".to_owned()),
            By::Task => format!("{}  {}", row.task, row.title),
            By::Session => {
                let id: String = row.session.as_str().chars().take(8).collect();
                format!("{id}  {}", row.workspace.display())
            }
        };
        let next = places.len();
        let place = match by {
            By::Task | By::Session => *places.entry(name.clone()).or_insert(next),
            By::Day | By::Model => 0,
        };
        *sums.entry((place, name)).or_default() += row.usage;
    }
    sums.into_iter().map(|((_, name), usage)| (name, usage)).collect()
}

fn columns(by: By) -> [Column; 6] {
    let column = |title, align, spare| Column { title, align, spare };
    let title = match by {
        By::Day => "DAY",
        By::Task => "TASK",
        By::Model => "MODEL",
        By::Session => "SESSION",
    };
    [
        column("COST", Align::Right, 0),
        column("REQUESTS", Align::Right, 2),
        column("IN", Align::Right, 1),
        column("CACHED", Align::Right, 3),
        column("OUT", Align::Right, 1),
        column(title, Align::Rest, 0),
    ]
}

fn row(name: &str, usage: &Usage) -> Vec<Cell> {
    vec![
        figures::cost(usage.cost_micros).into(),
        usage.requests.to_string().into(),
        figures::short_number(usage.input_tokens + usage.cache_write_tokens).into(),
        figures::short_number(usage.cache_read_tokens).into(),
        figures::short_number(usage.output_tokens).into(),
        harmless_line(name).into(),
    ]
}

#[cfg(test)]
mod tests {
    use aca_protocol::{SessionId, TaskId};

    use super::*;

    fn used(day: &str, session: &str, task: &str, model: Option<&str>, cost_micros: u64) -> UseRow {
        UseRow {
            day: day.into(),
            session: SessionId::new(session),
            workspace: "/w".into(),
            task: TaskId::new(task),
            title: format!("title of {task}"),
            model: model.map(str::to_owned),
            usage: Usage {
                requests: 1,
                cost_micros,
                ..Usage::default()
            },
        }
    }

    #[test]
    fn use_is_summed_up_by_what_is_asked() {
        let rows = [
            used("2026-01-30", "s2", "t9", Some("opus"), 1),
            used("2026-01-30", "s1", "t1", Some("haiku"), 10),
            used("2026-01-31", "s1", "t1", Some("opus"), 100),
            used("2026-01-31", "s1", "t2", None, 1000),
        ];
        for (by, expected) in [
            (By::Day, vec![("2026-01-30", 11), ("2026-01-31", 1100)]),
            (By::Model, vec![("haiku", 10), ("not known", 1000), ("opus", 101)]),
            (
                By::Task,
                vec![
                    ("t9  title of t9", 1),
                    ("t1  title of t1", 110),
                    ("t2  title of t2", 1000),
                ],
            ),
            (By::Session, vec![("s2  /w", 1), ("s1  /w", 1110)]),
        ] {
            let sums = summed(&rows, by);
            let sums: Vec<(&str, u64)> = sums
                .iter()
                .map(|(name, usage)| (name.as_str(), usage.cost_micros))
                .collect();
            assert_eq!(sums, expected, "{by:?}");
        }
    }
}
