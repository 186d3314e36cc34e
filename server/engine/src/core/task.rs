//! One task, as the fold of the events that are about it.

use std::collections::{BTreeMap, BTreeSet};

use aca_protocol::proposal::{CheckState, CheckView, Decision};
use aca_protocol::task::{Origin, Usage};
use aca_protocol::{AttemptId, HunkId, OperationId, TaskId};

use serde::{Deserialize, Serialize};

use super::{AttemptEnd, Continues, Event, HunkRef, Operation, Proposed, Span};

/// A task. It is part of [`Event::TaskRestored`], so a field that is added needs a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its identifier.
    pub id: TaskId,
    /// One line that names it.
    pub title: String,
    /// What it was made from.
    pub origin: Origin,
    /// Where it stands.
    pub phase: Phase,
    /// Its newest attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<AttemptId>,
    /// What its attempts have used.
    pub usage: Usage,
    /// What it proposes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<Proposed>,
    /// What was found of the work of its newest attempt, if that brought no proposal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salvaged: Option<Proposed>,
    /// The agent's last words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// What was decided, by hunk.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub decisions: BTreeMap<HunkId, Decision>,
    /// The texts that landed, by hunk, where they are not the proposed ones.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub landed: BTreeMap<HunkId, String>,
    /// What a person wants to land in place of the agent's text, by hunk.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub amended: BTreeMap<HunkId, String>,
    /// What amended hunks replace, where that is not what the agent started from.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub over: BTreeMap<HunkId, String>,
    /// Where the hunks of a file are, where a person has cut or joined them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub spans: BTreeMap<String, Vec<Span>>,
    /// Its landings and takings back, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<Operating>,
    /// Which round this is, counted from one.
    pub round: u32,
    /// The proposal of the round before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Proposed>,
    /// How its next attempt goes on, while it waits for its turn after it was sent back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Continues>,
    /// How often it was sent back because a check failed, since a person last sent it.
    pub retries: u32,
    /// The newest check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckView>,
    /// What a person should know of its last round, such as why it failed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// What the agent was told while it worked: what makes it tell once, and the words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<(String, String)>,
    /// Whether the sandbox of its newest attempt was started.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub started: bool,
    /// Whether its newest attempt brought nothing, and nobody has decided how it goes on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// Whether it belongs to what a person went back from: it is kept, and not shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub aside: bool,
    /// When it was created, in milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// When it last changed, in milliseconds since the Unix epoch.
    pub changed_ms: u64,
    /// Counts its changes.
    pub revision: u64,
}

/// An operation and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operating {
    /// What is, or was, to be done; each step as it was last planned.
    pub operation: Operation,
    /// When it was planned, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The place of its plan in the session, by which the operations of all tasks are in order.
    pub seq: u64,
    /// The steps that are done, by their index.
    pub done: BTreeSet<usize>,
    /// Whether nothing is left to do.
    pub ended: bool,
}

impl Operating {
    /// Returns the hunks that were carried out: those of which every step is done.
    pub fn carried_out(&self) -> Vec<HunkId> {
        let steps = || self.operation.steps.iter().enumerate();
        let open = steps().filter(|(index, _)| !self.done.contains(index));
        let open: BTreeSet<&HunkId> = open.flat_map(|(_, step)| &step.hunks).collect();
        let mut seen = BTreeSet::new();
        let hunks = steps().flat_map(|(_, step)| &step.hunks);
        hunks
            .filter(|hunk| !open.contains(hunk) && seen.insert(*hunk))
            .cloned()
            .collect()
    }

    /// Returns the steps that are not done, by their hunks.
    pub(super) fn open_steps(&self) -> BTreeMap<&HunkId, BTreeSet<usize>> {
        let mut open: BTreeMap<&HunkId, BTreeSet<usize>> = BTreeMap::new();
        let steps = self.operation.steps.iter().enumerate();
        for (index, step) in steps.filter(|(index, _)| !self.done.contains(index)) {
            for hunk in &step.hunks {
                open.entry(hunk).or_default().insert(index);
            }
        }
        open
    }
}

/// Where a task stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It waits for its turn.
    Queued,
    /// Its attempt is planned and its sandbox not yet started.
    Preparing,
    /// Its sandbox runs.
    Running {
        /// Since when, in milliseconds since the Unix epoch.
        since_ms: u64,
    },
    /// Its agent is held.
    Paused {
        /// Since when its sandbox runs, in milliseconds since the Unix epoch.
        since_ms: u64,
    },
    /// The project's check runs on its result.
    Verifying {
        /// Since when, in milliseconds since the Unix epoch.
        since_ms: u64,
    },
    /// It is being stopped.
    Stopping,
    /// It was stopped.
    Stopped,
    /// It has a proposal; whether anything is undecided follows from the decisions.
    Review,
    /// It changed nothing.
    NothingToDo,
    /// It failed.
    Failed {
        /// What is known and what to do next.
        reason: String,
    },
    /// It cannot be accounted for.
    Lost {
        /// What is known and what to do next.
        reason: String,
    },
}

impl Task {
    /// Returns a task that has just been made.
    pub(crate) fn new(id: &TaskId, title: &str, origin: &Origin, at_ms: u64) -> Self {
        Self {
            id: id.clone(),
            title: title.to_owned(),
            origin: origin.clone(),
            phase: Phase::Queued,
            attempt: None,
            usage: Usage::default(),
            proposed: None,
            salvaged: None,
            summary: String::new(),
            decisions: BTreeMap::new(),
            landed: BTreeMap::new(),
            amended: BTreeMap::new(),
            over: BTreeMap::new(),
            spans: BTreeMap::new(),
            operations: Vec::new(),
            round: 1,
            previous: None,
            next: None,
            retries: 0,
            check: None,
            note: String::new(),
            told: Vec::new(),
            started: false,
            interrupted: false,
            aside: false,
            created_ms: at_ms,
            changed_ms: at_ms,
            revision: 1,
        }
    }

    /// Folds one event that is about the task into it: the one at `seq`, written at `at_ms`.
    pub(super) fn apply(&mut self, event: &Event, seq: u64, at_ms: u64) {
        match event {
            Event::AttemptPlanned { attempt, .. } => {
                self.attempt = Some(attempt.clone());
                self.next = None;
                (self.started, self.interrupted) = (false, false);
                self.told.clear();
                self.phase = Phase::Preparing;
            }
            Event::SandboxStarted { .. } => {
                self.started = true;
                if self.phase == Phase::Preparing {
                    self.phase = Phase::Running { since_ms: at_ms };
                }
            }
            // Without an attempt at work nothing has to be stopped first.
            Event::StopAsked { .. } if self.phase == Phase::Queued => {
                self.ended_without(Phase::Stopped, "It was stopped.")
            }
            Event::StopAsked { .. } if matches!(self.phase, Phase::Verifying { .. }) => self.phase = Phase::Review,
            Event::StopAsked { .. } => self.phase = Phase::Stopping,
            Event::PauseAsked { paused, .. } => self.pause(*paused),
            Event::Told { id, text, .. } => self.told.push((id.clone(), text.clone())),
            Event::AttemptEnded { end, .. } => self.end(end, at_ms),
            Event::SentBack {
                task: _,
                remark,
                automatic,
            } => self.sent_back(remark, *automatic),
            Event::RecoverAsked { how, .. } => self.recovered(*how),
            Event::TaskRestored { was, .. } => self.restored(was.as_deref()),
            Event::Checked { check, .. } => {
                self.check = Some(check.clone());
                let ended = check.state != CheckState::Running;
                if ended && matches!(self.phase, Phase::Verifying { .. }) {
                    self.phase = Phase::Review;
                }
            }
            event => self.review(event, seq, at_ms),
        }
    }

    /// Folds an event of the review.
    fn review(&mut self, event: &Event, seq: u64, at_ms: u64) {
        match event {
            Event::OperationPlanned { operation, .. } => self.operations.push(Operating {
                operation: operation.clone(),
                at_ms,
                seq,
                done: BTreeSet::new(),
                ended: false,
            }),
            Event::StepPlanned {
                operation, index, step, ..
            } => self.with_operation(operation, |operating| {
                if let Some(planned) = operating.operation.steps.get_mut(*index) {
                    planned.clone_from(step);
                }
            }),
            Event::StepDone { operation, index, .. } => self.with_operation(operation, |operating| {
                operating.done.insert(*index);
            }),
            Event::OperationEnded { operation, .. } => {
                self.with_operation(operation, |operating| operating.ended = true)
            }
            Event::Decided {
                hunks,
                decision,
                landed,
                ..
            } => {
                let decided = hunks.iter().map(|hunk| (hunk.clone(), *decision));
                self.decisions.extend(decided);
                self.landed.extend(landed.clone());
            }
            Event::Reopened { hunks, .. } => {
                for hunk in hunks {
                    self.decisions.remove(hunk);
                    self.landed.remove(hunk);
                }
                // A round that brought nothing may have ended after everything was decided.
                let over = matches!(self.phase, Phase::Stopped | Phase::Failed { .. } | Phase::Lost { .. });
                if over && self.pending().next().is_some() {
                    self.phase = Phase::Review;
                }
            }
            Event::Regrouped {
                path,
                hunks,
                spans,
                from,
                ..
            } => self.regroup(path, hunks, spans, from),
            Event::Amended { hunk, text, over, .. } => {
                let set = |texts: &mut BTreeMap<HunkId, String>, text: &Option<String>| match text {
                    Some(text) => drop(texts.insert(hunk.clone(), text.clone())),
                    None => drop(texts.remove(hunk)),
                };
                set(&mut self.amended, text);
                set(&mut self.over, over);
            }
            _ => {}
        }
    }

    fn pause(&mut self, paused: bool) {
        self.phase = match self.phase {
            Phase::Running { since_ms } if paused => Phase::Paused { since_ms },
            Phase::Paused { since_ms } if !paused => Phase::Running { since_ms },
            ref other => other.clone(),
        };
    }

    fn sent_back(&mut self, remark: &str, automatic: bool) {
        self.retries = if automatic { self.retries + 1 } else { 0 };
        self.next = self.attempt.clone().map(|attempt| Continues {
            attempt,
            remark: remark.to_owned(),
            interrupted: false,
        });
        self.interrupted = false;
        self.note.clear();
        // Nobody waits for a check of what is made anew.
        self.check.take_if(|check| check.state == CheckState::Running);
        self.phase = Phase::Queued;
    }

    fn regroup(&mut self, path: &str, hunks: &[HunkId], spans: &[Span], from: &[(HunkId, HunkId)]) {
        let Some(proposed) = &mut self.proposed else { return };
        let at = proposed.hunks.iter().position(|hunk| hunk.path == path);
        // A file's mode is a hunk of the same path that has no lines; it is among `hunks` if it was before.
        proposed.hunks.retain(|hunk| hunk.path != path);
        let at = at.unwrap_or(proposed.hunks.len());
        let refs = hunks.iter().map(|id| HunkRef {
            id: id.clone(),
            path: path.to_owned(),
        });
        proposed.hunks.splice(at..at, refs);
        for (hunk, was) in from {
            if let Some(reason) = proposed.reasons.get(was).cloned() {
                proposed.reasons.entry(hunk.clone()).or_insert(reason);
            }
        }
        let known: BTreeSet<&HunkId> = proposed.hunks.iter().map(|hunk| &hunk.id).collect();
        self.amended.retain(|hunk, _| known.contains(hunk));
        self.over.retain(|hunk, _| known.contains(hunk));
        self.spans.insert(path.to_owned(), spans.to_vec());
    }

    fn with_operation(&mut self, operation: &OperationId, change: impl FnOnce(&mut Operating)) {
        let known = self.operations.iter_mut();
        if let Some(known) = known.rev().find(|known| known.operation.id == *operation) {
            change(known);
        }
    }

    fn end(&mut self, end: &AttemptEnd, at_ms: u64) {
        match end {
            AttemptEnd::Finished {
                summary,
                proposed,
                verify,
            } => {
                self.salvaged = None;
                self.propose(summary, proposed.as_ref());
                self.phase = match proposed {
                    Some(_) if *verify => Phase::Verifying { since_ms: at_ms },
                    Some(_) => Phase::Review,
                    None => Phase::NothingToDo,
                };
            }
            AttemptEnd::Stopped { salvaged } => {
                self.interrupted = true;
                self.salvaged.clone_from(salvaged);
                self.ended_without(Phase::Stopped, "It was stopped.");
            }
            AttemptEnd::Failed { reason, salvaged } => {
                self.interrupted = true;
                self.salvaged.clone_from(salvaged);
                self.ended_without(Phase::Failed { reason: reason.clone() }, reason);
            }
            AttemptEnd::Lost { reason, salvaged } => {
                self.interrupted = true;
                self.salvaged.clone_from(salvaged);
                self.ended_without(Phase::Lost { reason: reason.clone() }, reason);
            }
        }
    }

    /// Takes a finished attempt's proposal in the place of the one before.
    pub(super) fn propose(&mut self, summary: &str, proposed: Option<&Proposed>) {
        summary.clone_into(&mut self.summary);
        self.interrupted = false;
        self.previous = std::mem::replace(&mut self.proposed, proposed.cloned());
        if self.previous.is_some() {
            self.round += 1;
        }
        self.decisions.clear();
        self.landed.clear();
        self.amended.clear();
        self.over.clear();
        self.spans.clear();
        self.check = None;
        self.note.clear();
    }

    /// An attempt brought nothing. What an earlier round proposed is still there to be decided.
    fn ended_without(&mut self, phase: Phase, reason: &str) {
        self.next = None;
        if self.pending().next().is_some() {
            self.note = format!("The last round brought nothing: {reason}");
            self.phase = Phase::Review;
        } else {
            self.phase = phase;
        }
    }

    /// Says why nothing of the proposal can be decided at present, if that is so.
    pub fn undecidable(&self) -> Option<String> {
        let task = &self.id;
        match self.phase {
            Phase::Review => None,
            Phase::Verifying { .. } => Some(format!(
                "The project's check still runs on the proposal of task {task}. Decide when it has ended, or stop it."
            )),
            _ => Some(format!(
                "The task {task} is at work again, and its next round replaces this proposal. Decide when it is ready."
            )),
        }
    }

    /// Returns the hunks that wait for a decision.
    pub fn pending(&self) -> impl Iterator<Item = &HunkId> {
        self.hunks().filter(|hunk| !self.decisions.contains_key(*hunk))
    }

    /// Returns the hunks of the proposal as it is now.
    pub fn hunks(&self) -> impl Iterator<Item = &HunkId> {
        let hunks = self.proposed.iter().flat_map(|proposed| &proposed.hunks);
        hunks.map(|hunk| &hunk.id)
    }

    /// Returns an operation.
    pub fn operation(&self, operation: &OperationId) -> Option<&Operating> {
        self.operations.iter().find(|known| known.operation.id == *operation)
    }

    /// Returns the hunks of an operation that still stand: carried out, not taken back by a later operation, and in the
    /// file or out of it as the operation left them. Of a landing that was taken back and landed again, taking back
    /// either takes back both.
    pub fn standing(&self, operation: &OperationId) -> Vec<HunkId> {
        let Some(known) = self.operation(operation) else {
            return Vec::new();
        };
        let later = self.operations.iter();
        let undoing = later.filter(|later| later.operation.undoes.as_ref() == Some(operation));
        // An operation is taken back only by later ones, so this ends.
        let undone: BTreeSet<HunkId> = undoing.flat_map(|later| self.standing(&later.operation.id)).collect();
        let landed = self.landed_by(operation);
        let stands = |hunk: &HunkId| !undone.contains(hunk) && landed.contains(hunk) == self.lands(operation);
        known.carried_out().into_iter().filter(stands).collect()
    }

    /// Returns whether a landing that still stands wrote a hunk into its file.
    pub fn wrote(&self, hunk: &HunkId) -> bool {
        let landings = self.operations.iter().filter(|known| self.lands(&known.operation.id));
        landings
            .map(|known| self.standing(&known.operation.id))
            .any(|standing| standing.contains(hunk))
    }

    /// Returns whether an operation lands hunks: it takes nothing back, or it takes back a taking back.
    pub fn lands(&self, operation: &OperationId) -> bool {
        let mut lands = true;
        let mut at = self.operation(operation);
        // An operation takes back only earlier ones, so this ends.
        while let Some(undone) = at.and_then(|known| known.operation.undoes.as_ref()) {
            lands = !lands;
            at = self.operation(undone);
        }
        lands
    }
}
