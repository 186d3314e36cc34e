//! The way to a server: what is said to it waits here, never where the editor is heard.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio_util::bytes::{Bytes, BytesMut};

use crate::transport::frame;

/// So much may wait for a server that does not read, in bytes. One that lets more wait is given up.
const MAX_UNREAD: usize = 64 << 20;

/// The way to one server. Dropping it ends what the server reads, after what was said.
#[derive(Debug)]
pub(super) struct Output {
    queue: mpsc::UnboundedSender<Bytes>,
    unread: Arc<AtomicUsize>,
}

impl Output {
    /// Starts to write to a server.
    pub(super) fn start(mut write: impl AsyncWrite + Send + Unpin + 'static) -> Self {
        let (queue, mut bodies) = mpsc::unbounded_channel::<Bytes>();
        let unread = Arc::new(AtomicUsize::new(0));
        let read = Arc::clone(&unread);
        tokio::spawn(async move {
            let mut bytes = BytesMut::new();
            while let Some(body) = bodies.recv().await {
                bytes.clear();
                frame::put(&body, &mut bytes);
                // A server that is gone is noticed where it is heard.
                if write.write_all(&bytes).await.is_err() || write.flush().await.is_err() {
                    return;
                }
                read.fetch_sub(body.len(), Ordering::Relaxed);
            }
            let _ = write.shutdown().await;
        });
        Self { queue, unread }
    }

    /// Says something. False if the server has let too much wait.
    pub(super) fn send(&self, body: Bytes) -> bool {
        let unread = self.unread.fetch_add(body.len(), Ordering::Relaxed) + body.len();
        // A writer that has ended is noticed where the server is heard.
        let _ = self.queue.send(body);
        unread <= MAX_UNREAD
    }
}
