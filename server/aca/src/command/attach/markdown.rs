//! The agent's words as a terminal shows them. Models write light Markdown: headings, lists, code, emphasis. Everything
//! else stays as it is, and nothing is left out, so that what is shown is what was said.

use ratatui::style::{Style, Stylize as _};
use ratatui::text::Span;

use crate::terminal::{Row, harmless_line};

/// Renders a text.
pub(crate) fn rows(text: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut fence: Option<&str> = None;
    for line in text.trim_matches('\n').lines() {
        let line = line.trim_end();
        let trimmed = line.trim_start();
        let marker = fence_of(trimmed);
        match (fence, marker) {
            (Some(open), Some(close))
                if close.starts_with(open) && trimmed.trim_start_matches(['`', '~']).is_empty() =>
            {
                fence = None;
            }
            (Some(_), _) => rows.push(Row::new(["│ ".dim()], [tabbed(line).cyan()])),
            (None, Some(open)) => fence = Some(open),
            (None, None) => rows.push(plain(line, trimmed)),
        }
    }
    rows
}

/// The marker of a line that begins or ends a block of code.
fn fence_of(line: &str) -> Option<&str> {
    let mark = ['`', '~'].into_iter().find(|mark| line.starts_with(*mark))?;
    let end = line.find(|other| other != mark).unwrap_or(line.len());
    (end >= 3).then(|| line.get(..end)).flatten()
}

fn plain(line: &str, trimmed: &str) -> Row {
    let indent = line.len() - trimmed.len();
    if let Some(heading) = heading(trimmed) {
        return Row::new([], emphasised(heading, Style::new().bold()));
    }
    if let Some((bullet, rest)) = item(trimmed) {
        let lead = format!("{}{bullet} ", " ".repeat(indent));
        return Row::new([lead.into()], emphasised(rest, Style::new()));
    }
    if let Some(quoted) = trimmed.strip_prefix('>') {
        return Row::new(["▏ ".dim()], emphasised(quoted.trim_start(), Style::new().dim()));
    }
    Row::new([" ".repeat(indent).into()], emphasised(trimmed, Style::new()))
}

fn heading(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches('#');
    let level = line.len() - rest.len();
    ((1..=6).contains(&level) && rest.starts_with(' ')).then(|| rest.trim())
}

/// What begins an item of a list, and the item.
fn item(line: &str) -> Option<(String, &str)> {
    if let Some(rest) = ["- ", "* ", "+ "]
        .into_iter()
        .find_map(|bullet| line.strip_prefix(bullet))
    {
        return Some(("•".into(), rest));
    }
    let (number, rest) = line.split_once(". ")?;
    let is_number = (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| (format!("{number}."), rest))
}

/// Splits a line into code, strong words and the rest. A mark without its counterpart is a character like any other.
fn emphasised(line: &str, style: Style) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    let mut rest = line;
    let mut plain = String::new();
    while let Some(at) = rest.find(['`', '*']) {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let marked = [("`", style.cyan()), ("**", style.bold())]
            .into_iter()
            .find_map(|(mark, look)| {
                let inner = from.strip_prefix(mark)?;
                let (inside, after) = inner.split_once(mark)?;
                let is_text = !inside.is_empty() && (mark == "`" || !inside.starts_with(' '));
                is_text.then_some((inside, after, look))
            });
        if let Some((inside, after, look)) = marked {
            if !plain.is_empty() {
                spans.push(Span::styled(tabbed(&std::mem::take(&mut plain)), style));
            }
            spans.push(Span::styled(tabbed(inside), look));
            rest = after;
        } else {
            let mark: String = from.chars().take(1).collect();
            rest = from.get(mark.len()..).unwrap_or_default();
            plain.push_str(&mark);
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() || spans.is_empty() {
        spans.push(Span::styled(tabbed(&plain), style));
    }
    spans
}

/// Makes a text harmless that is part of a line; its tabs stay, which a row turns into spaces. What joins emoji to one is
/// left out: terminals do not agree on how wide they are then.
fn tabbed(text: &str) -> String {
    let text = text.replace('\u{200d}', "");
    let parts: Vec<String> = text.split('\t').map(harmless_line).collect();
    parts.join("\t")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let lines: Vec<String> = rows(text).iter().map(|row| row.line().to_string()).collect();
        lines.join("\n")
    }

    #[test]
    fn marks_become_looks_and_words_stay() {
        for (text, expected) in [
            ("plain", "plain"),
            ("# A heading\n\ntext", "A heading\n\ntext"),
            ("#hashtag", "#hashtag"),
            ("- one\n  - two\n12. three", "• one\n  • two\n12. three"),
            ("2024. a year", "2024. a year"),
            ("use `Vec<T>` and **never** `x", "use Vec<T> and never `x"),
            ("2 * 3 ** 4", "2 * 3 ** 4"),
            (
                "```rust\nfn a() {\n\tb();\n}\n```\nafter",
                "│ fn a() {\n│ \tb();\n│ }\nafter",
            ),
            ("~~~\n```\n~~~", "│ ```"),
            ("```\nunfinished", "│ unfinished"),
            ("> quoted", "▏ quoted"),
            ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
            ("👩\u{200d}🚀", "👩🚀"),
            ("\n\na\n\n", "a"),
            ("", ""),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn code_and_strong_words_look_different() {
        let [row] = &rows("a `b` **c**")[..] else {
            panic!("one line")
        };
        let looks: Vec<(String, Style)> = row
            .line()
            .spans
            .iter()
            .map(|span| (span.content.to_string(), span.style))
            .collect();
        assert_eq!(
            looks,
            [
                (String::new(), Style::new()),
                ("a ".into(), Style::new()),
                ("b".into(), Style::new().cyan()),
                (" ".into(), Style::new()),
                ("c".into(), Style::new().bold()),
            ]
        );
    }
}
