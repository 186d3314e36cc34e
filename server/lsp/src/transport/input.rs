//! The input side: notices its end, and brings it about when the connection is to end for another reason.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::Stop;
use crate::ServeEnd;

/// A reader whose end, and whose errors, end the connection, and that ends when the connection does.
///
/// The second half lets tower-lsp finish: at the end of its input it answers what is not stuck and returns, although
/// the client keeps its end open.
pub(crate) struct Input<R> {
    inner: R,
    stop: Stop,
    stopped: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl<R> Input<R> {
    pub(crate) fn new(inner: R, stop: Stop) -> Self {
        let stopped = Box::pin(stop.signal());
        Self { inner, stop, stopped }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Input<R> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.stop.is_asked() || self.stopped.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let outcome = std::task::ready!(Pin::new(&mut self.inner).poll_read(cx, buf));
        if outcome.is_err() || buf.filled().len() == before {
            self.stop.ask(ServeEnd::EndOfInput);
            return Poll::Ready(Ok(()));
        }
        Poll::Ready(Ok(()))
    }
}
