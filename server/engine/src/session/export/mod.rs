//! A session leaves: everything about it, in one directory that another machine can take in.
//!
//! It is as the session was at one event. What goes on meanwhile is not in it, but for journals, which may be longer.

mod attempts;
mod changes;
mod log;
mod writer;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use aca_protocol::AttemptId;
use aca_protocol::proposal::CheckState;
use aca_protocol::session::ExportSessionResult;
use aca_redact::Redactor;
use aca_workspace::objects::Objects;
use serde::Serialize;
use serde_json::value::RawValue;

use super::at_rest::AtRest;
use super::import::proposed;
use super::package::{EventLine, FORMAT, ModelUse, SessionFile, names};
use crate::core::{Event, Live, Proposed};
use crate::{Error, layout};
use writer::{Lines, Writer};

/// What is exported.
#[derive(Debug)]
pub(crate) struct Source {
    /// The data directory.
    pub(crate) data_dir: PathBuf,
    /// The session's directory.
    pub(crate) dir: PathBuf,
    /// The version of aca that writes.
    pub(crate) version: String,
    /// What finds secrets.
    pub(crate) redactor: Redactor,
}

/// A proposal, or what was salvaged of one.
struct Round {
    seq: u64,
    attempt: AttemptId,
    proposed: Proposed,
}

/// What the events refer to.
#[derive(Default)]
struct Gathered {
    objects: BTreeSet<String>,
    rounds: Vec<Round>,
    sealed: bool,
}

/// Writes a session to the new directory `to`.
///
/// # Errors
///
/// [`Error::Invalid`] if `to` exists already or cannot be made, [`Error::Unavailable`] if there is no room for it,
/// [`Error::Internal`] if the session cannot be read. There is no `to` then.
pub(crate) fn export(source: &Source, to: &Path) -> Result<ExportSessionResult, Error> {
    let mut writer = Writer::new(to, source.redactor.clone())?;
    let mut events = writer.lines(names::EVENTS)?;
    let mut checks = writer.lines(&format!("{}/checks.jsonl", names::LOGS))?;
    let mut gathered = Gathered::default();
    // Why a line could not be written.
    let mut unwritten = None;
    let read = AtRest::read_each(&source.dir, |stored| {
        let put = put(stored, &mut events, &mut checks, &mut gathered);
        put.map_err(|error| {
            let text = error.to_string();
            unwritten = Some(error);
            text
        })
    });
    let session = match (read, unwritten) {
        (_, Some(error)) => return Err(error),
        (Err(reason), None) => return Err(Error::Internal(reason)),
        (Ok(session), None) => session,
    };
    writer.end(events)?;
    writer.end(checks)?;
    let objects = Objects::look(&layout::objects(&source.dir));
    changes::write(&mut writer, &objects, &session.state, &gathered)?;
    attempts::write(&mut writer, &source.dir, session.state.attempts())?;
    log::write(&mut writer, &source.data_dir, &session)?;
    writer.json(names::SESSION, &session_file(source, &session, gathered.sealed))?;
    writer.finish()
}

/// Writes one event and takes note of what it refers to.
fn put(
    stored: &aca_store::Event,
    events: &mut Lines,
    checks: &mut Lines,
    gathered: &mut Gathered,
) -> Result<(), Error> {
    let unread = |error: serde_json::Error| Error::internal(&format!("Reading event {}", stored.seq), error);
    let body = String::from_utf8_lossy(&stored.body).into_owned();
    events.push(&EventLine {
        seq: stored.seq,
        id: stored.id.clone(),
        at_ms: stored.ts_ms,
        kind: stored.kind.clone(),
        task: stored.task.clone(),
        attempt: stored.attempt.clone(),
        who: stored.who.clone(),
        hash: super::hex(&stored.hash),
        body: RawValue::from_string(body).map_err(unread)?,
    })?;
    gathered.sealed |= stored.sealed;
    super::package::objects_in(&stored.body, &mut gathered.objects);
    match serde_json::from_slice(&stored.body).map_err(unread)? {
        Event::AttemptEnded { attempt, end } => {
            gathered.rounds.extend(proposed(&end).cloned().map(|proposed| Round {
                seq: stored.seq,
                attempt,
                proposed,
            }));
        }
        Event::Checked { task, check } if check.state != CheckState::Running => {
            #[derive(Serialize)]
            #[serde(rename_all = "camelCase")]
            struct Ended {
                seq: u64,
                at_ms: u64,
                task: aca_protocol::TaskId,
                check: aca_protocol::proposal::CheckView,
            }
            checks.push(&Ended {
                seq: stored.seq,
                at_ms: stored.ts_ms,
                task,
                check,
            })?;
        }
        _ => {}
    }
    Ok(())
}

fn session_file(source: &Source, session: &AtRest, was_sealed: bool) -> SessionFile {
    let (meta, state, summary) = (&session.meta, &session.state, &session.summary);
    let models = session.history.models.iter();
    let models = models.map(|(model, usage)| ModelUse {
        model: model.clone(),
        usage: *usage,
    });
    let tasks = state.tasks();
    let tasks = tasks.map(|task| state.view(task, &Live::default(), &meta.workspace));
    SessionFile {
        format: FORMAT,
        id: meta.session.clone(),
        workspace: meta.workspace.clone(),
        events: summary.seq,
        head: super::hex(&session.head),
        version: source.version.clone(),
        exported_ms: crate::actor::now_ms(),
        created_ms: summary.created_ms,
        changed_ms: summary.changed_ms,
        name: summary.name.clone(),
        was_sealed,
        usage: summary.usage,
        models: models.collect(),
        tasks: tasks.collect(),
        attempts: session.history.attempts(),
        checkpoints: state.checkpoints().map(|checkpoint| checkpoint.view.clone()).collect(),
    }
}
