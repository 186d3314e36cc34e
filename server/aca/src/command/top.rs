//! `aca top`: everything that the daemon does, live: tasks of all workspaces, what they take and cost, what waits.

mod list;
mod live;
mod overview;
mod view;
#[cfg(test)]
mod view_tests;

use aca_protocol::TaskId;
use aca_protocol::task::TaskView;

use crate::cli::TopArgs;
use crate::command::{attach, review};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::figures;
use crate::terminal::{self, Console, Said, harmless, paint, table};

use list::Order;
use live::Leave;
use overview::Overview;
use view::View;

/// Shows everything, live on a terminal, else once.
pub(crate) async fn run(context: &Context, args: &TopArgs) -> Result<Exit, Failure> {
    if args.once || !context.screen.is_interactive() {
        return once(context).await;
    }
    let mut link = context.link_to_all().await?;
    let mut view = View::new(Overview::read(&link.client.caller()).await?);
    let mut console = Console::enter().map_err(terminal::unusable)?;
    let exit = loop {
        let leave = live::run(&mut console, &mut link.client, &mut view).await?;
        // While one watches or reviews a task nobody would read what comes here.
        link.close().await;
        match leave {
            Leave::Quit => break Exit::Done,
            Leave::Interrupted => break Exit::Interrupted,
            Leave::Disconnected => view.say(Said::Warning("The daemon was replaced; this is the new one.".into())),
            Leave::Attach(task) => {
                if watch(context, &mut console, &mut view, &task).await? {
                    break Exit::Interrupted;
                }
            }
            Leave::Review(task) => {
                if walk(context, &mut console, &mut view, &task).await? {
                    break Exit::Interrupted;
                }
            }
        }
        link = context.link_to_all().await?;
        view.overview = Overview::read(&link.client.caller()).await?;
    };
    drop(console);
    Ok(exit)
}

/// Watches a task; returns whether a signal ended that.
async fn watch(context: &Context, console: &mut Console, view: &mut View, id: &TaskId) -> Result<bool, Failure> {
    let Some(task) = task(view, id) else { return Ok(false) };
    let mut link = context.link(&task.workspace).await?;
    let end = attach::on(context, console, &mut link, task).await;
    link.close().await;
    match end {
        Ok(attach::End::Left { interrupted, .. }) => Ok(interrupted),
        Ok(attach::End::Reviewed(end)) => Ok(end.interrupted),
        Err(failure) => {
            view.say(Said::Refused(harmless(&failure.message)));
            Ok(false)
        }
    }
}

/// Reviews a task; returns whether a signal ended that.
async fn walk(context: &Context, console: &mut Console, view: &mut View, id: &TaskId) -> Result<bool, Failure> {
    let Some(task) = task(view, id) else { return Ok(false) };
    let mut link = context.link(&task.workspace).await?;
    let end = review::walk(console, &mut link.client, task).await;
    link.close().await;
    match end {
        Ok(end) => {
            if !end.interrupted {
                view.say(Said::Done(end.farewell));
            }
            Ok(end.interrupted)
        }
        Err(failure) => {
            view.say(Said::Refused(harmless(&failure.message)));
            Ok(false)
        }
    }
}

fn task(view: &View, id: &TaskId) -> Option<TaskView> {
    view.overview.tasks.get(id).cloned()
}

/// Prints everything as it is now.
async fn once(context: &Context) -> Result<Exit, Failure> {
    let link = context.link_to_all().await?;
    let overview = Overview::read(&link.client.caller()).await?;
    let now_ms = figures::now_ms();
    let tasks = list::tasks(&overview, Order::default(), "");
    let rows: Vec<_> = tasks.iter().map(|task| list::cells(&overview, task, now_ms)).collect();
    let (heading, lines) = table(list::COLUMNS, &rows, context.screen.width());
    context.screen.say(&overview.sums().join(" · "));
    for problem in &overview.status.problems {
        context.screen.note(&format!("Problem: {problem}"));
    }
    if !lines.is_empty() {
        for line in std::iter::once(heading).chain(lines) {
            context.screen.say(&paint(line));
        }
    }
    context.screen.result(&overview)?;
    link.close().await;
    Ok(Exit::Done)
}
