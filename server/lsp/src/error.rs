//! The one place where errors become JSON-RPC errors.
//!
//! | engine | code | `data.kind` |
//! |---|---|---|
//! | `Invalid` | -32602 invalid params | `invalid` |
//! | `NotFound` | -32602 invalid params | `notFound` |
//! | `Stale` | -32801 content modified | `stale` |
//! | `Unavailable` | -32803 request failed | `unavailable` |
//! | `Internal` | -32603 internal error | `internal` |

use aca_engine::Error as EngineError;
use serde_json::json;
use tower_lsp::jsonrpc::{Error, ErrorCode};

/// The protocol's code for a request that was right but failed.
const REQUEST_FAILED: i64 = -32803;

/// Returns the reply for an engine's error.
pub(crate) fn reply(error: &EngineError) -> Error {
    let (code, kind) = match error {
        EngineError::Invalid(_) => (ErrorCode::InvalidParams, "invalid"),
        EngineError::NotFound(_) => (ErrorCode::InvalidParams, "notFound"),
        EngineError::Stale(_) => (ErrorCode::ContentModified, "stale"),
        EngineError::Unavailable(_) => (ErrorCode::ServerError(REQUEST_FAILED), "unavailable"),
        EngineError::Internal(_) => (ErrorCode::InternalError, "internal"),
    };
    Error {
        code,
        message: error.to_string().into(),
        data: Some(json!({ "kind": kind })),
    }
}

/// Returns the reply for a task of ours that panicked.
pub(crate) fn panicked(what: &str) -> Error {
    let message = format!("aca failed while it handled {what}. This is a fault of aca; its log has the details.");
    Error {
        code: ErrorCode::InternalError,
        message: message.into(),
        data: Some(json!({ "kind": "internal" })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_keeps_its_sentence() {
        let sentence = || "Something happened.".to_owned();
        let cases = [
            (EngineError::Invalid(sentence()), -32602, "invalid"),
            (EngineError::NotFound(sentence()), -32602, "notFound"),
            (EngineError::Stale(sentence()), -32801, "stale"),
            (EngineError::Unavailable(sentence()), -32803, "unavailable"),
            (EngineError::Internal(sentence()), -32603, "internal"),
        ];
        for (error, code, kind) in cases {
            let reply = reply(&error);
            assert_eq!(
                (reply.code.code(), reply.message.as_ref()),
                (code, "Something happened.")
            );
            assert_eq!(reply.data.unwrap()["kind"], kind);
        }
    }
}
