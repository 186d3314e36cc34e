//! What a hunk proposes and what is known about it, in words.

use aca_protocol::proposal::{CheckState, CheckView, FileChange, HunkState, HunkView, Since};

use crate::board::Hunk;
use crate::life::short;

/// How many old and how many new lines a diagnostic quotes.
const MAX_LINES: usize = 6;
/// How long a line of a diagnostic is, in characters.
const MAX_LINE: usize = 100;
/// How many of the hunks that one needs are named.
const MAX_NEEDS: usize = 3;

/// Returns what a diagnostic says: a sentence about the hunk, what is known about it, and the beginning of its lines.
pub(super) fn message(hunk: &Hunk) -> String {
    let mut text = format!("{} [{}]", sentence(hunk), short(&hunk.review.title, 60));
    for note in notes(hunk) {
        text.push('\n');
        text.push_str(&short(&note, MAX_LINE));
    }
    quote(&mut text, '-', &hunk.view.old);
    quote(&mut text, '+', &hunk.view.new);
    if let HunkState::Touched { merged } = &hunk.view.state {
        quote(&mut text, '=', merged);
    }
    text
}

/// Returns a sentence about what the hunk does and whether it can.
pub(super) fn sentence(hunk: &Hunk) -> String {
    match &hunk.view.state {
        HunkState::Overlapping { .. } => {
            return "This conflicts with what was typed here since. Keep yours, take the agent's, keep both to edit, or ask \
                    the agent to redo it."
                .to_owned();
        }
        HunkState::AlreadyThere => return "The file already says what aca proposes here.".to_owned(),
        HunkState::Gone { reason } => return format!("The place of this change is gone: {reason}"),
        HunkState::Touched { .. } => {
            return "Lines beside this change were typed since; both fit together, as the lines with = show."
                .to_owned();
        }
        HunkState::Clean | HunkState::Moved | HunkState::Landed | HunkState::Rejected => {}
    }
    let path = &hunk.path;
    match &hunk.change {
        FileChange::Modify => lines_change(&hunk.view),
        FileChange::Create => format!("aca proposes to create {path}."),
        FileChange::Delete => format!("aca proposes to delete {path}."),
        FileChange::Rename { from } => format!("aca proposes to rename {from} to {path}."),
        FileChange::Binary => format!("aca proposes to replace {path}, which is not text."),
        FileChange::Mode { executable: true } => format!("aca proposes to make {path} executable."),
        FileChange::Mode { executable: false } => format!("aca proposes to make {path} not executable."),
        FileChange::Unsupported { reason } => format!("{path} cannot be landed by aca: {reason}"),
    }
}

/// Returns what is known about a hunk beside its text, one sentence each.
pub(super) fn notes(hunk: &Hunk) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(why(&hunk.view));
    if let Some(needs) = needs(&hunk.needs) {
        notes.push(needs);
    }
    if hunk.view.amended {
        notes.push("A person has changed what it puts here.".to_owned());
    }
    match hunk.view.since {
        Since::First => {}
        Since::Same => notes.push("It is as it was in the round before.".to_owned()),
        Since::Changed => notes.push("It is new or changed since the round before.".to_owned()),
    }
    notes
}

/// Returns why a hunk is there, if the agent said so, and whether that is more than a claim.
pub(super) fn why(hunk: &HunkView) -> Option<String> {
    let reason = hunk.reason.as_ref()?;
    // One line, whatever the agent wrote.
    let words = reason.why.split_whitespace().collect::<Vec<_>>().join(" ");
    let claim = if reason.verified { "" } else { " (unverified)" };
    Some(format!("Why{claim}: {words}"))
}

fn needs(places: &[String]) -> Option<String> {
    let rest = places.len().saturating_sub(MAX_NEEDS);
    let named: Vec<_> = places.iter().take(MAX_NEEDS).map(String::as_str).collect();
    let named = named.join(", ");
    match (places.len(), rest) {
        (0, _) => None,
        (1, _) => Some(format!("It needs the hunk at {named}.")),
        (_, 0) => Some(format!("It needs the hunks at {named}.")),
        _ => Some(format!("It needs the hunks at {named} and {rest} more.")),
    }
}

/// Returns what the newest check says about a hunk, if it was run with it.
pub(super) fn checked(hunk: &Hunk) -> Option<String> {
    let check = hunk.review.check.as_ref()?;
    let covers = |hunks: &Vec<_>| hunks.contains(&hunk.view.id);
    if !check.hunks.as_ref().is_none_or(covers) {
        return None;
    }
    let command = &check.command;
    let findings = check.findings.iter();
    let here = findings.filter(|finding| finding.hunk.as_ref() == Some(&hunk.view.id));
    let here: Vec<_> = here.map(|finding| finding.message.trim()).collect();
    let outcome = outcome(check);
    Some(if here.is_empty() {
        format!("The check “{command}” {outcome}")
    } else {
        format!("The check “{command}” {outcome} It says here: {}", here.join(" · "))
    })
}

/// Returns how a check ended, or that it has not: the end of a sentence that begins with it.
pub(crate) fn outcome(check: &CheckView) -> String {
    match &check.state {
        CheckState::Running => "runs.".to_owned(),
        CheckState::Passed => "passed.".to_owned(),
        CheckState::Failed { code: Some(code) } => format!("failed (exit code {code})."),
        CheckState::Failed { code: None } => "was ended by a signal or by its time limit.".to_owned(),
        CheckState::Broken { reason } => format!("could not be run: {reason}"),
    }
}

fn lines_change(hunk: &HunkView) -> String {
    if !hunk.old.is_empty() && hunk.old.lines().eq(hunk.new.lines()) {
        let count = lines(hunk.old.lines().count());
        return format!("aca proposes to change only the line endings of {count}.");
    }
    match (hunk.old.lines().count(), hunk.new.lines().count()) {
        (0, new) => format!("aca proposes to insert {} here.", lines(new)),
        (old, 0) => format!("aca proposes to remove {}.", lines(old)),
        (old, new) => format!("aca proposes to replace {} by {new}.", lines(old)),
    }
}

pub(super) fn lines(count: usize) -> String {
    if count == 1 {
        "1 line".to_owned()
    } else {
        format!("{count} lines")
    }
}

fn quote(text: &mut String, sign: char, quoted: &str) {
    for line in quoted.lines().take(MAX_LINES) {
        text.push('\n');
        text.push(sign);
        text.push(' ');
        text.extend(line.chars().take(MAX_LINE));
    }
    let more = quoted.lines().count().saturating_sub(MAX_LINES);
    if more > 0 {
        text.push_str(&format!("\n{sign} … {} more", lines(more)));
    }
}
