//! What is known of a proposal as a whole: the agent's last words, its round, its check.

use aca_protocol::proposal::{CheckState, CheckView, Finding, ProposalView};
use ratatui::style::Stylize as _;
use ratatui::text::Span;

use crate::terminal::{Row, harmless, harmless_line};
use crate::words;

/// Renders it, with all that the check found and the end of its output.
pub(super) fn rows(proposal: &ProposalView) -> Vec<Row> {
    let mut rows: Vec<Row> = harmless(&proposal.summary).lines().map(plain).collect();
    if proposal.round > 1 {
        rows.push(Row::new(["round ".dim()], [proposal.round.to_string().into()]));
    }
    if !proposal.note.is_empty() {
        rows.push(Row::new(["note  ".dim()], [harmless_line(&proposal.note).yellow()]));
    }
    if let Some(check) = &proposal.check {
        rows.push(Row::plain(in_colour(check, words::check(check))));
        rows.extend(check.findings.iter().map(finding));
        rows.extend(
            harmless(&check.output)
                .lines()
                .map(|line| Row::plain(format!("  {line}").dim())),
        );
    }
    rows
}

/// Gives words about a check the colour of its outcome.
pub(crate) fn in_colour(check: &CheckView, words: String) -> Span<'static> {
    let words = harmless_line(&words);
    match check.state {
        CheckState::Running => words.cyan(),
        CheckState::Passed => words.green(),
        CheckState::Failed { .. } | CheckState::Broken { .. } => words.red(),
    }
}

/// Renders one place that a check complains about.
pub(crate) fn finding(finding: &Finding) -> Row {
    let place = harmless_line(&format!("  {}:{}: ", finding.path, u64::from(finding.line) + 1));
    let text = harmless_line(&finding.message);
    let hunk = finding
        .hunk
        .iter()
        .map(|id| format!("  (hunk {})", words::short(id)).dim());
    let kind = if finding.error {
        "error: ".red()
    } else {
        "warning: ".yellow()
    };
    Row::new([], [Span::raw(place), kind, text.into()].into_iter().chain(hunk))
}

fn plain(line: &str) -> Row {
    Row::plain(line.to_owned())
}
