//! What the events of an export say, before any of it is believed.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use aca_protocol::{SessionId, TaskId};
use aca_store::MAX_BODY_BYTES;
use aca_workspace::paths;

use crate::core::{AttemptEnd, Event, Operation, Proposed, State};
use crate::session::package::{EventLine, SessionFile, is_name, names, objects_in};

/// An event with its line of JSON can be so much longer than its body, in bytes.
const MAX_LINE: u64 = (MAX_BODY_BYTES + (1 << 16)) as u64;

/// What was found.
#[derive(Debug)]
pub(super) struct Checked {
    /// The session after its last event.
    pub(super) state: State,
    /// The objects that must be in its store.
    pub(super) needed: BTreeSet<String>,
}

/// Reads all events of the package in `copy`.
///
/// # Errors
///
/// A sentence, if they are not what a session can have recorded, or a task is here already.
pub(super) fn check(
    copy: &Path,
    session: &SessionFile,
    taken: &dyn Fn(&TaskId) -> Option<SessionId>,
) -> Result<Checked, String> {
    name("session", session.id.as_str())?;
    if !session.workspace.is_absolute() {
        return Err("its workspace is not an absolute path.".to_owned());
    }
    let mut state = State::new(session.id.clone(), 1);
    let mut needed = BTreeSet::new();
    each_event(copy, |line, event| {
        if line.seq != state.seq() + 1 {
            return Err(format!("event {} is missing.", state.seq() + 1));
        }
        let wrong = |reason: String| format!("event {} is not acceptable: {reason}.", line.seq);
        checked(line, event, &state, &mut needed).map_err(wrong)?;
        if let Event::TaskCreated { task, .. } = event
            && let Some(other) = taken(task)
        {
            return Err(format!("its task {task} is one of the session {other} here already."));
        }
        state.apply(event, line.at_ms);
        Ok(())
    })?;
    if state.seq() != session.events {
        return Err(format!(
            "it has {} events and should have {}.",
            state.seq(),
            session.events
        ));
    }
    Ok(Checked { state, needed })
}

/// Reads the events of the package in `copy` one by one.
///
/// # Errors
///
/// Those of `each`, and a sentence if something is no event.
pub(super) fn each_event(
    copy: &Path,
    mut each: impl FnMut(&EventLine, &Event) -> Result<(), String>,
) -> Result<(), String> {
    let path = copy.join(names::EVENTS);
    let file = File::open(&path).map_err(|error| format!("{} cannot be read: {error}.", names::EVENTS))?;
    let mut from = BufReader::new(file);
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        number += 1;
        let read = from.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut line);
        let read = read.map_err(|error| format!("{} cannot be read: {error}.", names::EVENTS))?;
        if read == 0 {
            return Ok(());
        }
        let is_not = |reason: String| format!("line {number} of {} is no event: {reason}.", names::EVENTS);
        if read as u64 > MAX_LINE {
            return Err(is_not("it is too long".to_owned()));
        }
        let parsed: EventLine = serde_json::from_slice(&line).map_err(|error| is_not(error.to_string()))?;
        let event: Event = serde_json::from_str(parsed.body.get()).map_err(|error| is_not(error.to_string()))?;
        each(&parsed, &event)?;
    }
}

/// Checks everything in an event that becomes a name of a file, a path or an object.
fn checked(line: &EventLine, event: &Event, state: &State, needed: &mut BTreeSet<String>) -> Result<(), String> {
    if line.attempt.as_ref() != event.attempt() {
        return Err("it is about another attempt than it says".to_owned());
    }
    let mut all = BTreeSet::new();
    if let Some(task) = event.task() {
        name("task", task.as_str())?;
    }
    if let Some(attempt) = event.attempt() {
        name("attempt", attempt.as_str())?;
    }
    match event {
        Event::TaskCreated { task, origin, .. } => {
            if state.task(task).is_some() {
                return Err(format!("the task {task} was made before"));
            }
            origin.path().map_or(Ok(()), path)?;
        }
        Event::AttemptPlanned { attempt, .. } if state.attempt(attempt).is_some() => {
            return Err(format!("the attempt {attempt} was planned before"));
        }
        Event::SnapshotTaken { base, start, .. } => all.extend(std::iter::once(base).chain(start).cloned()),
        Event::CheckpointMade { tree, .. } => drop(all.insert(tree.clone())),
        Event::AttemptEnded { end, .. } => {
            if let Some(proposed) = proposed(end) {
                of_proposal(proposed, &mut all)?;
            }
        }
        Event::OperationPlanned { operation, .. } => of_operation(operation, &mut all)?,
        Event::StepPlanned { step, .. } => {
            path(&step.path)?;
            all.extend(
                step.before
                    .iter()
                    .chain(&step.after)
                    .map(|content| content.blob.clone()),
            );
        }
        Event::Regrouped { path: file, .. } => path(file)?,
        _ => {}
    }
    let mut named = BTreeSet::new();
    objects_in(line.body.get().as_bytes(), &mut named);
    if let Some(odd) = all.iter().find(|object| !named.contains(*object)) {
        return Err(format!("{odd:?} is not the name of an object"));
    }
    needed.extend(all);
    Ok(())
}

/// Returns what an attempt proposed, or what was found of its work.
pub(in crate::session) fn proposed(end: &AttemptEnd) -> Option<&Proposed> {
    match end {
        AttemptEnd::Finished { proposed, .. } => proposed.as_ref(),
        AttemptEnd::Stopped { salvaged } | AttemptEnd::Failed { salvaged, .. } | AttemptEnd::Lost { salvaged, .. } => {
            salvaged.as_ref()
        }
    }
}

fn of_proposal(proposed: &Proposed, all: &mut BTreeSet<String>) -> Result<(), String> {
    all.extend([proposed.base.clone(), proposed.result.clone()]);
    proposed.hunks.iter().try_for_each(|hunk| path(&hunk.path))
}

fn of_operation(operation: &Operation, all: &mut BTreeSet<String>) -> Result<(), String> {
    for step in &operation.steps {
        path(&step.path)?;
        all.extend(
            step.before
                .iter()
                .chain(&step.after)
                .map(|content| content.blob.clone()),
        );
    }
    Ok(())
}

fn name(what: &str, name: &str) -> Result<(), String> {
    if is_name(name) && name.len() <= 128 {
        return Ok(());
    }
    Err(format!("{name:?} is no name of a {what}"))
}

fn path(path: &str) -> Result<(), String> {
    paths::check(path).map_err(|error| error.to_string().trim_end_matches('.').to_owned())
}
