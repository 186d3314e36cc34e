//! Brings an upstream's answer back to the sandbox: streams as they arrive, everything else checked first.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use aca_redact::{Redactor, Stream};
use aca_secrets::Secret;
use bytes::{Bytes, BytesMut};
use futures::stream;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;

use crate::api_error::{self, ApiError};
use crate::body::{self, Body};
use crate::headers::{self, REQUEST_ID, X_SHOULD_RETRY};
use crate::meter::Meter;
use crate::route::Route;

/// An error's body is read up to here, in bytes.
const MAX_ERROR_BYTES: usize = 1 << 20;
/// An answer that is not a stream is read up to here, in bytes.
const MAX_ANSWER_BYTES: usize = 64 << 20;
/// Of an answer that is not of the Messages API, so many characters are repeated.
const EXCERPT_CHARS: usize = 200;

/// What bringing one answer back needs to know.
pub(crate) struct Relay {
    pub(crate) route: Route,
    /// Who answered, for messages.
    pub(crate) upstream: String,
    /// What must not appear in the answer.
    pub(crate) secret: Option<Secret>,
    /// How long the upstream may send nothing.
    pub(crate) patience: Duration,
}

impl Relay {
    /// Turns the upstream's answer into the sandbox's. `meter` and `permit` stay with the answer until its last byte.
    pub(crate) async fn pass(
        self,
        answer: Response<Body>,
        meter: &mut Option<Meter>,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<Response<Body>, ApiError> {
        let (head, mut body) = answer.into_parts();
        let mut headers = headers::for_sandbox(&head.headers, self.secret.as_ref().map(Secret::expose));
        name_request(&mut headers, meter);
        if head.status.is_success() && is_encoded(&head.headers) {
            let message = format!(
                "{} answered in a compressed form that was not asked for. Switch compression off there.",
                self.upstream
            );
            return Err(ApiError::new(StatusCode::BAD_GATEWAY, message).final_answer());
        }
        let streamed = content_type(&head.headers) == "text/event-stream";
        let answered = if !head.status.is_success() {
            self.pass_error(head.status, headers, &mut body).await
        } else if streamed && self.route == Route::Messages {
            return self.pass_stream(headers, body, meter, permit).await;
        } else {
            self.pass_whole(headers, &mut body, meter).await
        }?;
        if let Some(meter) = meter {
            meter.set_status(answered.status().as_u16());
        }
        Ok(answered)
    }

    async fn pass_error(
        &self,
        status: StatusCode,
        mut headers: HeaderMap,
        body: &mut Body,
    ) -> Result<Response<Body>, ApiError> {
        if !(status.is_client_error() || status.is_server_error()) {
            let message = format!(
                "{} answered {status} where an answer was due, perhaps a redirect, which is not followed. Set \
                 `base_url` to the address of the Messages API itself.",
                self.upstream
            );
            return Err(ApiError::new(StatusCode::BAD_GATEWAY, message).final_answer());
        }
        let text = self.redact(self.collect(body, MAX_ERROR_BYTES, true).await?);
        let error: Option<Value> = serde_json::from_slice(&text).ok();
        let error = error.filter(|error| error.get("error").is_some());
        if no_retry_helps(status, error.as_ref()) {
            headers.insert(X_SHOULD_RETRY, HeaderValue::from_static("false"));
        }
        let body = if error.is_some() {
            text
        } else {
            let message = format!(
                "{} answered {status} and no error of the Messages API: {}",
                self.upstream,
                excerpt(&text)
            );
            let kind = api_error::kind_of(status);
            let shaped = serde_json::json!({"type": "error", "error": {"type": kind, "message": message}});
            Bytes::from(shaped.to_string())
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(respond(status, headers, body::full(body)))
    }

    async fn pass_whole(
        &self,
        mut headers: HeaderMap,
        body: &mut Body,
        meter: &mut Option<Meter>,
    ) -> Result<Response<Body>, ApiError> {
        let text = self.redact(self.collect(body, MAX_ANSWER_BYTES, false).await?);
        if !self.is_expected(&text) {
            return Err(self.garbage(&text));
        }
        if let Some(meter) = meter {
            meter.read_message(&text);
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(respond(StatusCode::OK, headers, body::full(text)))
    }

    async fn pass_stream(
        self,
        headers: HeaderMap,
        mut body: Body,
        meter: &mut Option<Meter>,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<Response<Body>, ApiError> {
        // While nothing has been passed on yet, a failure can still be an answer of its own.
        let first = self.next(&mut body).await?.ok_or_else(|| self.garbage(b""))?;
        if let Some(meter) = meter {
            meter.set_status(200);
        }
        let redactor = self
            .secret
            .as_ref()
            .map(|secret| Redactor::only(Some(secret.expose())).stream());
        let passing = Passing {
            relay: self,
            body,
            first: Some(first),
            redactor,
            meter: meter.take(),
            _permit: permit,
        };
        Ok(respond(StatusCode::OK, headers, body::stream(passing.into_stream())))
    }

    /// Waits for the next bytes, as an answer of its own if they do not come.
    async fn next(&self, body: &mut Body) -> Result<Option<Bytes>, ApiError> {
        match tokio::time::timeout(self.patience, body::next(body)).await {
            Ok(None) => Ok(None),
            Ok(Some(Ok(bytes))) => Ok(Some(bytes)),
            Ok(Some(Err(error))) => {
                let message = format!(
                    "The answer of {} broke off: {error}. This is usually passing.",
                    self.upstream
                );
                Err(ApiError::new(StatusCode::BAD_GATEWAY, message))
            }
            Err(_elapsed) => Err(silent(&self.upstream, self.patience)),
        }
    }

    async fn collect(&self, body: &mut Body, most: usize, cut: bool) -> Result<Bytes, ApiError> {
        let mut all = BytesMut::new();
        while let Some(bytes) = self.next(body).await? {
            all.extend_from_slice(&bytes);
            if all.len() > most && cut {
                all.truncate(most);
                break;
            }
            if all.len() > most {
                let message = format!(
                    "The answer of {} is larger than {most} bytes and was not read on.",
                    self.upstream
                );
                return Err(ApiError::new(StatusCode::BAD_GATEWAY, message).final_answer());
            }
        }
        Ok(all.freeze())
    }

    fn redact(&self, text: Bytes) -> Bytes {
        let Some(secret) = &self.secret else { return text };
        match Redactor::only(Some(secret.expose())).bytes(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(redacted) => redacted.into(),
        }
    }

    fn is_expected(&self, text: &[u8]) -> bool {
        let Ok(Value::Object(answer)) = serde_json::from_slice(text) else {
            return false;
        };
        match self.route {
            Route::Messages => answer.get("content").is_some_and(Value::is_array),
            Route::CountTokens => answer.get("input_tokens").is_some_and(Value::is_u64),
            Route::Models => answer.get("data").is_some_and(Value::is_array),
            Route::Hello => false,
        }
    }

    fn garbage(&self, text: &[u8]) -> ApiError {
        let message = format!(
            "The answer of {} is not a Messages API answer: {} Check `base_url` in the configuration.",
            self.upstream,
            excerpt(text)
        );
        ApiError::new(StatusCode::BAD_GATEWAY, message)
    }
}

/// An answer's stream on its way.
struct Passing {
    relay: Relay,
    body: Body,
    first: Option<Bytes>,
    /// Takes the credential out, if there is one.
    redactor: Option<Stream>,
    meter: Option<Meter>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Passing {
    fn into_stream(self) -> impl futures::Stream<Item = io::Result<Bytes>> + Send + 'static {
        stream::unfold(Some(self), |passing| async {
            let mut passing = passing?;
            match passing.next().await {
                Ok(Some(bytes)) => Some((Ok(bytes), Some(passing))),
                Ok(None) => {
                    let held = passing.redactor.as_mut().map(Stream::finish).unwrap_or_default();
                    Some((Ok(held.into()), None))
                }
                Err(error) => Some((Err(error), None)),
            }
        })
    }

    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            let bytes = match self.first.take() {
                Some(bytes) => Some(bytes),
                None => self.receive().await?,
            };
            let Some(bytes) = bytes else { return Ok(None) };
            if let Some(meter) = &mut self.meter {
                meter.read_stream(&bytes);
            }
            let bytes = match &mut self.redactor {
                Some(redactor) => redactor.push(&bytes).into(),
                None => bytes,
            };
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
        }
    }

    async fn receive(&mut self) -> io::Result<Option<Bytes>> {
        match tokio::time::timeout(self.relay.patience, body::next(&mut self.body)).await {
            Ok(bytes) => bytes.transpose(),
            Err(_elapsed) => {
                tracing::warn!(upstream = %self.relay.upstream, "The upstream fell silent in a stream, which is closed.");
                Err(io::ErrorKind::TimedOut.into())
            }
        }
    }
}

/// The answer when the upstream sent nothing for so long.
pub(crate) fn silent(upstream: &str, patience: Duration) -> ApiError {
    let message = format!(
        "{upstream} sent nothing for {} s. It may be overloaded, or the network may be broken.",
        patience.as_secs_f32()
    );
    ApiError::new(StatusCode::GATEWAY_TIMEOUT, message)
}

fn respond(status: StatusCode, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

fn name_request(headers: &mut HeaderMap, meter: &mut Option<Meter>) {
    if !headers.contains_key(REQUEST_ID) {
        let made_up = format!("req_aca_{}", uuid::Uuid::new_v4().simple());
        if let Ok(value) = HeaderValue::try_from(made_up) {
            headers.insert(REQUEST_ID, value);
        }
    }
    if let (Some(meter), Some(Ok(id))) = (meter, headers.get(REQUEST_ID).map(HeaderValue::to_str)) {
        meter.upstream_answered(id);
    }
}

/// Whether only a person can mend it: the credential is refused, or a spending limit is reached.
fn no_retry_helps(status: StatusCode, error: Option<&Value>) -> bool {
    let code = error
        .and_then(|error| error.pointer("/error/details/error_code"))
        .and_then(Value::as_str);
    status == StatusCode::UNAUTHORIZED || code == Some("enforced_spend_limit_reached")
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

fn content_type(headers: &HeaderMap) -> &str {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

fn excerpt(text: &[u8]) -> String {
    if text.is_empty() {
        return "it is empty.".to_owned();
    }
    let text = String::from_utf8_lossy(text);
    let words: Vec<&str> = text.split_whitespace().collect();
    let start: String = words
        .join(" ")
        .chars()
        .filter(|char| !char.is_control())
        .take(EXCERPT_CHARS)
        .collect();
    format!("it begins with `{start}`.")
}
