//! A review on a terminal: the state behind the picture, and what keys and news do to it. The loop is in `super::walk_through`.

mod wishes;

use std::path::PathBuf;

use aca_protocol::proposal::{CheckState, ProposalView};
use aca_protocol::task::TaskView;
use crossterm::event::KeyEvent;
use ratatui::text::Line;

use super::about;
use super::board::Board;
use super::cut::{self, Chosen, Cut};
use super::hunk::{self, Numbers};
use super::keys::{self, Wish};
use super::prompt::{Answered, Prompt, Purpose};
use super::requests::{Answer, Request};
use super::surroundings::Surroundings;
use super::walk::Walk;
use crate::terminal::{Row, Said, help};
use crate::words;

/// The state of a review.
pub(super) struct Session {
    root: PathBuf,
    task: TaskView,
    walk: Walk,
    mode: Mode,
    said: Vec<Said>,
    searched: String,
    scroll: usize,
    /// The columns and lines of the terminal.
    size: (u16, u16),
    /// What the current file says, by its path and the proposal's revision.
    around: Option<(String, u64, Surroundings)>,
    body: Vec<Line<'static>>,
    busy: bool,
}

/// What is shown in the middle, and who takes the keys.
enum Mode {
    Hunk,
    Help,
    About,
    Cut(Cut),
    Ask(Prompt),
}

/// What the loop has to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Todo {
    /// Nothing more than to draw.
    Draw,
    /// Draw everything anew.
    Redraw,
    /// Ask the engine.
    Ask(Request),
    /// Let the person edit a text, then [`Session::edited`].
    Edit {
        text: String,
        path: String,
        purpose: Editing,
    },
    /// Stop as a shell's job.
    Suspend,
    /// End.
    Quit { interrupted: bool },
}

/// What an edited text is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Editing {
    /// The text of a hunk.
    Hunk(aca_protocol::HunkId),
    /// A remark to the agent, with hunks to make again.
    Remark(Vec<aca_protocol::HunkId>),
}

impl Session {
    /// Begins at the first undecided hunk.
    pub(super) fn new(root: PathBuf, task: TaskView, proposal: ProposalView, file: Option<String>) -> Self {
        let mut said: Vec<Said> = Vec::new();
        if !proposal.note.is_empty() {
            said.push(Said::Warning(crate::terminal::harmless_line(&proposal.note)));
        }
        Self {
            root,
            task,
            walk: Walk::new(proposal, file),
            mode: Mode::Hunk,
            said,
            searched: String::new(),
            scroll: 0,
            size: (80, 24),
            around: None,
            body: Vec::new(),
            busy: false,
        }
    }

    /// Returns the task as it was last heard of.
    pub(super) fn task(&self) -> &TaskView {
        &self.task
    }

    /// Returns the place in the proposal.
    pub(super) fn walk(&self) -> &Walk {
        &self.walk
    }

    /// Prepares the picture for a terminal of this size, and returns it.
    pub(super) fn board(&mut self, size: (u16, u16), busy: bool) -> Board<'_> {
        self.size = size;
        self.busy = busy;
        let width = usize::from(size.0);
        let rows = self.rows();
        let mut body = Vec::new();
        let mut cursor = None;
        for (index, row) in rows.iter().enumerate() {
            if let Mode::Cut(cut) = &self.mode
                && cut.cursor() == index
            {
                cursor = Some(body.len());
            }
            body.extend(row.wrap(width));
        }
        self.body = body;
        let room = self.picture().room(size.0, size.1);
        if let Some(cursor) = cursor {
            self.scroll = self.scroll.clamp((cursor + 1).saturating_sub(room), cursor);
        }
        self.scroll = self.scroll.min(self.body.len().saturating_sub(room));
        self.picture()
    }

    fn picture(&self) -> Board<'_> {
        let hints = match (&self.mode, self.walk.current()) {
            (Mode::Help | Mode::About, _) => [("Space", "further"), ("any other key", "back")].as_slice(),
            (Mode::Cut(_), _) => cut::HINTS,
            (_, Some((_, hunk))) if hunk.state.is_conflict() => keys::CONFLICT_HINTS,
            (_, Some((_, hunk))) if !hunk.state.is_open() => keys::DECIDED_HINTS,
            _ => keys::HINTS,
        };
        Board {
            task: &self.task,
            walk: &self.walk,
            body: &self.body,
            scroll: self.scroll,
            said: &self.said,
            hints,
            prompt: match &self.mode {
                Mode::Ask(prompt) => Some(prompt),
                _ => None,
            },
            busy: self.busy,
        }
    }

    fn rows(&mut self) -> Vec<Row> {
        match &self.mode {
            Mode::Help => return help(keys::HELP),
            Mode::About => return about::rows(self.walk.proposal()),
            Mode::Cut(cut) => return cut.rows(),
            Mode::Hunk | Mode::Ask(_) => {}
        }
        let Some((file, _)) = self.walk.current() else {
            return Vec::new();
        };
        let revision = self.walk.proposal().revision;
        let known = self
            .around
            .take()
            .filter(|(path, of, _)| *path == file.path && *of == revision);
        let around = known.unwrap_or_else(|| (file.path.clone(), revision, Surroundings::read(&self.root, file)));
        let (_, _, surroundings) = self.around.insert(around);
        let Some((_, current)) = self.walk.current() else {
            return Vec::new();
        };
        let numbers = if self.size.0 < 60 {
            Numbers::Hidden
        } else {
            Numbers::Shown
        };
        hunk::rows(self.walk.proposal(), current, surroundings, numbers)
    }

    /// Takes pasted text: it never decides anything.
    pub(super) fn paste(&mut self, text: &str) {
        if let Mode::Ask(prompt) = &mut self.mode {
            prompt.paste(text);
        }
    }

    /// Takes a key.
    pub(super) fn press(&mut self, key: KeyEvent) -> Todo {
        match std::mem::replace(&mut self.mode, Mode::Hunk) {
            Mode::Hunk => match keys::wish(key) {
                Some(wish) => self.fulfil(wish),
                None => self.say(Said::Refused("This key does nothing; ? shows all keys.".into())),
            },
            Mode::Help => self.leaf(key, Mode::Help),
            Mode::About => self.leaf(key, Mode::About),
            Mode::Cut(mut cut) => match cut.press(key) {
                Chosen::Wait => {
                    self.said = vec![Said::Done(cut.words())];
                    self.mode = Mode::Cut(cut);
                    Todo::Draw
                }
                Chosen::Nothing => self.back(),
                Chosen::Lines(start, end) => {
                    self.back();
                    Todo::Ask(Request::Split {
                        hunk: cut.hunk().clone(),
                        start,
                        end,
                    })
                }
            },
            Mode::Ask(mut prompt) => match prompt.press(key) {
                Answered::Wait => {
                    self.mode = Mode::Ask(prompt);
                    Todo::Draw
                }
                Answered::Nothing => self.back(),
                Answered::Text(text) => self.answered(prompt.purpose, text),
                Answered::InEditor(text) => self.write_remark(prompt.purpose, text),
            },
        }
    }

    /// A key while something is only shown: it leafs through it, or goes back.
    fn leaf(&mut self, key: KeyEvent, mode: Mode) -> Todo {
        match keys::wish(key) {
            Some(Wish::Page(way)) => {
                self.mode = mode;
                self.page(way);
                Todo::Draw
            }
            Some(Wish::Interrupt) => Todo::Quit { interrupted: true },
            _ => self.back(),
        }
    }

    fn back(&mut self) -> Todo {
        self.mode = Mode::Hunk;
        self.said.clear();
        self.scroll = 0;
        Todo::Draw
    }

    fn say(&mut self, said: Said) -> Todo {
        self.said = vec![said];
        Todo::Draw
    }

    fn show(&mut self, mode: Mode) -> Todo {
        self.said.clear();
        self.scroll = 0;
        self.mode = mode;
        Todo::Draw
    }

    /// Takes what came out of the editor.
    pub(super) fn edited(&mut self, before: &str, edited: Result<Option<String>, String>, purpose: Editing) -> Todo {
        let text = match edited {
            Ok(Some(text)) => text,
            Ok(None) => return self.say(Said::Refused("The editor failed. Nothing was changed.".into())),
            Err(error) => return self.say(Said::Refused(error)),
        };
        match purpose {
            Editing::Hunk(_) if text == before => self.say(Said::Done("Nothing was changed.".into())),
            Editing::Hunk(hunk) if text.is_empty() => {
                let question = "Put nothing into the file? y/n";
                self.show(Mode::Ask(Prompt::new(Purpose::Empty(hunk), question)))
            }
            Editing::Hunk(hunk) => Todo::Ask(Request::Amend {
                hunk,
                text: super::editor::with_last_line_end(text, before),
            }),
            Editing::Remark(redo) if redo.is_empty() && text.trim().is_empty() => {
                self.say(Said::Refused("The remark is empty. Nothing was sent.".into()))
            }
            Editing::Remark(redo) => Todo::Ask(Request::SendBack {
                remark: text.trim().to_owned(),
                redo,
            }),
        }
    }

    /// Takes an answer of the engine.
    pub(super) fn take(&mut self, answer: Answer) {
        if let Some(task) = answer.task {
            self.hear(task);
        }
        if let Some(proposal) = answer.proposal {
            self.update(proposal);
        }
        self.said = answer.said;
        if answer.advance {
            let before = self.walk.position();
            self.walk.advance();
            if self.walk.position() != before {
                self.scroll = 0;
            }
            if self.walk.left() == 0 {
                self.said.push(Said::Done(
                    "Every hunk is decided. q quits, u takes the last landing back.".into(),
                ));
            }
        }
        if let Some((command, selection)) = answer.confirm
            && let Some(line) = command.command
        {
            let from = command.from.map(|from| format!(" (from {from})")).unwrap_or_default();
            let told = format!("The check of this project: {line}{from}. It runs in a sandbox.");
            let prompt = Prompt::new(Purpose::RunCheck(line, selection), "Run it, now and from now on? y/n");
            self.said = vec![Said::Warning(crate::terminal::harmless_line(&told))];
            self.mode = Mode::Ask(prompt);
        }
    }

    /// Takes news of the proposal that this review did not make.
    pub(super) fn refresh(&mut self, proposal: ProposalView) {
        let shown = self.walk.proposal();
        if proposal.revision <= shown.revision && proposal.round == shown.round {
            return;
        }
        let (round, was_running) = (shown.round, is_running(shown));
        let (landed, rejected) = self.update(proposal);
        if self.walk.proposal().round != round {
            self.walk.restart();
            self.scroll = 0;
        }
        // While something is asked, that is most likely what decided them.
        let is_elsewhere = !self.busy;
        let shown = self.walk.proposal();
        let mut news = Vec::new();
        if shown.round != round {
            news.push(Said::Done(format!("This is round {}.", shown.round)));
        } else if is_elsewhere && landed + rejected > 0 {
            news.push(Said::Warning(format!(
                "Decided elsewhere: {landed} landed, {rejected} rejected."
            )));
        }
        if let Some(check) = shown.check.as_ref().filter(|_| was_running && !is_running(shown)) {
            let words = crate::terminal::harmless_line(&words::check(check));
            news.push(match check.state {
                CheckState::Passed => Said::Done(words),
                _ => Said::Refused(format!("{words}; i shows what it found.")),
            });
        }
        if !news.is_empty() {
            self.said = news;
        }
    }

    /// Takes news of the task.
    pub(super) fn hear(&mut self, task: TaskView) {
        if task.id == self.task.id && task.revision >= self.task.revision {
            self.task = task;
        }
    }

    /// Takes over a proposal. What was being chosen in a hunk that is no more is given up.
    fn update(&mut self, proposal: ProposalView) -> (usize, usize) {
        let decided = self.walk.update(proposal);
        if let Mode::Cut(cut) = &self.mode
            && words::find(self.walk.proposal(), cut.hunk()).is_none()
        {
            self.mode = Mode::Hunk;
        }
        decided
    }
}

fn is_running(proposal: &ProposalView) -> bool {
    proposal
        .check
        .as_ref()
        .is_some_and(|check| check.state == CheckState::Running)
}
