//! `aca status`: the tasks of the workspace, and what is wrong.

use std::collections::BTreeMap;

use aca_protocol::methods::{Proposal, Status, StatusParams, TaskParams, Tasks, TasksParams};
use aca_protocol::proposal::ProposalView;
use aca_protocol::task::{TaskState, TaskView};
use ratatui::style::Stylize as _;
use ratatui::text::{Line, Span};
use serde_json::json;

use crate::command::{resume, review};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::terminal::{harmless_line, paint};
use crate::words;

/// So much of a proposal's note is said, in characters.
const NOTE: usize = 80;

/// Lists the tasks, oldest first.
pub(crate) async fn run(context: &Context) -> Result<Exit, Failure> {
    let root = context.root()?;
    let link = context.link(&root).await?;
    let workspace = root.clone();
    let tasks = link.client.call::<Tasks>(TasksParams { workspace }).await?;
    let status = link.client.call::<Status>(StatusParams {}).await?;
    let mut reviews = BTreeMap::new();
    for task in tasks.tasks.iter().filter(|task| is_in_review(task)) {
        let params = TaskParams { task: task.id.clone() };
        let proposal = link.client.call::<Proposal>(params).await?;
        reviews.insert(task.id.clone(), proposal);
    }
    for problem in &status.problems {
        context.screen.note(&format!("Problem: {problem}"));
    }
    if tasks.tasks.is_empty() {
        context.screen.say(&format!(
            "No tasks in {} yet. Begin with: aca run \"what to do\"",
            root.display()
        ));
    }
    for task in &tasks.tasks {
        let mut spans = Vec::new();
        if let Some(proposal) = reviews.get(&task.id) {
            spans.extend(about(proposal));
        }
        let usage = words::usage(&task.usage);
        if !usage.is_empty() {
            spans.push(format!("  {usage}").dim());
        }
        context
            .screen
            .say(&format!("{}{}", words::task_line(task), paint(Line::from(spans))));
        if matches!(task.state, TaskState::Lost { .. }) {
            resume::say_ways(context, task);
        }
    }
    let short =
        |proposal: &ProposalView| json!({ "round": proposal.round, "note": proposal.note, "check": proposal.check });
    let reviews: BTreeMap<String, _> = reviews
        .iter()
        .map(|(task, proposal)| (task.to_string(), short(proposal)))
        .collect();
    context
        .screen
        .result(&json!({ "status": status, "session": tasks.session, "tasks": tasks.tasks, "reviews": reviews }))?;
    link.close().await;
    Ok(Exit::Done)
}

/// Whether a task has a proposal of which more is to be said than the task itself says.
fn is_in_review(task: &TaskView) -> bool {
    matches!(task.state, TaskState::Ready { .. })
}

/// What a proposal says of its round and its check.
fn about(proposal: &ProposalView) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    if proposal.round > 1 {
        spans.push(format!("  round {}", proposal.round).into());
    }
    if let Some(check) = &proposal.check {
        spans.push(Span::raw("  "));
        spans.push(review::in_colour(check, words::check_state(&check.state)));
    }
    if !proposal.note.is_empty() {
        spans.push(format!("  {}", words::beginning(&harmless_line(&proposal.note), NOTE)).yellow());
    }
    spans
}
