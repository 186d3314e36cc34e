//! Failures as answers: the error shape of the Messages API, which agents understand.
//!
//! `x-should-retry: false` stops Claude Code at once; without it, it tries again ten times, for about three minutes.

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::json;

use crate::body::{self, Body};
use crate::error::CredentialError;
use crate::headers::X_SHOULD_RETRY;

/// An answer that says what went wrong.
#[derive(Debug)]
pub(crate) struct ApiError {
    /// The answer's status.
    pub(crate) status: StatusCode,
    /// The error's type, one of the Messages API's.
    pub(crate) kind: String,
    /// What happened and what to do, one or two sentences.
    pub(crate) message: String,
    /// Whether trying again can help; `None` leaves that to the client.
    pub(crate) should_retry: Option<bool>,
}

impl ApiError {
    /// An error whose type follows from its status.
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            kind: kind_of(status).to_owned(),
            message: message.into(),
            should_retry: None,
        }
    }

    /// The same error, saying that trying again is no use.
    pub(crate) fn final_answer(mut self) -> Self {
        self.should_retry = Some(false);
        self
    }

    /// The answer.
    pub(crate) fn into_response(self) -> Response<Body> {
        let text = json!({"type": "error", "error": {"type": self.kind, "message": self.message}}).to_string();
        let mut response = Response::new(body::full(Bytes::from(text)));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(retry) = self.should_retry {
            headers.insert(
                X_SHOULD_RETRY,
                HeaderValue::from_static(if retry { "true" } else { "false" }),
            );
        }
        response
    }
}

impl From<CredentialError> for ApiError {
    fn from(error: CredentialError) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, error.to_string()).final_answer()
    }
}

/// Returns the error type the Messages API uses with a status.
pub(crate) fn kind_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}
