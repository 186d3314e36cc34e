//! A line to show that is not yet cut to the width of a terminal.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

/// Columns between tab stops.
const TAB: usize = 4;
/// A terminal narrower than this is drawn as if it were this wide.
const NARROWEST: usize = 10;

/// A line: what stands before the text and is not repeated when the text is wrapped, and the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Row {
    lead: Vec<Span<'static>>,
    text: Vec<Span<'static>>,
}

/// One grapheme: what it is, how it looks, how many columns it takes.
struct Cell {
    symbol: String,
    style: Style,
    width: usize,
}

impl Row {
    /// Makes a line with something before its text.
    pub(crate) fn new(
        lead: impl IntoIterator<Item = Span<'static>>,
        text: impl IntoIterator<Item = Span<'static>>,
    ) -> Self {
        Self {
            lead: lead.into_iter().collect(),
            text: text.into_iter().collect(),
        }
    }

    /// Makes a line with nothing before its text.
    pub(crate) fn plain(text: impl Into<Span<'static>>) -> Self {
        Self::new([], [text.into()])
    }

    /// Returns the line further to the right.
    pub(crate) fn indented(mut self, columns: usize) -> Self {
        self.lead.insert(0, Span::raw(" ".repeat(columns)));
        self
    }

    /// Returns all of it as one line, tabs included.
    pub(crate) fn line(&self) -> Line<'static> {
        self.lead.iter().chain(&self.text).cloned().collect::<Vec<_>>().into()
    }

    /// Returns its lines on a terminal that is `width` columns wide; those after the first are indented as its text is.
    /// A line is cut after a space if there is one in its second half.
    pub(crate) fn wrap(&self, width: usize) -> Vec<Line<'static>> {
        let width = width.max(NARROWEST);
        let indent = self.lead.iter().map(Span::width).sum::<usize>().min(width / 2);
        let room = width - indent;
        let mut lines: Vec<Vec<Cell>> = Vec::new();
        let mut line: Vec<Cell> = Vec::new();
        let mut taken = 0;
        for cell in self.cells() {
            if taken + cell.width > room {
                let space = line.iter().rposition(|cell| cell.symbol == " ");
                let rest = match space.filter(|at| *at >= line.len() / 2 && cell.symbol != " ") {
                    Some(at) => line.split_off(at + 1),
                    None => Vec::new(),
                };
                let is_space = cell.symbol == " ";
                taken = rest.iter().map(|cell| cell.width).sum();
                lines.push(std::mem::replace(&mut line, rest));
                if is_space {
                    continue;
                }
            }
            taken += cell.width;
            line.push(cell);
        }
        lines.push(line);
        let blank = Span::raw(" ".repeat(indent));
        let indented = lines.iter().enumerate().map(|(index, cells)| {
            let mut spans = if index == 0 {
                self.lead.clone()
            } else {
                vec![blank.clone()]
            };
            spans.extend(joined(cells));
            Line::from(spans)
        });
        indented.collect()
    }

    /// The text in graphemes, its tabs as spaces up to the next stop.
    fn cells(&self) -> Vec<Cell> {
        let mut cells = Vec::new();
        let mut column = 0;
        for span in &self.text {
            for (index, piece) in span.content.split('\t').enumerate() {
                if index > 0 {
                    let gap = TAB - column % TAB;
                    column += gap;
                    cells.extend((0..gap).map(|_| Cell {
                        symbol: " ".into(),
                        style: span.style,
                        width: 1,
                    }));
                }
                for grapheme in Span::styled(piece, span.style).styled_graphemes(Style::new()) {
                    let width = grapheme.symbol.width();
                    column += width;
                    cells.push(Cell {
                        symbol: grapheme.symbol.into(),
                        style: grapheme.style,
                        width,
                    });
                }
            }
        }
        cells
    }
}

/// Joins graphemes that look alike.
fn joined(cells: &[Cell]) -> Vec<Span<'static>> {
    let alike = cells.chunk_by(|one, next| one.style == next.style);
    let span = |cells: &[Cell]| {
        let text: String = cells.iter().map(|cell| cell.symbol.as_str()).collect();
        let style = cells.first().map(|cell| cell.style).unwrap_or_default();
        Span::styled(text, style)
    };
    alike.map(span).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(lead: &str, text: &str, width: usize) -> String {
        let row = Row::new([Span::raw(lead.to_owned())], [Span::raw(text.to_owned())]);
        let lines: Vec<String> = row.wrap(width).iter().map(Line::to_string).collect();
        for line in &lines {
            assert!(line.width() <= width, "{line} is wider than {width}");
        }
        lines.join("|")
    }

    #[test]
    fn lines_are_cut_to_the_width() {
        for (lead, text, width, expected) in [
            ("", "", 10, ""),
            ("", "0123456789", 10, "0123456789"),
            ("", "0123456789a", 10, "0123456789|a"),
            ("+ ", "one two three", 10, "+ one two |  three"),
            ("", "0123456789 abc", 10, "0123456789|abc"),
            ("+ ", "onetwothree", 10, "+ onetwoth|  ree"),
            ("", "\tx\ty", 12, "    x   y"),
            ("", "漢字漢字漢字", 11, "漢字漢字漢|字"),
            ("", "e\u{301}e\u{301}", 10, "e\u{301}e\u{301}"),
        ] {
            assert_eq!(wrapped(lead, text, width), expected, "{text}");
        }
    }

    #[test]
    fn styles_stay_with_their_text() {
        use ratatui::style::Stylize as _;
        let row = Row::new(["+ ".green()], ["let a".green(), "b".green().reversed()]);
        assert_eq!(row.line().spans.len(), 3);
        assert_eq!(row.wrap(40), [row.line()]);
    }
}
