//! The loop between the bytes and the service.
//!
//! It takes the place of tower-lsp's own loop, which ends at the first malformed message, stops reading while four
//! requests are unfinished, and hangs at the end of its input if one stays so. The contract is the same: the service is
//! called once for each message, in wire order, with nothing awaited in between.

use std::future::poll_fn;

use futures::stream::FuturesUnordered;
use futures::{FutureExt, SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::codec::{FramedRead, FramedWrite};
use tower::Service;
use tower_lsp::jsonrpc::{Request, Response};
use tower_lsp::{ClientSocket, ExitedError};

use super::Stop;
use super::codec::{Codec, Incoming};
use crate::ServeEnd;

/// How many requests may be unfinished at once before the server stops reading. Handlers are quick or wait for the
/// engine; the bound is far above what any editor has in flight.
const CONCURRENCY: usize = 1024;

/// Serves until reading has ended and every request is answered. Reading ends with the input, or when `stop` is asked.
pub(crate) async fn drive<R, W, S>(input: R, output: W, socket: ClientSocket, mut service: S, stop: Stop)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
    S: Service<Request, Response = Option<Response>, Error = ExitedError>,
{
    let mut incoming = FramedRead::new(input, Codec::default());
    let mut outgoing = FramedWrite::new(output, Codec::default());
    let (mut ours, mut answers) = socket.split();
    let mut unfinished = FuturesUnordered::new();
    let mut reading = true;
    let mut asking = true;
    while reading || !unfinished.is_empty() {
        // A failed write is the output's own matter: its buffer does not fail while the client is there.
        let _ = tokio::select! {
            biased;
            _ = stop.asked(), if reading => {
                reading = false;
                Ok(())
            }
            request = ours.next(), if asking => match request {
                Some(request) => outgoing.send(Message::Request(&request)).await,
                None => {
                    asking = false;
                    Ok(())
                }
            },
            Some(reply) = unfinished.next() => {
                // What a handler sent is not overtaken by its reply.
                while let Some(Some(request)) = ours.next().now_or_never() {
                    let _ = outgoing.send(Message::Request(&request)).await;
                }
                match reply {
                    Ok(Some(response)) => outgoing.send(Message::Response(&response)).await,
                    Ok(None) | Err(ExitedError { .. }) => Ok(()),
                }
            }
            message = incoming.next(), if reading && unfinished.len() < CONCURRENCY => match message {
                Some(Ok(Incoming::Request(request))) => {
                    match poll_fn(|cx| service.poll_ready(cx)).now_or_never() {
                        Some(Err(_)) => stop.ask(ServeEnd::EndOfInput),
                        Some(Ok(())) | None => unfinished.push(service.call(request)),
                    }
                    Ok(())
                }
                Some(Ok(Incoming::Response(response))) => {
                    // Fails only after `exit`, when nobody waits for it.
                    let _ = answers.send(response).await;
                    Ok(())
                }
                Some(Ok(Incoming::Malformed(reply))) => {
                    tracing::warn!(error = ?reply.error(), "a malformed message");
                    outgoing.send(Message::Response(&reply)).await
                }
                Some(Err(_)) | None => {
                    stop.ask(ServeEnd::EndOfInput);
                    Ok(())
                }
            },
        };
    }
    // What was sent last of all.
    while let Some(Some(request)) = ours.next().now_or_never() {
        let _ = outgoing.send(Message::Request(&request)).await;
    }
}

/// A message to the client.
#[derive(serde::Serialize)]
#[serde(untagged)]
enum Message<'a> {
    Request(&'a Request),
    Response(&'a Response),
}
