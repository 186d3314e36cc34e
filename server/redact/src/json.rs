//! JSON without the secrets in its strings. Only strings change, so it stays JSON, and all else stays byte for byte.

use std::borrow::Cow;

use crate::assignment;
use crate::redactor::Redactor;

/// Redacts every string of `text` that is not within the value of one of the names in `except`.
pub(crate) fn redact<'a>(redactor: &Redactor, text: &'a str, except: &[&str]) -> Cow<'a, str> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    // Up to where the text was put out.
    let mut done = 0;
    let mut names = Names::default();
    let mut at = 0;
    while let Some(next) = next_sign(bytes, at) {
        at = next + 1;
        match bytes.get(next) {
            Some(b'"') => {}
            Some(sign) => {
                names.sign(*sign);
                continue;
            }
            None => break,
        }
        let end = end_of_string(bytes, at);
        let raw = text.get(at..end).unwrap_or_default();
        let is_name = bytes
            .get(end + 1..)
            .and_then(|rest| rest.iter().find(|byte| !byte.is_ascii_whitespace()))
            == Some(&b':');
        if is_name {
            names.name(raw, except);
        }
        if !names.excepted() {
            let assigned = || {
                let secret = !is_name && redactor.shapes && assignment::is_assigned(names.of_value(), raw);
                secret.then_some(Cow::Borrowed("[redacted:secret]"))
            };
            if let Some(redacted) = string(redactor, raw).or_else(assigned) {
                out.extend_from_slice(bytes.get(done..at).unwrap_or_default());
                out.extend_from_slice(redacted.as_bytes());
                done = end;
            }
        }
        if !is_name {
            names.value_ended();
        }
        at = end + 1;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.extend_from_slice(bytes.get(done..).unwrap_or_default());
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// Which name the value at hand belongs to.
#[derive(Default)]
struct Names<'a> {
    /// The last name that was read, until its value has ended.
    last: Option<&'a str>,
    depth: usize,
    /// The depth outside the excepted value that one is in.
    excepted: Option<usize>,
    /// Whether the value that follows is excepted.
    except_next: bool,
}

impl<'a> Names<'a> {
    fn name(&mut self, name: &'a str, except: &[&str]) {
        self.last = Some(name);
        self.except_next = except.contains(&name);
    }

    /// Takes a bracket or a comma.
    fn sign(&mut self, sign: u8) {
        match sign {
            b'{' | b'[' => {
                if std::mem::take(&mut self.except_next) && self.excepted.is_none() {
                    self.excepted = Some(self.depth);
                }
                self.depth += 1;
                self.last = None;
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                if self.excepted.is_some_and(|outside| outside >= self.depth) {
                    self.excepted = None;
                }
                self.value_ended();
            }
            _ => self.value_ended(),
        }
    }

    fn value_ended(&mut self) {
        self.last = None;
        self.except_next = false;
    }

    fn excepted(&self) -> bool {
        self.excepted.is_some() || self.except_next
    }

    fn of_value(&self) -> &'a str {
        self.last.unwrap_or_default()
    }
}

/// Where the next string, bracket or comma is.
fn next_sign(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let is_sign = |byte: &u8| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']' | b',');
    rest.iter().position(is_sign).map(|found| at + found)
}

/// Where the string that begins here ends: at its quote, or where the text does.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        match rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
            None => return bytes.len(),
            Some(found) if rest.get(found) == Some(&b'\\') => at += found + 2,
            Some(found) => return at + found,
        }
    }
}

/// Redacts one string as it is written; nothing if nothing is in it.
fn string<'a>(redactor: &Redactor, raw: &'a str) -> Option<Cow<'a, str>> {
    if !raw.contains('\\') {
        return match redactor.text(raw) {
            Cow::Borrowed(_) => None,
            redacted => Some(redacted),
        };
    }
    let plain = unescape(raw);
    match redactor.text(&plain) {
        Cow::Borrowed(_) => None,
        Cow::Owned(redacted) => Some(Cow::Owned(escape(&redacted))),
    }
}

/// Returns what a string says. Half a surrogate pair becomes the replacement character.
fn unescape(raw: &str) -> String {
    let mut plain = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        let (before, escaped) = rest.split_at(at);
        plain.push_str(before);
        let mut chars = escaped.chars();
        chars.next();
        match chars.next() {
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('t') => plain.push('\t'),
            Some('b') => plain.push('\u{8}'),
            Some('f') => plain.push('\u{c}'),
            Some('u') => {
                rest = code_points(escaped, &mut plain);
                continue;
            }
            Some(other) => plain.push(other),
            None => {}
        }
        rest = chars.as_str();
    }
    plain.push_str(rest);
    plain
}

/// Takes the `\u` escapes that `escaped` begins with and returns what follows them.
fn code_points<'a>(mut escaped: &'a str, plain: &mut String) -> &'a str {
    let mut units = Vec::new();
    while let Some(unit) = escaped
        .strip_prefix("\\u")
        .and_then(|digits| u16::from_str_radix(digits.get(..4)?, 16).ok())
    {
        units.push(unit);
        escaped = escaped.get(6..).unwrap_or_default();
    }
    if units.is_empty() {
        // No escape that JSON has; what follows it is text.
        return escaped.get(2..).unwrap_or_default();
    }
    plain.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
    escaped
}

/// Writes a text as the inside of a string.
fn escape(plain: &str) -> String {
    let mut raw = String::with_capacity(plain.len() + 16);
    for char in plain.chars() {
        match char {
            '"' => raw.push_str("\\\""),
            '\\' => raw.push_str("\\\\"),
            '\n' => raw.push_str("\\n"),
            '\r' => raw.push_str("\\r"),
            '\t' => raw.push_str("\\t"),
            other if u32::from(other) < 0x20 => raw.push_str(&format!("\\u{:04x}", u32::from(other))),
            other => raw.push(other),
        }
    }
    raw
}
