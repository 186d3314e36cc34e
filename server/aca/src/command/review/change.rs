//! The changed lines of a hunk, with the words that differ set off.

use std::time::{Duration, Instant};

use ratatui::style::{Style, Stylize as _};
use ratatui::text::Span;
use similar::{ChangeTag, InlineChange, TextDiff};

use crate::terminal::harmless;

/// Comparing the words of a large hunk is given up after this; its lines are shown all the same.
const PATIENCE: Duration = Duration::from_millis(100);

/// A line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Changed {
    /// What becomes of it.
    pub(super) tag: ChangeTag,
    /// Its words, made harmless, with whether they differ from the other side's.
    words: Vec<(bool, String)>,
}

impl Changed {
    /// Returns what stands before the line: `-`, `+` or nothing, and a space.
    pub(super) fn mark(&self) -> Span<'static> {
        match self.tag {
            ChangeTag::Equal => Span::raw("  "),
            ChangeTag::Delete => "- ".red(),
            ChangeTag::Insert => "+ ".green(),
        }
    }

    /// Returns its words.
    pub(super) fn spans(&self) -> Vec<Span<'static>> {
        let plain = match self.tag {
            ChangeTag::Equal => Style::new(),
            ChangeTag::Delete => Style::new().red(),
            ChangeTag::Insert => Style::new().green(),
        };
        let span = |(differs, text): &(bool, String)| {
            let style = if *differs { plain.reversed() } else { plain };
            Span::styled(text.clone(), style)
        };
        self.words.iter().map(span).collect()
    }
}

/// Compares what a hunk takes away with what it puts there, line by line.
pub(super) fn lines(old: &str, new: &str) -> Vec<Changed> {
    let until = Instant::now() + PATIENCE;
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(old, new);
    let ops = diff.ops().iter();
    let changes = ops.flat_map(|op| diff.iter_inline_changes_deadline(op, Some(until)));
    let changed = |change: InlineChange<'_, str>| {
        let words = change.iter_strings_lossy();
        let words = words.map(|(differs, text)| (differs, harmless(text.trim_end_matches(['\r', '\n']))));
        Changed {
            tag: change.tag(),
            words: words.collect(),
        }
    };
    changes.map(changed).collect()
}

/// Whether a hunk changes nothing but the ends of lines.
pub(super) fn is_only_line_endings(old: &str, new: &str) -> bool {
    old != new && old.lines().eq(new.lines())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(old: &str, new: &str) -> String {
        let lines = lines(old, new);
        let text = |line: &Changed| {
            let words = line.spans();
            let words = words.iter().map(|span| span.content.as_ref());
            format!("{}{}", line.mark().content, words.collect::<String>())
        };
        lines.iter().map(text).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn lines_and_words() {
        for (old, new, expected) in [
            ("5\n", "five\n", "- 5|+ five"),
            ("a\nb\nc\n", "A\nb\nC\n", "- a|+ A|  b|- c|+ C"),
            ("2\r\n", "2\n", "- 2|+ 2"),
            ("", "\u{1b}[2J", "+ \\u{1b}[2J"),
        ] {
            assert_eq!(shown(old, new), expected);
        }
        assert!(is_only_line_endings("2\r\n", "2\n") && !is_only_line_endings("2\n", "3\n"));
    }

    #[test]
    fn the_words_that_differ_are_known() {
        let lines = lines("let total = a + b;\n", "let total = a - b;\n");
        let words = lines.iter().flat_map(|line| &line.words);
        let differing: Vec<&str> = words
            .filter_map(|(differs, text)| differs.then_some(text.as_str()))
            .collect();
        assert_eq!(differing, ["+", "-"]);
    }
}
