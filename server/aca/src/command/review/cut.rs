//! Choosing lines of a hunk to cut out as a hunk of their own.

use std::ops::RangeInclusive;

use aca_protocol::HunkId;
use aca_protocol::proposal::HunkView;
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::style::{Style, Stylize as _};
use ratatui::text::Span;

use crate::terminal::{Row, harmless};

/// What is shown meanwhile.
pub(super) const HINTS: &[(&str, &str)] = &[
    ("j/k", "move"),
    ("Space", "from here"),
    ("3-5", "type lines"),
    ("Enter", "cut out"),
    ("Esc", "cancel"),
];

/// A choice of neighbouring lines.
#[derive(Debug)]
pub(super) struct Cut {
    hunk: HunkId,
    lines: Vec<String>,
    is_new: bool,
    /// Where the choice began.
    from: usize,
    /// The other end of it, which moves.
    to: usize,
    /// Line numbers as far as they are typed.
    typed: String,
}

/// What a key led to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    /// Nothing yet.
    Wait,
    /// The lines from the first to before the second are to be cut out.
    Lines(u32, u32),
    /// It was given up.
    Nothing,
}

impl Cut {
    /// Begins with the first line; nothing if the hunk has fewer than two lines to choose from.
    pub(super) fn new(hunk: &HunkView) -> Option<Self> {
        let is_new = !hunk.new.is_empty();
        let text = if is_new { &hunk.new } else { &hunk.old };
        let lines: Vec<String> = text.lines().map(harmless).collect();
        let cut = Self {
            hunk: hunk.id.clone(),
            is_new,
            from: 0,
            to: 0,
            typed: String::new(),
            lines,
        };
        (cut.lines.len() > 1).then_some(cut)
    }

    /// Returns the hunk.
    pub(super) fn hunk(&self) -> &HunkId {
        &self.hunk
    }

    /// Returns the row that must be seen.
    pub(super) fn cursor(&self) -> usize {
        self.to
    }

    /// Takes a key.
    pub(super) fn press(&mut self, key: KeyEvent) -> Chosen {
        let last = self.lines.len() - 1;
        let extends = !self.typed.is_empty();
        match key.code {
            KeyCode::Char('j') | KeyCode::Down => self.go((self.to + 1).min(last)),
            KeyCode::Char('k') | KeyCode::Up => self.go(self.to.saturating_sub(1)),
            KeyCode::Char('g') | KeyCode::Home => self.go(0),
            KeyCode::Char('G') | KeyCode::End => self.go(last),
            KeyCode::Char(' ') => self.from = self.to,
            KeyCode::Char(digit) if digit.is_ascii_digit() || (digit == '-' && extends) => {
                self.typed.push(digit);
                self.take_typed();
            }
            KeyCode::Backspace if extends => {
                self.typed.pop();
                self.take_typed();
            }
            KeyCode::Enter => {
                let chosen = self.chosen();
                let number = |line: usize| u32::try_from(line).unwrap_or(u32::MAX);
                return Chosen::Lines(number(*chosen.start()), number(chosen.end() + 1));
            }
            KeyCode::Esc | KeyCode::Char('q') => return Chosen::Nothing,
            _ => {}
        }
        Chosen::Wait
    }

    /// Renders the lines, the chosen ones set off.
    pub(super) fn rows(&self) -> Vec<Row> {
        let chosen = self.chosen();
        let mark = if self.is_new { '+' } else { '-' };
        let plain = if self.is_new {
            Style::new().green()
        } else {
            Style::new().red()
        };
        let row = |(index, line): (usize, &String)| {
            let (bar, style) = if chosen.contains(&index) {
                ("▌", plain.reversed())
            } else {
                (" ", plain)
            };
            let lead = [
                format!("{:>5} ", index + 1).dim(),
                Span::styled(format!("{bar}{mark} "), plain),
            ];
            Row::new(lead, [Span::styled(line.clone(), style)])
        };
        self.lines.iter().enumerate().map(row).collect()
    }

    /// Says which lines are chosen.
    pub(super) fn words(&self) -> String {
        let chosen = self.chosen();
        let (first, last) = (chosen.start() + 1, chosen.end() + 1);
        if first == last {
            format!("Cut out line {first} of {}", self.lines.len())
        } else {
            format!("Cut out lines {first}-{last} of {}", self.lines.len())
        }
    }

    fn chosen(&self) -> RangeInclusive<usize> {
        self.from.min(self.to)..=self.from.max(self.to)
    }

    /// Moves the end that moves. The first movement after typed numbers begins anew.
    fn go(&mut self, to: usize) {
        self.typed.clear();
        self.to = to;
    }

    /// Reads `3` or `3-5`; numbers beyond the last line stand for it.
    fn take_typed(&mut self) {
        let line = |text: &str| {
            text.parse::<usize>()
                .ok()
                .map(|number| number.clamp(1, self.lines.len()) - 1)
        };
        let (first, last) = self.typed.split_once('-').unwrap_or((&self.typed, ""));
        if let Some(first) = line(first) {
            let last = line(last).unwrap_or(first);
            (self.from, self.to) = (first, last);
        }
    }
}

#[cfg(test)]
mod tests {
    use aca_protocol::proposal::HunkState;
    use crossterm::event::KeyModifiers;

    use super::*;

    fn cut(old: &str, new: &str) -> Option<Cut> {
        let hunk = HunkView::new(HunkId::new("h"), HunkState::Clean, 0, 1, old.into(), new.into());
        Cut::new(&hunk)
    }

    #[test]
    fn lines_are_chosen_by_moving_or_by_number() {
        for (keys, expected) in [
            ("\n", Chosen::Lines(0, 1)),
            ("j\n", Chosen::Lines(0, 2)),
            ("j j\n", Chosen::Lines(1, 3)),
            ("jj k\n", Chosen::Lines(1, 3)),
            ("jjjjjj\n", Chosen::Lines(0, 4)),
            ("3\n", Chosen::Lines(2, 3)),
            ("2-3\n", Chosen::Lines(1, 3)),
            ("3-2\n", Chosen::Lines(1, 3)),
            ("2-9\n", Chosen::Lines(1, 4)),
            ("9\n", Chosen::Lines(3, 4)),
            ("-\n", Chosen::Lines(0, 1)),
            ("jq", Chosen::Nothing),
        ] {
            let mut cut = cut("", "a\nb\nc\nd\n").unwrap();
            let mut last = Chosen::Wait;
            for key in keys.chars() {
                let code = if key == '\n' {
                    KeyCode::Enter
                } else {
                    KeyCode::Char(key)
                };
                last = cut.press(KeyEvent::new(code, KeyModifiers::NONE));
            }
            assert_eq!(last, expected, "{keys}");
        }
    }

    #[test]
    fn a_single_line_is_not_cut_and_removed_lines_are() {
        assert!(cut("a\nb\n", "a\n").is_none());
        let removed = cut("a\nb\n", "").unwrap();
        assert_eq!(removed.words(), "Cut out line 1 of 2");
        assert_eq!(removed.rows().first().unwrap().line().to_string(), "    1 ▌- a");
    }
}
