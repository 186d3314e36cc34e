//! The proposals: every object they need, and for people what they change.

use aca_workspace::objects::{Objects, Tree};
use serde::Serialize;

use super::writer::Writer;
use super::{Gathered, Round};
use crate::Error;
use crate::core::{Proposed, State};
use crate::session::package::names;

/// A proposal beside its patch.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Description<'a> {
    task: &'a str,
    attempt: &'a str,
    /// The event that brought it.
    seq: u64,
    #[serde(flatten)]
    proposed: &'a Proposed,
    /// What was decided, where it is the task's proposal still.
    #[serde(skip_serializing_if = "Option::is_none")]
    decisions: Option<&'a std::collections::BTreeMap<aca_protocol::HunkId, aca_protocol::proposal::Decision>>,
}

/// Writes the pack of all objects that events refer to, and for each proposal a patch and what is known of it.
pub(super) fn write(writer: &mut Writer, objects: &Objects, state: &State, gathered: &Gathered) -> Result<(), Error> {
    let failed = |error: aca_workspace::objects::Error| Error::Internal(error.to_string());
    let names: Vec<String> = gathered.objects.iter().cloned().collect();
    let roots = objects.known(&names).map_err(failed)?;
    if !roots.is_empty() {
        writer.binary(names::OBJECTS, |file| objects.pack(&roots, file).map_err(failed))?;
    }
    for round in &gathered.rounds {
        let Some(attempt) = state.attempt(&round.attempt) else {
            continue;
        };
        let task = attempt.task.clone();
        let known = state
            .task(&task)
            .filter(|task| task.proposed.as_ref() == Some(&round.proposed));
        let stem = format!("{}/{task}/{}", names::CHANGES, round.attempt);
        writer.json(
            &format!("{stem}.json"),
            &Description {
                task: task.as_str(),
                attempt: round.attempt.as_str(),
                seq: round.seq,
                proposed: &round.proposed,
                decisions: known.map(|task| &task.decisions),
            },
        )?;
        match patch(objects, round) {
            Ok(patch) => writer.content(&format!("{stem}.patch"), &patch)?,
            Err(error) => writer.leave_out(&format!("{stem}.patch"), &error.to_string()),
        }
    }
    Ok(())
}

fn patch(objects: &Objects, round: &Round) -> Result<Vec<u8>, aca_workspace::objects::Error> {
    let Proposed { base, result, .. } = &round.proposed;
    objects.patch(&Tree::parse(base)?, &Tree::parse(result)?)
}
