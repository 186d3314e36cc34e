//! The loop between the editor's stream, the servers' streams, and the session.

use std::io;
use std::time::Duration;

use futures::StreamExt as _;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadHalf};
use tokio::time::Instant;
use tokio_util::bytes::BytesMut;
use tokio_util::codec::FramedRead;
use tokio_util::sync::CancellationToken;

use super::message;
use super::output::Output;
use super::session::{Out, Session};
use crate::ServeEnd;
use crate::transport::{Frame, Frames, Stop, buffered, frame, parent};

/// A server that lived shorter than this died quickly.
const QUICK: Duration = Duration::from_secs(10);
/// So many quick deaths in a row are one too many.
const DEATHS: u32 = 6;
/// How long is waited after the first quick death; twice as long after each further one.
const PAUSE: Duration = Duration::from_millis(100);
/// How often a server that rests is looked for, in case somebody else has started it.
const GLANCE: Duration = Duration::from_secs(1);
/// How long a new server has for publishing what the one before it had published.
const SETTLING: Duration = Duration::from_secs(10);
/// How long the server may still talk after the editor's last word.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How long the editor may take to read the last words.
const FLUSH: Duration = Duration::from_millis(500);
/// So often a server may be looked for in vain.
const FAILURES: u32 = 3;

/// Whether a server is wanted even if it has to be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// One is needed.
    Start,
    /// One that is there anyway will do.
    IfThere,
}

/// What finds servers.
pub trait Connector: Send {
    /// A connection to a server that knows nothing of the editor yet.
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// Connects to a server. `None` if there is none and none was to be started.
    ///
    /// # Errors
    ///
    /// A sentence that says why there is none.
    fn connect(&mut self, want: Want) -> impl Future<Output = Result<Option<Self::Stream>, String>> + Send;
}

/// How an editor is joined with its servers.
#[derive(Debug, Clone, Default)]
pub struct RelayOptions {
    /// Ends it from outside.
    pub stop: CancellationToken,
}

/// Why the relay has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelayEnd {
    /// The editor said `exit`.
    Exit {
        /// Whether it had said `shutdown` before, as it should.
        after_shutdown: bool,
    },
    /// The editor is gone.
    EditorGone,
    /// [`RelayOptions::stop`] was cancelled.
    Stopped,
    /// There is no server to be had; the sentence was shown in the editor.
    NoServer(String),
}

/// Joins an editor with one server after the other until the editor is done, and says why it ended.
///
/// Where the input is the process's stdin, the caller ends with [`std::process::exit`]: a blocked read of stdin cannot
/// be taken back.
pub async fn relay<R, W, C>(input: R, output: W, connector: C, options: RelayOptions) -> RelayEnd
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
    C: Connector,
{
    let stop = Stop::default();
    let (writer, pump) = buffered(output, stop.clone());
    let pump = tokio::spawn(pump);
    let end = {
        let mut relay = Relay {
            session: Session::default(),
            input: FramedRead::new(input, Frames::default()),
            output: writer,
            stop: stop.clone(),
            watches: false,
        };
        tokio::select! {
            end = relay.serve(connector) => end.unwrap_or_else(|end| end),
            () = options.stop.cancelled() => RelayEnd::Stopped,
            _ = stop.asked() => RelayEnd::EditorGone,
        }
    };
    tracing::debug!(?end, "the relay ends");
    // The watch of the editor's process ends with this.
    stop.ask(ServeEnd::Stopped);
    if tokio::time::timeout(FLUSH, pump).await.is_err() {
        tracing::debug!("the editor did not read the last words");
    }
    end
}

struct Relay<R> {
    session: Session,
    input: FramedRead<R, Frames>,
    output: DuplexStream,
    stop: Stop,
    /// Whether the editor's process is watched.
    watches: bool,
}

/// A connection to a server.
struct Server<S> {
    input: FramedRead<ReadHalf<S>, Frames>,
    output: Output,
}

/// What follows from a message.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// The conversation goes on.
    On,
    /// The server is of no use any more.
    Lost,
    /// The editor is done.
    End(RelayEnd),
}

impl<R: AsyncRead + Send + Unpin> Relay<R> {
    /// Finds servers and talks to them. The error is an end, too: it spares every step the look whether it was the last.
    async fn serve<C: Connector>(&mut self, mut connector: C) -> Result<RelayEnd, RelayEnd> {
        let mut deaths = 0;
        loop {
            let stream = self.find(&mut connector, deaths).await?;
            let since = Instant::now();
            if let Next::End(end) = self.talk(stream).await {
                return Ok(end);
            }
            tracing::info!("the server is gone");
            deaths = if since.elapsed() < QUICK { deaths + 1 } else { 0 };
            let told = self.session.lost();
            self.perform(told, None).await;
            if deaths >= DEATHS {
                let reason = format!(
                    "The aca daemon ended {deaths} times in a row as soon as it was started. `aca daemon logs` says why; \
                     restart the language server when it is mended."
                );
                return Err(self.give_up(reason).await);
            }
        }
    }

    /// Looks for a server, and hears the editor meanwhile.
    async fn find<C: Connector>(&mut self, connector: &mut C, deaths: u32) -> Result<C::Stream, RelayEnd> {
        let mut pause = pause(deaths);
        let mut failures = 0;
        loop {
            while self.session.is_shut_down() {
                // Nothing is left to do for a server.
                self.hear(None).await?;
            }
            let want = if self.session.rests() && !self.session.needs_server() {
                Want::IfThere
            } else {
                Want::Start
            };
            let found = {
                let attempt = async {
                    tokio::time::sleep(pause).await;
                    connector.connect(want).await
                };
                tokio::pin!(attempt);
                loop {
                    tokio::select! {
                        found = &mut attempt => break found,
                        heard = self.hear(None) => heard?,
                    };
                    if want == Want::IfThere && self.session.needs_server() {
                        break Ok(None);
                    }
                }
            };
            match found {
                Ok(Some(stream)) => return Ok(stream),
                Ok(None) => {
                    pause = if self.session.needs_server() {
                        Duration::ZERO
                    } else {
                        GLANCE
                    }
                }
                Err(reason) => {
                    failures += 1;
                    tracing::warn!(reason, failures, "there is no server");
                    if !self.session.is_introduced() {
                        // The editor shows why if it has asked.
                        self.await_question().await?;
                        return Err(self.give_up(reason).await);
                    }
                    if failures >= FAILURES {
                        return Err(self.give_up(reason).await);
                    }
                    pause = self::pause(failures);
                }
            }
        }
    }

    /// Waits for a moment until the editor has asked something.
    async fn await_question(&mut self) -> Result<(), RelayEnd> {
        let asking = async {
            while !self.session.needs_server() {
                self.hear(None).await?;
            }
            Ok(())
        };
        tokio::time::timeout(LAST_WORDS, asking).await.unwrap_or(Ok(()))
    }

    /// Carries messages both ways until one side ends.
    async fn talk<S>(&mut self, stream: S) -> Next
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (read, write) = tokio::io::split(stream);
        let mut server = Server {
            input: FramedRead::new(read, Frames::default()),
            output: Output::start(write),
        };
        let told = self.session.connected();
        let mut next = self.perform(told, Some(&server.output)).await;
        let settling = tokio::time::sleep(SETTLING);
        tokio::pin!(settling);
        while next == Next::On {
            next = tokio::select! {
                heard = self.hear(Some(&server.output)) => match heard {
                    Ok(next) => next,
                    Err(end) => Next::End(end),
                },
                frame = server.input.next() => self.hear_server(frame, &server.output).await,
                () = &mut settling, if self.session.has_stale() => {
                    let told = self.session.settled();
                    self.perform(told, None).await
                }
            };
        }
        if let Next::End(_) = next {
            self.last_words(server).await;
        }
        next
    }

    /// Waits for a message of the editor and takes it in.
    async fn hear(&mut self, server: Option<&Output>) -> Result<Next, RelayEnd> {
        match self.input.next().await {
            Some(Ok(Frame::Body(body))) => {
                let told = self.session.hear_editor(body);
                self.watch_editor();
                match self.perform(told, server).await {
                    Next::End(end) => Err(end),
                    next => Ok(next),
                }
            }
            Some(Ok(Frame::Broken(reason))) => {
                self.write(&message::malformed(reason)).await;
                Ok(Next::On)
            }
            Some(Err(_)) | None => Err(RelayEnd::EditorGone),
        }
    }

    async fn hear_server(&mut self, frame: Option<io::Result<Frame>>, server: &Output) -> Next {
        match frame {
            Some(Ok(Frame::Body(body))) => {
                let told = self.session.hear_server(body);
                self.perform(told, Some(server)).await
            }
            Some(Ok(Frame::Broken(reason))) => {
                tracing::warn!(reason, "the server sent what is no message");
                Next::On
            }
            Some(Err(_)) | None => Next::Lost,
        }
    }

    /// Passes on what the server still says until it has ended too.
    async fn last_words<S: AsyncRead>(&mut self, server: Server<S>) {
        let Server { mut input, output } = server;
        // This ends what the server reads.
        drop(output);
        let listening = async {
            while let Some(Ok(Frame::Body(body))) = input.next().await {
                let told = self.session.hear_server(body);
                self.perform(told, None).await;
            }
        };
        if tokio::time::timeout(LAST_WORDS, listening).await.is_err() {
            tracing::debug!("the server did not end its last words");
        }
    }

    async fn perform(&mut self, told: Vec<Out>, server: Option<&Output>) -> Next {
        let mut next = Next::On;
        for out in told {
            match out {
                Out::Editor(body) => self.write(&body).await,
                Out::Server(body) => {
                    if server.is_some_and(|server| !server.send(body)) {
                        next = Next::Lost;
                    }
                }
                Out::Exit => {
                    next = Next::End(RelayEnd::Exit {
                        after_shutdown: self.session.is_shut_down(),
                    });
                }
                Out::Unusable(reason) => {
                    tracing::warn!(reason, "the server is of no use");
                    next = Next::Lost;
                }
            }
        }
        next
    }

    async fn give_up(&mut self, reason: String) -> RelayEnd {
        let told = self.session.give_up(&reason);
        self.perform(told, None).await;
        RelayEnd::NoServer(reason)
    }

    async fn write(&mut self, body: &[u8]) {
        let mut bytes = BytesMut::new();
        frame::put(body, &mut bytes);
        // It fails only once the editor is gone, which ends everything by itself.
        let _ = self.output.write_all(&bytes).await;
    }

    fn watch_editor(&mut self) {
        if !self.watches
            && let Some(process) = self.session.editor_process()
        {
            self.watches = true;
            parent::watch(process, self.stop.clone());
        }
    }
}

fn pause(deaths: u32) -> Duration {
    match deaths.checked_sub(1) {
        None => Duration::ZERO,
        Some(doublings) => PAUSE * 2_u32.saturating_pow(doublings),
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
