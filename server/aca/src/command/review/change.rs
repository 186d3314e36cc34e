//! The changed lines of a hunk, with the words that differ set off.

use std::time::Duration;

use console::{Style, style};
use similar::{ChangeTag, InlineChange, TextDiff};

use crate::terminal::harmless;

/// Comparing the words of a large hunk is given up after this; its lines are shown all the same.
const PATIENCE: Duration = Duration::from_millis(100);

/// A line of a hunk: what becomes of it, and its words with whether they differ from the other side's.
type Line = (ChangeTag, Vec<(bool, String)>);

/// Renders what a hunk takes away and puts there, line by line.
pub(super) fn lines(old: &str, new: &str) -> Vec<String> {
    compare(old, new).iter().map(render).collect()
}

fn compare(old: &str, new: &str) -> Vec<Line> {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(old, new);
    let changes = diff.ops().iter().flat_map(|op| diff.iter_inline_changes(op));
    let words = |change: InlineChange<'_, str>| {
        let words = change.iter_strings_lossy();
        let words = words.map(|(differs, text)| (differs, harmless(text.trim_end_matches(['\r', '\n'])).to_string()));
        (change.tag(), words.collect())
    };
    changes.map(words).collect()
}

fn render((tag, words): &Line) -> String {
    let (mark, plain) = match tag {
        ChangeTag::Equal => (" ", Style::new()),
        ChangeTag::Delete => ("-", Style::new().red()),
        ChangeTag::Insert => ("+", Style::new().green()),
    };
    let mut out = plain.apply_to(format!("{mark} ")).to_string();
    for (differs, text) in words {
        let style = if *differs {
            plain.clone().underlined()
        } else {
            plain.clone()
        };
        out.push_str(&style.apply_to(text).to_string());
    }
    out
}

/// Says that a hunk changes nothing that is seen.
pub(super) fn only_line_endings(old: &str, new: &str) -> Option<String> {
    let same = old != new && old.lines().eq(new.lines());
    same.then(|| style("  only line endings change").dim().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_words() {
        console::set_colors_enabled(false);
        for (old, new, expected) in [
            ("5\n", "five\n", "- 5|+ five"),
            ("a\nb\nc\n", "A\nb\nC\n", "- a|+ A|  b|- c|+ C"),
            ("2\r\n", "2\n", "- 2|+ 2"),
            ("", "\u{1b}[2J", "+ \\u{1b}[2J"),
        ] {
            assert_eq!(lines(old, new).join("|"), expected);
        }
    }

    #[test]
    fn the_words_that_differ_are_known() {
        let differing: Vec<String> = compare("let total = a + b;\n", "let total = a - b;\n")
            .into_iter()
            .flat_map(|(_, words)| words)
            .filter_map(|(differs, text)| differs.then_some(text))
            .collect();
        assert_eq!(differing, ["+", "-"]);
    }
}
