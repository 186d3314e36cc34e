//! The service around tower-lsp's own: wire order, early cancellation and panics that cost one reply.
//!
//! tower-lsp calls its service once for each message, in wire order, and awaits nothing in between. So this one polls
//! each handler's future once, right there: what a handler does before its first `await` happens in wire order, before
//! the next message is read. The rest runs concurrently.

use std::panic::AssertUnwindSafe;
use std::task::{Context, Poll};

use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use futures::task::noop_waker_ref;
use serde_json::Value;
use tower::Service;
use tower_lsp::ExitedError;
use tower_lsp::jsonrpc::{Error, ErrorCode, Id, Request, Response};

use super::Stop;
use crate::ServeEnd;

type Reply = Result<Option<Response>, ExitedError>;

/// See the file's head.
pub(crate) struct Ingress<S> {
    inner: S,
    stop: Stop,
    shutdown_seen: bool,
}

impl<S> Ingress<S> {
    pub(crate) fn new(inner: S, stop: Stop) -> Self {
        Self {
            inner,
            stop,
            shutdown_seen: false,
        }
    }
}

impl<S> Service<Request> for Ingress<S>
where
    S: Service<Request, Response = Option<Response>, Error = ExitedError, Future = BoxFuture<'static, Reply>>,
{
    type Response = Option<Response>;
    type Error = ExitedError;
    type Future = BoxFuture<'static, Reply>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ExitedError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let request = without_null_params(request);
        let id = request.id().cloned();
        let method = request.method().to_owned();
        self.shutdown_seen |= method == "shutdown" && id.is_some();
        let handler = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        if method == "exit" {
            self.stop.ask(ServeEnd::Exit {
                after_shutdown: self.shutdown_seen,
            });
        }
        let mut reply = handler
            .map(move |outcome| outcome.unwrap_or_else(|_| Ok(id.map(|id| panicked(id, &method)))))
            .boxed();
        // A future that is not ready is polled again with a real waker: the latest waker is the one that counts.
        match reply.poll_unpin(&mut Context::from_waker(noop_waker_ref())) {
            Poll::Ready(outcome) => ready(outcome).boxed(),
            Poll::Pending => reply,
        }
    }
}

/// Some clients send `"params": null` where there are none; tower-lsp would refuse that.
fn without_null_params(request: Request) -> Request {
    if !matches!(request.params(), Some(Value::Null)) {
        return request;
    }
    let (method, id, _) = request.into_parts();
    let request = Request::build(method);
    match id {
        Some(id) => request.id(id).finish(),
        None => request.finish(),
    }
}

fn panicked(id: Id, method: &str) -> Response {
    let message = format!(
        "aca failed while it handled `{method}`. This is a fault of aca; nothing was decided or written by this request. \
         The server goes on; its log has the details."
    );
    Response::from_error(
        id,
        Error {
            code: ErrorCode::InternalError,
            message: message.into(),
            data: None,
        },
    )
}
