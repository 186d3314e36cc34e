//! What a file on disk says around the hunks of a proposal.

use std::fs::{self, File};
use std::io::Read as _;
use std::ops::Range;
use std::path::Path;

use aca_protocol::proposal::{FileChange, FileView, HunkState, HunkView};

/// How many lines are shown before and after a hunk.
const AROUND: usize = 3;
/// Of larger files no surroundings are shown, in bytes.
const MAX_BYTES: u64 = 4 << 20;

/// The lines of one file.
#[derive(Debug, Clone, Default)]
pub(super) struct Surroundings {
    lines: Vec<String>,
    /// Whether an editor has another text than the disk, so that nothing is known of what stands around a hunk.
    unsaved: bool,
}

impl Surroundings {
    /// Reads the file of some hunks.
    pub(super) fn read(root: &Path, file: &FileView) -> Self {
        match file.change {
            FileChange::Modify => Self::of(&text(&root.join(&file.path)), file),
            _ => Self::default(),
        }
    }

    /// The hunks stand in the live text, which is the editor's where the file is open. Where their lines are not on the
    /// disk, the lines around them are not either.
    fn of(text: &str, file: &FileView) -> Self {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let differs = |hunk: &HunkView| {
            let exact = matches!(hunk.state, HunkState::Clean | HunkState::Moved);
            let there = lines.get(replaced(hunk)).unwrap_or_default();
            exact && !there.iter().map(String::as_str).eq(hunk.old.lines())
        };
        if file.hunks.iter().any(differs) {
            return Self {
                lines: Vec::new(),
                unsaved: !text.is_empty(),
            };
        }
        Self { lines, unsaved: false }
    }

    /// Whether an editor has another text than the disk.
    pub(super) fn is_unsaved(&self) -> bool {
        self.unsaved
    }

    /// Returns the lines before a hunk, and the number of the first of them, counted from zero.
    pub(super) fn before(&self, hunk: &HunkView) -> (usize, &[String]) {
        let end = replaced(hunk).start.min(self.lines.len());
        let start = end.saturating_sub(AROUND);
        (start, self.lines.get(start..end).unwrap_or_default())
    }

    /// Returns the lines after a hunk, and the number of the first of them, counted from zero.
    pub(super) fn after(&self, hunk: &HunkView) -> (usize, &[String]) {
        let start = replaced(hunk).end.min(self.lines.len());
        let end = start.saturating_add(AROUND).min(self.lines.len());
        (start, self.lines.get(start..end).unwrap_or_default())
    }
}

/// The lines of the live text that a hunk is about.
fn replaced(hunk: &HunkView) -> Range<usize> {
    let start = usize::try_from(hunk.line).unwrap_or(usize::MAX);
    let lines = usize::try_from(hunk.lines).unwrap_or(usize::MAX);
    start..start.saturating_add(lines)
}

/// The file's text as far as it helps; nothing where it cannot be read.
fn text(path: &Path) -> String {
    let is_file = fs::symlink_metadata(path).is_ok_and(|found| found.is_file() && found.len() <= MAX_BYTES);
    let Some(file) = is_file.then(|| File::open(path).ok()).flatten() else {
        return String::new();
    };
    let mut bytes = Vec::new();
    let _ = file.take(MAX_BYTES).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use aca_protocol::HunkId;

    use super::*;

    const TEXT: &str = "1\n2\n3\n4\n5\n6\n7\n8\n";

    fn around(line: u32, lines: u32, old: &str, state: HunkState) -> String {
        let hunk = HunkView::new(HunkId::new("h"), state, line, lines, old.into(), "new\n".into());
        let file = FileView {
            path: "a".into(),
            change: FileChange::Modify,
            hunks: vec![hunk.clone()],
        };
        let found = Surroundings::of(TEXT, &file);
        let ((_, before), (_, after)) = (found.before(&hunk), found.after(&hunk));
        let unsaved = if found.is_unsaved() { " unsaved" } else { "" };
        format!("{}|{}{unsaved}", before.concat(), after.concat())
    }

    #[test]
    fn lines_around_hunks() {
        let clean = || HunkState::Clean;
        for (found, expected) in [
            (around(4, 1, "5\n", clean()), "234|678"),
            (around(0, 1, "1\n", clean()), "|234"),
            (around(8, 0, "", clean()), "678|"),
            (around(7, 1, "8\n", HunkState::Moved), "567|"),
            (around(4, 1, "five\n", clean()), "| unsaved"),
            (around(900, 1, "x\n", clean()), "| unsaved"),
            (
                around(4, 2, "x\n", HunkState::Overlapping { live: "5\n6\n".into() }),
                "234|78",
            ),
            (around(900, 1, "x\n", HunkState::AlreadyThere), "678|"),
        ] {
            assert_eq!(found, expected);
        }
    }
}
