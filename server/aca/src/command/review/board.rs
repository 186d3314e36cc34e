//! The picture of a review: a heading, the hunk, what was said last, and the keys.

use aca_protocol::task::TaskView;
use ratatui::Frame;
use ratatui::style::Stylize as _;
use ratatui::text::{Line, Span};

use super::about;
use super::prompt::Prompt;
use super::walk::Walk;
use crate::terminal::{Page, Said, harmless_line, hints};
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
        let mut page = Page::new(frame.buffer_mut());
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
        page.skip(room - shown.count());
        if roomy {
            page.line(&self.rule(width, room));
        }
        for line in self.said_lines(area.width) {
            page.line(&line);
        }
        match self.prompt {
            Some(prompt) => {
                let (line, cursor) = prompt.line(width);
                let y = page.next();
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
        let lines = self.said.iter().flat_map(|said| said.lines(usize::from(width)));
        let mut lines: Vec<_> = lines.collect();
        lines.truncate(MAX_SAID);
        lines
    }

    /// As many keys as fit, the most needed first.
    fn hints_line(&self, width: usize) -> Line<'static> {
        if self.busy {
            return Line::from("…").cyan();
        }
        hints(self.hints, width)
    }
}
