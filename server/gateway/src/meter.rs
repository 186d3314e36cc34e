//! What a request used, read from its answer as it passes.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use aca_protocol::AttemptId;
use aca_protocol::task::Usage;
use serde::Deserialize;
use tokio::sync::mpsc;

use crate::exchange::UsageNote;
use crate::price::{self, Tokens};
use crate::sse::SseReader;

/// What one model request used. One is sent for each request to `/v1/messages` that carried a valid token, however it
/// ended; a stream that broke off counts what it had told until then.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestUsage {
    /// The attempt that asked.
    pub attempt: AttemptId,
    /// The upstream's name for the request, or one the gateway made up; empty if the upstream did not answer.
    pub request_id: String,
    /// The model that answered, else the one that was asked.
    pub model: String,
    /// Tokens and cost. `requests` is one if the upstream answered, whatever it answered, else zero.
    pub usage: Usage,
    /// The status the sandbox was answered with.
    pub status: u16,
    /// The number of its record among the attempt's exchanges, if one is kept.
    pub exchange: Option<u32>,
    /// When the whole request had arrived, in milliseconds since the Unix epoch.
    pub started_ms: u64,
    /// From then to the answer's last byte, in milliseconds.
    pub duration_ms: u64,
    /// Why the model stopped, if the answer says so.
    pub stop_reason: Option<String>,
}

/// Gathers what one request used and sends it when dropped, so that no way to end is forgotten.
pub(crate) struct Meter {
    record: RequestUsage,
    tokens: Tokens,
    started: Instant,
    reader: SseReader,
    to: mpsc::UnboundedSender<RequestUsage>,
    note: Option<UsageNote>,
}

impl Meter {
    /// Begins to measure a request for `model`.
    pub(crate) fn start(attempt: AttemptId, model: String, to: mpsc::UnboundedSender<RequestUsage>) -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let record = RequestUsage {
            attempt,
            request_id: String::new(),
            model,
            usage: Usage::default(),
            status: 0,
            exchange: None,
            started_ms: millis(since_epoch),
            duration_ms: 0,
            stop_reason: None,
        };
        Self {
            record,
            tokens: Tokens::default(),
            started: Instant::now(),
            reader: SseReader::default(),
            to,
            note: None,
        }
    }

    /// Tells the record of the exchange as well.
    pub(crate) fn tell(&mut self, note: UsageNote) {
        self.record.exchange = Some(note.number());
        self.note = Some(note);
    }

    /// Notes the upstream's name for the request, and that it answered.
    pub(crate) fn upstream_answered(&mut self, request_id: &str) {
        self.record.usage.requests = 1;
        self.record.request_id = request_id.to_owned();
    }

    /// Notes the status the sandbox is answered with.
    pub(crate) fn set_status(&mut self, status: u16) {
        self.record.status = status;
    }

    /// Reads the next bytes of a streamed answer.
    pub(crate) fn read_stream(&mut self, bytes: &[u8]) {
        let mut reader = std::mem::take(&mut self.reader);
        reader.feed(bytes, |data| self.read_event(data));
        self.reader = reader;
    }

    /// Reads an answer that is one JSON value.
    pub(crate) fn read_message(&mut self, body: &[u8]) {
        if let Ok(message) = serde_json::from_slice(body) {
            self.take_message(message);
        }
    }

    fn read_event(&mut self, data: &[u8]) {
        // Deltas of content are by far the most events, and none of them holds this key.
        if !data.windows(USAGE_KEY.len()).any(|window| window == USAGE_KEY) {
            return;
        }
        match serde_json::from_slice(data) {
            Ok(Event::MessageStart { message }) => self.take_message(message),
            Ok(Event::MessageDelta { delta, usage }) => {
                self.take_message(Message {
                    model: None,
                    stop_reason: delta.stop_reason,
                    usage,
                });
            }
            Ok(Event::Other) | Err(_) => {}
        }
    }

    fn take_message(&mut self, message: Message) {
        if let Some(model) = message.model.filter(|model| !model.is_empty()) {
            self.record.model = model;
        }
        if message.stop_reason.is_some() {
            self.record.stop_reason = message.stop_reason;
        }
        if let Some(usage) = message.usage {
            usage.raise(&mut self.tokens);
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        let Tokens {
            input,
            output,
            cache_read,
            cache_write_5m,
            cache_write_1h,
            ..
        } = self.tokens;
        let usage = &mut self.record.usage;
        usage.input_tokens = input;
        usage.output_tokens = output;
        usage.cache_read_tokens = cache_read;
        usage.cache_write_tokens = cache_write_5m.saturating_add(cache_write_1h);
        if self.tokens != Tokens::default() {
            usage.cost_micros = price::cost_micros(&self.record.model, self.tokens);
        }
        self.record.duration_ms = millis(self.started.elapsed());
        tracing::debug!(
            attempt = %self.record.attempt, request = %self.record.request_id, status = self.record.status,
            input = input, output = output, ms = self.record.duration_ms, "A model request ended."
        );
        if let Some(note) = self.note.take() {
            note.tell(self.record.clone());
        }
        // Nobody listening any more is no fault: the engine may be shutting down.
        let _ = self.to.send(self.record.clone());
    }
}

const USAGE_KEY: &[u8] = b"\"usage\"";

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
    MessageStart {
        message: Message,
    },
    MessageDelta {
        #[serde(default)]
        delta: Delta,
        usage: Option<ReportedUsage>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Message {
    model: Option<String>,
    stop_reason: Option<String>,
    usage: Option<ReportedUsage>,
}

#[derive(Default, Deserialize)]
struct Delta {
    stop_reason: Option<String>,
}

/// `usage` as the Messages API reports it. The counts of one answer are cumulative and never go down.
#[derive(Deserialize)]
struct ReportedUsage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_creation: Option<CacheCreation>,
    speed: Option<String>,
}

#[derive(Deserialize)]
struct CacheCreation {
    ephemeral_1h_input_tokens: Option<u64>,
}

impl ReportedUsage {
    fn raise(self, tokens: &mut Tokens) {
        let raise = |count: &mut u64, reported: Option<u64>| *count = (*count).max(reported.unwrap_or(0));
        raise(&mut tokens.input, self.input_tokens);
        raise(&mut tokens.output, self.output_tokens);
        raise(&mut tokens.cache_read, self.cache_read_input_tokens);
        let one_hour = self
            .cache_creation
            .and_then(|creation| creation.ephemeral_1h_input_tokens);
        raise(&mut tokens.cache_write_1h, one_hour);
        let five_minutes = self
            .cache_creation_input_tokens
            .map(|all| all.saturating_sub(tokens.cache_write_1h));
        raise(&mut tokens.cache_write_5m, five_minutes);
        tokens.fast |= self.speed.as_deref() == Some("fast");
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(read: impl FnOnce(&mut Meter)) -> RequestUsage {
        let (to, mut from) = mpsc::unbounded_channel();
        let mut meter = Meter::start(AttemptId::new("a1"), "asked".into(), to);
        read(&mut meter);
        drop(meter);
        from.try_recv().unwrap()
    }

    const STREAM: &str = concat!(
        "event: message_start\n",
        "data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude-opus-4-8\",\"stop_reason\":null,",
        "\"usage\":{\"input_tokens\":1000,\"output_tokens\":1,\"cache_creation_input_tokens\":300,\"cache_read_input_tokens\":200,",
        "\"cache_creation\":{\"ephemeral_1h_input_tokens\":100,\"ephemeral_5m_input_tokens\":200}}}}\n\n",
        "event: ping\ndata: {\"type\":\"ping\"}\n\n",
        "event: content_block_delta\n",
        "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"\\\"usage\\\": {}\"}}\n\n",
        "data: {\"usage\" broken\n\n",
        "event: message_delta\n",
        "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"input_tokens\":null,\"output_tokens\":40}}\n\n",
    );

    fn check_stream(record: &RequestUsage) {
        let expected = Usage {
            requests: 1,
            input_tokens: 1000,
            output_tokens: 40,
            cache_read_tokens: 200,
            cache_write_tokens: 300,
            cost_micros: 5000 + 1000 + 100 + 1250 + 1000,
        };
        assert_eq!(record.usage, expected);
        assert_eq!(record.model, "claude-opus-4-8");
        assert_eq!(record.stop_reason.as_deref(), Some("end_turn"));
    }

    #[test]
    fn a_stream_is_measured_alike_split_at_every_byte() {
        for at in 0..=STREAM.len() {
            check_stream(&measure(|meter| {
                meter.upstream_answered("req_1");
                meter.read_stream(&STREAM.as_bytes()[..at]);
                meter.read_stream(&STREAM.as_bytes()[at..]);
            }));
        }
    }

    #[test]
    fn a_stream_that_breaks_off_counts_what_it_told() {
        let at = STREAM.find("event: ping").unwrap();
        let record = measure(|meter| meter.read_stream(&STREAM.as_bytes()[..at]));
        assert_eq!((record.usage.input_tokens, record.usage.output_tokens), (1000, 1));
        assert_eq!(record.stop_reason, None);
    }

    #[test]
    fn a_message_is_measured() {
        let record = measure(|meter| {
            meter.upstream_answered("req_1");
            meter.set_status(200);
            meter.read_message(
                br#"{"type":"message","model":"claude-haiku-4-5","stop_reason":"tool_use","usage":{"input_tokens":10,"output_tokens":2}}"#,
            );
        });
        assert_eq!(
            (record.usage.cost_micros, record.usage.requests, record.status),
            (20, 1, 200)
        );
        assert_eq!(
            (record.model.as_str(), record.request_id.as_str()),
            ("claude-haiku-4-5", "req_1")
        );
    }

    #[test]
    fn what_is_no_usage_counts_nothing() {
        for body in [
            "",
            "<html>",
            "[]",
            "{\"usage\":7}",
            "{\"usage\":{\"input_tokens\":-1}}",
            "{\"usage\":null}",
        ] {
            let record = measure(|meter| {
                meter.read_message(body.as_bytes());
                meter.read_stream(format!("data: {body}\n\n").as_bytes());
            });
            assert_eq!(record.usage, Usage::default(), "{body}");
            assert_eq!(record.model, "asked");
        }
    }
}
