//! Builds the session that is taken in: its log, its objects, and what its attempts left behind.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use aca_gateway::exchange;
use aca_protocol::AttemptId;
use aca_protocol::agent::files;
use aca_secrets::SessionKey;
use aca_store::{NewEvent, Row, Store};
use aca_workspace::objects::Objects;

use super::check::{self, Checked};
use super::conversation::Moved;
use super::{Import, refused, unwritten};
use crate::core::{AttemptEnd, Event, Phase, State};
use crate::layout::{self, AttemptDir};
use crate::session::hostile::{self, Found};
use crate::session::package::{EventLine, SessionFile, names};
use crate::{Error, actor, sealing};

/// How many events are recorded together.
const BATCH: usize = 500;

/// The largest pack of objects, in bytes.
const MAX_PACK: u64 = 32 << 30;

/// The longest line of a conversation that is looked at, in bytes.
const MAX_LINE: u64 = 64 << 20;

/// What a person reads of an attempt that was at work when its session was exported.
const ELSEWHERE: &str = "It was at work on another machine when its session was exported, so its end is not known here. \
    It is not run again by itself; run the task again, or have it go on with its conversation.";

/// Makes the session in the new directory `new`, of the checked package in `copy`.
pub(super) fn build(
    copy: &Path,
    new: &Path,
    import: &Import,
    session: &SessionFile,
    checked: Checked,
) -> Result<(), Error> {
    let wrong = |reason: String| refused(&import.from, &reason);
    let mut store = sealing::create(new, &import.root, &session.id)?;
    let key = sealing::key_of_session(new)?;
    let objects = Objects::open(&layout::objects(new)).map_err(|error| Error::Internal(error.to_string()))?;
    take_objects(copy, &objects, checked.needed.into_iter().collect()).map_err(wrong)?;
    let state = record(copy, &mut store, checked.state, session)?;
    let moved = Moved::new(&session.workspace, &import.root);
    for attempt in state.attempts() {
        let id = attempt.id.as_str();
        let dir = AttemptDir::new(new, &attempt.id);
        let home = dir.out().join(files::HOME);
        let projects = home.join(".claude/projects");
        let conversations = copy.join(names::CLAUDE).join(id);
        copy_tree(&conversations, |path| match path.strip_prefix("projects/") {
            Some(path) => (projects.join(moved.project(path)), Some(&moved)),
            None => (home.join(path), Some(&moved)),
        })?;
        let logs = copy.join(names::LOGS).join(id);
        exchanges(&logs.join("exchanges"), &dir.exchanges(), &attempt.id, key.as_ref())?;
        copy_tree(&logs, |path| {
            // A journal is history and stays as it is; the specification says where to look for the conversation.
            (dir.path().join(path), (path == "spec.json").then_some(&moved))
        })?;
    }
    Ok(())
}

fn take_objects(copy: &Path, objects: &Objects, needed: Vec<String>) -> Result<(), String> {
    match File::open(copy.join(names::OBJECTS)) {
        Ok(pack) => objects.unpack(pack, MAX_PACK).map_err(|error| error.to_string())?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(format!("{} cannot be read: {error}.", names::OBJECTS)),
    }
    let known = objects.known(&needed).map_err(|error| error.to_string())?;
    match needed.iter().find(|name| !known.contains(name)) {
        None => Ok(()),
        Some(missing) => Err(format!("the object {missing} is not in it.")),
    }
}

/// Records the events that came, and after them what follows from that they came. Returns the state then.
fn record(copy: &Path, store: &mut Store, mut state: State, session: &SessionFile) -> Result<State, Error> {
    let mut batch = Vec::new();
    let mut failed = None;
    let read = check::each_event(copy, |line, _| {
        batch.push(line.clone());
        if batch.len() < BATCH {
            return Ok(());
        }
        let appended = append(store, &std::mem::take(&mut batch), &[]);
        appended.map_err(|error| {
            let text = error.to_string();
            failed = Some(error);
            text
        })
    });
    match (read, failed) {
        (_, Some(error)) => return Err(error),
        (Err(reason), None) => return Err(Error::Internal(reason)),
        (Ok(()), None) => append(store, &batch, &[])?,
    }
    let at_ms = actor::now_ms();
    let mut arrived = Vec::new();
    for event in arrival(&state, session) {
        state.apply(&event, at_ms);
        let body = serde_json::value::to_raw_value(&event);
        let body = body.map_err(|error| Error::internal("Encoding an event", error))?;
        arrived.push(EventLine {
            seq: state.seq(),
            id: String::new(),
            at_ms,
            kind: actor::kind(body.get().as_bytes()),
            task: state.task_of(&event),
            attempt: event.attempt().cloned(),
            who: None,
            hash: String::new(),
            body,
        });
    }
    let tasks = state.all_tasks().map(crate::rows::task_row);
    let rows: Vec<Row> = tasks.chain(state.attempts().map(crate::rows::attempt_row)).collect();
    append(store, &arrived, &rows)?;
    Ok(state)
}

fn append(store: &mut Store, lines: &[EventLine], rows: &[Row]) -> Result<(), Error> {
    let events: Vec<NewEvent<'_>> = lines
        .iter()
        .map(|line| NewEvent {
            kind: &line.kind,
            ts_ms: line.at_ms,
            task: line.task.as_ref(),
            attempt: line.attempt.as_ref(),
            who: line.who.as_deref(),
            body: line.body.get().as_bytes(),
        })
        .collect();
    store.append(&events, rows).map(drop).map_err(actor::store_error)
}

/// Returns what a session's coming leads to: nothing is at work here, nothing that was waiting begins by itself, no
/// landing goes on in other files, and no command is confirmed that a person here has not seen.
fn arrival(state: &State, session: &SessionFile) -> Vec<Event> {
    let mut events = vec![Event::Imported {
        workspace: session.workspace.to_string_lossy().into_owned(),
        events: session.events,
        head: session.head.clone(),
    }];
    for attempt in state.active_attempts() {
        let is_stopping = state
            .task(&attempt.task)
            .is_some_and(|task| task.phase == Phase::Stopping);
        let end = if is_stopping {
            AttemptEnd::Stopped { salvaged: None }
        } else {
            AttemptEnd::Lost {
                reason: ELSEWHERE.to_owned(),
                salvaged: None,
            }
        };
        events.push(Event::AttemptEnded {
            attempt: attempt.id.clone(),
            end,
        });
    }
    for task in state.all_tasks() {
        if matches!(task.phase, Phase::Queued | Phase::Verifying { .. }) {
            events.push(Event::StopAsked { task: task.id.clone() });
        }
        let open = task.operations.iter().filter(|known| !known.ended);
        events.extend(open.map(|known| Event::OperationEnded {
            task: task.id.clone(),
            operation: known.operation.id.clone(),
        }));
    }
    if state.confirmed_check().is_some() {
        events.push(Event::CheckConfirmed { command: None });
    }
    events
}

/// Takes an attempt's model exchanges in.
fn exchanges(from: &Path, to: &Path, attempt: &AttemptId, key: Option<&SessionKey>) -> Result<(), Error> {
    let entries = std::fs::read_dir(from).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".jsonl")?.parse().ok());
        let Some(number) = number else { continue };
        let put =
            std::fs::read(entry.path()).and_then(|lines| exchange::put(to, attempt, number, key.cloned(), &lines));
        put.map_err(|error| unwritten(to, &error))?;
        // What is left is copied as it is.
        std::fs::remove_file(entry.path()).map_err(|error| unwritten(from, &error))?;
    }
    Ok(())
}

/// Copies every file below `from` to the place that `to` gives for its path, with moved paths where it says so.
fn copy_tree<'a>(from: &Path, to: impl Fn(&str) -> (std::path::PathBuf, Option<&'a Moved>)) -> Result<(), Error> {
    let mut failed = None;
    let walked = hostile::walk(from, &|_| true, &mut |found| {
        // The copy has plain files only.
        let Found::File { path, file } = found else {
            return Ok(());
        };
        let (to, moved) = to(&path);
        copy(file, &to, moved).map_err(|error| {
            failed = Some(unwritten(&to, &error));
            error.to_string()
        })
    });
    match failed {
        Some(error) => Err(error),
        None => walked.map_err(Error::Internal),
    }
}

fn copy(from: File, to: &Path, moved: Option<&Moved>) -> std::io::Result<()> {
    // As everywhere in a session, only the user looks in.
    let above = to.parent().unwrap_or(to);
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(above)?;
    let mut out = File::options().write(true).create_new(true).mode(0o600).open(to)?;
    let mut from = BufReader::new(from);
    let Some(moved) = moved else {
        return std::io::copy(&mut from, &mut out).map(drop);
    };
    let mut line = Vec::new();
    while from.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)? > 0 {
        match str::from_utf8(&line) {
            Ok(text) => out.write_all(moved.line(text).as_bytes())?,
            Err(_) => out.write_all(&line)?,
        }
        line.clear();
    }
    Ok(())
}
