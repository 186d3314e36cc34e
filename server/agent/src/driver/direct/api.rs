//! The Messages API over `model` streams.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;

use crate::driver::Context;
use crate::driver::reasons::ApiFailure;
use crate::text::clip;

/// The largest reply that is read, in bytes.
const MAX_REPLY: usize = 32 * 1024 * 1024;

/// How long one request may take, without the time in which no daemon is there to carry it.
const REQUEST_TIME: Duration = Duration::from_secs(600);

/// A client of the gateway.
pub(super) struct Client {
    context: Arc<Context>,
}

/// A message of the model.
#[derive(Debug)]
pub(super) struct Reply {
    /// The whole of it.
    pub(super) raw: Value,
    /// Its content blocks.
    pub(super) content: Vec<Value>,
    /// Why it ends.
    pub(super) stop_reason: String,
}

/// A request that failed.
#[derive(Debug)]
pub(super) struct Failure {
    /// What happened.
    pub(super) failure: ApiFailure,
    /// Whether trying again may help.
    pub(super) again: bool,
    /// How long the service asks to wait.
    pub(super) asked_wait: Option<Duration>,
}

impl Failure {
    fn broken(text: impl std::fmt::Display) -> Self {
        let failure = ApiFailure {
            text: text.to_string(),
            ..ApiFailure::default()
        };
        Self {
            failure,
            again: true,
            asked_wait: None,
        }
    }

    fn malformed(text: impl std::fmt::Display) -> Self {
        Self {
            again: false,
            ..Self::broken(format!("the answer is no message: {text}"))
        }
    }
}

impl Client {
    pub(super) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    /// Sends one request to the Messages API and reads the whole reply.
    pub(super) async fn send(&self, body: &Value) -> Result<Reply, Failure> {
        let stream = self
            .context
            .daemons
            .open_model(&self.context.life)
            .await
            .map_err(Failure::broken)?;
        let request = self.request(body).map_err(Failure::broken)?;
        let exchange = async {
            let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
            tokio::spawn(connection);
            sender.send_request(request).await
        };
        let whole = async {
            let response = exchange.await.map_err(Failure::broken)?;
            self.context.life.sign();
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, MAX_REPLY)
                .collect()
                .await
                .map_err(Failure::broken)?
                .to_bytes();
            read(&Response::from_parts(parts, body))
        };
        match self.context.steering.hold.limit(REQUEST_TIME, whole).await {
            Some(reply) => reply,
            None => Err(Failure::broken(format!(
                "no answer came within {} s",
                REQUEST_TIME.as_secs()
            ))),
        }
    }

    fn request(&self, body: &Value) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        Request::post("/v1/messages")
            .header(header::HOST, "aca.gateway")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONNECTION, "close")
            .header("anthropic-version", "2023-06-01")
            .header("x-api-key", &self.context.spec.gateway_token)
            .body(Full::from(body.to_string()))
    }
}

fn read(response: &Response<Bytes>) -> Result<Reply, Failure> {
    let raw: Result<Value, _> = serde_json::from_slice(response.body());
    if response.status() != StatusCode::OK {
        return Err(refused(response, &raw.unwrap_or_default()));
    }
    let raw = raw.map_err(|_| Failure::malformed(clip(&String::from_utf8_lossy(response.body()), 200)))?;
    let Some(content) = raw.get("content").and_then(Value::as_array).cloned() else {
        return Err(Failure::malformed("it has no content"));
    };
    let stop_reason = raw
        .get("stop_reason")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    Ok(Reply {
        raw,
        content,
        stop_reason,
    })
}

fn refused(response: &Response<Bytes>, body: &Value) -> Failure {
    let status = response.status().as_u16();
    let of = |key| body.pointer(key).and_then(Value::as_str).map(str::to_owned);
    let text = of("/error/message").unwrap_or_else(|| clip(&String::from_utf8_lossy(response.body()), 200));
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    // The gateway may know better than the status.
    let again = match header("x-should-retry") {
        Some("true") => true,
        Some("false") => false,
        _ => matches!(status, 408 | 409 | 429 | 500..=599),
    };
    Failure {
        failure: ApiFailure {
            status: Some(status.into()),
            kind: of("/error/type").unwrap_or_default(),
            text,
        },
        again,
        asked_wait: header("retry-after")
            .and_then(|seconds| seconds.parse().ok())
            .map(Duration::from_secs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, header: Option<(&str, &str)>, body: &str) -> Response<Bytes> {
        let mut response = Response::builder().status(status);
        if let Some((name, value)) = header {
            response = response.header(name, value);
        }
        response.body(Bytes::from(body.to_owned())).unwrap()
    }

    #[test]
    fn knows_when_to_try_again() {
        let cases = [
            (429, Some(("retry-after", "7")), true, Some(7)),
            (429, None, true, None),
            (500, None, true, None),
            (529, None, true, None),
            (500, Some(("x-should-retry", "false")), false, None),
            (400, Some(("x-should-retry", "true")), true, None),
            (400, None, false, None),
            (401, None, false, None),
            (404, None, false, None),
            (302, None, false, None),
        ];
        for (status, header, again, wait) in cases {
            let failure = read(&response(status, header, "")).unwrap_err();
            assert_eq!(failure.again, again, "{status} {header:?}");
            assert_eq!(failure.asked_wait, wait.map(Duration::from_secs), "{status} {header:?}");
        }
    }

    #[test]
    fn quotes_what_the_service_said() {
        let body = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        let failure = read(&response(529, None, body)).unwrap_err().failure;
        assert_eq!(
            failure,
            ApiFailure {
                status: Some(529),
                kind: "overloaded_error".into(),
                text: "Overloaded".into()
            }
        );
    }

    #[test]
    fn refuses_what_is_no_message() {
        for body in ["", "<html>", "{}", "[]", r#"{"content":"x"}"#] {
            let failure = read(&response(200, None, body)).unwrap_err();
            assert!(
                !failure.again && failure.failure.text.starts_with("the answer is no message"),
                "{failure:?}"
            );
        }
        let reply = read(&response(200, None, r#"{"content":[],"stop_reason":"end_turn"}"#)).unwrap();
        assert_eq!((reply.content.len(), reply.stop_reason.as_str()), (0, "end_turn"));
    }
}
