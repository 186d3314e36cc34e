//! A table in columns, cut by what characters take on a terminal.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Space between columns.
const GAP: usize = 2;

/// How a column is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// At the left, as wide as its widest cell.
    Left,
    /// At the right, as wide as its widest cell.
    Right,
    /// At the left, with all the room that the others leave.
    Rest,
}

/// A column: its heading, its layout, and how much it matters. Those that matter least go first where there is no room.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// The heading.
    pub(crate) title: &'static str,
    /// The layout.
    pub(crate) align: Align,
    /// The larger, the sooner it is left out; zero never is.
    pub(crate) spare: u8,
}

/// A cell, already harmless.
pub(crate) type Cell = Span<'static>;

/// The least room for the column that takes the rest.
const LEAST_REST: usize = 28;

/// Lays a table out: the heading and then a line for each row, none wider than `width`; `None` for as wide as it is.
pub(crate) fn table(
    columns: &[Column],
    rows: &[Vec<Cell>],
    width: Option<usize>,
) -> (Line<'static>, Vec<Line<'static>>) {
    let widest = |index: usize, column: &Column| {
        let cells = rows.iter().filter_map(|row| row.get(index)).map(Span::width);
        cells.max().unwrap_or(0).max(column.title.width())
    };
    let mut shown: Vec<(usize, Column, usize)> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| (index, *column, widest(index, column)))
        .collect();
    if let Some(width) = width {
        loop {
            let fixed: usize = shown
                .iter()
                .map(|(_, column, wide)| if column.align == Align::Rest { LEAST_REST.min(*wide) } else { *wide } + GAP)
                .sum();
            let least = shown.iter().map(|(_, column, _)| column.spare).max().unwrap_or(0);
            if fixed <= width + GAP || least == 0 {
                break;
            }
            shown.retain(|(_, column, _)| column.spare != least);
        }
        let taken: usize = shown
            .iter()
            .filter(|(_, column, _)| column.align != Align::Rest)
            .map(|(_, _, wide)| wide + GAP)
            .sum();
        for (_, column, wide) in &mut shown {
            if column.align == Align::Rest {
                *wide = width.saturating_sub(taken);
            }
        }
    }
    let line = |cell: &dyn Fn(usize, &Column) -> Cell| {
        let mut spans = Vec::new();
        let last = shown.len().saturating_sub(1);
        for (place, (index, column, wide)) in shown.iter().enumerate() {
            let cell = cell(*index, column);
            let text = cut(&cell.content, *wide);
            let pad = " ".repeat(wide.saturating_sub(text.width()));
            let gap = " ".repeat(GAP);
            let text = match column.align {
                Align::Right => pad + &text,
                _ if place == last => text,
                _ => text + &pad,
            };
            spans.push(Span::styled(text, cell.style));
            if place != last {
                spans.push(Span::raw(gap));
            }
        }
        Line::from(spans)
    };
    let heading = line(&|_, column| Span::styled(column.title, Style::new().add_modifier(Modifier::BOLD)));
    let body = rows
        .iter()
        .map(|row| line(&|index, _| row.get(index).cloned().unwrap_or_default()))
        .collect();
    (heading, body)
}

/// Cuts a text to `width` columns, with a sign where something is left out.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(1);
    let mut taken = 0;
    let mut cut: String = text
        .chars()
        .take_while(|character| {
            taken += character.width().unwrap_or(0);
            taken <= room
        })
        .collect();
    cut.truncate(cut.trim_end().len());
    if width > 0 {
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column {
            title: "ID",
            align: Align::Left,
            spare: 0,
        },
        Column {
            title: "N",
            align: Align::Right,
            spare: 1,
        },
        Column {
            title: "TITLE",
            align: Align::Rest,
            spare: 0,
        },
    ];

    fn laid_out(width: Option<usize>) -> String {
        let rows = [["a", "1", "short"], ["bcd", "1000", "一 long title with 漢字 in it"]];
        let rows = rows.map(|row| row.map(Span::from).to_vec());
        let (heading, body) = table(COLUMNS, &rows, width);
        let lines: Vec<String> = std::iter::once(&heading).chain(&body).map(Line::to_string).collect();
        if let Some(width) = width {
            assert!(lines.iter().all(|line| line.width() <= width), "{lines:?}");
        }
        lines.join("\n")
    }

    #[test]
    fn columns_are_cut_by_what_they_take_and_left_out_by_what_they_matter() {
        assert_eq!(
            laid_out(None),
            "ID      N  TITLE\na       1  short\nbcd  1000  一 long title with 漢字 in it"
        );
        assert_eq!(
            laid_out(Some(39)),
            "ID      N  TITLE\na       1  short\nbcd  1000  一 long title with 漢字 in…"
        );
        assert_eq!(laid_out(Some(22)), "ID   TITLE\na    short\nbcd  一 long title wi…");
    }

    #[test]
    fn wide_characters_are_not_halved() {
        for (text, width, expected) in [
            ("漢字漢", 6, "漢字漢"),
            ("漢字漢", 5, "漢字…"),
            ("漢字漢", 4, "漢…"),
            ("ab", 0, ""),
        ] {
            assert_eq!(cut(text, width), expected);
        }
    }
}
