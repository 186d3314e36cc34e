//! The picture of a review: a heading, the hunk, what was said last, and the keys.

use aca_protocol::task::TaskView;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Style, Stylize as _};
use ratatui::text::{Line, Span};

use super::about;
use super::keys;
use super::prompt::Prompt;
use super::requests::Said;
use super::row::Row;
use super::walk::Walk;
use crate::terminal::harmless_line;
use crate::words;

/// So many lines of what was said are shown at most.
const MAX_SAID: usize = 5;
/// On a terminal with fewer lines the rules are left out.
const ROOMY: u16 = 12;

/// What is to be seen.
pub(super) struct Board<'a> {
    /// The task.
    pub(super) task: &'a TaskView,
    /// The place in the proposal.
    pub(super) walk: &'a Walk,
    /// What is shown in the middle, cut to the width.
    pub(super) body: &'a [Line<'static>],
    /// How many lines of it are above the first one shown.
    pub(super) scroll: usize,
    /// What was said last.
    pub(super) said: &'a [Said],
    /// The keys that matter now.
    pub(super) hints: &'a [(&'a str, &'a str)],
    /// What the person is asked, in the place of the keys.
    pub(super) prompt: Option<&'a Prompt>,
    /// Whether something is asked of the engine and not answered yet.
    pub(super) busy: bool,
}

impl Board<'_> {
    /// Returns how many lines of the body can be seen at once.
    pub(super) fn room(&self, width: u16, height: u16) -> usize {
        let rules = if height < ROOMY { 0 } else { 2 };
        usize::from(height)
            .saturating_sub(3 + rules + self.said_lines(width).len())
            .max(1)
    }

    /// Draws it all.
    pub(super) fn draw(&self, frame: &mut Frame<'_>) {
        let area = frame.area();
        let width = usize::from(area.width);
        let room = self.room(area.width, area.height);
        let mut page = Page {
            buffer: frame.buffer_mut(),
            area,
            next: 0,
        };
        page.both(&self.title(), &self.position());
        page.both(&self.file(), &self.check());
        let roomy = area.height >= ROOMY;
        if roomy {
            page.line(&Line::from("─".repeat(width)).dim());
        }
        let shown = self.body.iter().skip(self.scroll).take(room);
        for line in shown.clone() {
            page.line(line);
        }
        page.next += u16::try_from(room - shown.count()).unwrap_or(0);
        if roomy {
            page.line(&self.rule(width, room));
        }
        for line in self.said_lines(area.width) {
            page.line(&line);
        }
        match self.prompt {
            Some(prompt) => {
                let (line, cursor) = prompt.line(width);
                let y = page.next;
                page.line(&line);
                frame.set_cursor_position((cursor, y));
            }
            None => page.line(&self.hints_line(width)),
        }
    }

    fn title(&self) -> Line<'static> {
        Line::from(harmless_line(&self.task.title)).bold()
    }

    /// Where one is and how much is left, or that the task is at work.
    fn position(&self) -> Line<'static> {
        if !self.task.state.is_settled() {
            return Line::from(words::state(&self.task.state)).cyan();
        }
        let (at, of) = self.walk.position();
        let left = match self.walk.left() {
            0 => "all decided".green(),
            left => format!("{left} left").yellow(),
        };
        Line::from(vec![format!("{}/{of}  ", at.min(of)).into(), left])
    }

    fn file(&self) -> Line<'static> {
        let heading = self.walk.current().map(|(file, _)| words::file_heading(file));
        Line::from(heading.unwrap_or_else(|| "The proposal has no hunks.".into())).cyan()
    }

    fn check(&self) -> Line<'static> {
        let proposal = self.walk.proposal();
        let round = (proposal.round > 1).then(|| format!("round {}  ", proposal.round).dim());
        let check = proposal.check.as_ref();
        let check = check.map(|check| about::in_colour(check, words::check_state(&check.state)));
        round.into_iter().chain(check).collect::<Vec<Span<'_>>>().into()
    }

    /// The rule under the body, with how much of it is not seen.
    fn rule(&self, width: usize, room: usize) -> Line<'static> {
        let below = self.body.len().saturating_sub(self.scroll + room);
        let more = match (self.scroll, below) {
            (0, 0) => String::new(),
            (0, below) => format!(" {below} more below: Space "),
            (above, 0) => format!(" {above} more above: PageUp "),
            (above, below) => format!(" {above} above, {below} below: PageUp, Space "),
        };
        let text = if more.is_empty() {
            String::new()
        } else {
            format!("──{more}")
        };
        let rest = "─".repeat(width.saturating_sub(Span::raw(&text).width()));
        Line::from(text + &rest).dim()
    }

    fn said_lines(&self, width: u16) -> Vec<Line<'static>> {
        let row = |said: &Said| match said {
            Said::Done(text) => Row::new(["✓ ".green()], [text.clone().into()]),
            Said::Warning(text) => Row::new(["! ".yellow()], [text.clone().yellow()]),
            Said::Refused(text) => Row::new(["✗ ".red()], [text.clone().into()]),
        };
        let mut lines: Vec<_> = self
            .said
            .iter()
            .flat_map(|said| row(said).wrap(usize::from(width)))
            .collect();
        lines.truncate(MAX_SAID);
        lines
    }

    /// As many keys as fit, the most needed first.
    fn hints_line(&self, width: usize) -> Line<'static> {
        if self.busy {
            return Line::from("…").cyan();
        }
        let mut spans: Vec<Span<'static>> = Vec::new();
        let mut taken = 0;
        for (keys, text) in self.hints {
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
}

/// Renders the keys.
pub(super) fn help() -> Vec<Row> {
    let mut rows = Vec::new();
    for (group, keys) in keys::HELP {
        rows.push(Row::plain(group.bold()));
        let row = |(keys, text): &(&str, &'static str)| Row::new([format!("  {keys:<9}").cyan()], [(*text).into()]);
        rows.extend(keys.iter().map(row));
    }
    rows
}

/// A buffer that is filled from the top.
struct Page<'b> {
    buffer: &'b mut Buffer,
    area: Rect,
    next: u16,
}

impl Page<'_> {
    /// Writes a line, cut off at the right.
    fn line(&mut self, line: &Line<'_>) {
        if self.next < self.area.height {
            self.buffer.set_line(0, self.next, line, self.area.width);
        }
        self.next += 1;
    }

    /// Writes two texts on one line. The right one is shown if it takes no more than two thirds; the left one ends before
    /// it, with a sign where it is cut off.
    fn both(&mut self, left: &Line<'_>, right: &Line<'_>) {
        let width = usize::from(self.area.width);
        let right_width = right.width();
        let shown = right_width <= width * 2 / 3;
        let room = if shown && right_width > 0 {
            width - right_width - 1
        } else {
            width
        };
        if self.next < self.area.height {
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
