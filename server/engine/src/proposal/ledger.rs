//! One proposal with its decisions, as the worker keeps it.

use std::collections::{HashMap, HashSet};

use aca_protocol::methods::Refusal;
use aca_protocol::proposal::{Decision, FileChange, FileView, Selection, Since};
use aca_protocol::{HunkId, TaskId};
use aca_review::Hunk;
use aca_review::ledger::{Amendment, FileLedger, Span, Standing};
use aca_review::needs;
use aca_workspace::objects::Blob;

use super::file::{ChangedFile, Parts};
use super::shown::Before;
use crate::Error;
use crate::core::{Proposed, Task};

/// A proposal and what is known of its hunks.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    /// The task as it was last recorded; decisions stand there.
    pub(crate) task: Task,
    /// What the proposal changes.
    pub(crate) files: Vec<ChangedFile>,
    /// Counts the published views.
    pub(crate) revision: u64,
    /// For each file, what its hunks were before anyone cut them, and whether the round before had the same.
    before: Vec<Vec<(Span, bool)>>,
    /// Other hunks that a hunk seems to need.
    needs: HashMap<HunkId, Vec<HunkId>>,
}

impl Ledger {
    /// Takes a proposal over. `previous` is what the round before proposed, and `revision` the one published last.
    pub(crate) fn new(task: Task, files: Vec<ChangedFile>, previous: Option<&[ChangedFile]>, revision: u64) -> Self {
        let before = previous
            .map(|previous| known_before(&files, previous))
            .unwrap_or_default();
        let mut ledger = Self {
            task,
            files,
            revision,
            before,
            needs: HashMap::new(),
        };
        ledger.sync();
        ledger
    }

    /// Whether this is the proposal of a task, as far as its trees say.
    pub(crate) fn is_of(&self, task: &Task) -> bool {
        let trees = |proposed: &Option<Proposed>| {
            let known = proposed.as_ref();
            known.map(|known| (known.base.clone(), known.result.clone()))
        };
        trees(&self.task.proposed) == trees(&task.proposed) && trees(&self.task.previous) == trees(&task.previous)
    }

    /// Takes over what was recorded about the task since.
    pub(crate) fn update(&mut self, task: Task) {
        let texts = |task: &Task| (task.spans.clone(), task.amended.clone(), task.over.clone());
        let recut = texts(&task) != texts(&self.task);
        self.task = task;
        if recut {
            for file in &mut self.files {
                let spans = self.task.spans.get(&file.path);
                if let (Parts::Lines { ledger, .. }, Some(spans)) = (&file.parts, spans)
                    && ledger.spans() != *spans
                {
                    file.cut(spans);
                }
            }
            self.sync();
        } else {
            self.stand();
        }
    }

    fn sync(&mut self) {
        self.stand();
        self.needs = needed(&self.files);
    }

    /// Tells the files' hunks what was decided about them.
    fn stand(&mut self) {
        let task = &self.task;
        for file in &mut self.files {
            let ledger = match &mut file.parts {
                Parts::Lines { ledger, .. } => ledger,
                Parts::Whole { id, agents, result, .. } => {
                    *result = amended(agents.as_ref(), task.amended.get(id));
                    continue;
                }
            };
            for hunk in ledger.hunks().to_vec() {
                let amended = task.amended.get(&hunk.id).map(|text| Amendment {
                    text: text.clone(),
                    over: task.over.get(&hunk.id).cloned(),
                });
                // The hunk is one of the ledger's own. One that is decided keeps its text.
                if ledger.amendment(&hunk.id) != amended.as_ref() {
                    let _ = ledger.set(&hunk.id, Standing::Open);
                    let _ = ledger.amend(&hunk.id, amended);
                }
                let _ = ledger.set(&hunk.id, standing(task, &hunk));
            }
        }
    }

    /// Returns what was decided about a hunk.
    pub(crate) fn decision(&self, hunk: &HunkId) -> Option<Decision> {
        self.task.decisions.get(hunk).copied()
    }

    /// Says whether a hunk is undecided. Where the others are does not matter any more.
    pub(crate) fn is_open(&self) -> bool {
        self.files
            .iter()
            .flat_map(ChangedFile::ids)
            .any(|id| self.decision(&id).is_none())
    }

    /// Returns the index of the file at a path: of its content, where its mode changes too.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the proposal does not touch it.
    pub(crate) fn text_of(&self, path: &str) -> Result<usize, Error> {
        let at_path = self.files.iter().enumerate().filter(|(_, file)| file.path == path);
        let content = at_path.min_by_key(|(_, file)| matches!(file.change, FileChange::Mode { .. }));
        content
            .map(|(index, _)| index)
            .ok_or_else(|| untouched(&self.task.id, path))
    }

    /// Adds the hunks of a path that have no lines, such as that of its mode, to those that have.
    pub(crate) fn with_wholes(&self, path: &str, mut hunks: Vec<HunkId>) -> Vec<HunkId> {
        let whole = |file: &&ChangedFile| file.path == path && matches!(file.parts, Parts::Whole { .. });
        hunks.extend(self.files.iter().filter(whole).flat_map(ChangedFile::ids));
        hunks
    }

    /// Returns the file that has a hunk.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if none has it.
    pub(crate) fn file_of(&self, hunk: &HunkId) -> Result<&ChangedFile, Error> {
        let task = &self.task.id;
        let file = self.files.iter().find(|file| file.ids().contains(hunk));
        file.ok_or_else(|| {
            Error::NotFound(format!(
                "The proposal of task {task} has no hunk {hunk} any more. Ask for the proposal again."
            ))
        })
    }

    /// Returns the line hunks of the file that has a hunk.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if no file has it, [`Error::Invalid`] if the file is decided as a whole.
    pub(crate) fn lines_of(&mut self, hunk: &HunkId) -> Result<(&str, &mut FileLedger), Error> {
        let task = &self.task.id;
        let file = self.files.iter_mut().find(|file| file.ids().contains(hunk));
        let file = file.ok_or_else(|| {
            Error::NotFound(format!(
                "The proposal of task {task} has no hunk {hunk} any more. Ask for the proposal again."
            ))
        })?;
        match &mut file.parts {
            Parts::Lines { ledger, .. } => Ok((&file.path, ledger)),
            Parts::Whole { .. } => Err(Error::Invalid(format!(
                "The change of {} is decided as a whole, so it has no lines to choose from.",
                file.path
            ))),
        }
    }

    /// Returns the hunks a decision is about; those that the proposal does not have, or not any more, are refused. For
    /// a whole file or proposal they are those that are undecided, or, to bring hunks back, those that were rejected.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the proposal does not touch the file.
    pub(crate) fn select(
        &self,
        selection: &Selection,
        decision: Decision,
        refused: &mut Vec<Refusal>,
    ) -> Result<Vec<HunkId>, Error> {
        let wanted = (decision == Decision::Reopen).then_some(Decision::Reject);
        let of = |file: &ChangedFile| {
            let ids = file.ids().into_iter();
            ids.filter(|id| self.decision(id) == wanted).collect::<Vec<_>>()
        };
        match selection {
            Selection::All => Ok(self.files.iter().flat_map(of).collect()),
            Selection::File { path } => {
                let mut parts = self.files.iter().filter(|file| file.path == *path).peekable();
                if parts.peek().is_none() {
                    return Err(untouched(&self.task.id, path));
                }
                Ok(parts.flat_map(of).collect())
            }
            Selection::Hunks { ids } => {
                let known: HashSet<HunkId> = self.files.iter().flat_map(ChangedFile::ids).collect();
                let (chosen, unknown): (Vec<_>, Vec<_>) = ids.iter().cloned().partition(|id| known.contains(id));
                refused.extend(unknown.into_iter().map(|hunk| Refusal {
                    reason: format!(
                        "The proposal has no hunk {hunk} any more. It may have been cut or joined, or an earlier round \
                         had it."
                    ),
                    hunk,
                }));
                Ok(chosen)
            }
        }
    }

    /// Returns the undecided hunks that make a new file where a directory is out of which `chosen` takes files.
    pub(crate) fn made_room_for(&self, chosen: &[HunkId]) -> HashSet<HunkId> {
        let chosen: HashSet<&HunkId> = chosen.iter().collect();
        let leaving = self.files.iter().filter_map(|file| match &file.change {
            FileChange::Delete => Some((file, file.path.as_str())),
            FileChange::Rename { from } => Some((file, from.as_str())),
            _ => None,
        });
        let leaving = leaving.filter(|(file, _)| file.ids().iter().any(|id| chosen.contains(id)));
        let above = |path: &'_ str| {
            let ends = path.match_indices('/').map(|(at, _)| at);
            ends.filter_map(|end| path.get(..end).map(str::to_owned))
                .collect::<Vec<_>>()
        };
        let left: HashSet<String> = leaving.flat_map(|(_, path)| above(path)).collect();
        let made = self.files.iter();
        let made = made.filter(|file| file.change == FileChange::Create && left.contains(&file.path));
        let made = made.flat_map(ChangedFile::ids);
        made.filter(|id| self.decision(id).is_none()).collect()
    }

    /// Returns the undecided hunks that need one of `hunks`, with what they need.
    pub(crate) fn needing(&self, hunks: &[HunkId]) -> Vec<(HunkId, HunkId)> {
        let hunks: HashSet<&HunkId> = hunks.iter().collect();
        let open = self.files.iter().flat_map(ChangedFile::ids);
        let open = open.filter(|id| self.decision(id).is_none() && !hunks.contains(id));
        let needing = open.filter_map(|id| {
            let needed = self.needs.get(&id)?.iter().find(|needed| hunks.contains(needed))?;
            Some((id, needed.clone()))
        });
        needing.collect()
    }

    /// Completes the view of the file at `index` by what does not depend on its live text.
    /// `before` is what was published last.
    pub(crate) fn complete(&self, index: usize, view: &mut FileView, before: &Before<'_>, revision: u64) {
        let reasons = self.task.proposed.as_ref().map(|proposed| &proposed.reasons);
        for (n, hunk) in view.hunks.iter_mut().enumerate() {
            let needs = self.needs.get(&hunk.id).into_iter().flatten();
            hunk.needs = needs.filter(|id| self.decision(id).is_none()).cloned().collect();
            hunk.reason = reasons.and_then(|reasons| reasons.get(&hunk.id)).cloned();
            hunk.since = self.since(index, n);
            hunk.seen = before.since(hunk).unwrap_or(revision);
        }
    }

    fn since(&self, file: usize, hunk: usize) -> Since {
        let Some(before) = self.before.get(file) else {
            return Since::First;
        };
        let touching = |span: &Span| match self.files.get(file).map(|file| &file.parts) {
            Some(Parts::Lines { ledger, .. }) => {
                let hunk = ledger.hunks().get(hunk);
                hunk.is_some_and(|hunk| {
                    span.base.start <= hunk.base.end
                        && hunk.base.start <= span.base.end
                        && span.result.start <= hunk.result.end
                        && hunk.result.start <= span.result.end
                })
            }
            _ => true,
        };
        let mut parts = before.iter().filter(|(span, _)| touching(span));
        if parts.all(|(_, same)| *same) {
            Since::Same
        } else {
            Since::Changed
        }
    }
}

fn untouched(task: &TaskId, path: &str) -> Error {
    Error::NotFound(format!("The proposal of task {task} does not touch {path}."))
}

fn standing(task: &Task, hunk: &Hunk) -> Standing {
    match task.decisions.get(&hunk.id) {
        None => Standing::Open,
        Some(Decision::Reject | Decision::Reopen) => Standing::Rejected,
        Some(Decision::Accept) => {
            let text = task.landed.get(&hunk.id).or_else(|| task.amended.get(&hunk.id));
            Standing::Landed {
                text: text.unwrap_or(&hunk.new).clone(),
            }
        }
    }
}

/// Returns a file as it lands, where a person may have changed its text.
fn amended(agents: Option<&Blob>, text: Option<&String>) -> Option<Blob> {
    let agents = agents?;
    let changed = text.and_then(|text| {
        let encoding = aca_review::text::decode(&agents.bytes)?.encoding;
        aca_review::text::encode(text, encoding).ok()
    });
    Some(Blob {
        bytes: changed.unwrap_or_else(|| agents.bytes.clone()),
        executable: agents.executable,
    })
}

/// Says for each hunk of each file whether `previous` had it with the same texts.
fn known_before(files: &[ChangedFile], previous: &[ChangedFile]) -> Vec<Vec<(Span, bool)>> {
    let whole = Span::new(0..0, 0..0);
    let mut texts: HashSet<(&str, String, String)> = HashSet::new();
    let mut wholes: HashSet<HunkId> = HashSet::new();
    for file in previous {
        match &file.parts {
            Parts::Lines { ledger, .. } => texts.extend(
                ledger
                    .hunks()
                    .iter()
                    .map(|hunk| (file.path.as_str(), hunk.old.clone(), hunk.new.clone())),
            ),
            Parts::Whole { id, .. } => drop(wholes.insert(id.clone())),
        }
    }
    let of = |file: &ChangedFile| match &file.parts {
        Parts::Whole { id, .. } => vec![(whole.clone(), wholes.contains(id))],
        Parts::Lines { texts: both, .. } => {
            let hunks = aca_review::hunks(&file.path, &both.before, &both.after);
            let same = |hunk: Hunk| {
                let span = Span::new(hunk.base, hunk.result);
                (span, texts.contains(&(file.path.as_str(), hunk.old, hunk.new)))
            };
            hunks.into_iter().map(same).collect()
        }
    };
    files.iter().map(of).collect()
}

/// Returns which hunks seem to need which.
fn needed(files: &[ChangedFile]) -> HashMap<HunkId, Vec<HunkId>> {
    let (mut ids, mut owned, mut bases) = (Vec::new(), Vec::new(), Vec::new());
    for file in files {
        match &file.parts {
            Parts::Lines { ledger, texts } => {
                bases.push(texts.before.clone());
                for hunk in ledger.hunks() {
                    let new = ledger.proposed(&hunk.id).unwrap_or(&hunk.new);
                    ids.push(hunk.id.clone());
                    owned.push((file.path.as_str(), hunk.old.clone(), new.to_owned()));
                }
            }
            Parts::Whole { id, base, result, .. } => {
                let text = |blob: &Option<Blob>| {
                    let decoded = blob.as_ref().and_then(|blob| aca_review::text::decode(&blob.bytes));
                    decoded.map(|decoded| decoded.text).unwrap_or_default()
                };
                // A mode or a move introduces no name.
                if matches!(file.change, FileChange::Create | FileChange::Delete) {
                    bases.push(text(base));
                    ids.push(id.clone());
                    owned.push((file.path.as_str(), text(base), text(result)));
                }
            }
        }
    }
    let changes: Vec<needs::Change<'_>> = owned
        .iter()
        .map(|(path, old, new)| needs::Change { path, old, new })
        .collect();
    let bases: Vec<&str> = bases.iter().map(String::as_str).collect();
    let found = needs::needs(&changes, &bases);
    let named = |indexes: Vec<usize>| {
        indexes
            .into_iter()
            .filter_map(|index| ids.get(index).cloned())
            .collect()
    };
    ids.iter().cloned().zip(found.into_iter().map(named)).collect()
}
