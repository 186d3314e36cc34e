//! A question with an answer of one line.

use aca_protocol::HunkId;
use aca_protocol::proposal::Selection;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Stylize as _;
use ratatui::text::{Line, Span};

/// What an answer is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A text to search.
    Search,
    /// A remark to the agent, with hunks to make again.
    Remark(Vec<HunkId>),
    /// Whether the check command may be run.
    RunCheck(String, Selection),
    /// Whether a hunk is to put nothing into the file.
    Empty(HunkId),
}

/// A question and the answer as far as it is typed.
#[derive(Debug)]
pub(super) struct Prompt {
    /// What the answer is for.
    pub(super) purpose: Purpose,
    label: String,
    text: String,
}

/// What a key led to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answered {
    /// Nothing yet.
    Wait,
    /// The answer, perhaps empty; to a question of yes or no it is yes.
    Text(String),
    /// The person wants to write it in an editor; this much is typed.
    InEditor(String),
    /// It was given up, or answered with no.
    Nothing,
}

impl Prompt {
    /// Asks.
    pub(super) fn new(purpose: Purpose, label: impl Into<String>) -> Self {
        Self {
            purpose,
            label: label.into(),
            text: String::new(),
        }
    }

    /// Takes a key.
    pub(super) fn press(&mut self, key: KeyEvent) -> Answered {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => return Answered::Nothing,
            KeyCode::Char('c') if control => return Answered::Nothing,
            KeyCode::Char(answer) if self.is_yes_or_no() => {
                return match answer {
                    'y' | 'Y' => Answered::Text(String::new()),
                    'n' | 'N' | 'q' => Answered::Nothing,
                    _ => Answered::Wait,
                };
            }
            KeyCode::Enter if self.is_yes_or_no() => return Answered::Wait,
            KeyCode::Enter => return Answered::Text(std::mem::take(&mut self.text)),
            KeyCode::Char('e') if control && matches!(self.purpose, Purpose::Remark(_)) => {
                return Answered::InEditor(std::mem::take(&mut self.text));
            }
            KeyCode::Char('u') if control => self.text.clear(),
            KeyCode::Char('w') if control => {
                let end = self.text.trim_end().rfind(' ').map_or(0, |space| space + 1);
                self.text.truncate(end);
            }
            KeyCode::Backspace => drop(self.text.pop()),
            KeyCode::Char(letter) if !control => self.text.push(letter),
            _ => {}
        }
        Answered::Wait
    }

    /// Takes pasted text, its lines as one.
    pub(super) fn paste(&mut self, text: &str) {
        if !self.is_yes_or_no() {
            let words: Vec<&str> = text.split(char::is_control).filter(|part| !part.is_empty()).collect();
            self.text.push_str(&words.join(" "));
        }
    }

    /// Renders the question with its answer, and the column of the cursor. Of an answer that is too long the end is shown.
    pub(super) fn line(&self, width: usize) -> (Line<'static>, u16) {
        let label = format!("{} ", self.label).bold();
        let label_width = label.width().min(width / 2);
        let room = width.saturating_sub(label_width + 1);
        let mut shown = self.text.as_str();
        while Span::raw(shown).width() > room {
            let mut rest = shown.chars();
            rest.next();
            shown = rest.as_str();
        }
        let mut cut: String = label.content.to_string();
        while Span::raw(cut.as_str()).width() > label_width {
            cut.remove(0);
        }
        let column = label_width + Span::raw(shown).width();
        let line = Line::from(vec![cut.bold(), shown.to_owned().into()]);
        (line, u16::try_from(column).unwrap_or(u16::MAX))
    }

    fn is_yes_or_no(&self) -> bool {
        matches!(self.purpose, Purpose::RunCheck(..) | Purpose::Empty(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(prompt: &mut Prompt, code: KeyCode, modifiers: KeyModifiers) -> Answered {
        prompt.press(KeyEvent::new(code, modifiers))
    }

    #[test]
    fn answers_are_typed_and_mended() {
        let mut prompt = Prompt::new(Purpose::Remark(Vec::new()), "Remark:");
        for letter in "use a Resultt".chars() {
            assert_eq!(
                press(&mut prompt, KeyCode::Char(letter), KeyModifiers::NONE),
                Answered::Wait
            );
        }
        press(&mut prompt, KeyCode::Backspace, KeyModifiers::NONE);
        assert_eq!(prompt.line(40).0.to_string(), "Remark: use a Result");
        assert_eq!(prompt.line(40).1, 20);
        let (short, cursor) = prompt.line(10);
        assert!(short.width() < 10 && usize::from(cursor) == short.width(), "{short}");
        press(&mut prompt, KeyCode::Char('w'), KeyModifiers::CONTROL);
        prompt.paste("漢\nb");
        let answer = press(&mut prompt, KeyCode::Char('e'), KeyModifiers::CONTROL);
        assert_eq!(answer, Answered::InEditor("use a 漢 b".into()));
    }

    #[test]
    fn yes_is_said_and_not_meant_by_accident() {
        let mut prompt = Prompt::new(Purpose::Empty(HunkId::new("h")), "Empty?");
        for (code, expected) in [
            (KeyCode::Enter, Answered::Wait),
            (KeyCode::Char('x'), Answered::Wait),
            (KeyCode::Char('y'), Answered::Text(String::new())),
            (KeyCode::Char('n'), Answered::Nothing),
            (KeyCode::Esc, Answered::Nothing),
        ] {
            assert_eq!(press(&mut prompt, code, KeyModifiers::NONE), expected, "{code:?}");
        }
    }
}
