//! Goes through a text from left to right and finds where secrets are.
//!
//! Whether one begins at a place is decided by the [`LOOK_BACK`] bytes before it and a bounded number of bytes after
//! it, and by nothing else. So a stream can decide as soon as it has those bytes, and decides as the whole text would.

use std::cell::Cell;

use crate::redactor::{Redactor, Trigger};
use crate::token::word as is_of_word;
use crate::{assignment, pem, token, url};

/// How far a match looks back, in bytes.
pub(crate) const LOOK_BACK: usize = 64;

/// A secret that was found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// Where it begins, at or after the place that was looked at.
    pub(crate) start: usize,
    /// Where what was looked at ends.
    pub(crate) end: usize,
    /// What it is; nothing for a known value.
    pub(crate) kind: &'static str,
    /// What else belongs to it, however long it is.
    pub(crate) inside: Option<Inside>,
}

/// A secret whose beginning was found and whose end is still to come.
#[derive(Debug, Clone)]
pub(crate) enum Inside {
    /// For as long as bytes are of this class.
    Class(fn(u8) -> bool),
    /// A private key's body.
    Pem(pem::Body),
}

impl Inside {
    /// Whether the next byte still belongs to the secret.
    fn takes(&mut self, byte: u8) -> bool {
        match self {
            Self::Class(class) => class(byte),
            Self::Pem(body) => body.takes(byte),
        }
    }
}

/// A text to look into, which notes when someone looks beyond its end.
pub(crate) struct Text<'a> {
    bytes: &'a [u8],
    beyond: Cell<bool>,
}

impl<'a> Text<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            beyond: Cell::new(false),
        }
    }

    /// The byte at this place.
    pub(crate) fn get(&self, at: usize) -> Option<u8> {
        let byte = self.bytes.get(at).copied();
        if byte.is_none() {
            self.beyond.set(true);
        }
        byte
    }

    /// Whether this stands here.
    pub(crate) fn has(&self, at: usize, what: &[u8]) -> bool {
        what.iter().enumerate().all(|(i, byte)| self.get(at + i) == Some(*byte))
    }

    /// Counts the bytes of a class from here on, up to so many.
    pub(crate) fn run(&self, at: usize, most: usize, class: impl Fn(u8) -> bool) -> usize {
        (0..most).take_while(|i| self.get(at + i).is_some_and(&class)).count()
    }

    /// Bytes that were looked at before.
    pub(crate) fn slice(&self, from: usize, to: usize) -> &'a [u8] {
        self.bytes.get(from..to).unwrap_or_default()
    }

    /// What is before this place, as far as one may look back.
    pub(crate) fn before(&self, at: usize) -> &'a [u8] {
        self.slice(at.saturating_sub(LOOK_BACK), at)
    }

    /// Whether a word can begin here: at the start, after what is no part of one, or after an escaped line break.
    pub(crate) fn begins_word(&self, at: usize) -> bool {
        match self.before(at) {
            [.., b'\\', b'n' | b'r' | b't'] => true,
            [.., last] => !is_of_word(*last),
            [] => true,
        }
    }
}

/// One pass over a text.
pub(crate) struct Scan<'a> {
    redactor: &'a Redactor,
    bytes: &'a [u8],
    /// Whether nothing follows.
    last: bool,
    /// What was put out already.
    done: usize,
    /// What was decided already.
    pub(crate) at: usize,
    pub(crate) inside: Option<Inside>,
    /// Whether there was a secret.
    pub(crate) found: bool,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(redactor: &'a Redactor, bytes: &'a [u8], last: bool) -> Self {
        Self {
            redactor,
            bytes,
            last,
            done: 0,
            at: 0,
            inside: None,
            found: false,
        }
    }

    /// Goes on from a place, perhaps inside a secret.
    pub(crate) fn resume(&mut self, at: usize, inside: Option<Inside>) {
        self.done = at;
        self.at = at;
        self.inside = inside;
    }

    /// What was decided and is not put out yet.
    pub(crate) fn decided(&self) -> &'a [u8] {
        self.bytes.get(self.done..self.at).unwrap_or_default()
    }

    /// What is not put out yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.done..).unwrap_or_default()
    }

    /// Decides as much as can be decided; puts out everything up to the end of the last secret in it.
    pub(crate) fn run(&mut self, out: &mut Vec<u8>) {
        loop {
            self.leave_secret();
            let Some(next) = self.next_trigger() else {
                self.at = self.bytes.len();
                return;
            };
            self.at = next;
            let text = Text::new(self.bytes);
            let found = self.look(&text, self.at);
            if text.beyond.get() && !self.last {
                return;
            }
            match found {
                None => self.at += 1,
                Some(found) => self.put_out(found, out),
            }
        }
    }

    /// Where something can begin next. Nearly every byte of a text goes through here and no further.
    fn next_trigger(&self) -> Option<usize> {
        let mut last = self.bytes.get(self.at.wrapping_sub(1)).copied().unwrap_or(b' ');
        let ahead = self.bytes.get(self.at..)?;
        let found = ahead.iter().position(|byte| {
            let before = std::mem::replace(&mut last, *byte);
            match self.redactor.triggers.get(usize::from(*byte)) {
                Some(Trigger::Anywhere) => true,
                // An `n` may be an escaped line break, after which a word can begin.
                Some(Trigger::Word) => !is_of_word(before) || matches!(before, b'n' | b'r' | b't'),
                _ => false,
            }
        });
        found.map(|found| self.at + found)
    }

    fn leave_secret(&mut self) {
        let Some(inside) = &mut self.inside else { return };
        let ahead = self.bytes.get(self.at..).unwrap_or_default();
        let end = ahead.iter().position(|byte| !inside.takes(*byte));
        self.at += end.unwrap_or(ahead.len());
        self.done = self.at;
        if end.is_some() {
            self.inside = None;
        }
    }

    fn put_out(&mut self, found: Found, out: &mut Vec<u8>) {
        self.found = true;
        out.extend_from_slice(self.bytes.get(self.done..found.start).unwrap_or_default());
        out.extend_from_slice(b"[redacted");
        if !found.kind.is_empty() {
            out.push(b':');
            out.extend_from_slice(found.kind.as_bytes());
        }
        out.push(b']');
        self.done = found.end;
        self.at = found.end;
        self.inside = found.inside;
    }

    fn look(&self, text: &Text<'_>, at: usize) -> Option<Found> {
        for value in self.redactor.values.iter() {
            if text.has(at, value) {
                return Some(Found {
                    start: at,
                    end: at + value.len(),
                    kind: "",
                    inside: None,
                });
            }
        }
        if !self.redactor.shapes {
            return None;
        }
        match text.get(at)? {
            b'-' => pem::at(text, at),
            b'=' => assignment::at(text, at),
            b':' => url::at(text, at).or_else(|| assignment::at(text, at)),
            _ => token::at(text, at),
        }
    }
}
