//! The engine's end of the one stream to an agent: yamux over whatever the sandbox backend carries.
//!
//! The stream's meaning is documented in [`aca_protocol::agent`].

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use aca_protocol::agent::{ControlReply, ControlRequest, StreamHeader};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::{mpsc, oneshot};
use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt, TokioAsyncReadCompatExt};
use yamux::{Config, Connection, Mode};

/// One multiplexed stream, as tokio sees it.
pub(crate) type Stream = Compat<yamux::Stream>;

/// How long a header line of the agent may be, in bytes.
const MAX_HEADER: usize = 4096;

/// A connection to an agent. Dropping it, and every stream of it, closes the connection.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    open: mpsc::Sender<oneshot::Sender<io::Result<Stream>>>,
}

impl Link {
    /// Speaks yamux on `carrier`. Streams that the agent opens for model traffic go to `models`.
    ///
    /// The returned future drives the connection and must be polled; it ends when the connection does.
    pub(crate) fn new<C>(carrier: C, models: mpsc::Sender<Stream>) -> (Self, impl Future<Output = ()> + Send)
    where
        C: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (open, wishes) = mpsc::channel(8);
        let connection = Connection::new(carrier.compat(), Config::default(), Mode::Client);
        (Self { open }, drive(connection, wishes, models))
    }

    /// Opens the journal from a byte offset on.
    pub(crate) async fn journal(&self, offset: u64) -> io::Result<Stream> {
        self.stream(&StreamHeader::Journal { offset }).await
    }

    /// Sends one control request and returns the answer.
    pub(crate) async fn control(&self, request: &ControlRequest) -> io::Result<ControlReply> {
        let mut stream = self.stream(&StreamHeader::Control).await?;
        stream.write_all(&line(request)?).await?;
        stream.flush().await?;
        let mut reply = String::new();
        BufReader::new(stream.take(MAX_HEADER as u64))
            .read_line(&mut reply)
            .await?;
        Ok(serde_json::from_str(&reply)?)
    }

    async fn stream(&self, header: &StreamHeader) -> io::Result<Stream> {
        let (reply, stream) = oneshot::channel();
        let gone = || io::Error::new(io::ErrorKind::BrokenPipe, "the connection to the agent ended");
        self.open.send(reply).await.map_err(|_| gone())?;
        let mut stream = stream.await.map_err(|_| gone())??;
        stream.write_all(&line(header)?).await?;
        stream.flush().await?;
        Ok(stream)
    }
}

fn line(message: &impl serde::Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}

enum Step {
    Inbound(yamux::Stream),
    Wish(oneshot::Sender<io::Result<Stream>>),
    Opened(Result<yamux::Stream, yamux::ConnectionError>),
    End,
}

async fn drive<C>(
    mut connection: Connection<Compat<C>>,
    mut wishes: mpsc::Receiver<oneshot::Sender<io::Result<Stream>>>,
    models: mpsc::Sender<Stream>,
) where
    C: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut waiting: Option<oneshot::Sender<io::Result<Stream>>> = None;
    let mut asking = true;
    loop {
        let step = poll_fn(|cx| {
            if waiting.is_some() {
                if let Poll::Ready(stream) = connection.poll_new_outbound(cx) {
                    return Poll::Ready(Step::Opened(stream));
                }
            } else if asking {
                match wishes.poll_recv(cx) {
                    Poll::Ready(Some(wish)) => return Poll::Ready(Step::Wish(wish)),
                    Poll::Ready(None) => asking = false,
                    Poll::Pending => {}
                }
            }
            match connection.poll_next_inbound(cx) {
                Poll::Ready(Some(Ok(stream))) => Poll::Ready(Step::Inbound(stream)),
                Poll::Ready(Some(Err(_)) | None) => Poll::Ready(Step::End),
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
        match step {
            Step::Inbound(stream) => {
                tokio::spawn(admit(stream.compat(), models.clone()));
            }
            Step::Wish(wish) => waiting = Some(wish),
            Step::Opened(stream) => {
                if let Some(wish) = waiting.take() {
                    // The receiver may have given up; then the stream is closed by being dropped.
                    let _ = wish.send(stream.map(FuturesAsyncReadCompatExt::compat).map_err(io::Error::other));
                }
            }
            Step::End => return,
        }
    }
}

/// Reads the header of a stream that the agent opened and passes model streams on.
async fn admit(mut stream: Stream, models: mpsc::Sender<Stream>) {
    // Byte by byte: what follows the line belongs to the stream's own protocol.
    let mut header = Vec::new();
    let mut byte = [0; 1];
    while header.len() < MAX_HEADER {
        match AsyncReadExt::read(&mut stream, &mut byte).await {
            Ok(1) if byte[0] == b'\n' => break,
            Ok(1) => header.push(byte[0]),
            _ => return,
        }
    }
    match serde_json::from_slice(&header) {
        Ok(StreamHeader::Model) => drop(models.send(stream).await),
        other => tracing::warn!(?other, "the agent opened a stream that only the engine opens"),
    }
}
