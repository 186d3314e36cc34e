//! `aca cleanup`: shows what takes space, proposes what could go, asks, and removes it.

use std::io::IsTerminal as _;

use aca_protocol::methods::{Cleanup, CleanupPlan};
use aca_protocol::session::{CleanupItem, CleanupParams, CleanupPlanResult, CleanupResult, NoParams};
use ratatui::style::Stylize as _;
use ratatui::text::Line;

use crate::cli::CleanupArgs;
use crate::command::session::delete::confirmed;
use crate::context::{Context, Link};
use crate::exit::{Exit, Failure};
use crate::figures;
use crate::terminal::{Align, Cell, Column, harmless_line, paint, table};
use crate::words;

/// Shows the plan, and removes what is asked for.
pub(crate) async fn run(context: &Context, args: &CleanupArgs) -> Result<Exit, Failure> {
    let link = context.link_to_all().await?;
    let plan = link.client.call::<CleanupPlan>(NoParams {}).await?;
    let exit = carry_out(context, &link, args, &plan).await;
    link.close().await;
    exit
}

async fn carry_out(
    context: &Context,
    link: &Link,
    args: &CleanupArgs,
    plan: &CleanupPlanResult,
) -> Result<Exit, Failure> {
    let chosen = chosen(plan, args);
    if chosen.is_empty() && !args.items.is_empty() {
        let named: Vec<String> = args
            .items
            .iter()
            .map(|item| format!("`{}`", harmless_line(item)))
            .collect();
        let message = format!(
            "Nothing was removed: there is no {}. `aca cleanup --all` shows everything by its identifier.",
            named.join(", ")
        );
        return Err(Failure::new(Exit::Nothing, message));
    }
    show(context, plan, args.all, &chosen);
    if args.all || chosen.is_empty() {
        context.screen.result(plan)?;
        return Ok(Exit::Done);
    }
    let can_ask = context.screen.is_interactive() && std::io::stdin().is_terminal();
    let said_so = args.yes || args.all_proposed || (!args.items.is_empty() && !can_ask);
    if !said_so && !can_ask {
        context.screen.result(plan)?;
        context
            .screen
            .note("Nothing was removed. `aca cleanup --all-proposed` removes what is proposed.");
        return Ok(Exit::Done);
    }
    let question = format!(
        "Remove {}, {}?",
        words::count_of(&chosen, "thing"),
        figures::short_bytes(chosen.iter().map(|item| item.bytes).sum())
    );
    if !args.yes && can_ask && !confirmed(&question)? {
        context.screen.say("Everything stays.");
        return Ok(Exit::Nothing);
    }
    let params = CleanupParams {
        items: named(args, &chosen),
    };
    let result = link.client.call::<Cleanup>(params).await?;
    context.screen.result(&result)?;
    Ok(say(context, &result))
}

/// What was named, known or not, so that what is not is said; else what is proposed.
fn named(args: &CleanupArgs, chosen: &[&CleanupItem]) -> Vec<String> {
    if args.items.is_empty() {
        return chosen.iter().map(|item| item.id.clone()).collect();
    }
    args.items.clone()
}

fn chosen<'p>(plan: &'p CleanupPlanResult, args: &CleanupArgs) -> Vec<&'p CleanupItem> {
    let is_chosen = |item: &&CleanupItem| match args.items.as_slice() {
        [] => item.proposed,
        items => items.contains(&item.id),
    };
    plan.items.iter().filter(is_chosen).collect()
}

fn show(context: &Context, plan: &CleanupPlanResult, all: bool, chosen: &[&CleanupItem]) {
    let shown: Vec<&CleanupItem> = match all {
        true => plan.items.iter().collect(),
        false => chosen.to_vec(),
    };
    let mut kinds: Vec<&str> = shown.iter().map(|item| item.kind.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let of_kind: Vec<&CleanupItem> = shown.iter().copied().filter(|item| item.kind == kind).collect();
        let bytes = of_kind.iter().map(|item| item.bytes).sum();
        let heading = format!("{}, {}", words::count_of(&of_kind, kind), figures::short_bytes(bytes));
        context.screen.say(&paint(Line::from(heading.bold())));
        let rows: Vec<Vec<Cell>> = of_kind.iter().map(|item| row(item)).collect();
        let (_, lines) = table(&COLUMNS, &rows, context.screen.width());
        lines.into_iter().for_each(|line| context.screen.say(&paint(line)));
    }
    context.screen.say(&format!(
        "aca's data takes {} of {}; {} are free on that disk.{}",
        figures::short_bytes(plan.bytes),
        figures::short_bytes(plan.limit_bytes),
        figures::short_bytes(plan.free_bytes),
        if !plan.items.iter().any(|item| item.proposed) {
            " Nothing is proposed for removal."
        } else {
            ""
        }
    ));
}

const COLUMNS: [Column; 4] = [
    column(Align::Right, 0),
    column(Align::Left, 1),
    column(Align::Left, 0),
    column(Align::Rest, 0),
];

const fn column(align: Align, spare: u8) -> Column {
    Column {
        title: "",
        align,
        spare,
    }
}

fn row(item: &CleanupItem) -> Vec<Cell> {
    let unused = figures::now_ms().saturating_sub(item.used_ms) / 1000;
    let age = match item.used_ms {
        0 => String::new(),
        _ => figures::short_span(unused),
    };
    let about = match &item.kept {
        Some(kept) => format!("{} Kept: {}", harmless_line(&item.about), harmless_line(kept)).dim(),
        None => harmless_line(&item.about).into(),
    };
    vec![
        figures::short_bytes(item.bytes).into(),
        age.dim(),
        harmless_line(&item.id).cyan(),
        about,
    ]
}

/// Says what became of it.
fn say(context: &Context, result: &CleanupResult) -> Exit {
    context.screen.say(&format!(
        "{} removed, {} are free again.",
        words::count_of(&result.removed, "thing"),
        figures::short_bytes(result.bytes)
    ));
    for failure in &result.failed {
        let reason = &failure.reason;
        context.screen.note(&format!("{} stays: {reason}", failure.id));
    }
    match (result.failed.is_empty(), result.removed.is_empty()) {
        (true, _) => Exit::Done,
        (false, _) => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(items: &[&str]) -> CleanupArgs {
        CleanupArgs {
            items: items.iter().map(|item| (*item).to_owned()).collect(),
            all_proposed: false,
            yes: false,
            all: false,
        }
    }

    #[test]
    fn what_is_named_is_chosen_and_else_what_is_proposed() {
        let item = |id: &str, proposed| CleanupItem {
            id: id.into(),
            kind: "log".into(),
            about: String::new(),
            bytes: 1,
            used_ms: 0,
            proposed,
            kept: None,
        };
        let plan = CleanupPlanResult {
            items: vec![item("log:a", true), item("log:b", false)],
            bytes: 2,
            limit_bytes: 5,
            free_bytes: 9,
        };
        let ids = |given: &[&str]| {
            let args = args(given);
            let chosen = chosen(&plan, &args);
            (
                chosen.iter().map(|item| item.id.clone()).collect::<Vec<_>>(),
                named(&args, &chosen),
            )
        };
        assert_eq!(ids(&[]), (vec!["log:a".to_owned()], vec!["log:a".to_owned()]));
        assert_eq!(ids(&["log:b"]).0, ["log:b"]);
        assert_eq!(ids(&["log:x"]), (Vec::<String>::new(), vec!["log:x".to_owned()]));
    }
}
