//! Changes of one file's content, merged into what the file says now.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use aca_protocol::HunkId;
use aca_review::ledger::{FileLedger, Placement, Resolution, Span, Standing};
use aca_review::text::{self, Encoding};
use aca_workspace::objects::Blob;

use super::file::{Texts, texts};
use super::live::{Document, Live};
use super::plan::{Chosen, Draft, Edit, Plan};

/// Plans how hunks of lines go into a file that is `live`. With `keeps_all` those that are there are part of it.
pub(super) fn lines(
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
    let tied = are_tied(chosen);
    let landing = match ledger.land(&now, &wanted) {
        Ok(landing) => landing,
        Err(conflicts) => {
            let conflicts = chosen
                .iter()
                .filter(|chosen| tied || conflicts.contains(&chosen.within));
            let reason = if keeps_all {
                format!("{path} was changed in the same place since, so that stays. Change it by hand.")
            } else {
                format!(
                    "{path} was changed in the same place meanwhile. Keep what is there by rejecting the hunk, or \
                     accept it with the agent's version or with both."
                )
            };
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
    let spans = match tied {
        true => Vec::new(),
        false => spans(ledger, &placed, &now, &landing.text, &landing.hunks, &carried),
    };
    let name = |within: &HunkId| carried.iter().find(|chosen| chosen.within == *within);
    let landed = landing.hunks.iter().filter_map(|(within, text)| {
        let differs = ledger.proposed(within) != Some(text.as_str());
        differs.then(|| Some((name(within)?.hunk.clone(), text.clone())))?
    });
    let landed = landed.collect();
    let mut seen = BTreeSet::new();
    let hunks = carried.iter().map(|chosen| &chosen.hunk);
    let hunks = hunks.filter(|hunk| seen.insert(*hunk)).cloned().collect();
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

/// Whether hunks and changes of the file are not one to one, so that they are carried out together or not at all.
fn are_tied(chosen: &[Chosen]) -> bool {
    let hunks: BTreeSet<&HunkId> = chosen.iter().map(|chosen| &chosen.hunk).collect();
    let within: BTreeSet<&HunkId> = chosen.iter().map(|chosen| &chosen.within).collect();
    hunks.len().min(within.len()) < chosen.len()
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
        Some(Span::new(
            range(before.get(&chosen.within)?),
            range(placed.get(&chosen.within)?),
        ))
    };
    let spans: Option<Vec<Span>> = carried.iter().map(span).collect();
    let spans = spans.unwrap_or_default();
    match FileLedger::with_spans("", now, after, &spans) {
        Ok(_) => spans,
        Err(_) => Vec::new(),
    }
}

/// Plans how a file becomes another one; nothing if it is that already.
///
/// # Errors
///
/// A sentence that says what is in the way.
pub(super) fn whole(
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
    let fits = match &now {
        Some(now) => encoding(now) == encoding(content),
        // What an editor makes is UTF-8, and is not executable.
        None => encoding(content) == Some(Encoding::Utf8) && !content.executable,
    };
    if !fits {
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

/// Says that a document has to be saved first.
pub(super) fn unsaved(path: &str) -> String {
    format!("{path} is open with unsaved changes. Save it, then try again.")
}
