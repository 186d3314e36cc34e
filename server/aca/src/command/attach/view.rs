//! A person watching a task: what is shown, what is typed, and what each key leads to. It does no IO.

use aca_protocol::methods::{TranscriptChangedParams, TranscriptParams, TranscriptResult};
use aca_protocol::session::Recovery;
use aca_protocol::task::{TaskState, TaskView};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::keys::{self, Wish};
use super::requests::{Answer, Request};
use super::round::Rounds;
use crate::terminal::{Said, Typed, Typing};

/// What is to be done after a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Todo {
    /// Nothing but to draw.
    Draw,
    /// Draw everything anew.
    Redraw,
    /// Ask the engine.
    Ask(Request),
    /// Stop the process, as a shell's job.
    Suspend,
    /// Review the task's proposal.
    Review,
    /// Leave; the work goes on.
    Detach,
}

/// What the keys are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mode {
    /// Commands.
    Keys,
    /// What is typed is for the agent.
    Tell,
    /// What is typed is searched.
    Search,
    /// A question with an answer of one key.
    Ask(Question),
    /// The keys are shown.
    Help,
}

/// A question with an answer of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// Whether to stop the task.
    Stop,
    /// How the task goes on.
    Recover,
}

/// What is shown, and what is typed.
#[derive(Debug)]
pub(super) struct View {
    pub(super) task: TaskView,
    pub(super) rounds: Rounds,
    pub(super) mode: Mode,
    pub(super) words: Typing,
    pub(super) search: Typing,
    /// What was searched last.
    pub(super) searched: String,
    /// Which entry has it, until one moves.
    found: Option<usize>,
    pub(super) said: Option<Said>,
    /// Whether something is asked and not answered yet.
    pub(super) busy: bool,
    /// Whether the person has said to stop before the last wish was answered.
    pub(super) stop_next: bool,
}

impl View {
    /// Begins to watch a task.
    pub(super) fn new(task: TaskView) -> Self {
        Self {
            rounds: Rounds::new(task.id.clone()),
            task,
            mode: Mode::Keys,
            words: Typing::default(),
            search: Typing::default(),
            searched: String::new(),
            found: None,
            said: None,
            busy: false,
            stop_next: false,
        }
    }

    /// Whether time alone changes what is shown.
    pub(super) fn is_at_work(&self) -> bool {
        !self.task.state.is_settled()
    }

    /// Takes a newer view of the task.
    pub(super) fn hear(&mut self, task: TaskView) {
        if task.id == self.task.id && task.revision >= self.task.revision {
            self.rounds.look(&task);
            self.task = task;
        }
    }

    /// Takes news of the transcript.
    pub(super) fn hear_more(&mut self, news: &TranscriptChangedParams) {
        if news.task == self.task.id {
            self.rounds.hear(news);
        }
    }

    /// Takes a piece of the transcript, or why there is none.
    pub(super) fn take(&mut self, asked: &TranscriptParams, result: Result<TranscriptResult, String>) {
        match result {
            Ok(result) => self.rounds.take(asked, result),
            Err(reason) => {
                self.rounds.give_up();
                self.said = Some(Said::Refused(reason));
            }
        }
    }

    /// Takes the answer to what was asked; returns what is to be done now.
    pub(super) fn answer(&mut self, answer: Answer) -> Todo {
        self.busy = false;
        if let Some(task) = answer.task {
            self.hear(task);
        }
        self.said = Some(answer.said);
        if std::mem::take(&mut self.stop_next) && self.is_at_work() {
            return self.ask(Request::Stop);
        }
        Todo::Draw
    }

    /// Takes pasted text: it is typed to the agent, unless something else is being typed.
    pub(super) fn paste(&mut self, text: &str) {
        match self.mode {
            Mode::Search => self.search.paste(text),
            Mode::Tell => self.words.paste(text),
            Mode::Keys => {
                self.begin_to_type();
                if self.mode == Mode::Tell {
                    self.words.paste(text);
                }
            }
            Mode::Ask(_) | Mode::Help => {}
        }
    }

    /// Takes a key.
    pub(super) fn press(&mut self, key: KeyEvent) -> Todo {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match (&self.mode, key.code) {
            (_, KeyCode::Char('z')) if control => Todo::Suspend,
            (_, KeyCode::Char('l')) if control => Todo::Redraw,
            (_, KeyCode::Char('c')) if control => Todo::Detach,
            (Mode::Tell, KeyCode::Char('d')) if control && self.words.is_empty() => Todo::Detach,
            (Mode::Tell, KeyCode::PageUp) => self.page(false),
            (Mode::Tell, KeyCode::PageDown) => self.page(true),
            (Mode::Tell, _) => self.type_words(key),
            (Mode::Search, _) => self.type_search(key),
            (Mode::Ask(question), code) => self.decide(*question, code),
            (Mode::Help, _) => {
                self.mode = Mode::Keys;
                Todo::Draw
            }
            (Mode::Keys, _) => {
                self.said = None;
                match keys::wish(key) {
                    Some(wish) => self.fulfil(wish),
                    None => self.refuse("This key does nothing; ? shows all keys."),
                }
            }
        }
    }

    fn fulfil(&mut self, wish: Wish) -> Todo {
        if !matches!(wish, Wish::Find { .. }) {
            self.found = None;
        }
        match wish {
            Wish::Type => self.begin_to_type(),
            Wish::Hold => return self.hold(),
            Wish::Stop if self.is_at_work() => self.mode = Mode::Ask(Question::Stop),
            Wish::Stop => return self.refuse("It is not at work."),
            Wish::Review if matches!(self.task.state, TaskState::Ready { .. }) => return Todo::Review,
            Wish::Review if self.is_at_work() => return self.refuse("It is not ready for review yet."),
            Wish::Review => return self.refuse("There is nothing to review."),
            Wish::Recover if self.task.recovery.is_empty() => {
                return self.refuse("It ended with a result, or has not ended.");
            }
            Wish::Recover => self.mode = Mode::Ask(Question::Recover),
            Wish::Fold => {
                let round = self.rounds.shown_mut();
                round.pane.fold(&round.transcript);
            }
            Wish::Scroll(lines) => {
                let round = self.rounds.shown_mut();
                round.pane.scroll(&round.transcript, lines);
            }
            Wish::Page { down } => return self.page(down),
            Wish::Beginning => {
                let round = self.rounds.shown_mut();
                round.pane.rewind(&round.transcript);
            }
            Wish::End => self.rounds.shown_mut().pane.follow(),
            Wish::Round { later } => {
                if !self.rounds.step(later) {
                    return self.refuse(if later {
                        "This is the newest round."
                    } else {
                        "This is the first round."
                    });
                }
            }
            Wish::Search => self.mode = Mode::Search,
            Wish::Find { forward } => return self.find(forward),
            Wish::Help => self.mode = Mode::Help,
            Wish::Redraw => return Todo::Redraw,
            Wish::Suspend => return Todo::Suspend,
            Wish::Detach => return Todo::Detach,
        }
        Todo::Draw
    }

    fn page(&mut self, down: bool) -> Todo {
        let round = self.rounds.shown_mut();
        round.pane.page(&round.transcript, down);
        Todo::Draw
    }

    /// What an agent that has finished is told begins the next round.
    fn begin_to_type(&mut self) {
        match self.task.state {
            TaskState::Stopping => drop(self.refuse("It is being stopped.")),
            TaskState::Stopped | TaskState::Failed { .. } | TaskState::Lost { .. } => {
                let how = if self.task.recovery.is_empty() {
                    ""
                } else {
                    " c has it go on."
                };
                drop(self.refuse(&format!("Its agent hears nothing any more.{how}")));
            }
            _ => self.mode = Mode::Tell,
        }
    }

    fn hold(&mut self) -> Todo {
        match self.task.state {
            TaskState::Running { .. } => self.ask(Request::Pause),
            TaskState::Paused => self.ask(Request::Resume),
            _ => self.refuse("Only an agent that is running can be held."),
        }
    }

    fn decide(&mut self, question: Question, code: KeyCode) -> Todo {
        let KeyCode::Char(letter) = code else {
            if code == KeyCode::Esc {
                self.mode = Mode::Keys;
            }
            return Todo::Draw;
        };
        let request = match question {
            Question::Stop => matches!(letter, 'y' | 'Y').then_some(Request::Stop),
            Question::Recover => {
                let ways = self.task.recovery.iter();
                let way = ways.copied().find(|way| recovery_key(*way).0 == letter);
                way.map(Request::Recover)
            }
        };
        match request {
            Some(request) => {
                self.mode = Mode::Keys;
                self.ask(request)
            }
            None => {
                if matches!(letter, 'n' | 'N' | 'q') {
                    self.mode = Mode::Keys;
                }
                Todo::Draw
            }
        }
    }

    fn type_words(&mut self, key: KeyEvent) -> Todo {
        match self.words.press(key) {
            Typed::More => Todo::Draw,
            Typed::GivenUp => {
                self.mode = Mode::Keys;
                Todo::Draw
            }
            Typed::Done(text) => {
                self.mode = Mode::Keys;
                if text.trim().is_empty() {
                    return Todo::Draw;
                }
                self.rounds.shown_mut().pane.follow();
                if self.is_at_work() {
                    self.ask(Request::Tell(text))
                } else {
                    self.ask(Request::SendBack(text))
                }
            }
        }
    }

    fn type_search(&mut self, key: KeyEvent) -> Todo {
        match self.search.press(key) {
            Typed::More => Todo::Draw,
            Typed::GivenUp => {
                self.mode = Mode::Keys;
                Todo::Draw
            }
            Typed::Done(text) => {
                self.mode = Mode::Keys;
                if !text.is_empty() {
                    self.searched = text;
                    self.found = None;
                }
                // What is nearest to the end is what one remembers.
                self.find(!self.rounds.shown().pane.follows())
            }
        }
    }

    fn find(&mut self, forward: bool) -> Todo {
        if self.searched.is_empty() {
            return self.refuse("Nothing was searched yet; / searches.");
        }
        let searched = self.searched.clone();
        let round = self.rounds.shown_mut();
        let from = match self.found {
            Some(found) => found,
            None if round.pane.follows() && !forward => round.transcript.len(),
            None => round.pane.first(&round.transcript),
        };
        match round.transcript.find(&searched, from, forward) {
            Some(entry) => {
                self.found = Some(entry);
                round.pane.go_to(&round.transcript, entry);
                Todo::Draw
            }
            None => {
                let way = if forward { "further down" } else { "further up" };
                self.refuse(&format!(
                    "`{}` is not {way}.",
                    crate::terminal::harmless_line(&searched)
                ))
            }
        }
    }

    fn ask(&mut self, request: Request) -> Todo {
        if self.busy && request == Request::Stop {
            // Somebody who says this must not have to say it again.
            self.stop_next = true;
            self.said = Some(Said::Done("It is stopped next.".into()));
            return Todo::Draw;
        }
        if self.busy {
            return self.refuse("The last wish is not answered yet.");
        }
        self.busy = true;
        Todo::Ask(request)
    }

    fn refuse(&mut self, why: &str) -> Todo {
        self.said = Some(Said::Refused(why.into()));
        Todo::Draw
    }
}

/// The key for a way to go on, and what it means.
pub(crate) fn recovery_key(way: Recovery) -> (char, &'static str) {
    match way {
        Recovery::Continue => ('c', "go on with the conversation and the work"),
        Recovery::Again => ('a', "begin again"),
        Recovery::Take => ('t', "take what it had made"),
    }
}
