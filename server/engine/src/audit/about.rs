//! One sentence for each event: who was asked what, what ran where, which request went out, and how it ended.

use aca_protocol::agent::Driver;
use aca_protocol::session::{CheckpointReason, Recovery};
use aca_protocol::task::{Origin, Usage};

use crate::core::{AttemptEnd, Event, ModelRequest, Proposed};

use super::known::Known;
use super::review;
use super::words::{brief, count, dollars, list};

/// Says what happened.
pub(super) fn sentence(event: &Event, known: &Known) -> String {
    match event {
        Event::TaskCreated { title, origin, .. } => format!("A task was asked for, {}: {}", from(origin), brief(title)),
        Event::AttemptPlanned {
            attempt,
            continues: None,
            ..
        } => format!("The attempt {attempt} was planned."),
        Event::AttemptPlanned {
            attempt,
            continues: Some(continues),
            ..
        } => format!(
            "The attempt {attempt} was planned, to go on from {} with the words: {}",
            continues.attempt,
            brief(&continues.remark)
        ),
        Event::SnapshotTaken { base, start, .. } => match start {
            None => format!("The files of the workspace were stored, unsaved documents included, as the tree {base}."),
            Some(start) => format!("The files were stored as the tree {base}; the agent starts from the tree {start}."),
        },
        Event::SandboxStarting {
            backend,
            driver,
            image,
            spec,
            ..
        } => {
            let of = image.as_ref().map(|image| format!(" of the image {image}"));
            let by = spec.as_ref().map(|spec| format!(", with the specification {spec}"));
            format!(
                "A sandbox was about to be started, a {}{}{}. {} runs in it.",
                kind_of(backend),
                of.unwrap_or_default(),
                by.unwrap_or_default(),
                program(*driver)
            )
        }
        Event::SandboxStarted { .. } => "The sandbox was started.".to_owned(),
        Event::StopAsked { .. } => "The task was asked to stop.".to_owned(),
        Event::ModelUsed {
            usage, model, request, ..
        } => used(usage, model.as_deref(), request.as_ref()),
        Event::AttemptEnded { end, .. } => ended(end),
        Event::PauseAsked { paused: true, .. } => "The agent was held where it was.".to_owned(),
        Event::PauseAsked { paused: false, .. } => "The agent was let go on.".to_owned(),
        Event::Told { text, .. } => format!("The agent was told: {}", brief(text)),
        Event::RecoverAsked { how, .. } => match how {
            Recovery::Again => "The task was to be done again from the beginning.",
            Recovery::Continue => "The task was to go on with the conversation and with what was salvaged.",
            Recovery::Take => "What was salvaged was taken as the proposal.",
        }
        .to_owned(),
        Event::SessionNamed { name: Some(name) } => format!("The session was named: {}", brief(name)),
        Event::SessionNamed { name: None } => "The session's name was taken away.".to_owned(),
        Event::CheckpointMade {
            checkpoint,
            name,
            why,
            about,
            tree,
        } => {
            let name = name
                .as_ref()
                .map(|name| format!(" ({})", brief(name)))
                .unwrap_or_default();
            let why = match why {
                CheckpointReason::Asked => "as was asked for",
                CheckpointReason::Transition => "because a task changed its state",
                CheckpointReason::Interval => "because time had passed",
                CheckpointReason::Before => "before much was to change",
            };
            format!(
                "The checkpoint {checkpoint}{name} was made {why}, with the files as the tree {tree}: {}",
                brief(about)
            )
        }
        Event::Restored { checkpoint, seq } => {
            format!("The session went back to the checkpoint {checkpoint}, after the event {seq}.")
        }
        Event::TaskRestored { was: Some(_), .. } => "The task stands as it did at the checkpoint.".to_owned(),
        Event::TaskRestored { was: None, .. } => {
            "The task, which was not there at the checkpoint, was set aside.".to_owned()
        }
        Event::Imported {
            workspace,
            events,
            head,
        } => format!(
            "The session was imported: the {} before this were recorded elsewhere, for the workspace {workspace}; \
             their last hash there is {head}.",
            count(usize::try_from(*events).unwrap_or(usize::MAX), "event")
        ),
        Event::Unknown => "A later version of aca recorded this.".to_owned(),
        event => review::sentence(event, known),
    }
}

fn from(origin: &Origin) -> String {
    match origin {
        Origin::Todo { path, line, .. } => format!("from the comment at {path}:{}", line + 1),
        Origin::Selection {
            path,
            start_line,
            end_line,
            ..
        } => format!("for {path}, lines {} to {}", start_line + 1, end_line + 1),
        Origin::Text { .. } => "in words".to_owned(),
    }
}

fn kind_of(backend: &str) -> &str {
    match backend {
        "docker" => "container",
        "process" => "confined process",
        other => other,
    }
}

fn program(driver: Driver) -> &'static str {
    match driver {
        Driver::ClaudeCode => "Claude Code, driven by aca-agent,",
        Driver::Direct => "aca-agent with its own loop",
        Driver::Command => "A command, under aca-agent,",
    }
}

fn used(usage: &Usage, model: Option<&str>, request: Option<&ModelRequest>) -> String {
    let model = model.unwrap_or("a model");
    let to = request.map(|request| format!(" went to {}", request.upstream));
    let to = to.unwrap_or_else(|| " was made".to_owned());
    let answer = match request.map(|request| request.status) {
        None => String::new(),
        Some(0) => " and had no answer".to_owned(),
        Some(status) => format!(" and was answered with status {status}"),
    };
    let inward = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens;
    let record = request.and_then(|request| request.exchange);
    let record = record.map(|number| format!(" Its record is exchange {number}."));
    format!(
        "A request for {model}{to}{answer}: {inward} tokens in, {} out, {}.{}",
        usage.output_tokens,
        dollars(usage.cost_micros),
        record.unwrap_or_default()
    )
}

fn ended(end: &AttemptEnd) -> String {
    match end {
        AttemptEnd::Finished { proposed: None, .. } => "The attempt finished and proposes no change.".to_owned(),
        AttemptEnd::Finished {
            proposed: Some(proposed),
            ..
        } => format!(
            "The attempt finished and proposes {}, from the tree {} to {}.",
            hunks(proposed),
            proposed.base,
            proposed.result
        ),
        AttemptEnd::Stopped { salvaged } => format!("The attempt was stopped.{}", saved(salvaged.as_ref())),
        AttemptEnd::Failed { reason, salvaged } => {
            format!("The attempt failed.{} {}", saved(salvaged.as_ref()), brief(reason))
        }
        AttemptEnd::Lost { reason, salvaged } => {
            format!("The attempt is lost.{} {}", saved(salvaged.as_ref()), brief(reason))
        }
    }
}

fn saved(salvaged: Option<&Proposed>) -> String {
    let found = salvaged.map(|proposed| format!(" Of its work was found: {}.", hunks(proposed)));
    found.unwrap_or_default()
}

fn hunks(proposed: &Proposed) -> String {
    let mut files: Vec<&str> = proposed.hunks.iter().map(|hunk| hunk.path.as_str()).collect();
    files.dedup();
    format!("{} of {}", count(proposed.hunks.len(), "hunk"), list(files))
}
