//! A replay as a service of its own on a socket, for tests that want a Messages API on loopback.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::Replay;
use crate::api_error::ApiError;
use crate::body::Body;

/// Serves a replay to everyone who connects, whatever credential they show; what they show is recorded. Runs until it is
/// dropped, which closes its connections.
pub async fn serve_replay_on(listener: TcpListener, replay: Replay) {
    let mut connections = JoinSet::new();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "The replay service cannot accept a connection.");
                // Most likely no file descriptor is free; the next one may be.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let replay = replay.clone();
        connections.spawn(async move {
            let service = service_fn(|request| answer(&replay, request));
            if let Err(error) = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await
            {
                tracing::debug!(%error, "A connection to the replay service ended early.");
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn answer(replay: &Replay, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let body: Bytes = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => {
            let message = format!("The request's body did not arrive whole: {error}.");
            return Ok(ApiError::new(StatusCode::BAD_REQUEST, message).into_response());
        }
    };
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    Ok(replay.answer(&head.method, target, &head.headers, body).await)
}
