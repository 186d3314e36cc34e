//! What differs between a checkpoint's files and those of now.

use aca_protocol::session::FileDifference;
use aca_review::text;
use aca_workspace::objects::{Blob, DiffKind, FileDiff};
use similar::TextDiff;

/// How much text of one file is compared line by line, in bytes.
const MAX_FILE: usize = 1 << 20;
/// How much of all differences is given, in bytes.
const MAX_ALL: usize = 8 << 20;
/// Unchanged lines around a change.
const CONTEXT: usize = 3;

/// Returns the differences as a person reads them. Those that would make the answer too large are named without their
/// text.
pub(crate) fn difference(files: &[FileDiff]) -> Vec<FileDifference> {
    let mut left = MAX_ALL;
    files.iter().map(|file| one(file, &mut left)).collect()
}

fn one(file: &FileDiff, left: &mut usize) -> FileDifference {
    let (change, mut note) = match &file.kind {
        DiffKind::Modified => ("changed", None),
        DiffKind::Created => ("added", None),
        DiffKind::Deleted => ("removed", None),
        DiffKind::Renamed { from } => ("renamed", Some(format!("was {from}"))),
        DiffKind::ModeOnly => ("mode", None),
        DiffKind::Unsupported { reason } => ("changed", Some(reason.clone())),
    };
    let mut diff = None;
    match unified(file) {
        Ok(Some(text)) if text.len() > *left => add(&mut note, "the difference is too large to be shown"),
        Ok(Some(text)) => {
            *left -= text.len();
            diff = Some(text);
        }
        Ok(None) => {}
        Err(reason) => add(&mut note, reason),
    }
    if let (Some(base), Some(result)) = (&file.base, &file.result)
        && base.executable != result.executable
    {
        let executable = if result.executable { "is" } else { "is not" };
        add(&mut note, &format!("{executable} executable now"));
    }
    FileDifference {
        path: file.path.clone(),
        change: change.to_owned(),
        diff,
        note,
    }
}

fn add(note: &mut Option<String>, more: &str) {
    *note = Some(match note.take() {
        Some(note) => format!("{note}; {more}"),
        None => more.to_owned(),
    });
}

/// Returns the difference of two texts; nothing if they are the same, or why there is none.
fn unified(file: &FileDiff) -> Result<Option<String>, &'static str> {
    let bytes = |blob: &Option<Blob>| blob.as_ref().map(|blob| blob.bytes.clone()).unwrap_or_default();
    let (old, new) = (bytes(&file.base), bytes(&file.result));
    if old == new {
        return Ok(None);
    }
    if old.len().max(new.len()) > MAX_FILE {
        return Err("it is too large to be compared line by line");
    }
    let (Some(old), Some(new)) = (text::decode(&old), text::decode(&new)) else {
        return Err("it is not text");
    };
    let from = match &file.kind {
        DiffKind::Renamed { from } => from,
        _ => &file.path,
    };
    let side = |there: bool, mark: &str, path: &str| match there {
        true => format!("{mark}/{path}"),
        false => "/dev/null".to_owned(),
    };
    let (a, b) = (
        side(file.base.is_some(), "a", from),
        side(file.result.is_some(), "b", &file.path),
    );
    let compared = TextDiff::from_lines(&old.text, &new.text);
    let shown = compared
        .unified_diff()
        .context_radius(CONTEXT)
        .header(&a, &b)
        .to_string();
    if shown.is_empty() {
        return Err("only its encoding or its line ends differ");
    }
    Ok(Some(shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(bytes: &[u8]) -> Option<Blob> {
        Some(Blob {
            bytes: bytes.to_vec(),
            executable: bytes.starts_with(b"#!"),
        })
    }

    fn shown(kind: DiffKind, base: Option<Blob>, result: Option<Blob>) -> (String, Option<String>, Option<String>) {
        let path = "src/a".to_owned();
        let file = FileDiff {
            path,
            kind,
            base,
            result,
        };
        let one = difference(&[file]).remove(0);
        (one.change, one.diff, one.note)
    }

    #[test]
    fn a_changed_text_is_a_unified_diff() {
        let (change, diff, note) = shown(DiffKind::Modified, blob(b"one\ntwo\n"), blob(b"one\nTWO\n"));
        assert_eq!((change.as_str(), note), ("changed", None));
        assert_eq!(
            diff.unwrap(),
            "--- a/src/a\n+++ b/src/a\n@@ -1,2 +1,2 @@\n one\n-two\n+TWO\n"
        );
    }

    #[test]
    fn files_that_come_and_go_say_so() {
        let (change, diff, _) = shown(DiffKind::Created, None, blob(b"new\n"));
        assert_eq!(change, "added");
        assert!(diff.unwrap().starts_with("--- /dev/null\n+++ b/src/a\n"));
        let (change, diff, _) = shown(DiffKind::Deleted, blob(b"old\n"), None);
        assert_eq!(change, "removed");
        assert!(diff.unwrap().contains("+++ /dev/null\n"));
    }

    #[test]
    fn what_is_not_shown_says_why() {
        let binary = shown(DiffKind::Modified, blob(b"\0\x01"), blob(b"\0\x02"));
        assert_eq!(binary, ("changed".to_owned(), None, Some("it is not text".to_owned())));
        let mode = shown(
            DiffKind::ModeOnly,
            blob(b"#!a"),
            Some(Blob {
                bytes: b"#!a".to_vec(),
                executable: false,
            }),
        );
        assert_eq!(
            mode,
            ("mode".to_owned(), None, Some("is not executable now".to_owned()))
        );
        let large = vec![b'a'; MAX_FILE + 1];
        let (_, diff, note) = shown(DiffKind::Created, None, blob(&large));
        assert_eq!(
            (diff, note.as_deref()),
            (None, Some("it is too large to be compared line by line"))
        );
    }

    #[test]
    fn an_answer_has_an_end() {
        let line = |n: usize| format!("{}\n", "x".repeat(n));
        let file = |n: usize| FileDiff {
            path: n.to_string(),
            kind: DiffKind::Created,
            base: None,
            result: blob(line(MAX_FILE - 2).as_bytes()),
        };
        let files: Vec<FileDiff> = (0..12).map(file).collect();
        let all = difference(&files);
        let bytes: usize = all.iter().filter_map(|file| file.diff.as_ref()).map(String::len).sum();
        assert_eq!(all.len(), 12);
        assert!(bytes <= MAX_ALL, "{bytes}");
        assert!(all.iter().any(|file| file.diff.is_none() && file.note.is_some()));
    }
}
