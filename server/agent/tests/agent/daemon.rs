//! The daemon's side for tests: runs an attempt with the real program, speaks its streams, and plays the model.

use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::task::Poll;
use std::time::{Duration, Instant};

use aca_protocol::AttemptId;
use aca_protocol::agent::{
    AgentLimits, AttemptSpec, ControlReply, ControlRequest, Driver, Outcome, Record, RecordBody, StreamHeader, files,
};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt, TokioAsyncReadCompatExt};
use yamux::{Config, Connection, Mode, Stream};

const AGENT: &str = env!("CARGO_BIN_EXE_aca-agent");

/// How long anything may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// An attempt in a directory of its own.
pub(crate) struct Attempt {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) spec: AttemptSpec,
    out: PathBuf,
}

impl Attempt {
    pub(crate) fn new(driver: Driver) -> Self {
        Self::below(driver, Path::new("out"))
    }

    /// An attempt whose directory is at `out` below the temporary one.
    pub(crate) fn below(driver: Driver, out: &Path) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let workspace = dir.path().join("ws");
        std::fs::create_dir(&workspace).unwrap();
        let out = dir.path().join(out);
        std::fs::create_dir_all(&out).unwrap();
        let spec = AttemptSpec {
            attempt: AttemptId::new("attempt-1"),
            nonce: "nonce-1".into(),
            driver,
            workspace,
            prompt: "Do it.".into(),
            system: "Be brief.".into(),
            model: "model-1".into(),
            conversation: "6d1f7e0a-5c1b-4f57-9d0e-0d2f3e6a7b8c".into(),
            resume: false,
            story: String::new(),
            ask_reasons: String::new(),
            gateway_token: "token-1".into(),
            limits: AgentLimits {
                silence_secs: 60,
                total_secs: 120,
                max_turns: 10,
            },
        };
        Self { dir, spec, out }
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.out.clone()
    }

    pub(crate) fn command(&self, subcommand: &str) -> Command {
        let mut command = Command::new(AGENT);
        command.arg(subcommand).arg("--out").arg(self.out());
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .kill_on_drop(true);
        command
    }

    pub(crate) fn run(&self) -> Child {
        self.run_with(|_| {})
    }

    pub(crate) fn run_with(&self, change: impl FnOnce(&mut Command)) -> Child {
        std::fs::write(self.out().join(files::SPEC), serde_json::to_vec(&self.spec).unwrap()).unwrap();
        let mut command = self.command("run");
        change(&mut command);
        command.spawn().unwrap()
    }

    pub(crate) fn outcome(&self) -> Outcome {
        serde_json::from_slice(&std::fs::read(self.out().join(files::OUTCOME)).unwrap()).unwrap()
    }

    pub(crate) fn journal(&self) -> String {
        std::fs::read_to_string(self.out().join(files::JOURNAL)).unwrap()
    }

    pub(crate) fn events(&self) -> Vec<RecordBody> {
        events(&self.journal())
    }
}

pub(crate) fn events(journal: &str) -> Vec<RecordBody> {
    journal
        .lines()
        .filter_map(|line| serde_json::from_str::<Record>(line).unwrap().event)
        .collect()
}

/// Waits for the end of the agent and returns its exit code.
pub(crate) async fn exit_code(agent: &mut Child) -> Option<i32> {
    within(agent.wait()).await.unwrap().code()
}

pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.expect("it takes too long")
}

/// A connection to the agent.
pub(crate) struct Daemon {
    opens: mpsc::Sender<oneshot::Sender<Stream>>,
    driving: JoinHandle<()>,
    requests: mpsc::Receiver<ModelRequest>,
}

/// A request to the model that waits for its answer.
pub(crate) struct ModelRequest {
    pub(crate) path: String,
    pub(crate) token: String,
    pub(crate) body: Value,
    reply: oneshot::Sender<Response<Full<Bytes>>>,
}

impl ModelRequest {
    /// Answers with a status, a header and a body.
    pub(crate) fn answer(self, status: u16, header: (&str, &str), body: impl Into<String>) {
        let response = Response::builder().status(status).header(header.0, header.1);
        let _ = self.reply.send(response.body(Full::from(body.into())).unwrap());
    }

    /// Answers with a message of the model.
    pub(crate) fn message(self, stop_reason: &str, content: Value) {
        let message = json!({"type": "message", "role": "assistant", "content": content, "stop_reason": stop_reason});
        self.answer(200, ("content-type", "application/json"), message.to_string());
    }

    /// Answers with a tool call.
    pub(crate) fn tool(self, name: &str, input: Value) {
        self.message(
            "tool_use",
            json!([{"type": "tool_use", "id": "call-1", "name": name, "input": input}]),
        );
    }

    /// Answers with the last words.
    pub(crate) fn done(self, words: &str) {
        self.message("end_turn", json!([{"type": "text", "text": words}]));
    }

    /// Returns the tool results in the last message.
    pub(crate) fn results(&self) -> Vec<Value> {
        let messages = self.body["messages"].as_array().unwrap();
        let content = messages.last().unwrap()["content"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        content
            .into_iter()
            .filter(|block| block["type"] == "tool_result")
            .collect()
    }
}

impl Daemon {
    /// Connects to the socket of `attempt`, as soon as it is there.
    pub(crate) async fn connect(attempt: &Attempt) -> Self {
        let path = attempt.out().join(files::SOCKET);
        Self::over(connected(&path).await)
    }

    /// Speaks over any byte stream.
    pub(crate) fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        let (opens, requested) = mpsc::channel(4);
        let (to_model, requests) = mpsc::channel(4);
        let connection = Connection::new(stream.compat(), Config::default(), Mode::Client);
        Self {
            opens,
            driving: tokio::spawn(drive(connection, requested, to_model)),
            requests,
        }
    }

    /// Opens a stream.
    pub(crate) async fn open(&self, header: &StreamHeader) -> Compat<Stream> {
        let (reply, stream) = oneshot::channel();
        self.opens.send(reply).await.unwrap();
        let mut stream = within(stream).await.unwrap().compat();
        stream
            .write_all(format!("{}\n", serde_json::to_string(header).unwrap()).as_bytes())
            .await
            .unwrap();
        stream.flush().await.unwrap();
        stream
    }

    /// Follows the journal.
    pub(crate) async fn journal(&self, offset: u64) -> Follower {
        Follower {
            lines: BufReader::new(self.open(&StreamHeader::Journal { offset }).await).lines(),
        }
    }

    /// Makes a control request.
    pub(crate) async fn control(&self, request: &str) -> ControlReply {
        let mut stream = BufReader::new(self.open(&StreamHeader::Control).await);
        stream.write_all(format!("{request}\n").as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        let mut line = String::new();
        within(stream.read_line(&mut line)).await.unwrap();
        serde_json::from_str(&line).unwrap()
    }

    pub(crate) async fn stop(&self) {
        let request = serde_json::to_string(&ControlRequest::Stop).unwrap();
        assert_eq!(self.control(&request).await, ControlReply::Done);
    }

    /// Waits for the next request to the model.
    pub(crate) async fn request(&mut self) -> ModelRequest {
        within(self.requests.recv()).await.expect("the connection has ended")
    }

    /// Ends abruptly, as a daemon that is killed.
    pub(crate) fn kill(self) {
        self.driving.abort();
    }
}

/// A stream of the journal.
pub(crate) struct Follower {
    lines: Lines<BufReader<Compat<Stream>>>,
}

impl Follower {
    /// Waits for the next line; `None` at the end.
    pub(crate) async fn line(&mut self) -> Option<String> {
        within(self.lines.next_line()).await.unwrap()
    }

    /// Waits for an event that is as `wanted` says.
    pub(crate) async fn event(&mut self, wanted: impl Fn(&RecordBody) -> bool) -> RecordBody {
        while let Some(line) = self.line().await {
            let record: Record = serde_json::from_str(&line).unwrap();
            if let Some(event) = record.event.filter(&wanted) {
                return event;
            }
        }
        panic!("the journal ended without the event");
    }

    /// Reads to the end, and returns it as text.
    pub(crate) async fn rest(&mut self) -> String {
        let mut text = String::new();
        while let Some(line) = self.line().await {
            text.push_str(&line);
            text.push('\n');
        }
        text
    }
}

async fn connected(path: &Path) -> UnixStream {
    let began = Instant::now();
    loop {
        match UnixStream::connect(path).await {
            Ok(stream) => return stream,
            Err(error) => assert!(
                began.elapsed() < DEADLINE,
                "nobody listens at {}: {error}",
                path.display()
            ),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn drive<T: futures::AsyncRead + futures::AsyncWrite + Unpin + Send + 'static>(
    mut connection: Connection<T>,
    mut requested: mpsc::Receiver<oneshot::Sender<Stream>>,
    to_model: mpsc::Sender<ModelRequest>,
) {
    let mut waiting: Option<oneshot::Sender<Stream>> = None;
    let mut serving = tokio::task::JoinSet::new();
    while let Some(stream) = poll_fn(|cx| {
        loop {
            if waiting.is_none()
                && let Poll::Ready(Some(request)) = requested.poll_recv(cx)
            {
                waiting = Some(request);
            }
            if waiting.is_none() {
                break;
            }
            match connection.poll_new_outbound(cx) {
                Poll::Ready(Ok(stream)) => drop(waiting.take().unwrap().send(stream)),
                Poll::Ready(Err(_)) => return Poll::Ready(None),
                Poll::Pending => break,
            }
        }
        connection
            .poll_next_inbound(cx)
            .map(|stream| stream.and_then(Result::ok))
    })
    .await
    {
        serving.spawn(serve_model(stream, to_model.clone()));
    }
}

async fn serve_model(stream: Stream, to_model: mpsc::Sender<ModelRequest>) {
    let mut stream = BufReader::new(stream.compat());
    let mut header = String::new();
    stream.read_line(&mut header).await.unwrap();
    assert_eq!(
        serde_json::from_str::<StreamHeader>(&header).unwrap(),
        StreamHeader::Model
    );
    let service = service_fn(|request: Request<hyper::body::Incoming>| {
        let to_model = to_model.clone();
        async move {
            let (parts, body) = request.into_parts();
            let body = serde_json::from_slice(&body.collect().await?.to_bytes()).unwrap_or_default();
            let (reply, answer) = oneshot::channel();
            let token = parts
                .headers
                .get("x-api-key")
                .and_then(|token| token.to_str().ok())
                .unwrap_or_default();
            let (path, token) = (parts.uri.path().to_owned(), token.to_owned());
            let _ = to_model
                .send(ModelRequest {
                    path,
                    token,
                    body,
                    reply,
                })
                .await;
            match answer.await {
                Ok(answer) => Ok::<_, hyper::Error>(answer),
                Err(_) => std::future::pending().await,
            }
        }
    });
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// Returns the processes whose command line holds `marker`.
pub(crate) fn processes_with(marker: &str) -> Vec<u32> {
    let has = |pid: &u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        !stat.contains(") Z ") && String::from_utf8_lossy(&line).split('\0').any(|word| word == marker)
    };
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(has)
        .collect()
}

/// Discards what a program says.
pub(crate) fn quiet(command: &mut Command) {
    command.stdout(Stdio::null()).stderr(Stdio::null());
}
