//! Keys and tokens that say by their beginning what they are.
//!
//! The beginnings and lengths are those that the services document, or that secret scanners publish.

use crate::scan::{Found, Inside, Text};

/// The bytes that a token begins with.
pub(crate) const FIRST: &[u8] = b"sgxhASGywnpedrBb";

/// How a kind of token looks.
struct Shape {
    kind: &'static str,
    prefix: &'static [u8],
    /// The bytes after the prefix.
    class: fn(u8) -> bool,
    /// How many there are at least. A token is as long as there are such bytes.
    min: usize,
}

const fn shape(kind: &'static str, prefix: &'static [u8], class: fn(u8) -> bool, min: usize) -> Shape {
    Shape {
        kind,
        prefix,
        class,
        min,
    }
}

const SHAPES: &[Shape] = &[
    shape("anthropic-key", b"sk-ant-", word, 24),
    shape("openai-key", b"sk-proj-", word, 24),
    shape("openai-key", b"sk-svcacct-", word, 24),
    shape("openai-key", b"sk-admin-", word, 24),
    shape("openrouter-key", b"sk-or-v1-", alphanumeric, 32),
    shape("openai-key", b"sk-", alphanumeric, 40),
    shape("github-token", b"ghp_", alphanumeric, 36),
    shape("github-token", b"gho_", alphanumeric, 36),
    shape("github-token", b"ghu_", alphanumeric, 36),
    shape("github-token", b"ghs_", alphanumeric, 36),
    shape("github-token", b"ghr_", alphanumeric, 36),
    shape("github-token", b"github_pat_", word, 50),
    shape("gitlab-token", b"glpat-", dotted, 20),
    shape("gitlab-token", b"gldt-", dotted, 20),
    shape("gitlab-token", b"glrt-", dotted, 20),
    shape("gitlab-token", b"glptt-", dotted, 20),
    shape("gitlab-token", b"glcbt-", dotted, 20),
    shape("gitlab-token", b"glsoat-", dotted, 20),
    shape("slack-token", b"xoxb-", word, 20),
    shape("slack-token", b"xoxp-", word, 20),
    shape("slack-token", b"xoxa-", word, 20),
    shape("slack-token", b"xoxr-", word, 20),
    shape("slack-token", b"xoxs-", word, 20),
    shape("slack-token", b"xoxe-", word, 20),
    shape("slack-token", b"xapp-", word, 20),
    shape("slack-webhook", b"hooks.slack.com/services/", path, 30),
    shape("google-key", b"AIza", word, 35),
    shape("google-token", b"ya29.", word, 30),
    shape("google-secret", b"GOCSPX-", word, 24),
    shape("stripe-key", b"sk_live_", alphanumeric, 20),
    shape("stripe-key", b"rk_live_", alphanumeric, 20),
    shape("stripe-key", b"sk_test_", alphanumeric, 20),
    shape("stripe-key", b"rk_test_", alphanumeric, 20),
    shape("stripe-secret", b"whsec_", base64, 30),
    shape("npm-token", b"npm_", alphanumeric, 36),
    shape("pypi-token", b"pypi-AgE", word, 50),
    shape("huggingface-token", b"hf_", alphanumeric, 30),
    shape("sendgrid-key", b"SG.", dotted, 60),
    shape("digitalocean-token", b"dop_v1_", alphanumeric, 60),
    shape("age-key", b"AGE-SECRET-KEY-1", alphanumeric, 50),
];

/// AWS key identifiers begin with one of these and have 16 more characters, no more.
const AWS: [&[u8]; 4] = [b"AKIA", b"ASIA", b"ABIA", b"ACCA"];
const AWS_LENGTH: usize = 16;

/// The parts of a JSON web token before its signature are JSON objects in Base64: `{"` is `eyJ`.
const JWT_OBJECT: &[u8] = b"eyJ";
const JWT_HEADER_MAX: usize = 512;
const JWT_PART_MIN: usize = 8;

/// A bearer token has at least so many characters; shorter words after `Bearer` are prose.
const BEARER_MIN: usize = 20;

/// Finds a token that begins here.
pub(crate) fn at(text: &Text<'_>, at: usize) -> Option<Found> {
    if !text.begins_word(at) {
        return None;
    }
    match text.get(at)? {
        b'e' => jwt(text, at),
        b'B' | b'b' => bearer(text, at),
        first => shaped(text, at, first).or_else(|| aws(text, at)),
    }
}

fn shaped(text: &Text<'_>, at: usize, first: u8) -> Option<Found> {
    let known = SHAPES.iter().filter(|shape| shape.prefix.first() == Some(&first));
    for shape in known {
        if !text.has(at, shape.prefix) {
            continue;
        }
        let body = at + shape.prefix.len();
        let end = body + shape.min;
        if text.run(body, shape.min, shape.class) == shape.min && is_varied(text.slice(body, end)) {
            return Some(Found {
                start: at,
                end,
                kind: shape.kind,
                inside: Some(Inside::Class(shape.class)),
            });
        }
    }
    None
}

fn aws(text: &Text<'_>, at: usize) -> Option<Found> {
    let prefix = AWS.iter().find(|prefix| text.has(at, prefix))?;
    let body = at + prefix.len();
    let end = body + AWS_LENGTH;
    let class = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let whole = text.run(body, AWS_LENGTH, class) == AWS_LENGTH;
    let ends = whole && !text.get(end).is_some_and(word);
    (ends && is_varied(text.slice(body, end))).then_some(Found {
        start: at,
        end,
        kind: "aws-key",
        inside: None,
    })
}

fn jwt(text: &Text<'_>, at: usize) -> Option<Found> {
    if !text.has(at, JWT_OBJECT) {
        return None;
    }
    let header = text.run(at, JWT_HEADER_MAX, word);
    let payload = at + header + 1;
    let begins = (JWT_PART_MIN..JWT_HEADER_MAX).contains(&header)
        && text.get(at + header) == Some(b'.')
        && text.has(payload, JWT_OBJECT)
        && text.run(payload, JWT_PART_MIN, word) == JWT_PART_MIN;
    begins.then_some(Found {
        start: at,
        end: payload + JWT_PART_MIN,
        kind: "jwt",
        inside: Some(Inside::Class(dotted)),
    })
}

fn bearer(text: &Text<'_>, at: usize) -> Option<Found> {
    let class = |byte: u8| dotted(byte) || base64(byte) || byte == b'~';
    let start = at + b"Bearer ".len();
    let begins = text.get(at + 1) == Some(b'e') && text.has(at + 2, b"arer ");
    if !begins || text.run(start, BEARER_MIN, class) < BEARER_MIN {
        return None;
    }
    let token = text.slice(start, start + BEARER_MIN);
    let digits = token.iter().any(u8::is_ascii_digit);
    (digits && is_varied(token)).then_some(Found {
        start,
        end: start + BEARER_MIN,
        kind: "bearer",
        inside: Some(Inside::Class(|byte| dotted(byte) || base64(byte) || byte == b'~')),
    })
}

/// Whether it is not one of the `xxxx` and `0000` that examples have.
fn is_varied(token: &[u8]) -> bool {
    distinct(token) >= 6
}

/// Counts the different bytes; others than ASCII count as one.
pub(crate) fn distinct(bytes: &[u8]) -> u32 {
    let seen = bytes.iter().fold(0_u128, |seen, byte| seen | 1 << (byte & 127));
    seen.count_ones()
}

pub(crate) fn alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

pub(crate) fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn dotted(byte: u8) -> bool {
    word(byte) || byte == b'.'
}

fn path(byte: u8) -> bool {
    word(byte) || byte == b'/'
}

pub(crate) fn base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_begins_with_a_trigger() {
        for shape in SHAPES {
            assert!(FIRST.contains(&shape.prefix[0]), "{:?}", shape.prefix);
        }
        assert!(AWS.iter().all(|prefix| FIRST.contains(&prefix[0])));
    }
}
