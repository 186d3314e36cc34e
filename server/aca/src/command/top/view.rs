//! A person at `aca top`: what is shown, which task is chosen, and what each key leads to. It does no IO.

use aca_protocol::TaskId;
use aca_protocol::task::{TaskState, TaskView};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Style, Stylize as _};
use ratatui::text::Line;

use super::list::{self, COLUMNS, Order};
use super::overview::Overview;
use crate::command::attach::{Answer, Request, recovery_key};
use crate::terminal::{Page, Said, Typed, Typing, cut, harmless_line, help, hints, table};

/// What is to be done after a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Todo {
    /// Nothing but to draw.
    Draw,
    /// Draw everything anew.
    Redraw,
    /// Ask the engine about a task.
    Ask(TaskId, Request),
    /// Watch a task.
    Attach(TaskId),
    /// Review a task.
    Review(TaskId),
    /// Stop the process, as a shell's job.
    Suspend,
    /// End.
    Quit,
}

/// What the keys are for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Mode {
    Keys,
    Filter,
    Help,
    /// Whether to stop this task.
    Stop(TaskId),
    /// How this task goes on.
    Recover(TaskId),
}

/// What is shown.
#[derive(Debug)]
pub(super) struct View {
    pub(super) overview: Overview,
    chosen: Option<TaskId>,
    order: Order,
    filter: Typing,
    mode: Mode,
    said: Option<Said>,
    /// How many rows are above the first one shown.
    scroll: usize,
    /// How many rows were shown last.
    room: usize,
}

impl View {
    /// Begins with the first task chosen.
    pub(super) fn new(overview: Overview) -> Self {
        Self {
            overview,
            chosen: None,
            order: Order::default(),
            filter: Typing::default(),
            mode: Mode::Keys,
            said: None,
            scroll: 0,
            room: 1,
        }
    }

    /// Takes the answer to what was asked.
    pub(super) fn answer(&mut self, answer: Answer) {
        if let Some(task) = answer.task {
            self.overview.hear(task);
        }
        self.said = Some(answer.said);
    }

    /// Says something.
    pub(super) fn say(&mut self, said: Said) {
        self.said = Some(said);
    }

    fn tasks(&self) -> Vec<&TaskView> {
        list::tasks(&self.overview, self.order, self.filter.text())
    }

    /// The task that is chosen, and its place; the first if none is.
    fn chosen(&self) -> Option<(usize, &TaskView)> {
        let tasks = self.tasks();
        let at = tasks.iter().position(|task| Some(&task.id) == self.chosen.as_ref());
        let at = at.unwrap_or(0);
        tasks.get(at).map(|task| (at, *task))
    }

    /// Takes pasted text: it is part of the filter.
    pub(super) fn paste(&mut self, text: &str) {
        if self.mode == Mode::Filter {
            self.filter.paste(text);
        }
    }

    /// Takes a key.
    pub(super) fn press(&mut self, key: KeyEvent) -> Todo {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            match key.code {
                KeyCode::Char('c' | 'd') => return Todo::Quit,
                KeyCode::Char('z') => return Todo::Suspend,
                KeyCode::Char('l') => return Todo::Redraw,
                _ => {}
            }
        }
        match self.mode.clone() {
            Mode::Keys => self.command(key.code),
            Mode::Help => self.back(),
            Mode::Filter => {
                match self.filter.press(key) {
                    Typed::More => {}
                    Typed::Done(text) => {
                        // What is typed stays the filter.
                        self.filter.paste(&text);
                        self.mode = Mode::Keys;
                    }
                    Typed::GivenUp => {
                        self.filter = Typing::default();
                        self.mode = Mode::Keys;
                    }
                }
                Todo::Draw
            }
            Mode::Stop(task) => match key.code {
                KeyCode::Char('y' | 'Y') => {
                    self.mode = Mode::Keys;
                    Todo::Ask(task, Request::Stop)
                }
                KeyCode::Char('n' | 'N' | 'q') | KeyCode::Esc => self.back(),
                _ => Todo::Draw,
            },
            Mode::Recover(task) => {
                let ways = self.overview.tasks.get(&task).map(|task| task.recovery.clone());
                let way = ways.unwrap_or_default().into_iter();
                let mut way = way.filter(|way| key.code == KeyCode::Char(recovery_key(*way).0));
                match way.next() {
                    Some(way) => {
                        self.mode = Mode::Keys;
                        Todo::Ask(task, Request::Recover(way))
                    }
                    None if matches!(key.code, KeyCode::Esc | KeyCode::Char('q' | 'n')) => self.back(),
                    None => Todo::Draw,
                }
            }
        }
    }

    fn back(&mut self) -> Todo {
        self.mode = Mode::Keys;
        Todo::Draw
    }

    fn command(&mut self, code: KeyCode) -> Todo {
        self.said = None;
        match code {
            KeyCode::Char('q') => return Todo::Quit,
            KeyCode::Esc if !self.filter.is_empty() => self.filter = Typing::default(),
            KeyCode::Char('?') => self.mode = Mode::Help,
            KeyCode::Char('/') => self.mode = Mode::Filter,
            KeyCode::Char('o') => self.order = self.order.next(),
            KeyCode::Char('j') | KeyCode::Down => self.step(1),
            KeyCode::Char('k') | KeyCode::Up => self.step(-1),
            KeyCode::PageDown | KeyCode::Char(' ') => self.step(isize::try_from(self.room).unwrap_or(1)),
            KeyCode::PageUp | KeyCode::Char('b') => self.step(-isize::try_from(self.room).unwrap_or(1)),
            KeyCode::Home | KeyCode::Char('g') => self.step(isize::MIN),
            KeyCode::End | KeyCode::Char('G') => self.step(isize::MAX),
            _ => return self.about_chosen(code),
        }
        Todo::Draw
    }

    fn about_chosen(&mut self, code: KeyCode) -> Todo {
        let is_known = matches!(code, KeyCode::Enter | KeyCode::Char('r' | 'p' | 's' | 'c'));
        if !is_known {
            return self.refuse("This key does nothing; ? shows all keys.");
        }
        let Some((_, task)) = self.chosen() else {
            return self.refuse("No task is chosen.");
        };
        let (id, state) = (task.id.clone(), task.state.clone());
        let can_recover = !task.recovery.is_empty();
        match code {
            KeyCode::Enter => Todo::Attach(id),
            KeyCode::Char('r') if matches!(state, TaskState::Ready { .. }) => Todo::Review(id),
            KeyCode::Char('r') => self.refuse("It does not wait for review."),
            KeyCode::Char('p') => match state {
                TaskState::Running { .. } => Todo::Ask(id, Request::Pause),
                TaskState::Paused => Todo::Ask(id, Request::Resume),
                _ => self.refuse("Only an agent that is running can be held."),
            },
            KeyCode::Char('s') if state.is_settled() => self.refuse("It is not at work."),
            KeyCode::Char('s') => {
                self.mode = Mode::Stop(id);
                Todo::Draw
            }
            KeyCode::Char('c') if can_recover => {
                self.mode = Mode::Recover(id);
                Todo::Draw
            }
            _ => self.refuse("It ended with a result, or has not ended."),
        }
    }

    fn refuse(&mut self, why: &str) -> Todo {
        self.said = Some(Said::Refused(why.into()));
        Todo::Draw
    }

    fn step(&mut self, by: isize) {
        let at = self.chosen().map_or(0, |(at, _)| at);
        let tasks = self.tasks();
        let to = at.saturating_add_signed(by).min(tasks.len().saturating_sub(1));
        self.chosen = tasks.get(to).map(|task| task.id.clone());
    }

    /// Draws it all. `now_ms` is the time, in milliseconds since the Unix epoch.
    pub(super) fn draw(&mut self, frame: &mut Frame<'_>, now_ms: u64) {
        let area = frame.area();
        let width = usize::from(area.width);
        let said = self.said.as_ref().map(|said| said.lines(width)).unwrap_or_default();
        let problems = &self.overview.status.problems;
        let problem = problems.first().map(|problem| {
            let more = problems.len() - 1;
            let more = if more > 0 {
                format!(" (and {more} more: aca status)")
            } else {
                String::new()
            };
            Line::from(cut(&format!("! {}{more}", harmless_line(problem)), width)).yellow()
        });
        let taken = 3 + usize::from(problem.is_some()) + said.len();
        self.room = usize::from(area.height).saturating_sub(taken).max(1);
        let chosen = self.chosen().map(|(at, task)| (at, task.id.clone()));
        let at = chosen.as_ref().map_or(0, |(at, _)| *at);
        self.chosen = chosen.map(|(_, id)| id);
        self.scroll = self.scroll.min(at).max((at + 1).saturating_sub(self.room));
        self.scroll = self.scroll.min(self.tasks().len().saturating_sub(self.room));
        let tasks = self.tasks();
        let rows: Vec<_> = tasks
            .iter()
            .map(|task| list::cells(&self.overview, task, now_ms))
            .collect();
        let (heading, lines) = table(COLUMNS, &rows, Some(width));

        let mut page = Page::new(frame.buffer_mut());
        let order = format!("by {}", self.order.name());
        page.both(
            &Line::from(self.overview.sums().join(" · ")).bold(),
            &Line::from(order).dim(),
        );
        if let Some(problem) = &problem {
            page.line(problem);
        }
        // Above the help, or above nothing, it would be a heading of nothing.
        let has_table = self.mode != Mode::Help && !lines.is_empty();
        page.line(&if has_table { heading.dim() } else { Line::default() });
        let top = page.next();
        let mut shown = 0;
        if self.mode == Mode::Help {
            for line in help(HELP).iter().flat_map(|row| row.wrap(width)).take(self.room) {
                page.line(&line);
                shown += 1;
            }
        } else if lines.is_empty() {
            page.line(&Line::from(self.nothing()).dim());
            shown = 1;
        } else {
            for line in lines.iter().skip(self.scroll).take(self.room) {
                page.line(line);
                shown += 1;
            }
        }
        page.skip(self.room - shown);
        for line in &said {
            page.line(line);
        }
        let y = page.next();
        let (line, cursor) = self.bottom(width);
        page.line(&line);
        if has_table {
            let row = top + u16::try_from(at - self.scroll).unwrap_or(0);
            let bar = Rect::new(0, row, area.width, 1).intersection(area);
            frame.buffer_mut().set_style(bar, Style::new().reversed());
        }
        if let Some(cursor) = cursor {
            frame.set_cursor_position((cursor, y));
        }
    }

    fn nothing(&self) -> &'static str {
        if self.filter.is_empty() {
            "Nothing is at work and nothing waits. Begin with: aca run \"what to do\""
        } else {
            "No task has these words; Esc shows all."
        }
    }

    fn bottom(&self, width: usize) -> (Line<'static>, Option<u16>) {
        match &self.mode {
            Mode::Filter => {
                let (line, cursor) = self.filter.line("only with ▸ ", width);
                (line, Some(cursor))
            }
            Mode::Stop(task) => (
                Line::from(format!("Stop {task}? What it did so far is kept. y/n")).bold(),
                None,
            ),
            Mode::Recover(task) => {
                let ways = self.overview.tasks.get(task).map(|task| task.recovery.clone());
                let ways: Vec<String> = ways
                    .unwrap_or_default()
                    .into_iter()
                    .map(|way| {
                        let (key, means) = recovery_key(way);
                        format!("{key} {means}")
                    })
                    .collect();
                (Line::from(format!("{}; Esc leaves it", ways.join(", "))).bold(), None)
            }
            Mode::Help => (Line::from("any key goes back").dim(), None),
            Mode::Keys => (hints(&self.keys_now(), width), None),
        }
    }

    /// The keys that matter now, the most needed first.
    fn keys_now(&self) -> Vec<(&'static str, &'static str)> {
        let mut keys = Vec::new();
        if let Some((_, task)) = self.chosen() {
            keys.push(("Enter", "watch"));
            match task.state {
                TaskState::Ready { .. } => keys.push(("r", "review")),
                TaskState::Running { .. } => keys.extend([("p", "hold"), ("s", "stop")]),
                TaskState::Paused => keys.extend([("p", "go on"), ("s", "stop")]),
                _ if !task.state.is_settled() => keys.push(("s", "stop")),
                _ => {}
            }
            if !task.recovery.is_empty() {
                keys.push(("c", "go on"));
            }
        }
        if !self.filter.is_empty() {
            keys.push(("Esc", "all tasks"));
        }
        keys.extend([("/", "filter"), ("o", "order"), ("?", "all keys"), ("q", "quit")]);
        keys
    }
}

/// Every key, in groups.
const HELP: &[(&str, &[(&str, &str)])] = &[
    (
        "The chosen task",
        &[
            ("Enter", "watch it, and type to its agent"),
            ("r", "review it"),
            ("p", "hold it; let it go on"),
            ("s", "stop it"),
            ("c", "have it go on that was lost, stopped or failed"),
        ],
    ),
    (
        "The list",
        &[
            ("j  k", "down, up; also the arrows; Space and b by a page"),
            ("/", "show only what has these words: of title, state, workspace"),
            ("o", "order by state, last change, cost, name"),
            ("Esc", "show all again"),
        ],
    ),
    (
        "And",
        &[
            ("?", "this help"),
            ("q", "quit; everything goes on"),
            ("Ctrl-Z", "suspend"),
        ],
    ),
];
