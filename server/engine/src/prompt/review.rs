//! What an agent is told about its work after a review, and asked at its end.

use std::fmt::Write as _;
use std::path::Path;

use aca_protocol::HunkId;
use aca_protocol::proposal::{Decision, FileChange, HunkState, HunkView, ProposalView};

use super::quoted;
use crate::core::Task;
use crate::proposal::{ChangedFile, Live, Parts};
use crate::{Buffers, Error};

/// The most lines of a text that are quoted.
const MAX_LINES: usize = 60;

/// How an agent is asked for the reasons of its changes. The answer is read by `aca-agent`.
pub(crate) const REASONS: &str = "\
The work is done; change nothing any more. For the person who reviews it, say why each change is there. Answer with \
nothing but a JSON list, one entry for each change that stands for itself: \
[{\"path\": \"the file, relative to the workspace\", \"lines\": \"one of the lines you added or removed, word for word\", \
\"why\": \"one or two short sentences: the reason, not what it does\"}]";

/// Returns what became of a proposal, hunk by hunk. `left_out` could not be put back into the files.
pub(crate) fn report(files: &[ChangedFile], task: &Task, left_out: &[HunkId]) -> String {
    let (mut accepted, mut amended, mut rejected, mut lost, mut open) = Default::default();
    for hunk in files.iter().flat_map(hunks) {
        let decision = task.decisions.get(&hunk.id);
        let landed = task.landed.get(&hunk.id).filter(|landed| **landed != hunk.new);
        let words = landed.or_else(|| task.amended.get(&hunk.id));
        let put = |list: &mut String, text: Option<&str>| {
            let _ = writeln!(list, "- {}", hunk.place);
            if let Some(text) = text {
                let _ = writeln!(list, "{}", quoted(&beginning(text)));
            }
        };
        match (decision, words) {
            (Some(Decision::Reject | Decision::Reopen), _) => put(&mut rejected, Some(&hunk.new)),
            (None, _) if left_out.contains(&hunk.id) => put(&mut lost, Some(words.unwrap_or(&hunk.new))),
            (_, Some(words)) => put(&mut amended, Some(words)),
            (Some(Decision::Accept), None) => put(&mut accepted, None),
            (None, None) => put(&mut open, None),
        }
    }
    let mut report = String::new();
    let parts: [(&str, String); 5] = [
        ("Accepted, and in the files", accepted),
        (
            "Kept in the person's own words, which are in the files in place of yours",
            amended,
        ),
        ("Not decided yet, and in the files as you wrote them", open),
        (
            "Rejected, and not in the files any more. Do not bring these back",
            rejected,
        ),
        (
            "Not in the files, because the person has changed the same place meanwhile. Make these again where they are \
             still needed",
            lost,
        ),
    ];
    for (heading, list) in parts.iter().filter(|(_, list)| !list.is_empty()) {
        let _ = writeln!(report, "{heading}:\n{list}");
    }
    report
}

/// Returns the next message of a conversation whose work was reviewed.
pub(crate) fn next_round(report: &str, remark: &str) -> String {
    let intro = "A person has reviewed your work. The files are now as they have them, with what they changed meanwhile, \
                 so read a file again before you change it. Line numbers below are those of your version.";
    format!("{intro}\n\n{report}They say:\n\n{remark}\n")
}

/// Returns the first message of a new conversation about work that was reviewed.
pub(crate) fn story(task: &str, summary: &str, report: &str, remark: &str) -> String {
    let summary = if summary.trim().is_empty() {
        "The work was begun before, by another agent.".to_owned()
    } else {
        format!(
            "The work was begun before, by another agent, which said at its end:\n\n{}",
            quoted(&beginning(summary))
        )
    };
    format!(
        "{task}\n{summary}\n\n{}",
        next_round(report, remark).replacen("your work", "that work", 1)
    )
}

/// Returns the remark that asks for hunks to be made again on what their files say now.
///
/// # Errors
///
/// [`Error::NotFound`] for a hunk that the proposal does not have.
pub(crate) fn redo(
    proposal: &ProposalView,
    redo: &[HunkId],
    remark: &str,
    root: &Path,
    buffers: &Buffers,
) -> Result<String, Error> {
    let mut text = remark.trim().to_owned();
    for id in redo {
        let found = proposal.files.iter().find_map(|file| {
            let hunk = file.hunks.iter().find(|hunk| hunk.id == *id)?;
            Some((file.path.as_str(), hunk))
        });
        let (path, hunk) = found.ok_or_else(|| {
            Error::NotFound(format!(
                "The proposal of task {} has no hunk {id} any more. Ask for the proposal again.",
                proposal.task
            ))
        })?;
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(&again(path, hunk, root, buffers));
    }
    Ok(text)
}

fn again(path: &str, hunk: &HunkView, root: &Path, buffers: &Buffers) -> String {
    let (first, count) = (hunk.line as usize, hunk.lines as usize);
    let live = match &hunk.state {
        HunkState::Overlapping { live } => live.clone(),
        _ => {
            let text = Live::read(buffers, root, path).text(path).unwrap_or_default();
            text.split_inclusive('\n').skip(first).take(count).collect()
        }
    };
    let now = match (live.is_empty(), count) {
        (true, _) => format!(
            "Near line {} of {path} there is nothing any more of what you changed.",
            first + 1
        ),
        (false, 0 | 1) => format!(
            "Line {} of {path} says now:\n\n{}",
            first + 1,
            quoted(&beginning(&live))
        ),
        (false, _) => format!(
            "The lines {} to {} of {path} say now:\n\n{}",
            first + 1,
            first + count,
            quoted(&beginning(&live))
        ),
    };
    let wanted = if hunk.new.is_empty() {
        format!("You had removed this:\n\n{}", quoted(&beginning(&hunk.old)))
    } else {
        format!("You had put this there:\n\n{}", quoted(&beginning(&hunk.new)))
    };
    format!("{now}\n\n{wanted}\n\nMake that change again, on what the file says now.")
}

/// A hunk in words.
struct Described {
    id: HunkId,
    place: String,
    new: String,
}

fn hunks(file: &ChangedFile) -> Vec<Described> {
    match &file.parts {
        Parts::Lines { ledger, .. } => {
            let described = ledger.hunks().iter().map(|hunk| Described {
                id: hunk.id.clone(),
                place: format!("{}, {}", file.path, lines(&hunk.result, &hunk.base)),
                new: hunk.new.clone(),
            });
            described.collect()
        }
        Parts::Whole { id, result, .. } => {
            let what = match &file.change {
                FileChange::Create => "the new file".to_owned(),
                FileChange::Delete => "its removal".to_owned(),
                FileChange::Rename { from } => format!("moved from {from}"),
                FileChange::Mode { executable: true } => "made executable".to_owned(),
                FileChange::Mode { executable: false } => "made not executable".to_owned(),
                FileChange::Modify | FileChange::Binary | FileChange::Unsupported { .. } => "its content".to_owned(),
            };
            let text = result.as_ref().and_then(|blob| aca_review::text::decode(&blob.bytes));
            let text = text.filter(|_| file.change == FileChange::Create);
            vec![Described {
                id: id.clone(),
                place: format!("{}, {what}", file.path),
                new: text.map(|text| text.text).unwrap_or_default(),
            }]
        }
    }
}

fn lines(result: &std::ops::Range<usize>, base: &std::ops::Range<usize>) -> String {
    match result.len() {
        0 => format!("{} lines removed before line {}", base.len(), result.start + 1),
        1 => format!("line {}", result.start + 1),
        _ => format!("lines {} to {}", result.start + 1, result.end),
    }
}

fn beginning(text: &str) -> String {
    if text.lines().count() <= MAX_LINES {
        return text.to_owned();
    }
    let lines: Vec<&str> = text.lines().take(MAX_LINES).collect();
    format!("{}\n…", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use aca_protocol::TaskId;
    use aca_protocol::proposal::FileView;

    use super::*;

    #[test]
    fn a_hunk_to_be_made_again_names_what_the_file_says_now() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a.rs"), "one\nmine\nmine too\nfour\n").unwrap();
        let hunk = |id: &str, state| HunkView::new(HunkId::new(id), state, 1, 2, "two\n".into(), "TWO\n".into());
        let live = "live\n".to_owned();
        let file = FileView {
            path: "a.rs".into(),
            change: FileChange::Modify,
            hunks: vec![
                hunk("h1", HunkState::Clean),
                hunk("h2", HunkState::Overlapping { live }),
            ],
        };
        let proposal = ProposalView::new(TaskId::new("t"), vec![file], 1);
        let ids = |ids: &[&str]| ids.iter().map(|&id| HunkId::new(id)).collect::<Vec<_>>();
        let text = redo(
            &proposal,
            &ids(&["h1", "h2"]),
            " Look. ",
            dir.path(),
            &Buffers::default(),
        )
        .unwrap();
        assert!(
            text.starts_with("Look.\n\nThe lines 2 to 3 of a.rs say now:\n\n```\nmine\nmine too\n```"),
            "{text}"
        );
        assert!(
            text.contains("```\nlive\n```") && text.contains("You had put this there:\n\n```\nTWO\n```"),
            "{text}"
        );
        let unknown = redo(&proposal, &ids(&["h3"]), "", dir.path(), &Buffers::default());
        assert!(matches!(unknown, Err(Error::NotFound(_))));
    }
}
