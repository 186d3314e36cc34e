//! Everything that is known of a pending hunk, where the pointer rests on it.

use std::sync::Arc;

use aca_protocol::proposal::HunkState;
use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind, Position};

use super::diagnostics::range;
use super::message::{checked, lines, notes, sentence};
use crate::board::Hunk;
use crate::capabilities::ClientFlags;
use crate::documents::Document;

/// How many lines of a text are shown.
const MAX_LINES: usize = 40;

/// Returns what is known of the hunks on a line, unless the client draws that itself.
pub(crate) fn hover(
    document: &Document,
    pending: &[Arc<Hunk>],
    position: Position,
    flags: &ClientFlags,
) -> Option<Hover> {
    if flags.front_end.inline_review {
        return None;
    }
    let place = |hunk: &Hunk| range(hunk, Some(document), flags.encoding);
    let is_here = |hunk: &&Arc<Hunk>| {
        let place = place(hunk);
        (place.start.line..=place.end.line).contains(&position.line)
    };
    let here: Vec<_> = pending.iter().filter(is_here).collect();
    let first = here.first()?;
    let is_markdown = flags.hover_markdown;
    let texts: Vec<_> = here
        .iter()
        .map(|hunk| if is_markdown { markdown(hunk) } else { plain(hunk) })
        .collect();
    let between = if is_markdown { "\n\n---\n\n" } else { "\n\n" };
    Some(Hover {
        contents: HoverContents::Markup(MarkupContent {
            kind: if is_markdown {
                MarkupKind::Markdown
            } else {
                MarkupKind::PlainText
            },
            value: texts.join(between),
        }),
        range: Some(place(first)),
    })
}

fn sentences(hunk: &Hunk) -> Vec<String> {
    let mut sentences = vec![format!("{} [{}]", sentence(hunk), hunk.review.title)];
    if hunk.view.reason.is_none() {
        sentences.push("Why: the agent gave no reason (unverified).".to_owned());
    }
    sentences.extend(notes(hunk));
    sentences.extend(checked(hunk));
    sentences
}

/// The texts that are shown, each with what it is.
fn texts(hunk: &Hunk) -> Vec<(&'static str, String)> {
    let changed = signed('-', &hunk.view.old) + &signed('+', &hunk.view.new);
    let mut texts = vec![("", changed)];
    match &hunk.view.state {
        HunkState::Touched { merged } => texts.push(("With what was typed since:", signed('=', merged))),
        HunkState::Overlapping { live } => texts.push(("Typed since in its place:", signed('!', live))),
        _ => {}
    }
    texts.retain(|(_, text)| !text.is_empty());
    texts
}

fn plain(hunk: &Hunk) -> String {
    let mut parts = sentences(hunk);
    for (title, text) in texts(hunk) {
        if !title.is_empty() {
            parts.push(title.to_owned());
        }
        parts.push(text.trim_end().to_owned());
    }
    parts.join("\n")
}

fn markdown(hunk: &Hunk) -> String {
    let mut parts: Vec<_> = sentences(hunk).iter().map(|sentence| escaped(sentence)).collect();
    for (title, text) in texts(hunk) {
        if !title.is_empty() {
            parts.push(title.to_owned());
        }
        parts.push(fenced(&text));
    }
    parts.join("\n\n")
}

/// Returns the beginning of a text, each line behind a sign.
fn signed(sign: char, text: &str) -> String {
    let mut signed = String::new();
    for line in text.lines().take(MAX_LINES) {
        signed.push_str(&format!("{sign} {line}\n"));
    }
    let more = text.lines().count().saturating_sub(MAX_LINES);
    if more > 0 {
        signed.push_str(&format!("{sign} … {} more\n", lines(more)));
    }
    signed
}

/// Returns a text as words and nothing else: what an agent says must not become a link or an image.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(if character.is_control() { ' ' } else { character });
    }
    escaped
}

/// Returns a block of code that ends where the text ends, whatever the text says.
fn fenced(text: &str) -> String {
    let runs = text.split(|character| character != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or_default().max(2) + 1);
    format!("{fence}diff\n{text}{fence}")
}
