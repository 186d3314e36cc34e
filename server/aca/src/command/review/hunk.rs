//! A hunk on a terminal: where it stands, what is known of it, and its lines with those around them.

use aca_protocol::proposal::{CheckView, HunkState, HunkView, ProposalView, Since};
use ratatui::style::{Style, Stylize as _};
use ratatui::text::Span;
use similar::ChangeTag;

use super::change::{self, Changed};
use super::surroundings::Surroundings;
use crate::terminal::{Row, harmless, harmless_line};
use crate::words;

/// How lines are numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    /// By their place in the file, in front of each line that is in it.
    Shown,
    /// Not at all.
    Hidden,
}

/// Renders a hunk of a proposal with what its file says around it.
pub(super) fn rows(proposal: &ProposalView, hunk: &HunkView, around: &Surroundings, numbers: Numbers) -> Vec<Row> {
    let mut rows = vec![place(hunk)];
    rows.extend(facts(proposal, hunk));
    let gutter = Gutter { numbers };
    let (first, before) = around.before(hunk);
    rows.extend(
        before
            .iter()
            .enumerate()
            .map(|(index, line)| gutter.context(first + index, line)),
    );
    match &hunk.state {
        HunkState::Overlapping { live } => {
            rows.push(heading("the file says now:"));
            rows.extend(gutter.marked("! ", live, Style::new().yellow()));
            rows.push(heading("the agent changed:"));
            rows.extend(gutter.changed(hunk));
        }
        HunkState::Touched { merged } => {
            rows.extend(gutter.changed(hunk));
            rows.push(heading("accepted, with what was changed beside it, these lines say:"));
            rows.extend(gutter.marked("= ", merged, Style::new().cyan()));
        }
        _ => rows.extend(gutter.changed(hunk)),
    }
    if change::is_only_line_endings(&hunk.old, &hunk.new) {
        rows.push(Row::plain("  only line endings change".dim()));
    }
    let (first, after) = around.after(hunk);
    rows.extend(
        after
            .iter()
            .enumerate()
            .map(|(index, line)| gutter.context(first + index, line)),
    );
    if around.is_unsaved() {
        rows.push(Row::plain(
            "  the file is open in an editor and not saved: the lines around are shown there".dim(),
        ));
    }
    rows
}

/// The first line: where it is, its id, its state.
fn place(hunk: &HunkView) -> Row {
    let line = format!("@@ line {} @@ ", u64::from(hunk.line) + 1);
    let state = words::hunk_state(&hunk.state);
    let state = match &hunk.state {
        HunkState::Overlapping { .. } | HunkState::Gone { .. } => state.red().bold(),
        HunkState::Landed => state.green(),
        HunkState::Rejected => state.dim(),
        _ => state.yellow(),
    };
    let id = format!("{}  ", words::short(&hunk.id));
    Row::new([], [line.cyan(), id.dim(), state])
}

/// What is known of a hunk besides its lines, one row each.
fn facts(proposal: &ProposalView, hunk: &HunkView) -> Vec<Row> {
    let mut facts = Vec::new();
    let mut fact = |label: &'static str, text: Vec<Span<'static>>| facts.push(Row::new([label.dim()], text));
    if let HunkState::Gone { reason } = &hunk.state {
        fact("gone  ", vec![harmless_line(reason).red()]);
    }
    if let Some(reason) = &hunk.reason {
        let mut why = vec![Span::raw(harmless_line(&reason.why))];
        if !reason.verified {
            why.push(" (unverified)".yellow());
        }
        fact("why   ", why);
    }
    if !hunk.needs.is_empty() {
        let needed = hunk.needs.iter().map(|id| match words::find(proposal, id) {
            Some((file, needed)) => format!("{} ({}:{})", words::short(id), file.path, u64::from(needed.line) + 1),
            None => words::short(id),
        });
        let needed = needed.collect::<Vec<_>>().join(", ");
        fact("needs ", vec![harmless_line(&needed).yellow()]);
    }
    let findings = proposal.check.iter().flat_map(|check: &CheckView| &check.findings);
    for finding in findings.filter(|finding| finding.hunk.as_ref() == Some(&hunk.id)) {
        let text = harmless_line(&finding.message);
        fact("check ", vec![if finding.error { text.red() } else { text.yellow() }]);
    }
    match hunk.since {
        Since::Changed => fact("round ", vec!["new or changed since the last one".into()]),
        Since::Same => fact("round ", vec!["as in the last one".into()]),
        Since::First => {}
    }
    if hunk.amended {
        fact("text  ", vec!["changed by you".into()]);
    }
    facts
}

fn heading(text: &'static str) -> Row {
    Row::plain(format!("  {text}").yellow())
}

/// What stands before lines.
#[derive(Debug, Clone, Copy)]
struct Gutter {
    numbers: Numbers,
}

impl Gutter {
    fn lead(self, number: Option<usize>, mark: Span<'static>) -> Vec<Span<'static>> {
        match (self.numbers, number) {
            (Numbers::Hidden, _) => vec![mark],
            (Numbers::Shown, Some(number)) => vec![format!("{:>5} ", number + 1).dim(), mark],
            (Numbers::Shown, None) => vec![Span::raw(" ".repeat(6)), mark],
        }
    }

    fn context(self, number: usize, line: &str) -> Row {
        Row::new(self.lead(Some(number), Span::raw("  ")), [harmless(line).into()])
    }

    fn marked(self, mark: &'static str, text: &str, style: Style) -> Vec<Row> {
        let row = |line: &str| {
            let lead = self.lead(None, Span::styled(mark, style));
            Row::new(lead, [Span::styled(harmless(line), style)])
        };
        text.lines().map(row).collect()
    }

    /// The hunk's own lines. Those that are in the file are numbered: the old ones, or the new ones once they landed.
    fn changed(self, hunk: &HunkView) -> Vec<Row> {
        let there = match hunk.state {
            HunkState::Landed | HunkState::AlreadyThere => ChangeTag::Insert,
            HunkState::Touched { .. } | HunkState::Overlapping { .. } | HunkState::Gone { .. } => {
                return self.rows(change::lines(&hunk.old, &hunk.new), |_| None);
            }
            _ => ChangeTag::Delete,
        };
        let mut number = usize::try_from(hunk.line).unwrap_or(usize::MAX);
        self.rows(change::lines(&hunk.old, &hunk.new), |tag| {
            let is_there = tag == ChangeTag::Equal || tag == there;
            let this = number;
            number = number.saturating_add(usize::from(is_there));
            is_there.then_some(this)
        })
    }

    fn rows(self, lines: Vec<Changed>, mut number: impl FnMut(ChangeTag) -> Option<usize>) -> Vec<Row> {
        let row = |line: &Changed| Row::new(self.lead(number(line.tag), line.mark()), line.spans());
        lines.iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use aca_protocol::proposal::{CheckState, FileChange, FileView, Finding, Reason};
    use aca_protocol::{HunkId, TaskId};

    use super::*;

    fn hunk(line: u32, lines: u32, old: &str, new: &str, state: HunkState) -> HunkView {
        HunkView::new(HunkId::new("h"), state, line, lines, old.into(), new.into())
    }

    /// Renders a hunk of a file with the lines 1 to 8, without its first line.
    fn shown(numbers: Numbers, hunk: HunkView) -> String {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a"), "1\n2\n3\n4\n5\n6\n7\n8\n").unwrap();
        let file = FileView {
            path: "a".into(),
            change: FileChange::Modify,
            hunks: vec![hunk.clone()],
        };
        let around = Surroundings::read(dir.path(), &file);
        let mut proposal = ProposalView::new(TaskId::new("t"), vec![file], 1);
        proposal.check = Some(CheckView {
            command: "make".into(),
            hunks: None,
            state: CheckState::Passed,
            findings: vec![Finding {
                path: "a".into(),
                line: 4,
                error: false,
                message: "hm".into(),
                hunk: Some(HunkId::new("k")),
            }],
            output: String::new(),
        });
        let rows = rows(&proposal, &hunk, &around, numbers);
        let lines = rows.iter().skip(1).map(|row| row.line().to_string());
        lines.collect::<Vec<_>>().join("|")
    }

    #[test]
    fn hunks_with_their_surroundings() {
        let clean = || HunkState::Clean;
        for (given, expected) in [
            (
                hunk(4, 1, "5\n", "five\n", clean()),
                "  2|  3|  4|- 5|+ five|  6|  7|  8",
            ),
            (hunk(0, 1, "1\n", "one\n", clean()), "- 1|+ one|  2|  3|  4"),
            (hunk(8, 0, "", "9\n", clean()), "  6|  7|  8|+ 9"),
            (hunk(7, 1, "8\n", "", clean()), "  5|  6|  7|- 8"),
            (hunk(0, 0, "", "\u{1b}[2J\n", clean()), "+ \\u{1b}[2J|  1|  2|  3"),
            (
                hunk(1, 1, "2\r\n", "2\n", clean()),
                "  1|- 2|+ 2|  only line endings change|  3|  4|  5",
            ),
            (
                hunk(1, 1, "two\n", "TWO\n", HunkState::Overlapping { live: "2\n".into() }),
                "  1|  the file says now:|! 2|  the agent changed:|- two|+ TWO|  3|  4|  5",
            ),
            (
                hunk(
                    1,
                    1,
                    "two\n",
                    "TWO\n",
                    HunkState::Touched {
                        merged: "2 TWO\n".into(),
                    },
                ),
                "  1|- two|+ TWO|  accepted, with what was changed beside it, these lines say:|= 2 TWO|  3|  4|  5",
            ),
            (
                hunk(
                    1,
                    0,
                    "x\n",
                    "y\n",
                    HunkState::Gone {
                        reason: "The lines are gone.".into(),
                    },
                ),
                "gone  The lines are gone.|  1|- x|+ y|  2|  3|  4",
            ),
            (
                hunk(4, 1, "x\n", "y\n", clean()),
                "- x|+ y|  the file is open in an editor and not saved: the lines around are shown there",
            ),
        ] {
            assert_eq!(shown(Numbers::Hidden, given), expected);
        }
    }

    #[test]
    fn lines_that_are_in_the_file_have_its_numbers() {
        let numbered = shown(Numbers::Shown, hunk(4, 1, "5\n", "a\nb\n", HunkState::Clean));
        assert!(
            numbered.contains("    4   4|    5 - 5|      + a|      + b|    6   6"),
            "{numbered}"
        );
        let landed = shown(Numbers::Shown, hunk(4, 1, "x\n", "5\n", HunkState::Landed));
        assert!(landed.contains("    4   4|      - x|    5 + 5|    6   6"), "{landed}");
    }

    #[test]
    fn what_is_known_of_a_hunk_is_said() {
        let mut known = hunk(0, 1, "1\n", "", HunkState::Clean);
        known.id = HunkId::new("k");
        known.amended = true;
        known.since = Since::Changed;
        known.needs = vec![HunkId::new("k"), HunkId::new("none")];
        known.reason = Some(Reason {
            why: "it\u{1b} must".into(),
            verified: false,
            calls: Vec::new(),
        });
        let expected = "why   it\\u{1b} must (unverified)|needs k (a:1), none|check hm|\
                        round new or changed since the last one|text  changed by you|- 1|  2|  3|  4";
        assert_eq!(shown(Numbers::Hidden, known), expected);
    }
}
