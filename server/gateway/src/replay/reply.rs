//! Makes a turn's answer: the same message as a stream of events or as one JSON value.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::conversation::Conversation;
use super::script::{NamedCall, Reply, ReplyError, ReplyUsage, ToolCall};
use super::select::Selected;
use super::template;
use crate::api_error::kind_of;
use crate::body::{self, Body};

/// A delta of a stream holds so many characters.
const DELTA_CHARS: usize = 24;

/// Numbers messages and tool calls, so that no two have the same name.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// An answer that is ready to be sent.
#[derive(Debug)]
pub(crate) struct Prepared {
    delay: Duration,
    chunk_delay: Duration,
    headers: HeaderMap,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Whole {
        status: StatusCode,
        kind: String,
        body: Bytes,
    },
    Events {
        events: Vec<Bytes>,
        end: StreamEnd,
    },
    Nothing,
}

/// What follows a stream's last event.
#[derive(Debug, Clone, Copy)]
enum StreamEnd {
    Proper,
    Dropped,
    Silence,
}

/// Returns how many tokens so many bytes of JSON are, roughly.
pub(crate) fn estimate_tokens(bytes: usize) -> u64 {
    bytes as u64 / 4 + 1
}

/// Returns an answer with status 200 and this content type.
pub(crate) fn with_type(content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Makes the answer of a turn, or says why it cannot.
pub(crate) fn prepare(
    selected: &Selected<'_>,
    conversation: &Conversation,
    values: &BTreeMap<String, String>,
    request_bytes: usize,
) -> Result<Prepared, String> {
    let reply = &selected.turn.reply;
    let content = if reply.hang {
        Content::Nothing
    } else if let Some(error) = &reply.error {
        whole_error(error, values)
    } else if let Some(garbage) = &reply.garbage {
        let kind = reply.garbage_type.clone().unwrap_or_else(|| "text/html".to_owned());
        Content::Whole {
            status: StatusCode::OK,
            kind,
            body: Bytes::from(garbage.clone()),
        }
    } else {
        let message = Message::new(reply, conversation, values, request_bytes)?;
        message.content(conversation.stream, selected)
    };
    Ok(Prepared {
        delay: Duration::from_millis(reply.delay_ms),
        chunk_delay: Duration::from_millis(reply.chunk_delay_ms),
        headers: headers_of(reply),
        content,
    })
}

fn whole_error(error: &ReplyError, values: &BTreeMap<String, String>) -> Content {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = error.kind.clone().unwrap_or_else(|| kind_of(status).to_owned());
    let message = template::fill(&error.message, values);
    let body = json!({"type": "error", "error": {"type": kind, "message": message}});
    Content::Whole {
        status,
        kind: "application/json".to_owned(),
        body: Bytes::from(body.to_string()),
    }
}

fn headers_of(reply: &Reply) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let request_id = format!("req_replay_{}", NEXT_ID.fetch_add(1, Ordering::Relaxed));
    let mut pairs = vec![("request-id".to_owned(), request_id)];
    if let Some(error) = &reply.error {
        pairs.extend(
            error
                .retry_after
                .map(|seconds| (RETRY_AFTER.as_str().to_owned(), seconds.to_string())),
        );
        pairs.extend(
            error
                .should_retry
                .map(|retry| ("x-should-retry".to_owned(), retry.to_string())),
        );
    }
    pairs.extend(reply.headers.clone());
    for (name, value) in pairs {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    headers
}

impl Prepared {
    /// Sends it: waits as long as the script says, then answers, or never does.
    pub(crate) async fn send(self) -> Response<Body> {
        tokio::time::sleep(self.delay).await;
        let mut response = match self.content {
            Content::Nothing => std::future::pending().await,
            Content::Whole { status, kind, body } => {
                let mut response = Response::new(body::full(body));
                *response.status_mut() = status;
                if let Ok(kind) = HeaderValue::try_from(kind) {
                    response.headers_mut().insert(CONTENT_TYPE, kind);
                }
                response
            }
            Content::Events { events, end } => with_type(
                "text/event-stream; charset=utf-8",
                stream_of(events, end, self.chunk_delay),
            ),
        };
        response.headers_mut().extend(self.headers);
        response
    }
}

fn stream_of(events: Vec<Bytes>, end: StreamEnd, delay: Duration) -> Body {
    let state = (events.into_iter(), true, Some(end));
    body::stream(stream::unfold(state, move |(mut events, first, end)| async move {
        let ending = end?;
        if let Some(event) = events.next() {
            if !first && !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            return Some((Ok(event), (events, false, end)));
        }
        match ending {
            StreamEnd::Proper => None,
            StreamEnd::Dropped => Some((Err(io::ErrorKind::ConnectionReset.into()), (events, false, None))),
            StreamEnd::Silence => std::future::pending().await,
        }
    }))
}

/// A message of the model.
struct Message {
    id: String,
    model: String,
    blocks: Vec<Value>,
    stop_reason: String,
    usage: ReplyUsage,
}

impl Message {
    fn new(
        reply: &Reply,
        conversation: &Conversation,
        values: &BTreeMap<String, String>,
        request_bytes: usize,
    ) -> Result<Self, String> {
        let mut blocks = Vec::new();
        if !reply.text.is_empty() {
            blocks.push(json!({"type": "text", "text": template::fill(&reply.text, values)}));
        }
        for tool in &reply.tools {
            let call = choose(tool, &conversation.tools)?;
            let input = template::fill_value(&call.input, values);
            blocks.push(json!({"type": "tool_use", "id": next_id("toolu"), "name": call.name, "input": input}));
        }
        let stop_reason = if reply.tools.is_empty() { "end_turn" } else { "tool_use" };
        let size: usize = blocks.iter().map(|block| block.to_string().len()).sum();
        Ok(Self {
            id: next_id("msg"),
            model: conversation.model.clone(),
            stop_reason: reply.stop_reason.clone().unwrap_or_else(|| stop_reason.to_owned()),
            usage: reply.usage.unwrap_or_else(|| ReplyUsage {
                input_tokens: estimate_tokens(request_bytes),
                output_tokens: estimate_tokens(size),
                ..ReplyUsage::default()
            }),
            blocks,
        })
    }

    fn content(&self, streamed: bool, selected: &Selected<'_>) -> Content {
        if !streamed {
            let stop = Value::from(self.stop_reason.as_str());
            let body = self.envelope(self.blocks.clone(), stop, self.usage.output_tokens);
            let body = Bytes::from(body.to_string());
            return Content::Whole {
                status: StatusCode::OK,
                kind: "application/json".to_owned(),
                body,
            };
        }
        let mut events = self.events();
        let mut end = StreamEnd::Proper;
        if selected.faulty {
            let reply = &selected.turn.reply;
            let (after, fault) = match reply.drop_after_chunks {
                Some(after) => (after, StreamEnd::Dropped),
                None => (reply.hang_after_chunks.unwrap_or(0), StreamEnd::Silence),
            };
            events.truncate(after);
            end = fault;
        }
        Content::Events { events, end }
    }

    fn envelope(&self, content: Vec<Value>, stop_reason: Value, output_tokens: u64) -> Value {
        json!({
            "id": self.id, "type": "message", "role": "assistant", "model": self.model, "content": content,
            "stop_reason": stop_reason, "stop_sequence": null,
            "usage": {
                "input_tokens": self.usage.input_tokens,
                "cache_creation_input_tokens": self.usage.cache_creation_input_tokens,
                "cache_read_input_tokens": self.usage.cache_read_input_tokens,
                "output_tokens": output_tokens,
            },
        })
    }

    fn events(&self) -> Vec<Bytes> {
        let start = self.envelope(Vec::new(), Value::Null, 1);
        let mut events = vec![event("message_start", json!({"message": start}))];
        for (index, block) in self.blocks.iter().enumerate() {
            let (opening, deltas) = split(block);
            events.push(event(
                "content_block_start",
                json!({"index": index, "content_block": opening}),
            ));
            for delta in deltas {
                events.push(event("content_block_delta", json!({"index": index, "delta": delta})));
            }
            events.push(event("content_block_stop", json!({"index": index})));
        }
        let delta = json!({"stop_reason": self.stop_reason, "stop_sequence": null});
        let usage = json!({"output_tokens": self.usage.output_tokens});
        events.push(event("message_delta", json!({"delta": delta, "usage": usage})));
        events.push(event("message_stop", json!({})));
        events
    }
}

fn choose<'a>(tool: &'a ToolCall, offered: &[String]) -> Result<&'a NamedCall, String> {
    match tool {
        ToolCall::Exactly(call) => Ok(call),
        ToolCall::AnyOf(choice) => choice
            .any_of
            .iter()
            .find(|call| offered.contains(&call.name))
            .ok_or_else(|| {
                let wanted: Vec<&str> = choice.any_of.iter().map(|call| call.name.as_str()).collect();
                format!(
                    "the request offers none of {}; it offers {}.",
                    wanted.join(", "),
                    offered.join(", ")
                )
            }),
    }
}

fn next_id(kind: &str) -> String {
    format!("{kind}_replay_{}", NEXT_ID.fetch_add(1, Ordering::Relaxed))
}

/// Splits a block into how it opens and the deltas that fill it.
fn split(block: &Value) -> (Value, Vec<Value>) {
    if let Some(text) = block.get("text").and_then(Value::as_str) {
        let deltas = pieces(text).map(|piece| json!({"type": "text_delta", "text": piece}));
        return (with(block, "text", json!("")), deltas.collect());
    }
    let input = block.get("input").map(Value::to_string).unwrap_or_default();
    let deltas = pieces(&input).map(|piece| json!({"type": "input_json_delta", "partial_json": piece}));
    (with(block, "input", json!({})), deltas.collect())
}

/// Returns an object with one of its members set.
fn with(object: &Value, key: &str, value: Value) -> Value {
    let mut members = object.as_object().cloned().unwrap_or_default();
    members.insert(key.to_owned(), value);
    Value::Object(members)
}

fn pieces(text: &str) -> impl Iterator<Item = String> {
    let chars: Vec<char> = text.chars().collect();
    chars
        .chunks(DELTA_CHARS)
        .map(|piece| piece.iter().collect())
        .collect::<Vec<String>>()
        .into_iter()
}

fn event(kind: &str, data: Value) -> Bytes {
    let data = with(&data, "type", Value::from(kind));
    Bytes::from(format!("event: {kind}\ndata: {data}\n\n"))
}
