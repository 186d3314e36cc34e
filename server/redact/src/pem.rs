//! Private keys in PEM form, their line breaks escaped or not, indented or not, cut off or whole.

use crate::scan::{Found, Inside, Text};
use crate::token::base64;

/// The longest label before `PRIVATE KEY`, such as `ENCRYPTED `.
const LABEL_MAX: usize = 24;
/// So many characters of a key must follow: prose about such keys has none.
const BODY_MIN: usize = 16;
/// The most bytes between the first line and the key.
const GAP_MAX: usize = 12;
/// A longer body is no key's: a key of 16,384 bits has less than this.
const BODY_MAX: u32 = 20_000;
const DASHES: u8 = 5;

/// Finds a private key that begins here.
pub(crate) fn at(text: &Text<'_>, at: usize) -> Option<Found> {
    if !text.has(at, b"-----BEGIN ") {
        return None;
    }
    let label = at + b"-----BEGIN ".len();
    let length = text.run(label, LABEL_MAX + b"PRIVATE KEY".len(), |byte| {
        byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' '
    });
    let name = text.slice(label, label + length);
    let block = name.strip_suffix(b" BLOCK").unwrap_or(name);
    let end = label + length;
    if !block.ends_with(b"PRIVATE KEY") || !text.has(end, b"-----") {
        return None;
    }
    let begins = end + usize::from(DASHES);
    // Spaces, line breaks and escaped line breaks.
    let gap = text.run(begins, GAP_MAX, |byte| byte.is_ascii_whitespace() || byte == b'\\');
    let gap = gap
        + text.run(begins + gap, GAP_MAX, |byte| {
            matches!(byte, b'n' | b'r' | b'\\') || byte.is_ascii_whitespace()
        });
    let body = begins + gap;
    let has_body = gap > 0
        && (text.run(body, BODY_MIN, base64) == BODY_MIN
            || text.has(body, b"Proc-Type:")
            || text.has(body, b"Version:")
            || text.has(body, b"Comment:"));
    has_body.then_some(Found {
        start: at,
        end: body,
        kind: "private-key",
        inside: Some(Inside::Pem(Body::default())),
    })
}

/// How far a key's body was gone through.
#[derive(Debug, Clone, Default)]
pub(crate) struct Body {
    taken: u32,
    /// Dashes in a row.
    dashes: u8,
    /// Rows of dashes: the last line has two.
    rows: u8,
    /// Whether nothing but blanks has come since the line began.
    margin: bool,
    /// Whether this line says something about the key.
    header: bool,
}

impl Body {
    /// Whether the next byte still belongs to the key.
    pub(crate) fn takes(&mut self, byte: u8) -> bool {
        if self.rows == 2 || self.taken == BODY_MAX {
            return false;
        }
        self.taken += 1;
        if byte == b'-' {
            self.dashes += 1;
            if self.dashes == DASHES {
                self.rows += 1;
                self.dashes = 0;
            }
            return true;
        }
        self.dashes = 0;
        let in_last_line = self.rows == 1;
        match byte {
            b'\n' | b'\r' => {
                self.margin = true;
                self.header = false;
                !in_last_line
            }
            b':' if !in_last_line => {
                self.header = true;
                true
            }
            b' ' | b'\t' => self.margin || self.header || in_last_line,
            b',' | b'(' | b')' | b'.' | b';' | b'@' => self.header,
            b'\\' => !in_last_line,
            _ => {
                self.margin = false;
                base64(byte)
            }
        }
    }
}
