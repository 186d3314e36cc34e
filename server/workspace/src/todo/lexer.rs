//! Finds the comments of one line, given the state in which the line begins.
//!
//! A line depends on what comes before it only through its [`State`], so after an edit lexing can stop as soon as a
//! line begins as it did before.

use std::ops::Range;
use std::sync::Arc;

use super::language::{At, Fill, Kind, Language, Rule};

/// More frames than this are not opened: nobody nests so deep, and a hostile file must not make states large.
const MAX_DEPTH: usize = 32;

/// What a line begins in. The default is plain code, as at the start of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// What is open, outermost first; nothing for plain code.
    frames: Option<Arc<[Frame]>>,
    /// Whether the last thing was a value, so that a `/` divides.
    after_value: bool,
}

/// Something that is open at the end of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Frame {
    /// Inside a rule's text.
    Inside { rule: usize, depth: u32, close: Arc<str> },
    /// In code inside a rule's text; `depth` brackets are open.
    Hole { rule: usize, depth: u32 },
    /// In a here-document that ends with a line that says `word`.
    Heredoc { word: Arc<str>, indented: bool },
    /// In a line comment that a backslash continued.
    Continued { rule: usize },
}

/// A comment, or the part of one that is in a line. Offsets are bytes in the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Where it begins, its opening included.
    pub(crate) start: usize,
    /// What it says, without opening and end.
    pub(crate) body: Range<usize>,
    /// Whether it is, or goes on as, a comment that ends with its own mark rather than with the line.
    pub(crate) block: bool,
    /// Whether the comment ends in this line.
    pub(crate) ends: bool,
}

/// A language, prepared for lexing.
#[derive(Debug, Clone)]
pub(crate) struct Lexer {
    language: &'static Language,
    /// For each byte, whether something other than plain code may begin with it.
    starts: [bool; 256],
}

impl Lexer {
    /// Prepares a language.
    pub(crate) fn new(language: &'static Language) -> Self {
        let mut starts = [false; 256];
        let opens = language.rules.iter().map(|rule| rule.open);
        let others = [
            language.heredoc.map_or("", |heredoc| heredoc.open),
            if language.regex_after.is_some() { "/" } else { "" },
            if language.escape_in_code { "\\" } else { "" },
        ];
        for byte in opens.chain(others).filter_map(|open| open.bytes().next()) {
            if let Some(start) = starts.get_mut(usize::from(byte)) {
                *start = true;
            }
        }
        Self { language, starts }
    }

    /// Returns the language.
    pub(crate) fn language(&self) -> &'static Language {
        self.language
    }

    /// Lexes a line without its line end. Puts its comments into `pieces` and returns the state of the next line.
    pub(crate) fn line(&self, line: &str, state: &State, pieces: &mut Vec<Piece>) -> State {
        pieces.clear();
        let mut run = Run {
            lexer: self,
            line,
            bytes: line.as_bytes(),
            at: 0,
            frames: state.frames.as_deref().map(<[Frame]>::to_vec).unwrap_or_default(),
            heredocs: Vec::new(),
            after_value: state.after_value,
            after_number: false,
            no_regex: false,
            pieces,
        };
        let continued = run.run();
        run.end_of_line(continued);
        let frames = match &state.frames {
            _ if run.frames.is_empty() => None,
            Some(frames) if **frames == *run.frames => Some(Arc::clone(frames)),
            _ => Some(run.frames.into()),
        };
        State {
            frames,
            after_value: run.after_value,
        }
    }
}

/// The lexing of one line.
struct Run<'a> {
    lexer: &'a Lexer,
    line: &'a str,
    bytes: &'a [u8],
    at: usize,
    frames: Vec<Frame>,
    /// Here-documents that begin with the next line.
    heredocs: Vec<Frame>,
    after_value: bool,
    after_number: bool,
    /// Whether a regular expression was looked for in vain; more than once a line would take quadratic time.
    no_regex: bool,
    pieces: &'a mut Vec<Piece>,
}

impl Run<'_> {
    /// Goes through the line. Returns whether a backslash at its end continues what is open.
    fn run(&mut self) -> bool {
        let mut continued = false;
        // A comment that is open has a piece in every line, an empty one too.
        let mut first = true;
        while first || self.at < self.bytes.len() {
            match self.frames.last() {
                Some(Frame::Inside { .. }) => continued = self.inside(self.at, self.at),
                Some(Frame::Heredoc { word, indented }) => {
                    let line = if *indented {
                        self.line.trim_start_matches('\t')
                    } else {
                        self.line
                    };
                    let ends = line == &**word;
                    if ends {
                        self.frames.pop();
                    }
                    self.at = self.bytes.len();
                }
                Some(Frame::Continued { rule }) => {
                    let rule = *rule;
                    self.frames.pop();
                    self.rest_is_comment(rule, 0, 0);
                }
                Some(Frame::Hole { .. }) | None if self.at < self.bytes.len() => self.code(),
                Some(Frame::Hole { .. }) | None => {}
            }
            first = false;
        }
        continued
    }

    /// Closes what ends with the line and opens what begins after it.
    fn end_of_line(&mut self, continued: bool) {
        if !continued
            && let Some(Frame::Inside { rule, .. }) = self.frames.last()
            && self.rule(*rule).is_none_or(|rule| !rule.multiline)
        {
            self.frames.pop();
            self.after_value = true;
        }
        self.heredocs.reverse();
        self.frames.append(&mut self.heredocs);
    }

    fn rule(&self, rule: usize) -> Option<&'static Rule> {
        self.lexer.language.rules.get(rule)
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    fn has(&self, at: usize, text: &str) -> bool {
        self.bytes
            .get(at..)
            .is_some_and(|rest| rest.starts_with(text.as_bytes()))
    }

    /// Takes one step through code.
    fn code(&mut self) {
        let Some(byte) = self.byte(self.at) else { return };
        let starts = self.lexer.starts.get(usize::from(byte)).copied().unwrap_or_default();
        let special = starts && (self.open_rule() || self.open_heredoc() || self.skip_regex() || self.skip_escaped());
        if !special {
            if is_word(byte) {
                self.word();
            } else {
                self.bracket(byte);
                self.at += 1;
                self.after_number &= byte == b'\'';
                if !byte.is_ascii_whitespace() {
                    self.after_value = matches!(byte, b')' | b']');
                }
            }
        }
        self.leave_hole();
    }

    /// Goes back from code to the string around it when the last bracket is closed.
    fn leave_hole(&mut self) {
        if let Some(Frame::Hole { depth: 0, .. }) = self.frames.last() {
            self.frames.pop();
        }
    }

    /// Skips a word or a number.
    fn word(&mut self) {
        let start = self.at;
        while self.byte(self.at).is_some_and(is_word) {
            self.at += 1;
        }
        let word = self.line.get(start..self.at).unwrap_or_default();
        let before_regex = self
            .lexer
            .language
            .regex_after
            .is_some_and(|words| words.contains(&word));
        self.after_value = !before_regex;
        let separated = start.checked_sub(1).and_then(|before| self.byte(before)) == Some(b'\'');
        let digit = word.starts_with(|first: char| first.is_ascii_digit());
        self.after_number = digit || (self.after_number && separated);
    }

    /// Counts the brackets of a hole.
    fn bracket(&mut self, byte: u8) {
        let Some(Frame::Hole { rule, depth }) = self.frames.last_mut() else {
            return;
        };
        let Some(hole) = self.lexer.language.rules.get(*rule).and_then(|rule| rule.hole) else {
            return;
        };
        if byte == hole.open {
            *depth += 1;
        } else if byte == hole.close {
            *depth = depth.saturating_sub(1);
        }
    }

    /// Begins the first rule that matches here.
    fn open_rule(&mut self) -> bool {
        if self.frames.len() >= MAX_DEPTH {
            return false;
        }
        for (index, rule) in self.lexer.language.rules.iter().enumerate() {
            if !self.has(self.at, rule.open) || !self.may_begin(rule.at) {
                continue;
            }
            let start = self.at;
            if rule.kind == Kind::Char {
                self.at = self.character(rule);
                self.after_value = true;
                return true;
            }
            if rule.close.is_empty() {
                self.rest_is_comment(index, start, start + rule.open.len());
                return true;
            }
            let Some((body, close)) = self.opening(rule) else {
                continue;
            };
            self.frames.push(Frame::Inside {
                rule: index,
                depth: 1,
                close,
            });
            self.at = body;
            self.after_number = false;
            if rule.kind == Kind::Comment && self.at >= self.bytes.len() {
                self.piece(start, body..body, true, false);
            } else if rule.kind == Kind::Comment {
                self.inside(start, body);
            }
            return true;
        }
        false
    }

    fn may_begin(&self, at: At) -> bool {
        let before = self.at.checked_sub(1).and_then(|before| self.byte(before));
        match at {
            At::Anywhere => true,
            At::NewWord => before.is_none_or(|before| !is_word(before)),
            At::AfterBlank => before.is_none_or(|before| b" \t;&|()`".contains(&before)),
            At::NotInNumber => !self.after_number,
        }
    }

    /// Returns where the body of a rule that begins here starts, and how it ends.
    fn opening(&self, rule: &Rule) -> Option<(usize, Arc<str>)> {
        let start = self.at + rule.open.len();
        let Some(fence) = rule.fence else {
            return Some((start, rule.close.into()));
        };
        let rest = self.line.get(start..)?;
        let length = match fence.fill {
            Fill::Repeat(fill) => rest.len() - rest.trim_start_matches(fill).len(),
            Fill::Word => rest.bytes().take_while(|byte| !b"()\\ \t\"".contains(byte)).count(),
        };
        let fill = rest
            .get(..length)
            .filter(|_| fence.fill != Fill::Word || length <= 16)?;
        rest.get(length..)?.strip_prefix(fence.then)?;
        let close = [rule.close, fill, fence.after].concat();
        Some((start + length + fence.then.len(), close.into()))
    }

    /// Goes through the inside of the topmost rule. Returns whether a backslash at the end of the line continues it.
    fn inside(&mut self, start: usize, body: usize) -> bool {
        let Some(Frame::Inside {
            rule: index,
            depth,
            close,
        }) = self.frames.last()
        else {
            self.at = self.bytes.len();
            return false;
        };
        let (index, mut open, close) = (*index, *depth, Arc::clone(close));
        let Some(rule) = self.rule(index) else { return false };
        let mut at = body;
        let mut ended = None;
        let mut continued = false;
        while at < self.bytes.len() {
            if rule.escape && self.byte(at) == Some(b'\\') {
                continued = at + 1 == self.bytes.len();
                at = (at + 2).min(self.bytes.len());
            } else if self.has(at, &close) {
                let end = at;
                at += close.len();
                open -= 1;
                if open == 0 {
                    ended = Some(end);
                    break;
                }
            } else if rule.nested && self.has(at, rule.open) {
                at += rule.open.len();
                open += 1;
            } else if self.begins_hole(rule, at) && self.frames.len() < MAX_DEPTH {
                let lead = rule.hole.map_or(0, |hole| hole.lead.len());
                self.frames.push(Frame::Hole { rule: index, depth: 0 });
                self.at = at + lead;
                self.after_value = false;
                return false;
            } else {
                at += 1;
            }
        }
        if rule.kind == Kind::Comment {
            self.piece(start, body..ended.unwrap_or(at), true, ended.is_some());
        }
        self.at = at;
        match (ended, self.frames.last_mut()) {
            (Some(_), _) => {
                self.frames.pop();
                self.leave_hole();
                if rule.kind == Kind::Text {
                    self.after_value = true;
                }
            }
            (None, Some(Frame::Inside { depth, .. })) => *depth = open,
            (None, _) => {}
        }
        continued
    }

    fn begins_hole(&self, rule: &Rule, at: usize) -> bool {
        rule.hole
            .is_some_and(|hole| self.has(at, hole.lead) && self.byte(at + hole.lead.len()) == Some(hole.open))
    }

    /// Takes the rest of the line as a line comment.
    fn rest_is_comment(&mut self, rule: usize, start: usize, body: usize) {
        let end = self.bytes.len();
        let mark = body
            .checked_sub(1)
            .filter(|_| body > start)
            .and_then(|mark| self.byte(mark));
        let more = |byte: u8| Some(byte) == mark || byte == b'!';
        // `///`, `//!` and `##` are openings too.
        let decoration = match mark {
            Some(_) => self
                .bytes
                .get(body..)
                .map_or(0, |rest| rest.iter().take_while(|byte| more(**byte)).count()),
            None => 0,
        };
        self.piece(start, body + decoration..end, false, true);
        if self.rule(rule).is_some_and(|rule| rule.escape) && self.line.ends_with('\\') {
            self.frames.push(Frame::Continued { rule });
        }
        self.at = end;
    }

    fn piece(&mut self, start: usize, body: Range<usize>, block: bool, ends: bool) {
        self.pieces.push(Piece {
            start,
            body,
            block,
            ends,
        });
    }

    /// Returns where a character literal that begins here ends; just after its quote if it is none.
    fn character(&self, rule: &Rule) -> usize {
        let body = self.at + rule.open.len();
        let Some(rest) = self.line.get(body..) else { return body };
        let mut chars = rest.chars();
        match chars.next() {
            Some('\\') => {
                let escaped = chars.next().map_or(0, char::len_utf8);
                let after = body + 1 + escaped;
                let end = self.line.get(after..).and_then(|rest| rest.find(rule.close));
                end.map_or(after, |end| after + end + rule.close.len())
            }
            Some(first) if self.has(body + first.len_utf8(), rule.close) => body + first.len_utf8() + rule.close.len(),
            _ => body,
        }
    }

    /// Notes a here-document that this place announces.
    fn open_heredoc(&mut self) -> bool {
        let Some(heredoc) = self.lexer.language.heredoc else {
            return false;
        };
        let open = heredoc.open.len();
        if !self.has(self.at, heredoc.open) {
            return false;
        }
        let mut at = self.at + open;
        if self.byte(at) == self.byte(self.at) {
            // `<<<` is a here-string, whose text is an ordinary word.
            self.at = at + 1;
            return true;
        }
        let indented = self.byte(at) == Some(heredoc.indent);
        at += usize::from(indented);
        while self.byte(at).is_some_and(|byte| byte == b' ' || byte == b'\t') {
            at += 1;
        }
        if self.byte(at) == Some(b'\\') {
            at += 1;
        }
        let quote = self.byte(at).filter(|byte| matches!(byte, b'\'' | b'"'));
        let start = at + usize::from(quote.is_some());
        let mut end = start;
        while self
            .byte(end)
            .is_some_and(|byte| quote.map_or(is_word(byte), |quote| byte != quote))
        {
            end += 1;
        }
        let word = self.line.get(start..end).unwrap_or_default();
        if word.is_empty() || word.starts_with(|first: char| first.is_ascii_digit()) {
            return false;
        }
        if self.frames.len() + self.heredocs.len() < MAX_DEPTH {
            self.heredocs.push(Frame::Heredoc {
                word: word.into(),
                indented,
            });
        }
        self.at = end + usize::from(quote.is_some());
        true
    }

    /// Skips a regular expression literal that begins here and ends in this line.
    fn skip_regex(&mut self) -> bool {
        if self.lexer.language.regex_after.is_none()
            || self.after_value
            || self.no_regex
            || self.byte(self.at) != Some(b'/')
        {
            return false;
        }
        // `</` closes an element.
        if self.at.checked_sub(1).and_then(|before| self.byte(before)) == Some(b'<') {
            return false;
        }
        let (mut at, mut class) = (self.at + 1, false);
        while let Some(byte) = self.byte(at) {
            match byte {
                b'\\' => at += 1,
                b'[' => class = true,
                b']' => class = false,
                b'/' if !class => {
                    self.at = at + 1;
                    self.after_value = true;
                    return true;
                }
                _ => {}
            }
            at += 1;
        }
        self.no_regex = true;
        false
    }

    /// Skips a backslash in code and the character after it.
    fn skip_escaped(&mut self) -> bool {
        if !self.lexer.language.escape_in_code || self.byte(self.at) != Some(b'\\') {
            return false;
        }
        self.at = (self.at + 2).min(self.bytes.len());
        true
    }
}

/// Whether a byte is part of a word; every byte of a character beyond ASCII is.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}
