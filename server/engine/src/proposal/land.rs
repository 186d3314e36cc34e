//! Landing: a three-way merge of base, chosen hunks and live text, put into place and seen to be there.
//!
//! Nothing of the user's is replaced unless it is what the merge was computed from; when it moved on meanwhile, the
//! merge is computed anew.

use std::path::Path;

use aca_protocol::HunkId;
use aca_protocol::methods::Refusal;
use aca_protocol::proposal::{Decision, FileChange, HunkState};
use aca_review::Merge;
use aca_workspace::landing::{self, Expect, LandError, New};
use sha2::{Digest as _, Sha256};

use super::file::{ChangedFile, Parts, text};
use super::ledger::Ledger;
use super::live::{Live, read_plain};
use super::place;
use super::worker::Worker;
use crate::core::{Command, Operation, Step};
use crate::{Buffers, EditorReply, Error};

/// How often a landing is computed anew because the file moved on.
const TRIES: usize = 5;

const BOM: char = '\u{feff}';

/// What has to happen so that the chosen hunks are in the live files.
enum Plan {
    /// They are in them already.
    Nothing,
    /// One file gets new content.
    Write { content: Vec<u8>, executable: Option<bool> },
    /// One file, which has this content on disk, becomes executable or stops being so.
    Mode { content: Vec<u8>, executable: bool },
    /// One file goes away.
    Remove,
    /// One file gets the content and another, expected to have `source`, goes away.
    Move {
        from: String,
        source: Vec<u8>,
        content: Vec<u8>,
    },
    /// These cannot land, each for a reason.
    Refuse(Vec<Refusal>),
}

/// What became of one try.
enum Tried {
    Landed,
    MovedOn,
    Refused(String),
}

impl Worker {
    /// Lands hunks of one file and records them as accepted; those that cannot land are added to `refused`.
    pub(super) async fn land(
        &mut self,
        ledger: &Ledger,
        file: &ChangedFile,
        mut hunks: Vec<HunkId>,
        refused: &mut Vec<Refusal>,
    ) -> Result<(), Error> {
        for _ in 0..TRIES {
            let path = self.session.root.join(&file.path);
            let live = Live::read(&self.shared.buffers, &path);
            let plan = plan(ledger, file, &hunks, &live, &self.session.root, &self.shared.buffers);
            let tried = match plan {
                Plan::Nothing => Tried::Landed,
                Plan::Refuse(reasons) => {
                    hunks.retain(|hunk| !reasons.iter().any(|refusal| refusal.hunk == *hunk));
                    refused.extend(reasons);
                    if hunks.is_empty() {
                        return Ok(());
                    }
                    continue;
                }
                plan => {
                    self.announce(ledger, file, &hunks, &live, &plan).await?;
                    self.attempt(ledger, file, &live, plan).await
                }
            };
            match tried {
                Tried::Landed => return self.record(&ledger.task, &hunks, Decision::Accept).await,
                Tried::MovedOn => {}
                Tried::Refused(reason) => {
                    refused.extend(hunks.into_iter().map(|hunk| Refusal {
                        hunk,
                        reason: reason.clone(),
                    }));
                    return Ok(());
                }
            }
        }
        let reason = format!(
            "{} kept changing while it was to land. Try again when it rests.",
            file.path
        );
        refused.extend(hunks.into_iter().map(|hunk| Refusal {
            hunk,
            reason: reason.clone(),
        }));
        Ok(())
    }

    /// Records what is about to be written, so that a crash in between can be told from a landing.
    async fn announce(
        &self,
        ledger: &Ledger,
        file: &ChangedFile,
        hunks: &[HunkId],
        live: &Live,
        plan: &Plan,
    ) -> Result<(), Error> {
        let new = match plan {
            Plan::Write { content, .. } | Plan::Move { content, .. } => Some(digest(content)),
            Plan::Mode { .. } | Plan::Nothing | Plan::Remove | Plan::Refuse(_) => None,
        };
        let content = |blob| crate::core::Content {
            blob,
            executable: false,
        };
        let step = Step {
            path: file.path.clone(),
            hunks: hunks.to_vec(),
            open: matches!(live, Live::Open { .. }),
            before: live.bytes().map(digest).map(content),
            after: new.map(content),
            landed: std::collections::BTreeMap::new(),
        };
        let operation = Operation {
            id: aca_protocol::OperationId::new(uuid::Uuid::new_v4().simple().to_string()),
            undoes: None,
            steps: vec![step],
        };
        self.shared
            .command(
                &self.session.id,
                Command::Operate {
                    task: ledger.task.clone(),
                    operation,
                },
            )
            .await
    }

    async fn attempt(&self, ledger: &Ledger, file: &ChangedFile, live: &Live, plan: Plan) -> Tried {
        let root = &self.session.root;
        match (plan, live) {
            (Plan::Write { content, .. }, Live::Open { buffer, bom, .. }) => {
                let Ok(after) = String::from_utf8(content) else {
                    return Tried::Refused(format!(
                        "{} is open in an editor and would become binary. Close it first.",
                        file.path
                    ));
                };
                let after = match (*bom, after.strip_prefix(BOM)) {
                    (false, _) => after,
                    (true, Some(after)) => after.to_owned(),
                    // The document does not show the mark, so no edit of it can take the mark away.
                    (true, None) => {
                        return Tried::Refused(format!(
                            "{} is open in an editor, which would keep its byte order mark. Close it first.",
                            file.path
                        ));
                    }
                };
                let label = format!("aca: {}", ledger.title);
                match buffer.change(&root.join(&file.path), after, label).await {
                    EditorReply::Landed => Tried::Landed,
                    EditorReply::Stale => Tried::MovedOn,
                    EditorReply::Refused(reason) => Tried::Refused(reason),
                }
            }
            (Plan::Write { content, executable }, live) => {
                let expect = live.bytes().map(<[u8]>::to_vec);
                replace(root, &file.path, expect, Some((content, executable))).await
            }
            (Plan::Mode { content, executable }, _) => {
                let new = (content.clone(), Some(executable));
                replace(root, &file.path, Some(content), Some(new)).await
            }
            (Plan::Remove, live) => {
                let expect = live.bytes().map(<[u8]>::to_vec);
                replace(root, &file.path, expect, None).await
            }
            (Plan::Move { from, source, content }, live) => {
                let executable = Some(file.executable);
                let expect = live.bytes().map(<[u8]>::to_vec);
                match replace(root, &file.path, expect, Some((content, executable))).await {
                    Tried::Landed => replace(root, &from, Some(source), None).await,
                    other => other,
                }
            }
            (Plan::Nothing | Plan::Refuse(_), _) => Tried::Landed,
        }
    }
}

/// Changes one closed file through the workspace's exchange and verification.
async fn replace(root: &Path, path: &str, expect: Option<Vec<u8>>, new: Option<(Vec<u8>, Option<bool>)>) -> Tried {
    let (root, path) = (root.to_owned(), path.to_owned());
    let replacing = tokio::task::spawn_blocking(move || {
        let expect = expect.as_deref().map_or(Expect::Absent, Expect::Bytes);
        let new = match &new {
            Some((bytes, executable)) => New::Bytes {
                bytes,
                executable: *executable,
            },
            None => New::Remove,
        };
        landing::replace(&root, &path, expect, new)
    });
    match replacing.await {
        Ok(Ok(_)) => Tried::Landed,
        Ok(Err(LandError::Moved { .. })) => Tried::MovedOn,
        Ok(Err(error)) => Tried::Refused(error.to_string()),
        Err(error) => Tried::Refused(error.to_string()),
    }
}

fn plan(ledger: &Ledger, file: &ChangedFile, hunks: &[HunkId], live: &Live, root: &Path, buffers: &Buffers) -> Plan {
    match &file.parts {
        Parts::Lines(all) => plan_lines(ledger, file, all, hunks, live),
        Parts::Whole(id) => plan_whole(file, id, live, root, buffers),
    }
}

fn plan_lines(ledger: &Ledger, file: &ChangedFile, all: &[aca_review::Hunk], chosen: &[HunkId], live: &Live) -> Plan {
    let refuse = |hunks: &[HunkId], reason: String| {
        Plan::Refuse(
            hunks
                .iter()
                .map(|hunk| Refusal {
                    hunk: hunk.clone(),
                    reason: reason.clone(),
                })
                .collect(),
        )
    };
    let Some(bytes) = live.bytes() else {
        let reason = match live {
            Live::Unreadable(reason) => reason.clone(),
            _ => format!(
                "{} is not there any more. Bring it back, or reject the hunk.",
                file.path
            ),
        };
        return refuse(chosen, reason);
    };
    let Some(now) = text(bytes) else {
        return refuse(chosen, format!("{} is not UTF-8 text any more.", file.path));
    };
    let landed = place::landed(ledger, all);
    match aca_review::apply(file.base_text(), now, all, &landed, chosen) {
        Ok(after) if after == now => Plan::Nothing,
        Ok(after) => Plan::Write {
            content: after.into_bytes(),
            executable: None,
        },
        Err(overlapping) => {
            let reason = format!(
                "{} was changed in the same place meanwhile. Make the change by hand, or reject the hunk.",
                file.path
            );
            refuse(&overlapping, reason)
        }
    }
}

fn plan_whole(file: &ChangedFile, id: &HunkId, live: &Live, root: &Path, buffers: &Buffers) -> Plan {
    let refuse = |reason: String| {
        Plan::Refuse(vec![Refusal {
            hunk: id.clone(),
            reason,
        }])
    };
    match place::whole_state(file, live, root, buffers) {
        HunkState::AlreadyThere => return Plan::Nothing,
        HunkState::Overlapping { .. } => {
            let reason = match (&file.change, live) {
                (FileChange::Unsupported { reason }, _) | (_, Live::Unreadable(reason)) => reason.clone(),
                (FileChange::Create, _) => format!("{} exists by now, with other content.", file.path),
                _ => format!("{} was changed meanwhile.", file.path),
            };
            return refuse(reason);
        }
        _ => {}
    }
    match (&file.change, &file.result) {
        (FileChange::Delete, _) if live.is_unsaved(&root.join(&file.path)) => refuse(unsaved(&file.path)),
        (FileChange::Delete, _) => Plan::Remove,
        (FileChange::Mode { executable }, _) => match read_plain(&root.join(&file.path)) {
            Ok(content) => Plan::Mode {
                content,
                executable: *executable,
            },
            Err(error) => refuse(format!("{} cannot be read: {error}.", file.path)),
        },
        (FileChange::Rename { from }, Some(result)) => plan_move(file, id, from, result, root, buffers),
        (_, Some(result)) => Plan::Write {
            content: result.clone(),
            executable: Some(file.executable),
        },
        (_, None) => Plan::Nothing,
    }
}

/// A rename lands as a new file that carries what the user changed in the old one, and the old one goes away.
fn plan_move(file: &ChangedFile, id: &HunkId, from: &str, result: &[u8], root: &Path, buffers: &Buffers) -> Plan {
    let refuse = |reason: String| {
        Plan::Refuse(vec![Refusal {
            hunk: id.clone(),
            reason,
        }])
    };
    let source = Live::read(buffers, &root.join(from));
    if source.is_unsaved(&root.join(from)) {
        return refuse(unsaved(from));
    }
    let source = match source {
        Live::Closed(bytes) | Live::Open { bytes, .. } => bytes,
        Live::Absent | Live::Unreadable(_) => return refuse(format!("{from} is not there any more.")),
    };
    let base = file.base.as_deref().unwrap_or_default();
    let content = if source == base {
        result.to_vec()
    } else {
        let Some(((base, live), result)) = text(base).zip(text(&source)).zip(text(result)) else {
            return refuse(format!("{from} was changed meanwhile and is not text."));
        };
        match aca_review::merge(base, live, result) {
            Merge::Clean(merged) => merged.into_bytes(),
            Merge::Conflict(_) => return refuse(format!("{from} was changed in the same place meanwhile.")),
        }
    };
    Plan::Move {
        from: from.to_owned(),
        source,
        content,
    }
}

fn unsaved(path: &str) -> String {
    format!("{path} is open with unsaved changes. Save it, then accept again.")
}

/// SHA-256 in hexadecimal.
pub(super) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
