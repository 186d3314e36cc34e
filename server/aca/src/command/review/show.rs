//! A hunk on a terminal: its lines with those around them.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use aca_protocol::proposal::{FileChange, FileView, HunkState, HunkView};
use console::style;

use super::change;
use crate::terminal::harmless;
use crate::words;

/// How many lines are shown before and after.
const AROUND: usize = 3;
/// Of larger files no surroundings are shown, in bytes.
const MAX_BYTES: u64 = 4 << 20;

/// Renders a hunk with what the file on disk says around it.
pub(super) fn hunk(root: &Path, file: &FileView, hunk: &HunkView) -> String {
    let live = match &file.change {
        FileChange::Modify => read(root, &file.path),
        _ => String::new(),
    };
    render(&live, hunk)
}

fn render(live: &str, hunk: &HunkView) -> String {
    let lines: Vec<&str> = live.lines().collect();
    let first = usize::try_from(hunk.line).unwrap_or(usize::MAX);
    let after = first.saturating_add(usize::try_from(hunk.lines).unwrap_or(usize::MAX));
    let place = format!("@@ line {} @@", u64::from(hunk.line) + 1);
    let mut out = vec![format!(
        "{} {}  {}",
        style(place).cyan(),
        style(words::short(&hunk.id)).dim(),
        style(words::hunk_state(&hunk.state)).yellow()
    )];
    let before = lines.get(first.saturating_sub(AROUND).min(lines.len())..first.min(lines.len()));
    out.extend(
        before
            .unwrap_or_default()
            .iter()
            .map(|line| format!("  {}", harmless(line))),
    );
    if let HunkState::Overlapping { live } = &hunk.state {
        out.push(style("  the file says now:").yellow().to_string());
        out.extend(
            live.lines()
                .map(|line| style(format!("! {}", harmless(line))).yellow().to_string()),
        );
        out.push(style("  the agent changed:").yellow().to_string());
    }
    out.extend(change::lines(&hunk.old, &hunk.new));
    out.extend(change::only_line_endings(&hunk.old, &hunk.new));
    let rest = lines.get(after.min(lines.len())..after.saturating_add(AROUND).min(lines.len()));
    out.extend(
        rest.unwrap_or_default()
            .iter()
            .map(|line| format!("  {}", harmless(line))),
    );
    out.join("\n")
}

/// The file's text as far as it helps; nothing where it cannot be read.
fn read(root: &Path, path: &str) -> String {
    let mut text = String::new();
    let Ok(file) = File::open(root.join(path)) else {
        return text;
    };
    if file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        let _ = file.take(MAX_BYTES).read_to_string(&mut text);
    }
    text
}

#[cfg(test)]
mod tests {
    use aca_protocol::HunkId;

    use super::*;

    fn shown(line: u32, lines: u32, old: &str, new: &str, state: HunkState) -> String {
        console::set_colors_enabled(false);
        let hunk = HunkView::new(HunkId::new("h"), state, line, lines, old.into(), new.into());
        let rendered = render("1\n2\n3\n4\n5\n6\n7\n8\n", &hunk);
        rendered.split_once('\n').unwrap().1.replace('\n', "|")
    }

    #[test]
    fn hunks_with_their_surroundings() {
        let pending = || HunkState::Clean;
        for (given, expected) in [
            (
                shown(4, 1, "5\n", "five\n", pending()),
                "  2|  3|  4|- 5|+ five|  6|  7|  8",
            ),
            (shown(0, 1, "1\n", "one\n", pending()), "- 1|+ one|  2|  3|  4"),
            (shown(8, 0, "", "9\n", pending()), "  6|  7|  8|+ 9"),
            (shown(7, 1, "8\n", "", pending()), "  5|  6|  7|- 8"),
            (shown(900, 1, "x\n", "y\n", pending()), "- x|+ y"),
            (shown(0, 0, "", "\u{1b}[2J\n", pending()), "+ \\u{1b}[2J|  1|  2|  3"),
            (
                shown(1, 1, "2\r\n", "2\n", pending()),
                "  1|- 2|+ 2|  only line endings change|  3|  4|  5",
            ),
            (
                shown(1, 1, "two\n", "TWO\n", HunkState::Overlapping { live: "2\n".into() }),
                "  1|  the file says now:|! 2|  the agent changed:|- two|+ TWO|  3|  4|  5",
            ),
        ] {
            assert_eq!(given, expected);
        }
    }
}
