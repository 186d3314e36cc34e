//! How an entry of a transcript looks.

use ratatui::style::{Style, Stylize as _};
use ratatui::text::Span;

use super::markdown;
use super::transcript::{Entry, Tool};
use crate::figures;
use crate::terminal::{Row, harmless_line};

/// So many lines of a tool's output are shown where it is unfolded.
const MAX_OUTPUT: usize = 200;

/// Renders an entry, with a tool's output if it is unfolded. Words are set off by an empty line before them.
pub(super) fn rows(entry: &Entry, unfolded: bool) -> Vec<Row> {
    match entry {
        Entry::Said(text) => set_off(markdown::rows(text)),
        Entry::Told(text) => set_off(told(text)),
        Entry::Tool(tool) => tool_rows(tool, unfolded),
        Entry::Retry {
            attempt,
            max,
            delay_ms,
            reason,
        } => {
            let text = format!(
                "the model did not answer (try {attempt} of {max}, again after {}): {}",
                figures::span(delay_ms / 1000),
                harmless_line(reason)
            );
            vec![Row::new(["↻ ".yellow()], [text.yellow()])]
        }
        Entry::Event(text) => vec![Row::new(["· ".dim()], [harmless_line(text).dim()])],
        Entry::Trouble(text) => vec![Row::new(["! ".yellow()], [harmless_line(text).yellow()])],
    }
}

/// Says what a tool call does: the command, or a verb and what it is about.
pub(super) fn call(tool: &Tool) -> String {
    let about = harmless_line(&tool.about);
    let verb = match tool.name.as_str() {
        "Bash" | "shell" => "$",
        "Edit" | "MultiEdit" | "NotebookEdit" | "edit_file" => "edit",
        "Write" | "write_file" => "write",
        "Read" | "read_file" => "read",
        "Grep" | "search" => "search",
        "Glob" | "list_dir" => "list",
        "AskUserQuestion" => "asks:",
        other => return format!("{} {about}", harmless_line(other)).trim_end().to_owned(),
    };
    format!("{verb} {about}").trim_end().to_owned()
}

fn set_off(rows: Vec<Row>) -> Vec<Row> {
    std::iter::once(Row::default()).chain(rows).collect()
}

fn told(text: &str) -> Vec<Row> {
    let lines = text.lines().enumerate();
    let row = |(index, line): (usize, &str)| {
        let lead = if index == 0 { "you ▸ " } else { "      " };
        Row::new([lead.cyan().bold()], [harmless_line(line).bold()])
    };
    lines.map(row).collect()
}

fn tool_rows(tool: &Tool, unfolded: bool) -> Vec<Row> {
    let (mark, style) = match tool.ok {
        None => ("… ".cyan(), Style::new().cyan()),
        Some(true) => ("✓ ".green(), Style::new()),
        Some(false) => ("✗ ".red(), Style::new()),
    };
    let mut line = vec![Span::styled(call(tool), style)];
    let mut output = tool.output.lines().filter(|line| !line.trim().is_empty());
    if !unfolded {
        // Why it failed matters most; the rest is a key away.
        if tool.ok == Some(false) {
            let why = output.next().map(|why| format!(" {}", harmless_line(why.trim())));
            line.push(format!("  failed{}", why.map(|why| format!(":{why}")).unwrap_or_default()).red());
        }
        return vec![Row::new([mark], line)];
    }
    let mut rows = vec![Row::new([mark], line)];
    let lines = || tool.output.lines();
    rows.extend(lines().take(MAX_OUTPUT).map(|line| {
        let parts: Vec<String> = line.split('\t').map(harmless_line).collect();
        Row::new(["  │ ".dim()], [parts.join("\t").dim()])
    }));
    let left = lines().count().saturating_sub(MAX_OUTPUT);
    if left > 0 {
        rows.push(Row::new(["  │ ".dim()], [format!("… {left} lines more").dim()]));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(entry: &Entry, unfolded: bool) -> String {
        let lines: Vec<String> = rows(entry, unfolded).iter().map(|row| row.line().to_string()).collect();
        lines.join("\n")
    }

    fn tool(name: &str, about: &str, ok: Option<bool>, output: &str) -> Entry {
        Entry::Tool(Tool {
            name: name.into(),
            about: about.into(),
            ok,
            output: output.into(),
        })
    }

    #[test]
    fn a_tool_call_is_a_line_until_it_is_unfolded() {
        for (entry, folded, unfolded) in [
            (
                tool("Edit", "src/a.rs", Some(true), "done"),
                "✓ edit src/a.rs",
                "✓ edit src/a.rs\n  │ done",
            ),
            (
                tool("shell", "cargo test", Some(false), "\nerror: 1 failed\nmore"),
                "✗ $ cargo test  failed: error: 1 failed",
                "✗ $ cargo test\n  │ \n  │ error: 1 failed\n  │ more",
            ),
            (
                tool("Read", "b\u{1b}c", None, ""),
                "… read b\\u{1b}c",
                "… read b\\u{1b}c",
            ),
            (tool("Task", "", Some(true), ""), "✓ Task", "✓ Task"),
            (tool("Bash", "x\ny", Some(false), ""), "✗ $ x\\ny  failed", "✗ $ x\\ny"),
        ] {
            assert_eq!(
                (shown(&entry, false).as_str(), shown(&entry, true).as_str()),
                (folded, unfolded)
            );
        }
        let long = tool("Bash", "yes", Some(true), &"y\n".repeat(MAX_OUTPUT + 3));
        assert!(shown(&long, true).ends_with("  │ … 3 lines more"));
    }

    #[test]
    fn waiting_and_trouble_are_said() {
        let retry = Entry::Retry {
            attempt: 2,
            max: 10,
            delay_ms: 90_000,
            reason: "529 overloaded".into(),
        };
        assert_eq!(
            shown(&retry, false),
            "↻ the model did not answer (try 2 of 10, again after 1 min 30 s): 529 overloaded"
        );
        assert_eq!(shown(&Entry::Told("a\nb".into()), false), "\nyou ▸ a\n      b");
    }
}
