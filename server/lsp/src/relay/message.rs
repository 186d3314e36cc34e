//! JSON-RPC messages, looked at as little as possible and passed on as they are.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio_util::bytes::Bytes;

/// The code of what is no message.
const PARSE_ERROR: i32 = -32700;
/// The code of an answer that is of no use any more because the documents changed; editors say nothing of it.
pub(super) const CONTENT_MODIFIED: i32 = -32801;
/// The code of a request that the server could not finish.
pub(super) const SERVER_CANCELLED: i32 = -32802;
/// The code of a request that the client took back.
pub(super) const REQUEST_CANCELLED: i32 = -32800;

/// A message with its parts as text.
#[derive(Debug, Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(default)]
    method: Option<String>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// It wants an answer; with its identifier as text.
    Request(&'a str, &'a str),
    /// It wants none.
    Notification(&'a str),
    /// It answers the request of that identifier.
    Response(&'a str),
    /// Something else.
    Other,
}

impl<'a> Message<'a> {
    /// Reads a message; `None` if it is none.
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// Returns what it is.
    pub(super) fn kind(&self) -> Kind<'_> {
        match (self.id, &self.method) {
            (Some(id), Some(method)) => Kind::Request(id.get(), method),
            (None, Some(method)) => Kind::Notification(method),
            (Some(id), None) => Kind::Response(id.get()),
            (None, None) => Kind::Other,
        }
    }

    /// Reads its parameters; `None` if they are of another kind.
    pub(super) fn params<T: Deserialize<'a>>(&self) -> Option<T> {
        serde_json::from_str(self.params?.get()).ok()
    }

    /// Reads its result; `None` if it has none, or one of another kind.
    pub(super) fn result<T: Deserialize<'a>>(&self) -> Option<T> {
        serde_json::from_str(self.result?.get()).ok()
    }

    /// Whether it says that the request failed.
    pub(super) fn is_error(&self) -> bool {
        self.error.is_some()
    }

    /// Returns the same message under another identifier.
    pub(super) fn with_id(&self, id: &str) -> Option<Bytes> {
        let id: &RawValue = serde_json::from_str(id).ok()?;
        let is_response = self.method.is_none();
        // An answer without an error has a result, be it null.
        let result = self
            .result
            .or_else(|| is_response.then_some(RawValue::NULL))
            .filter(|_| self.error.is_none());
        let message = Outgoing {
            jsonrpc: "2.0",
            id,
            method: self.method.as_deref(),
            params: self.params,
            result,
            error: self.error,
        };
        serde_json::to_vec(&message).ok().map(Bytes::from)
    }
}

#[derive(Serialize)]
struct Outgoing<'a> {
    jsonrpc: &'static str,
    id: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a RawValue>,
}

/// Makes a notification.
pub(super) fn notification(method: &str, params: &impl Serialize) -> Bytes {
    body(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
}

/// Makes a request.
pub(super) fn request(id: &Value, method: &str, params: &impl Serialize) -> Bytes {
    body(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
}

/// Makes an answer; `id` is the text of the request's identifier.
pub(super) fn answer(id: &str, result: &Value) -> Bytes {
    body(&json!({ "jsonrpc": "2.0", "id": identifier(id), "result": result }))
}

/// Makes an answer that says that the request failed.
pub(super) fn failure(id: &str, code: i32, message: &str) -> Bytes {
    body(&json!({ "jsonrpc": "2.0", "id": identifier(id), "error": { "code": code, "message": message } }))
}

/// Makes the answer to what is no message.
pub(super) fn malformed(reason: &str) -> Bytes {
    failure("null", PARSE_ERROR, reason)
}

fn identifier(id: &str) -> Value {
    // It came out of a message, so it is JSON.
    serde_json::from_str(id).unwrap_or_default()
}

fn body(message: &Value) -> Bytes {
    Bytes::from(message.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        for (text, expected) in [
            (r#"{"id":1,"method":"m","params":{}}"#, Kind::Request("1", "m")),
            (r#"{"id":"1","method":"m"}"#, Kind::Request("\"1\"", "m")),
            (r#"{"method":"m"}"#, Kind::Notification("m")),
            (r#"{"id":null,"method":"m"}"#, Kind::Notification("m")),
            (r#"{"id":7,"result":null}"#, Kind::Response("7")),
            (r#"{"id":7,"error":{}}"#, Kind::Response("7")),
            ("{}", Kind::Other),
            ("[]", Kind::Other),
        ] {
            assert_eq!(Message::read(text.as_bytes()).unwrap().kind(), expected, "{text}");
        }
        assert!(Message::read(b"{").is_none());
    }

    #[test]
    fn another_identifier() {
        for (text, expected) in [
            (
                r#"{"id":1,"method":"m","params":{"a":1.50}}"#,
                r#"{"jsonrpc":"2.0","id":"x","method":"m","params":{"a":1.50}}"#,
            ),
            (r#"{"id":1,"method":"m"}"#, r#"{"jsonrpc":"2.0","id":"x","method":"m"}"#),
            (
                r#"{"id":1,"result":null}"#,
                r#"{"jsonrpc":"2.0","id":"x","result":null}"#,
            ),
            (
                r#"{"id":1,"result":[ 1]}"#,
                r#"{"jsonrpc":"2.0","id":"x","result":[ 1]}"#,
            ),
            (
                r#"{"id":1,"error":{"code":1}}"#,
                r#"{"jsonrpc":"2.0","id":"x","error":{"code":1}}"#,
            ),
        ] {
            let renamed = Message::read(text.as_bytes()).unwrap().with_id("\"x\"").unwrap();
            assert_eq!(renamed, expected);
        }
    }
}
