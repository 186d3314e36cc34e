//! Secrets by the name that they are assigned to: `API_KEY=…`, `password: "…"`, `"client_secret": "…"`.
//!
//! Both must be clear: the name ends with a word for a secret, and the value looks drawn at random. Code that assigns
//! an expression, a path, a hash or an example is left alone.

use crate::scan::{Found, Inside, LOOK_BACK, Text};
use crate::token::{base64, distinct, word};

/// How a secret's name ends, in lower case and without `-`, `_` and `.`.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "encryptionkey",
    "signingkey",
    "authkey",
    "accountkey",
    "sharedkey",
    "credential",
    "credentials",
    "authorization",
];

/// The shortest and the longest value that is looked at, in bytes.
const MIN: usize = 16;
const MAX: usize = 512;
/// So many different characters are in the shortest random value, nearly always.
const DISTINCT: u32 = 10;
/// Shorter parts of a value, as `x25519`, do not make it random.
const PART_MIN: usize = 8;
/// The most blanks between a name, its sign and the value.
const BLANKS: usize = 8;

/// Finds a secret that is assigned by the `=` or `:` here.
pub(crate) fn at(text: &Text<'_>, at: usize) -> Option<Found> {
    if !is_secret_name(name_before(text.before(at))) {
        return None;
    }
    let mut start = at + 1;
    // `:=`, `==`, `=>`
    start += text.run(start, 1, |byte| matches!(byte, b'=' | b'>'));
    start += text.run(start, BLANKS, |byte| matches!(byte, b' ' | b'\t'));
    let quotes = text.run(start, BLANKS, |byte| matches!(byte, b'"' | b'\'' | b'`' | b'\\'));
    start += quotes;
    start += scheme(text, start);
    let length = text.run(start, MAX, value);
    let end = start + length;
    // Of a value that goes on, only the beginning can be judged.
    let follows = if length == MAX { None } else { text.get(end) };
    let ends = match follows {
        None => true,
        Some(byte) if quotes > 0 => matches!(byte, b'"' | b'\'' | b'`' | b'\\'),
        Some(byte) => !matches!(byte, b'(' | b'[' | b'{' | b'<' | b'.' | b':' | b'*' | b'$' | b'%'),
    };
    (ends && is_random(text.slice(start, end))).then_some(Found {
        start,
        end,
        kind: "secret",
        inside: Some(Inside::Class(value)),
    })
}

/// Whether a whole JSON string is a secret because of the name it is the value of.
pub(crate) fn is_assigned(name: &str, whole: &str) -> bool {
    let (name, whole) = (name.as_bytes(), whole.as_bytes());
    (MIN..=MAX).contains(&whole.len())
        && whole.iter().all(|byte| value(*byte))
        && is_secret_name(name.get(name.len().saturating_sub(LOOK_BACK)..).unwrap_or_default())
        && is_random(whole)
}

/// The name at the end of what comes before the sign; its quotes do not count.
fn name_before(before: &[u8]) -> &[u8] {
    let before = before.trim_ascii_end();
    // An index: `env["API_KEY"] = …`
    let before = match before {
        [.., b'"' | b'\'', b']'] => before.get(..before.len() - 1).unwrap_or_default(),
        _ => before,
    };
    let end = before
        .iter()
        .rposition(|byte| !matches!(byte, b'"' | b'\'' | b'`' | b'\\'))
        .map_or(0, |last| last + 1);
    let named = before.get(..end).unwrap_or_default();
    let start = named
        .iter()
        .rposition(|byte| !(word(*byte) || *byte == b'.'))
        .map_or(0, |other| other + 1);
    named.get(start..).unwrap_or_default()
}

fn is_secret_name(name: &[u8]) -> bool {
    let letters = || name.iter().rev().filter(|byte| !matches!(byte, b'_' | b'-' | b'.'));
    NAMES.iter().any(|known| {
        let mut letters = letters();
        known
            .bytes()
            .rev()
            .all(|byte| letters.next().is_some_and(|letter| letter.eq_ignore_ascii_case(&byte)))
    })
}

/// The length of the word that says how an authorization is meant.
fn scheme(text: &Text<'_>, at: usize) -> usize {
    [&b"Basic "[..], b"basic ", b"Token ", b"token "]
        .into_iter()
        .find(|scheme| text.has(at, scheme))
        .map_or(0, <[u8]>::len)
}

fn value(byte: u8) -> bool {
    word(byte) || base64(byte)
}

/// Whether a value looks drawn at random: long, varied, digits among its letters, and made of no words.
fn is_random(value: &[u8]) -> bool {
    let letters = value.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    value.len() >= MIN
        && letters >= 3
        && digits >= 2
        && distinct(value) >= DISTINCT
        && !value.starts_with(b"/")
        && !value.starts_with(b"sha")
        && value
            .split(|byte| !byte.is_ascii_alphanumeric())
            .any(|part| !is_wordy(part))
}

/// Whether a part is short, digits alone, or letters with a few digits behind, as words and names are.
fn is_wordy(part: &[u8]) -> bool {
    if part.len() < PART_MIN {
        return true;
    }
    let letters = part.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let rest = part.get(letters..).unwrap_or_default();
    rest.iter().all(u8::is_ascii_digit) && (letters == 0 || rest.len() <= 4)
}
