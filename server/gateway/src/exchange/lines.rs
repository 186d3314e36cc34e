//! The lines of a record.

use std::collections::BTreeMap;

use aca_protocol::task::Usage;
use aca_redact::Redactor;
use hyper::header::{AUTHORIZATION, COOKIE, HeaderMap, PROXY_AUTHORIZATION};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::Asked;
use crate::headers::X_API_KEY;

/// A request's body keeps so much of its beginning and of its end, in bytes; the newest messages are at its end.
const BODY_HEAD: usize = 1 << 20;
const BODY_TAIL: usize = 2 << 20;

/// One line of a record.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Line {
    /// The request.
    Asked(AskedLine),
    /// The answer's head.
    Answered(AnsweredLine),
    /// An event of a streamed answer, or joined deltas of one content block.
    Frame(Box<RawValue>),
    /// An answer that is not streamed.
    Body(Box<RawValue>),
    /// How it ended. A record without this line was cut off.
    Ended(EndedLine),
}

/// The request.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AskedLine {
    pub(super) at_ms: u64,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) model: Option<String>,
    /// The body: JSON, or its beginning and end as text; nothing once it was dropped to make room.
    pub(super) body: Option<Box<RawValue>>,
    /// How many bytes of the body are not there.
    pub(super) left_out: u64,
}

/// The answer's head.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AnsweredLine {
    pub(super) status: u16,
    pub(super) headers: BTreeMap<String, String>,
}

/// How an exchange ended.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EndedLine {
    pub(super) took_ms: u64,
    pub(super) error: Option<String>,
    pub(super) model: Option<String>,
    pub(super) stop_reason: Option<String>,
    pub(super) usage: Usage,
    /// How many bytes of the answer are not there.
    pub(super) left_out: u64,
}

impl AskedLine {
    /// Describes a request without its secrets.
    pub(super) fn new(asked: &Asked, redactor: &Redactor) -> Self {
        let (body, left_out) = body(&asked.body, redactor, BODY_HEAD, BODY_TAIL);
        Self {
            at_ms: asked.at_ms,
            method: asked.method.clone(),
            path: redactor.text(&asked.path).into_owned(),
            headers: headers(&asked.headers, redactor),
            model: asked.model.as_deref().map(|model| redactor.text(model).into_owned()),
            body: Some(body),
            left_out,
        }
    }
}

/// Returns headers without those that carry credentials.
pub(super) fn headers(headers: &HeaderMap, redactor: &Redactor) -> BTreeMap<String, String> {
    let secret = [AUTHORIZATION, X_API_KEY, PROXY_AUTHORIZATION, COOKIE];
    let mut lines: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers.iter().filter(|(name, _)| !secret.contains(name)) {
        let value = String::from_utf8_lossy(value.as_bytes());
        let line = lines.entry(name.to_string()).or_default();
        if !line.is_empty() {
            line.push_str(", ");
        }
        line.push_str(&redactor.text(&value));
    }
    lines
}

/// Returns a body without its secrets as JSON, and how many bytes of it were left out. What is larger than `head` and
/// `tail` together, or is not JSON, becomes text.
pub(super) fn body(bytes: &[u8], redactor: &Redactor, head: usize, tail: usize) -> (Box<RawValue>, u64) {
    let text = String::from_utf8_lossy(bytes);
    let is_json = serde_json::from_str::<&RawValue>(&text).is_ok();
    let redacted = if is_json {
        redactor.json(&text)
    } else {
        redactor.text(&text)
    };
    if redacted.len() <= head + tail {
        if is_json && let Ok(raw) = RawValue::from_string(one_line(&redacted)) {
            return (raw, 0);
        }
        return (raw(&Value::from(&*redacted)), 0);
    }
    let (start, end) = (
        floor_char(&redacted, head),
        floor_char(&redacted, redacted.len() - tail),
    );
    let (head, rest) = (redacted.get(..start), redacted.get(end..));
    let cut = serde_json::json!({ "head": head, "tail": rest });
    (raw(&cut), (end - start) as u64)
}

/// A value as JSON of its own; null if it has none, which no value here is.
pub(super) fn raw(value: &impl Serialize) -> Box<RawValue> {
    to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// JSON has line breaks between its parts only; a record's lines have none.
fn one_line(json: &str) -> String {
    json.replace(['\n', '\r'], " ")
}

fn floor_char(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
