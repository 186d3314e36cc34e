//! What a key asks for, carried out: moves at once, everything else as a request to the server.

use aca_protocol::proposal::{Decision, HunkState, Resolution, Selection};

use super::super::cut::Cut;
use super::super::keys::{Scope, Wish};
use super::super::prompt::{Prompt, Purpose};
use super::super::requests::Request;
use super::super::walk::{Walk, Way};
use super::{Editing, Mode, Session, Todo};
use crate::terminal::Said;

impl Session {
    pub(super) fn fulfil(&mut self, wish: Wish) -> Todo {
        match wish {
            Wish::Step(way) => self.go(|walk| walk.step(way)),
            Wish::StepFile(way) => self.go(|walk| walk.step_file(way)),
            Wish::End(way) => self.go(|walk| walk.go_to_end(way)),
            Wish::Page(way) => {
                self.page(way);
                Todo::Draw
            }
            Wish::Search => self.show(Mode::Ask(Prompt::new(Purpose::Search, "/"))),
            Wish::Find(way) => self.find(way),
            Wish::Help => self.show(Mode::Help),
            Wish::About => self.show(Mode::About),
            Wish::Redraw => Todo::Redraw,
            Wish::Suspend => Todo::Suspend,
            Wish::Quit => Todo::Quit { interrupted: false },
            Wish::Interrupt => Todo::Quit { interrupted: true },
            Wish::Undo => Todo::Ask(Request::Undo { redo: false }),
            Wish::Redo => Todo::Ask(Request::Undo { redo: true }),
            Wish::SendBack => self.ask_remark(Vec::new()),
            Wish::Check(scope) => self.selection(scope).map_or(Todo::Draw, |selection| {
                Todo::Ask(Request::Check {
                    selection,
                    confirmed: None,
                })
            }),
            Wish::Decide(decision, scope) => self.decide(decision, scope, None),
            Wish::Resolve(resolution) => self.resolve(resolution),
            Wish::Edit | Wish::Split | Wish::Join | Wish::AskAgain => self.change(wish),
        }
    }

    fn decide(&mut self, decision: Decision, scope: Scope, resolution: Option<Resolution>) -> Todo {
        let Some((_, hunk)) = self.walk.current() else {
            return Todo::Draw;
        };
        let state = hunk.state.clone();
        let refusal = match (decision, scope, &state) {
            (Decision::Reopen, Scope::Hunk, state) if state.is_open() => Some("This hunk is not decided."),
            (Decision::Accept, Scope::Hunk, state) if state.is_conflict() && resolution.is_none() => Some(
                "You changed the same lines: m keeps yours, t takes the agent's, o takes both, d asks the agent again.",
            ),
            (Decision::Accept | Decision::Reject, Scope::Hunk, HunkState::Landed) => {
                Some("This hunk has landed; u takes the last landing back.")
            }
            (Decision::Accept | Decision::Reject, Scope::Hunk, HunkState::Rejected) => {
                Some("This hunk is rejected; b brings it back.")
            }
            _ => None,
        };
        if let Some(refusal) = refusal {
            return self.say(Said::Refused(refusal.into()));
        }
        let Some(selection) = self.selection(scope) else {
            return Todo::Draw;
        };
        Todo::Ask(Request::Decide {
            decision,
            selection,
            resolution,
            seen: self.walk.proposal().revision,
        })
    }

    fn resolve(&mut self, resolution: Option<Resolution>) -> Todo {
        match self.walk.current() {
            Some((_, hunk)) if hunk.state.is_conflict() => match resolution {
                None => self.decide(Decision::Reject, Scope::Hunk, None),
                some => self.decide(Decision::Accept, Scope::Hunk, some),
            },
            _ => self.say(Said::Refused(
                "There is no conflict here: a accepts the hunk, r rejects it.".into(),
            )),
        }
    }

    /// Changes the current hunk, which must be undecided.
    fn change(&mut self, wish: Wish) -> Todo {
        let Some((file, hunk)) = self.walk.current() else {
            return Todo::Draw;
        };
        if !hunk.state.is_open() {
            return self.say(Said::Refused(
                "This hunk is decided; b or u make it undecided again.".into(),
            ));
        }
        match wish {
            Wish::Edit => Todo::Edit {
                text: hunk.new.clone(),
                path: file.path.clone(),
                purpose: Editing::Hunk(hunk.id.clone()),
            },
            Wish::AskAgain => {
                let hunk = hunk.id.clone();
                self.ask_remark(vec![hunk])
            }
            Wish::Join => match self.walk.neighbours() {
                Some(hunks) => Todo::Ask(Request::Join { hunks }),
                None => self.say(Said::Refused("No hunk of this file comes after this one.".into())),
            },
            _ => match Cut::new(hunk) {
                Some(cut) => {
                    let words = cut.words();
                    self.show(Mode::Cut(cut));
                    self.say(Said::Done(words))
                }
                None => self.say(Said::Refused("A hunk of one line cannot be split.".into())),
            },
        }
    }

    /// Returns what a scope means now.
    fn selection(&self, scope: Scope) -> Option<Selection> {
        let (file, hunk) = self.walk.current()?;
        Some(match scope {
            Scope::Hunk => Selection::Hunks {
                ids: vec![hunk.id.clone()],
            },
            Scope::File => Selection::File {
                path: file.path.clone(),
            },
            Scope::All if self.walk.is_narrowed() => Selection::File {
                path: file.path.clone(),
            },
            Scope::All => Selection::All,
        })
    }

    fn go(&mut self, step: impl FnOnce(&mut Walk)) -> Todo {
        step(&mut self.walk);
        self.said.clear();
        self.scroll = 0;
        Todo::Draw
    }

    pub(super) fn page(&mut self, way: Way) {
        let room = self.picture().room(self.size.0, self.size.1);
        let page = room.saturating_sub(2).max(1);
        self.scroll = match way {
            Way::Forward => self.scroll.saturating_add(page),
            Way::Back => self.scroll.saturating_sub(page),
        };
    }

    fn find(&mut self, way: Way) -> Todo {
        if self.searched.is_empty() {
            return self.show(Mode::Ask(Prompt::new(Purpose::Search, "/")));
        }
        self.scroll = 0;
        let searched = self.searched.clone();
        if self.walk.search(&searched, way) {
            self.said.clear();
            return Todo::Draw;
        }
        self.say(Said::Refused(format!("No hunk has `{searched}` in it.")))
    }

    fn ask_remark(&mut self, redo: Vec<aca_protocol::HunkId>) -> Todo {
        let label = if redo.is_empty() {
            "Remark (Enter alone: in $EDITOR):"
        } else {
            "Remark, if any:"
        };
        self.show(Mode::Ask(Prompt::new(Purpose::Remark(redo), label)))
    }

    pub(super) fn answered(&mut self, purpose: Purpose, text: String) -> Todo {
        self.back();
        match purpose {
            Purpose::Search => {
                if !text.is_empty() {
                    self.searched = text;
                }
                self.find(Way::Forward)
            }
            Purpose::Remark(redo) if redo.is_empty() && text.trim().is_empty() => {
                self.write_remark(Purpose::Remark(redo), text)
            }
            Purpose::Remark(redo) => Todo::Ask(Request::SendBack { remark: text, redo }),
            Purpose::RunCheck(command, selection) => Todo::Ask(Request::Check {
                selection,
                confirmed: Some(command),
            }),
            Purpose::Empty(hunk) => Todo::Ask(Request::Amend {
                hunk,
                text: String::new(),
            }),
        }
    }

    pub(super) fn write_remark(&mut self, purpose: Purpose, text: String) -> Todo {
        self.back();
        match purpose {
            Purpose::Remark(redo) => Todo::Edit {
                text,
                path: "remark.md".into(),
                purpose: Editing::Remark(redo),
            },
            _ => Todo::Draw,
        }
    }
}
