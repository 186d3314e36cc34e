//! Decisions: what a person wants of hunks, checked against what they say now, and carried out.

use std::collections::{HashMap, HashSet};

use aca_protocol::methods::{DecideParams, DecideResult, Refusal};
use aca_protocol::proposal::{Decision, FileChange, HunkState, HunkView, Resolution, Selection};
use aca_protocol::{HunkId, TaskId};
use aca_review::ledger;

use super::file::{ChangedFile, Parts};
use super::ledger::Ledger;
use super::perform::Outcome;
use super::plan::{Aim, Change, Chosen, Move};
use super::worker::Worker;
use crate::Error;
use crate::core::Command;

impl Worker {
    /// Carries out a decision.
    pub(super) async fn decide(&mut self, params: DecideParams) -> Result<DecideResult, Error> {
        let task = params.task.clone();
        self.reload_whole(&task).await?;
        // What is decided about is what the files say at this moment, whatever was reported of them.
        self.publish(&task, |_| true);
        let mut outcome = Outcome::default();
        let ledger = self.known(&task)?;
        let mut chosen = ledger.select(&params.selection, params.decision, &mut outcome.refused)?;
        self.refuse_changed(&task, &mut chosen, params.seen, &mut outcome);
        match params.decision {
            Decision::Reject => self.reject(&task, &chosen, &mut outcome).await?,
            Decision::Reopen => self.reopen(&task, &chosen, &mut outcome).await?,
            Decision::Accept => self.accept(&params, &chosen, &mut outcome).await?,
        }
        self.reload(&task).await?;
        self.publish(&task, |_| true);
        let ledger = self.known(&task)?;
        let wanted = (params.decision != Decision::Reopen).then_some(params.decision);
        chosen.retain(|id| ledger.decision(id) == wanted);
        if params.decision == Decision::Reject {
            outcome.warnings.extend(self.needing(&task, &chosen));
        }
        Ok(DecideResult {
            decided: chosen,
            refused: outcome.refused,
            warnings: outcome.warnings,
            operation: outcome.operation,
            proposal: self.view(&task),
        })
    }

    /// Refuses hunks that say something else since the proposal was looked at.
    fn refuse_changed(&self, task: &TaskId, chosen: &mut Vec<HunkId>, seen: Option<u64>, outcome: &mut Outcome) {
        let Some(seen) = seen else { return };
        let view = self.view(task);
        let hunks = view.files.iter().flat_map(|file| &file.hunks);
        // What is decided already is not decided anew, so it does not matter when it was looked at.
        let newer = hunks.filter(|hunk| hunk.seen > seen && hunk.state.is_open());
        let newer: HashSet<&HunkId> = newer.map(|hunk| &hunk.id).collect();
        let (changed, same): (Vec<HunkId>, Vec<HunkId>) =
            std::mem::take(chosen).into_iter().partition(|id| newer.contains(id));
        *chosen = same;
        outcome.refuse(
            changed,
            "It says something else since you looked at it. Look at it again.",
        );
    }

    async fn reject(&mut self, task: &TaskId, chosen: &[HunkId], outcome: &mut Outcome) -> Result<(), Error> {
        let ledger = self.known(task)?;
        let landed = |id: &&HunkId| ledger.decision(id) == Some(Decision::Accept);
        let (landed, open): (Vec<&HunkId>, Vec<&HunkId>) = chosen.iter().partition(landed);
        let (landed, hunks) = (owned(landed), owned(open));
        outcome.refuse(landed, "It has landed already. Undo the landing instead.");
        self.command(Command::Decide {
            task: task.clone(),
            hunks,
            decision: Decision::Reject,
        })
        .await
    }

    async fn reopen(&mut self, task: &TaskId, chosen: &[HunkId], outcome: &mut Outcome) -> Result<(), Error> {
        let ledger = self.known(task)?;
        let landed = |id: &&HunkId| ledger.decision(id) == Some(Decision::Accept) && ledger.task.wrote(id);
        let (landed, others): (Vec<&HunkId>, Vec<&HunkId>) = chosen.iter().partition(landed);
        let (landed, hunks) = (owned(landed), owned(others));
        outcome.refuse(landed, "It has landed. Undo the landing instead.");
        self.command(Command::Reopen {
            task: task.clone(),
            hunks,
        })
        .await
    }

    async fn accept(&mut self, params: &DecideParams, chosen: &[HunkId], outcome: &mut Outcome) -> Result<(), Error> {
        let task = &params.task;
        let view = self.view(task);
        let hunks = view.files.iter().flat_map(|file| &file.hunks);
        let hunks: HashMap<&HunkId, &HunkView> = hunks.map(|hunk| (&hunk.id, hunk)).collect();
        let ledger = self.known(task)?;
        let has_room = ledger.made_room_for(chosen);
        let mut landing: HashMap<HunkId, ledger::Resolution> = HashMap::new();
        for id in chosen.iter().filter(|id| ledger.decision(id) != Some(Decision::Accept)) {
            let hunk = hunks.get(id);
            let by_name = matches!(params.selection, Selection::Hunks { .. });
            let how = hunk.map(|hunk| resolved(hunk, by_name, params.resolution));
            match how {
                Some(_) if has_room.contains(id) => drop(landing.insert(id.clone(), ledger::Resolution::Merge)),
                Some(Ok(resolution)) => drop(landing.insert(id.clone(), resolution)),
                Some(Err(reason)) => outcome.refuse([id.clone()], &reason),
                None => outcome.refuse([id.clone()], "The proposal does not have it any more."),
            }
        }
        let aims = aims(ledger, &landing, outcome);
        let Outcome {
            operation,
            there,
            refused,
            warnings,
            ..
        } = self.operate(task, None, aims).await?;
        outcome.operation = operation;
        outcome.refused.extend(refused);
        outcome.warnings.extend(warnings);
        self.command(Command::Decide {
            task: task.clone(),
            hunks: there,
            decision: Decision::Accept,
        })
        .await
    }

    /// Says which undecided hunks need one of those that were rejected.
    fn needing(&self, task: &TaskId, rejected: &[HunkId]) -> Vec<String> {
        let Ok(ledger) = self.known(task) else {
            return Vec::new();
        };
        let needing = ledger.needing(rejected);
        if needing.is_empty() {
            return Vec::new();
        }
        let view = self.view(task);
        let place = |id: &HunkId| {
            let files = view.files.iter();
            let found = files.flat_map(|file| file.hunks.iter().map(move |hunk| (&file.path, hunk)));
            let found = found.into_iter().find(|(_, hunk)| hunk.id == *id);
            found.map_or_else(|| id.to_string(), |(path, hunk)| format!("{path}:{}", hunk.line + 1))
        };
        let sentence = |(hunk, needed): (HunkId, HunkId)| {
            format!(
                "The hunk at {} seems to need the rejected one at {}. Look at it before you accept it.",
                place(&hunk),
                place(&needed)
            )
        };
        needing.into_iter().map(sentence).collect()
    }
}

fn owned(hunks: Vec<&HunkId>) -> Vec<HunkId> {
    hunks.into_iter().cloned().collect()
}

/// Returns how a hunk is to land, or why it may not.
fn resolved(hunk: &HunkView, by_name: bool, wanted: Option<Resolution>) -> Result<ledger::Resolution, String> {
    let chosen = match wanted {
        None => ledger::Resolution::Merge,
        Some(Resolution::Agent) => ledger::Resolution::Agent,
        Some(Resolution::Both) => ledger::Resolution::Both,
    };
    match &hunk.state {
        HunkState::Clean | HunkState::Moved | HunkState::AlreadyThere | HunkState::Landed => {
            Ok(ledger::Resolution::Merge)
        }
        HunkState::Rejected => Err("It was rejected. Bring it back first.".to_owned()),
        HunkState::Touched { .. } if by_name => Ok(chosen),
        HunkState::Touched { .. } => {
            Err("Someone changed the lines beside it. Look at what it becomes and accept it by itself.".to_owned())
        }
        HunkState::Overlapping { .. } | HunkState::Gone { .. } if wanted.is_some() => Ok(chosen),
        HunkState::Overlapping { .. } => Err(
            "Its place was changed meanwhile. Keep what is there by rejecting it, or accept it with the agent's version \
             or with both."
                .to_owned(),
        ),
        HunkState::Gone { reason } => Err(format!(
            "{reason} Reject it, or accept it with the agent's version to have it all the same."
        )),
    }
}

/// Returns what is to be done to the files so that hunks land.
fn aims(ledger: &Ledger, landing: &HashMap<HunkId, ledger::Resolution>, outcome: &mut Outcome) -> Vec<Aim> {
    let resolution = |id: &HunkId| landing.get(id).copied();
    // A file that goes away may make room for a directory of its name, or a directory for a file.
    let goes = |file: &&ChangedFile| file.change == FileChange::Delete;
    let (gone, staying): (Vec<&ChangedFile>, Vec<&ChangedFile>) = ledger.files.iter().partition(goes);
    let mut aims = Vec::new();
    for file in gone.into_iter().chain(staying) {
        match &file.parts {
            Parts::Lines { ledger, texts } => {
                let chosen: Vec<Chosen> = file
                    .ids()
                    .into_iter()
                    .filter_map(|id| {
                        Some(Chosen {
                            resolution: resolution(&id)?,
                            within: id.clone(),
                            hunk: id,
                        })
                    })
                    .collect();
                if !chosen.is_empty() {
                    aims.push(Change::Lines {
                        path: file.path.clone(),
                        ledger: ledger.clone(),
                        chosen,
                        encoding: texts.encoding,
                        landed: std::collections::BTreeMap::new(),
                    });
                }
            }
            Parts::Whole { id, .. } => {
                if let Some(resolution) = resolution(id) {
                    match whole(file, resolution) {
                        Ok(change) => aims.push(change),
                        Err(reason) => outcome.refused.push(Refusal {
                            hunk: id.clone(),
                            reason,
                        }),
                    }
                }
            }
        }
    }
    let aim = |change| Aim {
        change,
        keeps_all: false,
    };
    aims.into_iter().map(aim).collect()
}

/// Returns a change that is decided as a whole.
fn whole(file: &ChangedFile, resolution: ledger::Resolution) -> Result<Change, String> {
    let Parts::Whole { id, base, result, .. } = &file.parts else {
        return Err(format!("{} is decided by its lines.", file.path));
    };
    if resolution == ledger::Resolution::Both {
        return Err(format!(
            "{} is decided as a whole, so there is no place for both. Keep yours or take the agent's.",
            file.path
        ));
    }
    let force = resolution == ledger::Resolution::Agent;
    match (&file.change, base, result) {
        (FileChange::Unsupported { reason }, ..) => Err(reason.clone()),
        (FileChange::Mode { executable }, ..) => Ok(Change::Mode {
            path: file.path.clone(),
            hunks: vec![id.clone()],
            executable: *executable,
        }),
        (FileChange::Rename { from }, Some(base), Some(result)) => Ok(Change::Move(Move {
            hunk: id.clone(),
            from: from.clone(),
            to: file.path.clone(),
            base: base.clone(),
            result: result.clone(),
            leaves: None,
            over: None,
            force,
        })),
        _ => Ok(Change::Whole {
            path: file.path.clone(),
            hunks: vec![id.clone()],
            from: base.clone(),
            to: result.clone(),
            permissions: None,
            force,
        }),
    }
}
