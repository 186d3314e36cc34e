//! Passwords in addresses: `scheme://name:password@host`.

use crate::scan::{Found, Text};

/// The longest name or password, in bytes.
const MAX: usize = 256;
/// Shorter ones are examples.
const MIN: usize = 4;

/// What stands for a password in examples.
const PLACEHOLDERS: &[&[u8]] = &[
    b"pass",
    b"passwd",
    b"password",
    b"pwd",
    b"secret",
    b"changeme",
    b"example",
    b"redacted",
    b"hidden",
    b"token",
    b"your-password",
    b"yourpassword",
];

/// Finds a password in the address whose `://` is here.
pub(crate) fn at(text: &Text<'_>, at: usize) -> Option<Found> {
    let scheme = text.before(at).last().is_some_and(u8::is_ascii_alphanumeric);
    if !scheme || !text.has(at, b"://") {
        return None;
    }
    let name = at + b"://".len();
    let name_length = text.run(name, MAX, |byte| is_part(byte) && byte != b':');
    let start = name + name_length + 1;
    if text.get(name + name_length) != Some(b':') {
        return None;
    }
    let length = text.run(start, MAX, is_part);
    let end = start + length;
    if length < MIN || length == MAX || text.get(end) != Some(b'@') {
        return None;
    }
    let password = text.slice(start, end);
    let same = password == text.slice(name, name + name_length);
    (!same && !stands_for_another(password)).then_some(Found {
        start,
        end,
        kind: "password",
        inside: None,
    })
}

fn is_part(byte: u8) -> bool {
    byte > b' '
        && !matches!(
            byte,
            b'/' | b'@' | b'?' | b'#' | b'"' | b'\'' | b'`' | b'\\' | b'<' | b'>' | 127
        )
}

/// Whether it is a variable, a gap to be filled in, or one of the words of examples.
fn stands_for_another(password: &[u8]) -> bool {
    let marked = matches!(password, [b'$' | b'{' | b'[' | b'%' | b'(', ..]);
    let one = password.windows(2).all(|pair| pair.first() == pair.last());
    marked || one || PLACEHOLDERS.iter().any(|known| known.eq_ignore_ascii_case(password))
}
