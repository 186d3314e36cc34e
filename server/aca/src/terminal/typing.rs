//! A line that a person types, with what was typed before.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Stylize as _;
use ratatui::text::{Line, Span};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How a line break looks in the line.
const BREAK: &str = "⏎";

/// What is typed, and where the cursor is in it.
#[derive(Debug, Default)]
pub(crate) struct Typing {
    text: String,
    /// In bytes; always at the border of a character.
    cursor: usize,
    history: Vec<String>,
    /// Which entry of the history is shown, and what was typed before it was.
    recalled: Option<(usize, String)>,
}

/// What a key led to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// The line goes on.
    More,
    /// It is done, perhaps empty.
    Done(String),
    /// It was given up; what is typed stays.
    GivenUp,
}

impl Typing {
    /// Takes a key.
    pub(crate) fn press(&mut self, key: KeyEvent) -> Typed {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Esc => return Typed::GivenUp,
            KeyCode::Enter if alt => self.insert("\n"),
            KeyCode::Enter => return Typed::Done(self.take()),
            KeyCode::Char('a') if control => self.cursor = 0,
            KeyCode::Char('e') if control => self.cursor = self.text.len(),
            KeyCode::Char('u') if control => {
                self.text.drain(..self.cursor);
                self.cursor = 0;
            }
            KeyCode::Char('k') if control => self.text.truncate(self.cursor),
            KeyCode::Char('w') if control => {
                let before = self.text.get(..self.cursor).unwrap_or_default();
                let from = before.trim_end().rfind(char::is_whitespace).map_or(0, |at| at + 1);
                self.text.drain(from..self.cursor);
                self.cursor = from;
            }
            KeyCode::Char(letter) if !control && !alt => self.insert(letter.encode_utf8(&mut [0; 4])),
            KeyCode::Backspace => {
                let end = self.cursor;
                self.cursor = self.before();
                self.text.drain(self.cursor..end);
            }
            KeyCode::Delete => drop(self.text.drain(self.cursor..self.after())),
            KeyCode::Left => self.cursor = self.before(),
            KeyCode::Right => self.cursor = self.after(),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.text.len(),
            KeyCode::Up => self.recall(true),
            KeyCode::Down => self.recall(false),
            _ => {}
        }
        Typed::More
    }

    /// Takes pasted text, its line breaks included.
    pub(crate) fn paste(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let kept: String = text
            .chars()
            .filter(|character| matches!(character, '\n' | '\t') || !character.is_control())
            .collect();
        self.insert(&kept);
    }

    /// Returns what is typed.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether nothing is typed.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Renders the line after a label, and the column of the cursor, which is always in sight.
    pub(crate) fn line(&self, label: &str, width: usize) -> (Line<'static>, u16) {
        let label = super::cut(label, width / 2);
        let room = width.saturating_sub(label.width() + 1).max(1);
        let shown = |text: &str| super::harmless(text).replace('\n', BREAK).replace('\t', " ");
        let before = shown(self.text.get(..self.cursor).unwrap_or_default());
        let after = shown(self.text.get(self.cursor..).unwrap_or_default());
        let mut before = before.as_str();
        while before.width() > room {
            let mut rest = before.chars();
            rest.next();
            before = rest.as_str();
        }
        let mut left = room - before.width();
        let fitting: String = after
            .chars()
            .take_while(|character| {
                let wide = character.width().unwrap_or(0);
                let fits = wide <= left;
                left = left.saturating_sub(wide);
                fits
            })
            .collect();
        let column = label.width() + before.width();
        let line = Line::from(vec![label.bold(), Span::raw(format!("{before}{fitting}"))]);
        (line, u16::try_from(column).unwrap_or(u16::MAX))
    }

    fn insert(&mut self, text: &str) {
        self.text.insert_str(self.cursor, text);
        self.cursor += text.len();
    }

    fn take(&mut self) -> String {
        let text = std::mem::take(&mut self.text);
        self.cursor = 0;
        self.recalled = None;
        if !text.trim().is_empty() && self.history.last() != Some(&text) {
            self.history.push(text.clone());
        }
        text
    }

    fn before(&self) -> usize {
        let before = self.text.get(..self.cursor).unwrap_or_default();
        before.char_indices().next_back().map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        let after = self.text.get(self.cursor..).unwrap_or_default();
        self.cursor + after.chars().next().map_or(0, char::len_utf8)
    }

    fn recall(&mut self, back: bool) {
        let at = match (&self.recalled, back) {
            (None, true) => self.history.len().checked_sub(1),
            (Some((at, _)), true) => Some(at.saturating_sub(1)),
            (Some((at, _)), false) => Some(at + 1),
            (None, false) => None,
        };
        let Some(at) = at else { return };
        let typed = match self.recalled.take() {
            Some((_, typed)) => typed,
            None => std::mem::take(&mut self.text),
        };
        match self.history.get(at) {
            Some(earlier) => {
                self.text.clone_from(earlier);
                self.recalled = Some((at, typed));
            }
            None => self.text = typed,
        }
        self.cursor = self.text.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(typing: &mut Typing, keys: &[(KeyCode, KeyModifiers)]) -> Typed {
        let mut typed = Typed::More;
        for (code, modifiers) in keys {
            typed = typing.press(KeyEvent::new(*code, *modifiers));
        }
        typed
    }

    fn write(typing: &mut Typing, text: &str) {
        for letter in text.chars() {
            press(typing, &[(KeyCode::Char(letter), KeyModifiers::NONE)]);
        }
    }

    fn shown(typing: &Typing, width: usize) -> (String, u16) {
        let (line, cursor) = typing.line("> ", width);
        (line.to_string(), cursor)
    }

    const PLAIN: KeyModifiers = KeyModifiers::NONE;
    const CONTROL: KeyModifiers = KeyModifiers::CONTROL;

    #[test]
    fn a_line_is_typed_and_mended_anywhere() {
        let mut typing = Typing::default();
        write(&mut typing, "use 漢 herr");
        press(&mut typing, &[(KeyCode::Backspace, PLAIN), (KeyCode::Char('e'), PLAIN)]);
        assert_eq!(shown(&typing, 40), ("> use 漢 here".into(), 13));
        press(
            &mut typing,
            &[
                (KeyCode::Home, PLAIN),
                (KeyCode::Delete, PLAIN),
                (KeyCode::Char('U'), PLAIN),
            ],
        );
        assert_eq!(shown(&typing, 40), ("> Use 漢 here".into(), 3));
        press(
            &mut typing,
            &[
                (KeyCode::End, PLAIN),
                (KeyCode::Char('w'), CONTROL),
                (KeyCode::Left, PLAIN),
            ],
        );
        press(&mut typing, &[(KeyCode::Left, PLAIN), (KeyCode::Char('k'), CONTROL)]);
        assert_eq!(shown(&typing, 40), ("> Use ".into(), 6));
        press(&mut typing, &[(KeyCode::Char('u'), CONTROL)]);
        assert!(typing.is_empty());
    }

    #[test]
    fn long_lines_show_the_cursor() {
        let mut typing = Typing::default();
        write(&mut typing, "0123456789");
        assert_eq!(shown(&typing, 8), ("> 56789".into(), 7));
        press(&mut typing, &[(KeyCode::Home, PLAIN)]);
        assert_eq!(shown(&typing, 8), ("> 01234".into(), 2));
    }

    #[test]
    fn what_was_said_before_comes_back() {
        let mut typing = Typing::default();
        for said in ["one", "two", "two"] {
            write(&mut typing, said);
            assert_eq!(press(&mut typing, &[(KeyCode::Enter, PLAIN)]), Typed::Done(said.into()));
        }
        write(&mut typing, "new");
        for (key, expected) in [
            (KeyCode::Up, "two"),
            (KeyCode::Up, "one"),
            (KeyCode::Up, "one"),
            (KeyCode::Down, "two"),
            (KeyCode::Down, "new"),
            (KeyCode::Down, "new"),
        ] {
            press(&mut typing, &[(key, PLAIN)]);
            assert_eq!(shown(&typing, 40).0, format!("> {expected}"), "{key:?}");
        }
        assert_eq!(press(&mut typing, &[(KeyCode::Esc, PLAIN)]), Typed::GivenUp);
    }

    #[test]
    fn a_paste_keeps_its_lines() {
        let mut typing = Typing::default();
        typing.paste("a\r\nb\u{1b}c");
        press(&mut typing, &[(KeyCode::Enter, KeyModifiers::ALT)]);
        assert_eq!(shown(&typing, 40).0, "> a⏎bc⏎");
        assert_eq!(
            press(&mut typing, &[(KeyCode::Enter, PLAIN)]),
            Typed::Done("a\nbc\n".into())
        );
    }
}
