//! What an operation is to make of a file, planned on what the file says at that moment.
//!
//! A landing and the taking back of one are the same thing here: a change from one content to another, merged into the
//! live one. Nothing is written by this file.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use aca_protocol::HunkId;
use aca_protocol::methods::Refusal;
use aca_review::ledger::{FileLedger, Resolution, Span};
use aca_review::text::Encoding;
use aca_workspace::objects::Blob;

use super::content::{lines, merged, unsaved, whole};
use super::live::Live;
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
        /// The permissions it gets where there is no file.
        permissions: Option<u32>,
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
    /// The permissions of a file that goes away, or that one gets that is made.
    pub(super) permissions: Option<u32>,
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
            permissions: None,
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

    pub(super) fn refuse(hunks: impl IntoIterator<Item = HunkId>, reason: &str) -> Self {
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
                permissions,
                force,
            } => {
                let live = Live::read(buffers, root, path);
                let planned = whole(root, path, &live, from.as_ref(), to.as_ref(), *force);
                let permissions = permissions.filter(|_| to.is_some()).or_else(|| on_disk(root, path));
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
                        permissions,
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
        let mut arriving = Draft::whole(to, &hunks, target, Some(Blob { executable, ..content }));
        arriving.permissions = on_disk(root, from);
        let leaving = Draft::whole(from, &hunks, Some(source), self.leaves.clone());
        Ok(Some(vec![arriving, leaving]))
    }
}

/// Returns the permissions of a file that is there.
fn on_disk(root: &Path, path: &str) -> Option<u32> {
    let meta = root.join(path).symlink_metadata().ok()?;
    meta.is_file().then(|| meta.mode() & 0o777)
}
