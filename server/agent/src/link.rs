//! The connections to the daemon: each is multiplexed with yamux, and the newest carries the model traffic.

use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use aca_protocol::agent::{ControlReply, ControlRequest, StreamHeader};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt, TokioAsyncReadCompatExt};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use yamux::{Config, Connection, Mode, Stream};

use crate::journal::Journal;
use crate::life::Life;
use crate::mailbox::Message;
use crate::steer::Steering;

/// The longest header or control line, in bytes.
const MAX_LINE: u64 = 1024 * 1024;

/// How long a closing connection may take to send what it still holds.
const CLOSE_TIME: Duration = Duration::from_millis(500);

/// One stream of a connection to the daemon.
pub(crate) type DaemonStream = Compat<Stream>;

/// The daemon's connections, oldest first.
#[derive(Default)]
pub(crate) struct Daemons {
    links: Mutex<Links>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct Links {
    last: u64,
    live: Vec<Live>,
}

/// A connection.
struct Live {
    id: u64,
    opens: Opens,
    /// Cancelled when a later one has taken its place.
    replaced: CancellationToken,
}

/// Where a connection takes requests to open a stream.
type Opens = mpsc::Sender<oneshot::Sender<Stream>>;

impl Daemons {
    /// Opens a `model` stream on the newest connection, waiting for one as long as it takes.
    ///
    /// The wait itself is a sign of life: while the daemon is away, nothing else can be.
    pub(crate) async fn open_model(&self, life: &Life) -> io::Result<DaemonStream> {
        let mut changed = self.changed.subscribe();
        loop {
            changed.mark_unchanged();
            if let Some((id, opens)) = self.newest() {
                match open(&opens).await {
                    Some(stream) => return begin_model(stream).await,
                    None => self.remove(id),
                }
                continue;
            }
            life.sign();
            let _ = tokio::time::timeout(Duration::from_secs(1), changed.changed()).await;
        }
    }

    fn add(&self, opens: Opens, replaced: CancellationToken) -> u64 {
        let mut links = self.links();
        links.last += 1;
        let id = links.last;
        links.live.push(Live { id, opens, replaced });
        drop(links);
        self.changed.send_replace(());
        id
    }

    /// Ends the connections before the one that the daemon follows the journal on. What carries them may have died without
    /// a word, and a model request would wait on one for ever.
    fn follows(&self, id: u64) {
        for earlier in self.links().live.iter().filter(|live| live.id < id) {
            earlier.replaced.cancel();
        }
    }

    fn remove(&self, id: u64) {
        self.links().live.retain(|live| live.id != id);
    }

    fn newest(&self) -> Option<(u64, Opens)> {
        self.links().live.last().map(|live| (live.id, live.opens.clone()))
    }

    fn links(&self) -> MutexGuard<'_, Links> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn open(opens: &Opens) -> Option<Stream> {
    let (reply, stream) = oneshot::channel();
    opens.send(reply).await.ok()?;
    stream.await.ok()
}

async fn begin_model(stream: Stream) -> io::Result<DaemonStream> {
    let mut stream = stream.compat();
    write_line(&mut stream, &StreamHeader::Model).await?;
    Ok(stream)
}

/// What the streams that the daemon opens are about.
pub(crate) struct Services {
    /// The journal that they follow.
    pub(crate) journal: Arc<Journal>,
    /// How they steer the work.
    pub(crate) steering: Arc<Steering>,
    /// Where connections are kept.
    pub(crate) daemons: Arc<Daemons>,
    /// The followers of the journal that have not got everything yet.
    pub(crate) followers: TaskTracker,
    /// The connections.
    pub(crate) connections: TaskTracker,
    /// Cancelled when connections are to close.
    pub(crate) closing: CancellationToken,
}

/// Accepts connections for as long as it is polled.
pub(crate) async fn serve(listener: UnixListener, services: Arc<Services>) {
    loop {
        match listener.accept().await {
            Ok((socket, _)) => {
                services.connections.spawn(drive(socket, Arc::clone(&services)));
            }
            // Out of descriptors or memory: others must end first.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// What one poll of a connection brought.
enum Step {
    Inbound(Stream),
    Outbound(Stream),
    Over,
}

async fn drive(socket: UnixStream, services: Arc<Services>) {
    let mut connection = Connection::new(socket.compat(), Config::default(), Mode::Server);
    let (opens, mut requests) = mpsc::channel::<oneshot::Sender<Stream>>(16);
    let replaced = CancellationToken::new();
    let id = services.daemons.add(opens, replaced.clone());
    let mut waiting: Option<oneshot::Sender<Stream>> = None;
    loop {
        let step = poll_fn(|cx| {
            if waiting.is_none()
                && let Poll::Ready(Some(request)) = requests.poll_recv(cx)
            {
                waiting = Some(request);
            }
            if waiting.is_some() {
                match connection.poll_new_outbound(cx) {
                    Poll::Ready(Ok(stream)) => return Poll::Ready(Step::Outbound(stream)),
                    Poll::Ready(Err(_)) => return Poll::Ready(Step::Over),
                    Poll::Pending => {}
                }
            }
            connection.poll_next_inbound(cx).map(|stream| match stream {
                Some(Ok(stream)) => Step::Inbound(stream),
                Some(Err(_)) | None => Step::Over,
            })
        });
        let step = tokio::select! {
            step = step => step,
            () = replaced.cancelled() => Step::Over,
            () = services.closing.cancelled() => {
                let _ = tokio::time::timeout(CLOSE_TIME, poll_fn(|cx| connection.poll_close(cx))).await;
                Step::Over
            }
        };
        match step {
            Step::Inbound(stream) => {
                let services = Arc::clone(&services);
                tokio::spawn(async move {
                    // Whatever breaks a stream breaks only that stream.
                    let _ = serve_stream(stream.compat(), id, &services).await;
                });
            }
            Step::Outbound(stream) => {
                if let Some(reply) = waiting.take() {
                    let _ = reply.send(stream);
                }
            }
            Step::Over => break,
        }
    }
    services.daemons.remove(id);
}

async fn serve_stream(stream: DaemonStream, connection: u64, services: &Services) -> io::Result<()> {
    let follower = services.followers.token();
    let mut stream = BufReader::new(stream);
    let Some(line) = read_line(&mut stream).await? else {
        return Ok(());
    };
    match serde_json::from_slice(&line) {
        Ok(StreamHeader::Journal { offset }) => {
            services.daemons.follows(connection);
            services.journal.follow(offset, &mut stream).await?;
            stream.shutdown().await?;
        }
        Ok(StreamHeader::Control) => {
            drop(follower);
            control(&mut stream, services).await?;
        }
        Ok(StreamHeader::Model) => refuse(&mut stream, "model streams are opened by the agent".to_owned()).await?,
        Err(error) => refuse(&mut stream, format!("this is no stream header: {error}")).await?,
    }
    Ok(())
}

async fn control(stream: &mut BufReader<DaemonStream>, services: &Services) -> io::Result<()> {
    while let Some(line) = read_line(stream).await? {
        let done = match serde_json::from_slice(&line) {
            Ok(request) => carry_out(request, &services.steering).await,
            Err(error) => Err(format!("this is no control request: {error}")),
        };
        let reply = match done {
            Ok(()) => ControlReply::Done,
            Err(message) => ControlReply::Error { message },
        };
        write_line(stream, &reply).await?;
    }
    stream.shutdown().await
}

async fn carry_out(request: ControlRequest, steering: &Steering) -> Result<(), String> {
    match request {
        ControlRequest::Stop => steering.stop.ask(),
        ControlRequest::Ping => {}
        ControlRequest::Tell { id, text } => {
            let put = steering.mailbox.put(Message { id, text });
            put.map_err(|error| error.to_string())?;
        }
        ControlRequest::Pause => steering.pause().await?,
        ControlRequest::Resume => steering.resume().await,
    }
    Ok(())
}

async fn refuse(stream: &mut (impl AsyncWrite + Unpin), message: String) -> io::Result<()> {
    write_line(stream, &ControlReply::Error { message }).await?;
    stream.shutdown().await
}

/// Reads a line of at most [`MAX_LINE`] bytes; `None` at the end.
async fn read_line(stream: &mut BufReader<impl AsyncRead + Unpin>) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    stream.take(MAX_LINE).read_until(b'\n', &mut line).await?;
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "a line without an end")),
    }
}

async fn write_line(stream: &mut (impl AsyncWrite + Unpin), line: &impl serde::Serialize) -> io::Result<()> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    stream.write_all(&bytes).await?;
    stream.flush().await
}
