//! What an operation is to make of a file, planned on what the file says at that moment.
//!
//! A landing and the taking back of one are the same thing here: a change from one content to another, merged into the
//! live one. Nothing is written by this file.

use std::collections::BTreeMap;
use std::path::Path;

use aca_protocol::HunkId;
use aca_protocol::methods::Refusal;
use aca_review::ledger::{FileLedger, Placement, Resolution, Span, Standing};
use aca_review::text::{self, Encoding};
use aca_workspace::objects::Blob;

use super::file::{Texts, texts};
use super::live::{Document, Live};
use crate::{Buffers, LiveBuffer};

/// What is to become of one file, or of a file that moves.
#[derive(Debug, Clone)]
pub(super) struct Aim {
    /// What is to change.
    pub(super) change: Change,
    /// Whether hunks that the file has already are part of the operation. Then it can be taken back.
    pub(super) keeps_all: bool,
}

/// A change that is to be made.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// Hunks of lines go into a file.
    Lines {
        path: String,
        ledger: Box<FileLedger>,
        chosen: Vec<Chosen>,
        /// What to write where the live file is ASCII and does not say.
        encoding: Encoding,
        /// The texts that land, where it is known without the ledger.
        landed: BTreeMap<HunkId, String>,
    },
    /// A file becomes another one as a whole.
    Whole {
        path: String,
        hunks: Vec<HunkId>,
        from: Option<Blob>,
        to: Option<Blob>,
        /// Whether what is there instead of `from` is replaced.
        force: bool,
    },
    /// A file becomes executable or stops being so.
    Mode {
        path: String,
        hunks: Vec<HunkId>,
        executable: bool,
    },
    /// A file moves, perhaps with changes.
    Move(Move),
}

/// A file that moves.
#[derive(Debug, Clone)]
pub(super) struct Move {
    pub(super) hunk: HunkId,
    pub(super) from: String,
    pub(super) to: String,
    /// What it was changed from.
    pub(super) base: Blob,
    /// What it becomes, if nobody changed it.
    pub(super) result: Blob,
    /// What stays at its old place.
    pub(super) leaves: Option<Blob>,
    /// What may be at its new place.
    pub(super) over: Option<Blob>,
    /// Whether what is in the way is replaced.
    pub(super) force: bool,
}

/// A hunk that is to land.
#[derive(Debug, Clone)]
pub(super) struct Chosen {
    /// The proposal's hunk.
    pub(super) hunk: HunkId,
    /// The hunk of the file's ledger.
    pub(super) within: HunkId,
    /// What to do where it does not merge.
    pub(super) resolution: Resolution,
}

/// What an aim means for the files as they are.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// What to do, in this order.
    pub(super) drafts: Vec<Draft>,
    /// Hunks whose text is there already.
    pub(super) there: Vec<HunkId>,
    /// Hunks that cannot land. Only if there are none, the rest of the plan is to be followed.
    pub(super) refused: Vec<Refusal>,
}

/// One file that is to be written or removed.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) path: String,
    pub(super) hunks: Vec<HunkId>,
    pub(super) before: Option<Blob>,
    pub(super) after: Option<Blob>,
    pub(super) landed: BTreeMap<HunkId, String>,
    pub(super) spans: Vec<Span>,
    /// Set if an editor has the file open and is to make the change.
    pub(super) edit: Option<Edit>,
}

/// A change of an open document.
#[derive(Debug, Clone)]
pub(super) struct Edit {
    pub(super) buffer: LiveBuffer,
    /// What the document is to say.
    pub(super) after: String,
}

impl Draft {
    pub(super) fn whole(path: &str, hunks: &[HunkId], before: Option<Blob>, after: Option<Blob>) -> Self {
        Self {
            path: path.to_owned(),
            hunks: hunks.to_vec(),
            before,
            after,
            landed: BTreeMap::new(),
            spans: Vec::new(),
            edit: None,
        }
    }
}

impl Plan {
    fn of(drafts: Vec<Draft>) -> Self {
        Self {
            drafts,
            ..Self::default()
        }
    }

    fn refuse(hunks: impl IntoIterator<Item = HunkId>, reason: &str) -> Self {
        let refusal = |hunk| Refusal {
            hunk,
            reason: reason.to_owned(),
        };
        Self {
            refused: hunks.into_iter().map(refusal).collect(),
            ..Self::default()
        }
    }
}

impl Aim {
    /// Returns the hunks that are still to be carried out.
    pub(super) fn hunks(&self) -> Vec<HunkId> {
        match &self.change {
            Change::Lines { chosen, .. } => chosen.iter().map(|chosen| chosen.hunk.clone()).collect(),
            Change::Whole { hunks, .. } | Change::Mode { hunks, .. } => hunks.clone(),
            Change::Move(moving) => vec![moving.hunk.clone()],
        }
    }

    /// Gives hunks up. A change that is decided as a whole has only one.
    pub(super) fn give_up(&mut self, given_up: &[HunkId]) {
        match &mut self.change {
            Change::Lines { chosen, .. } => chosen.retain(|chosen| !given_up.contains(&chosen.hunk)),
            Change::Whole { hunks, .. } | Change::Mode { hunks, .. } => hunks.retain(|hunk| !given_up.contains(hunk)),
            Change::Move(_) => {}
        }
    }

    /// Plans the change on what the files say now, without the hunks that cannot land. Those are added to `refused`.
    pub(super) fn plan(&mut self, root: &Path, buffers: &Buffers, refused: &mut Vec<Refusal>) -> Plan {
        loop {
            let mut plan = self.try_plan(root, buffers);
            if plan.refused.is_empty() {
                return plan;
            }
            let gone: Vec<HunkId> = plan.refused.iter().map(|refusal| refusal.hunk.clone()).collect();
            refused.append(&mut plan.refused);
            let before = self.hunks().len();
            self.give_up(&gone);
            let left = self.hunks().len();
            if left == 0 || left == before {
                return Plan::default();
            }
        }
    }

    fn try_plan(&mut self, root: &Path, buffers: &Buffers) -> Plan {
        let keeps_all = self.keeps_all;
        match &mut self.change {
            Change::Lines {
                path,
                ledger,
                chosen,
                encoding,
                landed,
            } => {
                let live = Live::read(buffers, root, path);
                let mut plan = lines(path, ledger, chosen, *encoding, live, keeps_all);
                for draft in &mut plan.drafts {
                    draft.landed.extend(landed.clone());
                }
                plan
            }
            Change::Whole {
                path,
                hunks,
                from,
                to,
                force,
            } => {
                let live = Live::read(buffers, root, path);
                let planned = whole(root, path, &live, from.as_ref(), to.as_ref(), *force);
                match planned {
                    Ok(None) if keeps_all => {
                        let now = live.content(root, path).unwrap_or_default();
                        Plan::of(vec![Draft::whole(path, hunks, now.clone(), now)])
                    }
                    Ok(None) => Plan {
                        there: hunks.clone(),
                        ..Plan::default()
                    },
                    Ok(Some(draft)) => Plan::of(vec![Draft {
                        hunks: hunks.clone(),
                        ..draft
                    }]),
                    Err(reason) => Plan::refuse(hunks.clone(), &reason),
                }
            }
            Change::Mode {
                path,
                hunks,
                executable,
            } => match Live::on_disk(root, path) {
                Live::Closed(disk) if disk.executable == *executable && !keeps_all => Plan {
                    there: hunks.clone(),
                    ..Plan::default()
                },
                Live::Closed(disk) => {
                    let after = Blob {
                        executable: *executable,
                        ..disk.clone()
                    };
                    Plan::of(vec![Draft::whole(path, hunks, Some(disk), Some(after))])
                }
                Live::Unreadable(reason) => Plan::refuse(hunks.clone(), &reason),
                _ => Plan::refuse(hunks.clone(), &format!("{path} is not there any more.")),
            },
            Change::Move(moving) => match moving.plan(root, buffers) {
                Ok(Some(drafts)) => Plan::of(drafts),
                Ok(None) => Plan {
                    there: vec![moving.hunk.clone()],
                    ..Plan::default()
                },
                Err(reason) => Plan::refuse([moving.hunk.clone()], &reason),
            },
        }
    }
}

fn lines(
    path: &str,
    ledger: &mut FileLedger,
    chosen: &[Chosen],
    encoding: Encoding,
    live: Live,
    keeps_all: bool,
) -> Plan {
    let all = || chosen.iter().map(|chosen| chosen.hunk.clone());
    let before = match &live {
        Live::Closed(blob) => Some(blob.clone()),
        _ => None,
    };
    let document = match &live {
        Live::Open(document) => Some(document.clone()),
        _ => None,
    };
    let now = match live.text(path) {
        Ok(now) => now,
        Err(reason) => return Plan::refuse(all(), &format!("{reason} Bring it back, or reject the hunk.")),
    };
    let placed: BTreeMap<HunkId, Placement> = {
        let ids: Vec<HunkId> = ledger.hunks().iter().map(|hunk| hunk.id.clone()).collect();
        ids.into_iter().zip(ledger.place(&now).iter().cloned()).collect()
    };
    let is_there = |chosen: &&Chosen| matches!(placed.get(&chosen.within), Some(Placement::AlreadyThere { .. }));
    let (there, missing): (Vec<&Chosen>, Vec<&Chosen>) = chosen.iter().partition(is_there);
    let wanted: Vec<(HunkId, Resolution)> = missing
        .iter()
        .map(|chosen| (chosen.within.clone(), chosen.resolution))
        .collect();
    let landing = match ledger.land(&now, &wanted) {
        Ok(landing) => landing,
        Err(conflicts) => {
            let conflicts = missing.iter().filter(|chosen| conflicts.contains(&chosen.within));
            let reason = format!(
                "{path} was changed in the same place meanwhile. Keep what is there by rejecting the hunk, or accept \
                 it with the agent's version or with both."
            );
            return Plan::refuse(conflicts.map(|chosen| chosen.hunk.clone()), &reason);
        }
    };
    let mut plan = Plan::default();
    let carried: Vec<&Chosen> = if keeps_all {
        chosen.iter().collect()
    } else {
        plan.there = there.iter().map(|chosen| chosen.hunk.clone()).collect();
        missing
    };
    if carried.is_empty() {
        return plan;
    }
    let spans = spans(ledger, &placed, &now, &landing.text, &landing.hunks, &carried);
    let name = |within: &HunkId| carried.iter().find(|chosen| chosen.within == *within);
    let landed = landing.hunks.iter().filter_map(|(within, text)| {
        let differs = ledger.proposed(within) != Some(text.as_str());
        differs.then(|| Some((name(within)?.hunk.clone(), text.clone())))?
    });
    let landed = landed.collect();
    let hunks = carried.iter().map(|chosen| chosen.hunk.clone()).collect();
    let written = write(path, document.as_ref(), before, &now, landing.text, encoding);
    match written {
        Ok(draft) => plan.drafts.push(Draft {
            hunks,
            landed,
            spans,
            ..draft
        }),
        Err(reason) => return Plan::refuse(hunks, &reason),
    }
    plan
}

/// Returns the draft by which a text file comes to say `after`.
fn write(
    path: &str,
    document: Option<&Document>,
    before: Option<Blob>,
    now: &str,
    after: String,
    fallback: Encoding,
) -> Result<Draft, String> {
    let Some(document) = document else {
        let decoded = before.as_ref().and_then(|blob| text::decode(&blob.bytes));
        let encoding = decoded.map_or(fallback, |decoded| decoded.encoding);
        let unsaid = encoding == Encoding::Utf8 && fallback == Encoding::Latin1 && now.is_ascii();
        let bytes = text::encode(&after, if unsaid { fallback } else { encoding })
            .map_err(|error| format!("{path} cannot take the change: {error}."))?;
        let executable = before.as_ref().is_some_and(|blob| blob.executable);
        return Ok(Draft::whole(path, &[], before, Some(Blob { bytes, executable })));
    };
    let blob = |text: &str| Blob {
        bytes: text.as_bytes().to_vec(),
        executable: false,
    };
    let mut draft = Draft::whole(path, &[], Some(blob(now)), Some(blob(&after)));
    draft.edit = Some(Edit {
        buffer: document.buffer.clone(),
        after: document.with(after),
    });
    Ok(draft)
}

/// Returns where each carried hunk is before and after; nothing if they cannot be told apart.
fn spans(
    ledger: &FileLedger,
    before: &BTreeMap<HunkId, Placement>,
    now: &str,
    after: &str,
    landed: &[(HunkId, String)],
    carried: &[&Chosen],
) -> Vec<Span> {
    let mut later = ledger.clone();
    for (hunk, text) in landed {
        // The hunk is one of the ledger's own.
        let _ = later.set(hunk, Standing::Landed { text: text.clone() });
    }
    let ids: Vec<HunkId> = later.hunks().iter().map(|hunk| hunk.id.clone()).collect();
    let placed: BTreeMap<HunkId, Placement> = ids.into_iter().zip(later.place(after).iter().cloned()).collect();
    let range = |placement: &Placement| placement.line()..placement.line() + placement.lines();
    let span = |chosen: &&Chosen| {
        Some(Span {
            base: range(before.get(&chosen.within)?),
            result: range(placed.get(&chosen.within)?),
        })
    };
    let spans: Option<Vec<Span>> = carried.iter().map(span).collect();
    let spans = spans.unwrap_or_default();
    match FileLedger::with_spans("", now, after, &spans) {
        Ok(_) => spans,
        Err(_) => Vec::new(),
    }
}

/// Plans how a file becomes another one; nothing if it is that already.
fn whole(
    root: &Path,
    path: &str,
    live: &Live,
    from: Option<&Blob>,
    to: Option<&Blob>,
    force: bool,
) -> Result<Option<Draft>, String> {
    let now = live.content(root, path)?;
    let modes = from.zip(to).filter(|(from, to)| from.executable != to.executable);
    let executable = |now: Option<&Blob>| match (modes, now, to) {
        (None, Some(now), Some(_)) if from.is_some() => now.executable,
        (_, _, Some(to)) => to.executable,
        _ => false,
    };
    let bytes = |blob: Option<&Blob>| blob.map(|blob| blob.bytes.clone());
    let wanted = bytes(to).map(|bytes| Blob {
        bytes,
        executable: executable(now.as_ref()),
    });
    let same_mode =
        modes.is_none() || now.as_ref().map(|now| now.executable) == wanted.as_ref().map(|to| to.executable);
    if bytes(now.as_ref()) == bytes(wanted.as_ref()) && same_mode {
        return Ok(None);
    }
    let expected = bytes(now.as_ref()) == bytes(from) || bytes(now.as_ref()) == bytes(wanted.as_ref());
    if wanted.is_none() && live.is_unsaved(root, path) {
        return Err(unsaved(path));
    }
    let after = match (&wanted, &now) {
        (wanted, _) if expected || force => wanted.clone(),
        (Some(_), Some(_)) if from.is_none() => return Err(format!("{path} exists by now, with other content.")),
        (Some(wanted), Some(now)) => {
            let merged = merged(from, now, Some(wanted));
            let merged = merged.ok_or_else(|| format!("{path} was changed in the same place meanwhile."))?;
            Some(Blob {
                executable: wanted.executable,
                ..merged
            })
        }
        (Some(_), None) => return Err(format!("{path} is not there any more.")),
        (None, _) => return Err(format!("{path} was changed meanwhile, so it is not removed.")),
    };
    let (Live::Open(document), Some(content)) = (live, &after) else {
        return Ok(Some(Draft::whole(path, &[], now, after)));
    };
    let closed = || format!("{path} is open in an editor, which cannot make this change. Close it first.");
    let encoding = |blob: &Blob| text::decode(&blob.bytes).map(|decoded| decoded.encoding);
    if now.as_ref().and_then(encoding) != encoding(content) {
        return Err(closed());
    }
    let content = text::decode(&content.bytes).ok_or_else(closed)?;
    write(
        path,
        Some(document),
        None,
        &document.text,
        content.text,
        content.encoding,
    )
    .map(Some)
}

/// Merges the change from one content to another into a third, if all are text and it can be done.
pub(super) fn merged(from: Option<&Blob>, now: &Blob, to: Option<&Blob>) -> Option<Blob> {
    let Texts {
        before,
        after,
        encoding,
    } = texts(from, to)?;
    let live = text::decode(&now.bytes).filter(|live| live.encoding == encoding || live.text.is_ascii())?;
    let mut ledger = FileLedger::new("", &before, &after);
    let all: Vec<(HunkId, Resolution)> = ledger
        .hunks()
        .iter()
        .map(|hunk| (hunk.id.clone(), Resolution::Merge))
        .collect();
    let landed = ledger.land(&live.text, &all).ok()?;
    let bytes = text::encode(&landed.text, encoding).ok()?;
    Some(Blob {
        bytes,
        executable: now.executable,
    })
}

impl Move {
    /// Plans the move: the new place first, then the old one. Nothing if it has happened.
    fn plan(&self, root: &Path, buffers: &Buffers) -> Result<Option<Vec<Draft>>, String> {
        let Self { from, to, .. } = self;
        let source = Live::read(buffers, root, from);
        if source.is_unsaved(root, from) {
            return Err(unsaved(from));
        }
        let target = Live::read(buffers, root, to).content(root, to)?;
        let source = source.content(root, from)?;
        let bytes = |blob: Option<&Blob>| blob.map(|blob| blob.bytes.clone());
        let Some(source) = source else {
            return match target {
                Some(target) if target.bytes == self.result.bytes => Ok(None),
                _ => Err(format!("{from} is not there any more.")),
            };
        };
        let in_the_way = target.is_some() && bytes(target.as_ref()) != bytes(self.over.as_ref());
        if in_the_way && !self.force {
            return Err(format!("{to} exists by now, with other content."));
        }
        if buffers.live(&root.join(to)).is_some() {
            return Err(format!("{to} is open in an editor. Close it first."));
        }
        let merged = if source.bytes == self.base.bytes {
            Some(self.result.clone())
        } else if self.base.bytes == self.result.bytes {
            Some(source.clone())
        } else {
            merged(Some(&self.base), &source, Some(&self.result))
        };
        let content = match merged {
            Some(content) => content,
            None if self.force => self.result.clone(),
            None => return Err(format!("{from} was changed in the same place meanwhile.")),
        };
        let same_mode = self.base.executable == self.result.executable;
        let executable = if same_mode {
            source.executable
        } else {
            self.result.executable
        };
        let hunks = [self.hunk.clone()];
        let arriving = Draft::whole(to, &hunks, target, Some(Blob { executable, ..content }));
        let leaving = Draft::whole(from, &hunks, Some(source), self.leaves.clone());
        Ok(Some(vec![arriving, leaving]))
    }
}

fn unsaved(path: &str) -> String {
    format!("{path} is open with unsaved changes. Save it, then try again.")
}
