//! A picture filled line by line from the top, and the line of keys under it.

use ratatui::buffer::Buffer;
use ratatui::style::{Style, Stylize as _};
use ratatui::text::{Line, Span};

use super::Row;

/// A buffer that is filled from the top.
pub(crate) struct Page<'b> {
    buffer: &'b mut Buffer,
    width: u16,
    height: u16,
    next: u16,
}

impl<'b> Page<'b> {
    /// Begins at the top of a buffer.
    pub(crate) fn new(buffer: &'b mut Buffer) -> Self {
        let area = buffer.area;
        Self {
            buffer,
            width: area.width,
            height: area.height,
            next: 0,
        }
    }

    /// The line that is filled next.
    pub(crate) fn next(&self) -> u16 {
        self.next
    }

    /// Leaves lines as they are.
    pub(crate) fn skip(&mut self, lines: usize) {
        self.next = self.next.saturating_add(u16::try_from(lines).unwrap_or(u16::MAX));
    }

    /// Writes a line, cut off at the right.
    pub(crate) fn line(&mut self, line: &Line<'_>) {
        if self.next < self.height {
            self.buffer.set_line(0, self.next, line, self.width);
        }
        self.next += 1;
    }

    /// Writes two texts on one line. The right one is shown if it takes no more than two thirds; the left one ends before
    /// it, with a sign where it is cut off.
    pub(crate) fn both(&mut self, left: &Line<'_>, right: &Line<'_>) {
        let width = usize::from(self.width);
        let right_width = right.width();
        let shown = right_width <= width * 2 / 3;
        let room = if shown && right_width > 0 {
            width - right_width - 1
        } else {
            width
        };
        if self.next < self.height {
            let to = |width: usize| u16::try_from(width).unwrap_or(u16::MAX);
            if left.width() > room {
                self.buffer.set_line(0, self.next, left, to(room.saturating_sub(1)));
                self.buffer
                    .set_string(to(room.saturating_sub(1)), self.next, "…", Style::new().dim());
            } else {
                self.buffer.set_line(0, self.next, left, to(room));
            }
            if shown {
                self.buffer
                    .set_line(to(width - right_width), self.next, right, to(right_width));
            }
        }
        self.next += 1;
    }
}

/// Returns as many keys, each with what it does, as fit on a line; the most needed are given first.
pub(crate) fn hints(hints: &[(&str, &str)], width: usize) -> Line<'static> {
    let mut spans: Vec<Span<'static>> = Vec::new();
    let mut taken = 0;
    for (keys, text) in hints {
        let hint = [(*keys).to_owned().bold(), format!(" {text}  ").dim()];
        let wide = hint.iter().map(Span::width).sum::<usize>();
        // The two spaces after the last one may be cut off.
        if taken + wide > width + 2 {
            break;
        }
        taken += wide;
        spans.extend(hint);
    }
    spans.into()
}

/// Returns all keys with what they do, in groups.
pub(crate) fn help(groups: &[(&'static str, &[(&str, &'static str)])]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (group, keys) in groups {
        rows.push(Row::plain(group.bold()));
        let row = |(keys, text): &(&str, &'static str)| Row::new([format!("  {keys:<9}").cyan()], [(*text).into()]);
        rows.extend(keys.iter().map(row));
    }
    rows
}
