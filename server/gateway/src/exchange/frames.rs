//! The events of a streamed answer, deltas of one content block joined.
//!
//! A model's words come in pieces of a few letters. Joined they take a hundredth of the space, and a secret among them
//! is whole.

use aca_redact::{Redactor, Stream};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::lines::raw;
use crate::sse::SseReader;

/// Joined text is passed on when it has this length, in bytes.
const PASS_ON: usize = 32 << 10;

/// Makes lines of a stream of server-sent events.
pub(super) struct Frames {
    redactor: Redactor,
    reader: SseReader,
    joining: Option<Joining>,
}

/// Deltas of one content block that are being joined.
struct Joining {
    index: Value,
    /// The delta's type, and the name of its text.
    kind: String,
    field: &'static str,
    stream: Stream,
    text: Vec<u8>,
    pieces: u64,
}

impl Frames {
    pub(super) fn new(redactor: Redactor) -> Self {
        Self {
            redactor,
            reader: SseReader::default(),
            joining: None,
        }
    }

    /// Takes the next bytes and hands each frame that is complete to `put`.
    pub(super) fn feed(&mut self, bytes: &[u8], mut put: impl FnMut(Box<RawValue>)) {
        let mut reader = std::mem::take(&mut self.reader);
        reader.feed(bytes, |data| self.event(data, &mut put));
        self.reader = reader;
    }

    /// Hands over what was joined so far, but for what may be the beginning of a secret.
    pub(super) fn pass_on(&mut self, mut put: impl FnMut(Box<RawValue>)) {
        if let Some(joined) = self.joining.as_mut().and_then(Joining::take) {
            put(joined);
        }
    }

    /// Hands over what is left.
    pub(super) fn finish(&mut self, mut put: impl FnMut(Box<RawValue>)) {
        if let Some(mut joining) = self.joining.take() {
            let rest = joining.stream.finish();
            joining.text.extend_from_slice(&rest);
            if let Some(joined) = joining.take() {
                put(joined);
            }
        }
    }

    fn event(&mut self, data: &[u8], put: &mut impl FnMut(Box<RawValue>)) {
        let text = String::from_utf8_lossy(data);
        let parsed = serde_json::from_str::<Value>(&text).ok();
        if let Some((index, kind, field, piece)) = parsed.as_ref().and_then(delta) {
            if !self.joining.as_ref().is_some_and(|joining| joining.is_of(index, kind)) {
                self.finish(&mut *put);
                self.joining = Some(Joining {
                    index: index.clone(),
                    kind: kind.to_owned(),
                    field,
                    stream: self.redactor.stream(),
                    text: Vec::new(),
                    pieces: 0,
                });
            }
            if let Some(joining) = &mut self.joining {
                joining.add(piece);
                if joining.text.len() >= PASS_ON {
                    self.pass_on(put);
                }
            }
            return;
        }
        self.finish(&mut *put);
        let redacted = match parsed {
            Some(_) => RawValue::from_string(self.redactor.json(&text).into_owned()).ok(),
            None => None,
        };
        put(redacted.unwrap_or_else(|| raw(&json!({ "text": self.redactor.text(&text) }))));
    }
}

impl Joining {
    fn is_of(&self, index: &Value, kind: &str) -> bool {
        self.index == *index && self.kind == kind
    }

    fn add(&mut self, piece: &str) {
        let passed = self.stream.push(piece.as_bytes());
        self.text.extend_from_slice(&passed);
        self.pieces += 1;
    }

    fn take(&mut self) -> Option<Box<RawValue>> {
        if self.text.is_empty() && self.pieces == 0 {
            return None;
        }
        // A character that is not whole yet waits for its rest.
        let whole = match std::str::from_utf8(&self.text) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.text.len(),
        };
        let rest = self.text.split_off(whole);
        let text = std::mem::replace(&mut self.text, rest);
        let text = String::from_utf8_lossy(&text);
        let pieces = std::mem::take(&mut self.pieces);
        Some(raw(&json!({
            "type": "content_block_delta", "index": self.index, "joined": pieces,
            "delta": { "type": self.kind, self.field: text },
        })))
    }
}

/// The index, type, name of the text, and text of a delta that can be joined.
fn delta(event: &Value) -> Option<(&Value, &str, &'static str, &str)> {
    if event.get("type")?.as_str()? != "content_block_delta" {
        return None;
    }
    let delta = event.get("delta")?;
    let kind = delta.get("type")?.as_str()?;
    let field = match kind {
        "text_delta" => "text",
        "input_json_delta" => "partial_json",
        "thinking_delta" => "thinking",
        _ => return None,
    };
    Some((event.get("index")?, kind, field, delta.get(field)?.as_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(chunks: &[&[u8]]) -> Vec<Value> {
        let mut frames = Frames::new(Redactor::default());
        let mut lines = Vec::new();
        for chunk in chunks {
            frames.feed(chunk, |line| lines.push(serde_json::from_str(line.get()).unwrap()));
        }
        frames.finish(|line| lines.push(serde_json::from_str(line.get()).unwrap()));
        lines
    }

    fn delta_event(index: u32, text: &str) -> String {
        let delta = json!({ "type": "text_delta", "text": text });
        format!(
            "data: {}\n\n",
            json!({ "type": "content_block_delta", "index": index, "delta": delta })
        )
    }

    #[test]
    fn deltas_are_joined_and_a_secret_in_pieces_is_found() {
        let token = concat!("ghp", "_a8Kd03mZq9XwB7fLr2TnV5cYh1JsG6pEu4Qo");
        let (one, two) = token.split_at(11);
        let stream = [
            "data: {\"type\":\"message_start\",\"token\":1}\n\n".to_owned(),
            delta_event(0, "use "),
            delta_event(0, one),
            delta_event(0, two),
            delta_event(0, " h\u{e9}"),
            delta_event(1, token),
            "event: ping\ndata: {\"type\": \"ping\"}\n\n".to_owned(),
            "data: not json\n\n".to_owned(),
        ]
        .concat();
        let expected = vec![
            json!({"type": "message_start", "token": 1}),
            json!({"type": "content_block_delta", "index": 0, "joined": 4,
                   "delta": {"type": "text_delta", "text": "use [redacted:github-token] h\u{e9}"}}),
            json!({"type": "content_block_delta", "index": 1, "joined": 1,
                   "delta": {"type": "text_delta", "text": "[redacted:github-token]"}}),
            json!({"type": "ping"}),
            json!({"text": "not json"}),
        ];
        assert_eq!(frames(&[stream.as_bytes()]), expected);
        assert_eq!(frames(&stream.as_bytes().chunks(1).collect::<Vec<_>>()), expected);
    }

    #[test]
    fn what_is_passed_on_early_is_all_there_in_the_end() {
        let mut frames = Frames::new(Redactor::default());
        let mut text = String::new();
        let mut put = |line: Box<RawValue>| {
            let line: Value = serde_json::from_str(line.get()).unwrap();
            text.push_str(line["delta"]["text"].as_str().unwrap());
        };
        for _ in 0..3 {
            frames.feed(delta_event(0, "\u{1f980} sk-ant").as_bytes(), &mut put);
            frames.pass_on(&mut put);
        }
        frames.finish(&mut put);
        assert_eq!(text, "\u{1f980} sk-ant".repeat(3));
    }
}
