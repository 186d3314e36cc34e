//! Taking over what a person made of a file's proposed text.

use std::path::Path;

use aca_protocol::HunkId;
use aca_protocol::methods::{EditProposalParams, ProposalFileParams};
use aca_protocol::proposal::{FileChange, ProposalFileView};
use aca_review::ledger::{FileLedger, Standing};
use aca_review::text::{self, Decoded, Encoding};
use aca_review::{EditError, Merge, merge, with_line_ends_of, with_line_feeds};
use aca_workspace::objects::Blob;

use super::file::{ChangedFile, Parts, Texts};
use super::live::{Live, MARK};
use super::text::{moved, uneditable};
use super::worker::Worker;
use crate::Error;
use crate::core::{Command, Edit};

impl Worker {
    /// Takes over an edit of a file's proposed text, and returns the file.
    pub(super) async fn edit_proposal(&mut self, params: EditProposalParams) -> Result<ProposalFileView, Error> {
        let EditProposalParams { task, path, base, text } = params;
        self.reload(&task).await?;
        let known = self.known(&task)?;
        let file = known.files.get(known.text_of(&path)?);
        let file = file.ok_or_else(|| Error::NotFound(format!("The proposal does not touch {path}.")))?;
        if let Some(reason) = uneditable(&known.task) {
            return Err(Error::Invalid(reason));
        }
        let (root, edited) = (self.session.root.clone(), Edited { base, text });
        let command = match &file.parts {
            Parts::Lines { ledger, texts } => {
                let live = Live::read(&self.shared.buffers, &root, &path);
                let live = live.text(&path).map_err(Error::Invalid)?;
                let mut ledger = ledger.clone();
                let proposed = ledger.propose(&live).text;
                let text = edited.onto(&path, &proposed)?;
                let changed = ledger.edited(&live, &text).map_err(|error| unedited(&path, error))?;
                let amended = amendments(&changed);
                for text in amended.iter().filter_map(|(_, text, _)| text.as_ref()) {
                    fits(&path, text, encoding(&root, &path, texts))?;
                }
                let hunks = changed.hunks().iter().map(|hunk| hunk.id.clone()).collect();
                (text != proposed).then(|| {
                    Command::Edit(Edit {
                        task: task.clone(),
                        path: path.clone(),
                        hunks: known.with_wholes(&path, hunks),
                        spans: changed.spans(),
                        from: ledger.origins(&changed),
                        reopened: reopened(&ledger, &changed),
                        amended,
                    })
                })
            }
            Parts::Whole {
                id,
                base,
                agents,
                result,
            } => {
                let (own, now) = whole_text(file, agents.as_ref())
                    .zip(whole_text(file, result.as_ref()))
                    .filter(|_| known.decision(id).is_none())
                    .ok_or_else(|| Error::Invalid(format!("The proposed text of {path} cannot be edited.")))?;
                let source = match &file.change {
                    FileChange::Rename { from } => Live::read(&self.shared.buffers, &root, from).content(&root, from),
                    _ => Ok(None),
                };
                let source = source.map_err(Error::Invalid)?;
                let shown = |result: Option<&Blob>| match &file.change {
                    FileChange::Rename { .. } => text_of(moved(base.as_ref(), source.as_ref(), result).as_ref()),
                    _ => text_of(result),
                };
                let proposed = shown(result.as_ref()).unwrap_or_default();
                let text = edited.onto(&path, &proposed)?;
                // What moves is merged with what its file says by now, so the edit goes to what is merged.
                let wanted = match merge(&proposed, &now.text, &text) {
                    _ if proposed == now.text => text.clone(),
                    Merge::Clean(wanted) => wanted,
                    Merge::Conflict(_) => return Err(unedited(&path, EditError::Unclear)),
                };
                fits(&path, &wanted, own.encoding)?;
                let blob = |bytes| Blob {
                    bytes,
                    executable: false,
                };
                let bytes = text::encode(&wanted, own.encoding).ok().map(blob);
                if shown(bytes.as_ref()).as_ref() != Some(&text) {
                    return Err(unedited(&path, EditError::Unclear));
                }
                (text != proposed).then(|| Command::Amend {
                    task: task.clone(),
                    hunk: id.clone(),
                    text: (wanted != own.text).then_some(wanted),
                })
            }
        };
        if let Some(command) = command {
            self.command(command).await?;
        }
        self.file(ProposalFileParams { task, path }).await
    }
}

/// What a person made of a text.
struct Edited {
    base: String,
    text: String,
}

impl Edited {
    /// Returns the proposed text with the edit in it, and with the line ends of the file.
    fn onto(&self, path: &str, proposed: &str) -> Result<String, Error> {
        let plain = |text: &str| with_line_feeds(text.strip_prefix(MARK).unwrap_or(text));
        let (base, text, now) = (plain(&self.base), plain(&self.text), plain(proposed));
        let merged = match merge(&base, &now, &text) {
            _ if base == now => text,
            Merge::Clean(merged) => merged,
            Merge::Conflict(_) => {
                return Err(Error::Stale(format!(
                    "What is proposed for {path} was changed in the same place meanwhile. Look at it again, then edit it."
                )));
            }
        };
        Ok(with_line_ends_of(proposed, proposed, &merged))
    }
}

/// Returns what the open hunks of a file say.
fn amendments(ledger: &FileLedger) -> Vec<(HunkId, Option<String>, Option<String>)> {
    let open = ledger.hunks().iter().map(|hunk| &hunk.id);
    let open = open.filter(|id| ledger.standing(id) == Some(&Standing::Open));
    let texts = |id: &HunkId| match ledger.amendment(id) {
        Some(amended) => (id.clone(), Some(amended.text.clone()), amended.over.clone()),
        None => (id.clone(), None, None),
    };
    open.map(texts).collect()
}

/// Returns the rejected hunks that are so no more.
fn reopened(before: &FileLedger, after: &FileLedger) -> Vec<HunkId> {
    let rejected = |ledger: &FileLedger, id| ledger.standing(id) == Some(&Standing::Rejected);
    let ids = before.hunks().iter().map(|hunk| &hunk.id);
    ids.filter(|id| rejected(before, id) && !rejected(after, id))
        .cloned()
        .collect()
}

fn unedited(path: &str, error: EditError) -> Error {
    Error::Invalid(match error {
        EditError::Landed { line } => format!(
            "What was changed near line {} of {path} has landed already. Change it in the file itself, or undo the \
             landing first.",
            line + 1
        ),
        EditError::Unclear => format!(
            "The change of {path} cannot be told apart from what has landed beside it. Decide the other hunks first, or \
             change the file itself."
        ),
    })
}

/// Returns the text of a file that is decided as a whole, if a person can edit it.
pub(super) fn whole_text(file: &ChangedFile, content: Option<&Blob>) -> Option<Decoded> {
    let editable = matches!(file.change, FileChange::Create | FileChange::Rename { .. });
    content.filter(|_| editable).and_then(|blob| text::decode(&blob.bytes))
}

fn text_of(content: Option<&Blob>) -> Option<String> {
    text::decode(&content?.bytes).map(|decoded| decoded.text)
}

/// Returns the encoding that a text file is written in.
pub(super) fn encoding(root: &Path, path: &str, texts: &Texts) -> Encoding {
    let disk = match Live::on_disk(root, path) {
        Live::Closed(blob) => text::decode(&blob.bytes),
        _ => None,
    };
    match disk {
        // ASCII alone does not tell.
        Some(disk) if disk.encoding != Encoding::Utf8 || !disk.text.is_ascii() => disk.encoding,
        _ => texts.encoding,
    }
}

/// Says whether a file can hold a text.
///
/// # Errors
///
/// [`Error::Invalid`], with the character that it cannot hold.
pub(super) fn fits(path: &str, text: &str, encoding: Encoding) -> Result<(), Error> {
    let encoded = text::encode(text, encoding).map(drop);
    encoded.map_err(|error| {
        Error::Invalid(format!(
            "{path} cannot hold the text: {error}. Leave that character out, or save the file in UTF-8 first."
        ))
    })
}
