//! What the frames of Claude Code mean to us.
//!
//! Frames are read leniently: an unknown one, a missing field or another type is not an error but means nothing.

use aca_protocol::agent::RecordBody;
use serde_json::Value;

use crate::driver::{MAX_RESULT, about};
use crate::text::clip;

/// Something a frame says that matters.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Seen {
    /// Something for the journal.
    Event(RecordBody),
    /// An answer to a control request of ours: what went wrong, if anything.
    Answered { request: String, error: Option<String> },
    /// A control request to us.
    Asked { request: String, body: Value },
    /// The kind of a failed model request.
    Trouble(String),
    /// A turn ended.
    Ended(TurnResult),
    /// Whether all of the model's words of this turn are there: not while it speaks, nor when it called a tool at last.
    Spoken(bool),
    /// A message of ours was taken.
    Heard(String),
    /// Nothing is going on any more.
    Idle,
}

/// How a turn ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TurnResult {
    /// `success`, or the kind of error. A success may be none: see `is_error`.
    pub(super) subtype: String,
    /// Whether the turn failed.
    pub(super) is_error: bool,
    /// The HTTP status of the model request that failed it.
    pub(super) status: Option<u64>,
    /// The last words, or the errors.
    pub(super) text: String,
    /// Why the turn ended; may be empty.
    pub(super) terminal_reason: String,
    /// Whether this turn was not ours but the wake-up call of a background task.
    pub(super) of_background: bool,
}

impl TurnResult {
    /// Whether the turn did what it was asked. A `success` by itself says little: every failed model request ends in one.
    pub(super) fn succeeded(&self) -> bool {
        let completed = matches!(self.terminal_reason.as_str(), "" | "completed");
        !self.is_error && completed && self.subtype == "success"
    }

    /// The success of a turn of which only the words are known.
    pub(super) fn of_words(words: &str) -> Self {
        Self {
            subtype: "success".to_owned(),
            text: words.to_owned(),
            ..Self::default()
        }
    }

    /// Whether the conversation to resume is not there.
    pub(super) fn misses_conversation(&self) -> bool {
        self.is_error && self.text.contains("No conversation found")
    }
}

/// Reads a frame.
pub(super) fn read(frame: &Value) -> Vec<Seen> {
    match text(frame, "type") {
        "system" => system(frame).into_iter().collect(),
        "assistant" => assistant(frame),
        "user" if frame.get("isReplay") == Some(&Value::Bool(true)) => heard(frame).into_iter().collect(),
        "user" => blocks(frame).filter_map(tool_result).collect(),
        "control_response" => answered(frame).into_iter().collect(),
        "control_request" => vec![Seen::Asked {
            request: text(frame, "request_id").to_owned(),
            body: frame.get("request").cloned().unwrap_or_default(),
        }],
        "stream_event" => spoken(frame).into_iter().collect(),
        "result" => vec![Seen::Ended(turn_result(frame))],
        _ => Vec::new(),
    }
}

fn system(frame: &Value) -> Option<Seen> {
    match text(frame, "subtype") {
        "session_state_changed" if text(frame, "state") == "idle" => Some(Seen::Idle),
        "api_retry" => Some(Seen::Event(retry(frame))),
        _ => None,
    }
}

/// The words of a subagent are not the turn's.
fn spoken(frame: &Value) -> Option<Seen> {
    let of_subagent = frame.get("parent_tool_use_id").is_some_and(|parent| !parent.is_null());
    let event = frame.get("event").filter(|_| !of_subagent)?;
    match text(event, "type") {
        "message_start" => Some(Seen::Spoken(false)),
        "message_delta" => {
            let reason = event.pointer("/delta/stop_reason").and_then(Value::as_str)?;
            Some(Seen::Spoken(reason == "end_turn"))
        }
        _ => None,
    }
}

fn retry(frame: &Value) -> RecordBody {
    let number = |key| frame.get(key).and_then(Value::as_f64).unwrap_or_default().max(0.0);
    let reason = match (text(frame, "error"), frame.get("error_status").and_then(Value::as_u64)) {
        ("" | "unknown", None) => "no answer came".to_owned(),
        (kind, None) => kind.to_owned(),
        (kind, Some(status)) => format!("{kind} ({status})"),
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast of a float saturates"
    )]
    RecordBody::Retry {
        attempt: number("attempt") as u32,
        max: number("max_retries") as u32,
        delay_ms: number("retry_delay_ms") as u64,
        reason,
    }
}

fn assistant(frame: &Value) -> Vec<Seen> {
    let mut seen: Vec<Seen> = blocks(frame).filter_map(said_or_used).map(Seen::Event).collect();
    match text(frame, "error") {
        "" => {}
        kind => seen.push(Seen::Trouble(kind.to_owned())),
    }
    seen
}

fn said_or_used(block: &Value) -> Option<RecordBody> {
    match text(block, "type") {
        "text" if !text(block, "text").is_empty() => Some(RecordBody::Said {
            text: text(block, "text").to_owned(),
        }),
        "tool_use" => Some(RecordBody::ToolUse {
            id: text(block, "id").to_owned(),
            tool: text(block, "name").to_owned(),
            about: about(block.get("input").unwrap_or(&Value::Null)),
        }),
        _ => None,
    }
}

fn tool_result(block: &Value) -> Option<Seen> {
    if text(block, "type") != "tool_result" {
        return None;
    }
    let output = match block.get("content") {
        Some(Value::String(output)) => output.clone(),
        Some(Value::Array(parts)) => parts
            .iter()
            .map(|part| text(part, "text"))
            .collect::<Vec<_>>()
            .join("\n"),
        _ => String::new(),
    };
    Some(Seen::Event(RecordBody::ToolResult {
        id: text(block, "tool_use_id").to_owned(),
        ok: block.get("is_error") != Some(&Value::Bool(true)),
        text: clip(&output, MAX_RESULT),
    }))
}

fn heard(frame: &Value) -> Option<Seen> {
    match text(frame, "uuid") {
        "" => None,
        uuid => Some(Seen::Heard(uuid.to_owned())),
    }
}

fn answered(frame: &Value) -> Option<Seen> {
    let response = frame.get("response")?;
    let error = (text(response, "subtype") == "error").then(|| text(response, "error").to_owned());
    Some(Seen::Answered {
        request: text(response, "request_id").to_owned(),
        error,
    })
}

fn turn_result(frame: &Value) -> TurnResult {
    let errors = frame.get("errors").and_then(Value::as_array).into_iter().flatten();
    let errors: Vec<&str> = errors.filter_map(Value::as_str).collect();
    let words = match text(frame, "result") {
        "" => errors.join("; "),
        words => words.to_owned(),
    };
    let origin = frame.get("origin").map(|origin| text(origin, "kind"));
    TurnResult {
        subtype: text(frame, "subtype").to_owned(),
        is_error: frame.get("is_error") == Some(&Value::Bool(true)),
        status: frame.get("api_error_status").and_then(Value::as_u64),
        text: words,
        terminal_reason: text(frame, "terminal_reason").to_owned(),
        of_background: origin == Some("task-notification"),
    }
}

fn blocks(frame: &Value) -> impl Iterator<Item = &Value> {
    frame
        .pointer("/message/content")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(frame: &str, want: &[Seen]) {
        assert_eq!(read(&serde_json::from_str(frame).unwrap()), want, "{frame}");
    }

    fn event(event: RecordBody) -> Seen {
        Seen::Event(event)
    }

    #[test]
    fn frames_without_meaning_mean_nothing() {
        for frame in [
            r#"{"type":"system","subtype":"init","cwd":"/ws","tools":["Bash"]}"#,
            r#"{"type":"system","subtype":"status","status":"requesting"}"#,
            r#"{"type":"system","subtype":"session_state_changed","state":"running"}"#,
            r#"{"type":"stream_event","event":{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"I"}}}"#,
            r#"{"type":"rate_limit_event","rate_limit_info":{"status":"rejected"}}"#,
            r#"{"type":"tool_progress","tool_use_id":"bash-progress-30","elapsed_time_seconds":33}"#,
            r#"{"type":"user","isReplay":true,"message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"x"}]}}"#,
            r#"{"type":"user","message":{"role":"user","content":"[Request interrupted by user]"}}"#,
            r#"{"type":"assistant","message":null}"#,
            r#"{"type":7}"#,
            "{}",
        ] {
            check(frame, &[]);
        }
    }

    #[test]
    fn knows_when_the_models_words_are_complete() {
        for (frame, want) in [
            (
                r#"{"event":{"type":"message_start"},"parent_tool_use_id":null}"#,
                Some(false),
            ),
            (
                r#"{"event":{"type":"message_delta","delta":{"stop_reason":"end_turn"}}}"#,
                Some(true),
            ),
            (
                r#"{"event":{"type":"message_delta","delta":{"stop_reason":"tool_use"}}}"#,
                Some(false),
            ),
            (r#"{"event":{"type":"message_delta","delta":{}}}"#, None),
            (
                r#"{"event":{"type":"message_delta","delta":{"stop_reason":"end_turn"}},"parent_tool_use_id":"toolu_1"}"#,
                None,
            ),
        ] {
            let frame = frame.replacen('{', r#"{"type":"stream_event","#, 1);
            check(&frame, &want.map(Seen::Spoken).into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn reads_words_and_tools() {
        check(
            r#"{"type":"assistant","message":{"content":[{"type":"text","text":"Hello"},{"type":"thinking","thinking":"…"}]}}"#,
            &[event(RecordBody::Said { text: "Hello".into() })],
        );
        check(
            r#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"toolu_w1","name":"Write","input":{"file_path":"/ws/a","content":"x\n"}}]}}"#,
            &[event(RecordBody::ToolUse {
                id: "toolu_w1".into(),
                tool: "Write".into(),
                about: "/ws/a".into(),
            })],
        );
        check(
            r#"{"type":"user","message":{"role":"user","content":[{"tool_use_id":"toolu_b1","type":"tool_result","content":"hi","is_error":false}]}}"#,
            &[event(RecordBody::ToolResult {
                id: "toolu_b1".into(),
                ok: true,
                text: "hi".into(),
            })],
        );
        check(
            r#"{"type":"user","message":{"content":[{"tool_use_id":"t","type":"tool_result","content":[{"type":"text","text":"Exit code 3"}],"is_error":true}]}}"#,
            &[event(RecordBody::ToolResult {
                id: "t".into(),
                ok: false,
                text: "Exit code 3".into(),
            })],
        );
    }

    #[test]
    fn reads_retries_with_fractions() {
        check(
            r#"{"type":"system","subtype":"api_retry","attempt":1,"max_retries":10,"retry_delay_ms":548.97,"error_status":401,"error":"authentication_failed"}"#,
            &[event(RecordBody::Retry {
                attempt: 1,
                max: 10,
                delay_ms: 548,
                reason: "authentication_failed (401)".into(),
            })],
        );
    }

    #[test]
    fn a_synthetic_message_names_its_trouble() {
        check(
            r#"{"type":"assistant","error":"billing_error","message":{"model":"<synthetic>","content":[{"type":"text","text":"Credit balance is too low"}]}}"#,
            &[
                event(RecordBody::Said {
                    text: "Credit balance is too low".into(),
                }),
                Seen::Trouble("billing_error".into()),
            ],
        );
    }

    #[test]
    fn reads_the_control_protocol() {
        check(
            r#"{"type":"control_response","response":{"subtype":"success","request_id":"r1","response":{"pid":7}}}"#,
            &[Seen::Answered {
                request: "r1".into(),
                error: None,
            }],
        );
        check(
            r#"{"type":"control_response","response":{"subtype":"error","request_id":"r1","error":"Unsupported"}}"#,
            &[Seen::Answered {
                request: "r1".into(),
                error: Some("Unsupported".into()),
            }],
        );
        check(
            r#"{"type":"control_request","request_id":"091e","request":{"subtype":"can_use_tool","tool_name":"Bash"}}"#,
            &[Seen::Asked {
                request: "091e".into(),
                body: serde_json::json!({"subtype": "can_use_tool", "tool_name": "Bash"}),
            }],
        );
        check(
            r#"{"type":"system","subtype":"session_state_changed","state":"idle"}"#,
            &[Seen::Idle],
        );
    }

    #[test]
    fn reads_results() {
        let done = TurnResult {
            subtype: "success".into(),
            terminal_reason: "completed".into(),
            ..TurnResult::default()
        };
        check(
            r#"{"type":"result","subtype":"success","is_error":false,"api_error_status":null,"result":"All done.","terminal_reason":"completed"}"#,
            &[Seen::Ended(TurnResult {
                text: "All done.".into(),
                ..done.clone()
            })],
        );
        check(
            r#"{"type":"result","subtype":"success","is_error":true,"api_error_status":401,"result":"Invalid API key","terminal_reason":"completed"}"#,
            &[Seen::Ended(TurnResult {
                text: "Invalid API key".into(),
                is_error: true,
                status: Some(401),
                ..done.clone()
            })],
        );
        check(
            r#"{"type":"result","subtype":"error_max_turns","is_error":true,"errors":["Reached maximum number of turns (2)"],"terminal_reason":"max_turns"}"#,
            &[Seen::Ended(TurnResult {
                subtype: "error_max_turns".into(),
                is_error: true,
                text: "Reached maximum number of turns (2)".into(),
                terminal_reason: "max_turns".into(),
                ..TurnResult::default()
            })],
        );
        check(
            r#"{"type":"result","subtype":"success","is_error":false,"result":"x","terminal_reason":"completed","origin":{"kind":"task-notification"}}"#,
            &[Seen::Ended(TurnResult {
                text: "x".into(),
                of_background: true,
                ..done
            })],
        );
    }
}
