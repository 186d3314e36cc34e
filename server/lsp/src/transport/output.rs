//! The output side: a bounded buffer between tower-lsp and the client.
//!
//! tower-lsp reads and writes in one task, so a client that is slow to read would stop the server from reading what
//! that client sends. [`BUFFER`] bytes of replies are kept for it; behind that the server does wait, on purpose: the
//! only other choices are unbounded memory and lost messages.
//!
//! tower-lsp panics when its writer fails. The buffer never fails: when the client is gone, what is left is discarded.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};

use super::Stop;
use crate::ServeEnd;

/// How many bytes wait for a slow client, at most.
const BUFFER: usize = 4 << 20;

/// How much is moved at a time.
const CHUNK: usize = 64 << 10;

/// Returns a writer for tower-lsp, and the future that moves what is written there to `output`.
///
/// The future ends when the writer is dropped and everything is moved and flushed.
pub(crate) fn buffered<W>(output: W, stop: Stop) -> (DuplexStream, impl Future<Output = ()> + Send + 'static)
where
    W: AsyncWrite + Send + Unpin + 'static,
{
    let (writer, reader) = tokio::io::duplex(BUFFER);
    (writer, pump(reader, output, stop))
}

async fn pump(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, stop: Stop) {
    let mut chunk = vec![0; CHUNK];
    let mut gone = false;
    while let Ok(read) = from.read(&mut chunk).await {
        let Some(bytes) = chunk.get(..read).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        if gone {
            continue;
        }
        if to.write_all(bytes).await.is_err() || to.flush().await.is_err() {
            gone = true;
            stop.ask(ServeEnd::ClientGone);
        }
    }
}
