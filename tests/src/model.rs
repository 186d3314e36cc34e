//! The scripted model: the Messages API on loopback, answering from a script, recording what it was asked. It can be held
//! before a request, so that a test can do something at a known point of a run.

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aca_gateway::{RecordedRequest, Replay, ReplayOptions, serve_replay_on};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::wait;

/// Makes a call of a tool.
pub fn tool(name: &str, input: Value) -> (String, Value) {
    (name.to_owned(), input)
}

/// What the model answers, turn by turn.
#[derive(Debug, Clone, Default)]
pub struct Script {
    text: String,
    turns: usize,
    only_for: Option<String>,
}

impl Script {
    /// Begins a script.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a conversation of its own: the turns that follow answer only requests that contain this text anywhere.
    #[must_use]
    pub fn only_for(mut self, text: &str) -> Self {
        self.only_for = Some(text.to_owned());
        self.turns = 0;
        self
    }

    /// Adds a turn that calls tools.
    #[must_use]
    pub fn tools(self, calls: impl IntoIterator<Item = (String, Value)>) -> Self {
        let calls: Vec<String> = calls
            .into_iter()
            .map(|(name, input)| format!("{{ name = {}, input = {} }}", text(&name), toml(&input)))
            .collect();
        self.turn(&format!("reply.tool = [{}]", calls.join(", ")))
    }

    /// Adds a turn that says something and ends.
    #[must_use]
    pub fn text(self, words: &str) -> Self {
        let reply = format!("reply.text = {}", text(words));
        self.turn(&reply)
    }

    /// Adds lines in the script's own format, before every turn added later.
    #[must_use]
    pub fn raw(mut self, lines: &str) -> Self {
        self.text.push_str(lines);
        self.text.push('\n');
        self
    }

    fn turn(mut self, reply: &str) -> Self {
        let _ = write!(self.text, "[[turn]]\nmatch.turn = {}\n", self.turns);
        if let Some(only_for) = &self.only_for {
            let _ = writeln!(self.text, "match.anywhere = {}", text(only_for));
        }
        let _ = writeln!(self.text, "{reply}\n");
        self.turns += 1;
        self
    }
}

/// Writes a JSON value as an inline TOML value. JSON's strings are TOML's basic strings.
fn toml(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(key, value)| format!("{} = {}", text(key), toml(value)));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn text(words: &str) -> String {
    Value::String(words.to_owned()).to_string()
}

/// The model's service. It begins to answer when it gets a script; requests that come before wait.
#[derive(Debug)]
pub struct Model {
    runtime: Runtime,
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    playing: watch::Sender<Option<Playing>>,
    history: Mutex<Vec<Replay>>,
    /// How many requests may be answered; the next ones wait.
    allowed: watch::Sender<usize>,
    /// When the first bytes of each request came.
    times: Mutex<Vec<Instant>>,
}

#[derive(Debug, Clone)]
struct Playing {
    replay: Replay,
    address: SocketAddr,
}

impl Model {
    /// Starts the service.
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            playing: watch::Sender::new(None),
            history: Mutex::default(),
            allowed: watch::Sender::new(usize::MAX),
            times: Mutex::default(),
        });
        runtime.spawn(serve(listener, Arc::clone(&shared)));
        Self {
            runtime,
            address,
            shared,
        }
    }

    /// Answers from this script from now on.
    pub(crate) fn play(&self, script: &Script) {
        let replay = Replay::from_text(&script.text, ReplayOptions::default())
            .unwrap_or_else(|error| panic!("{error}\n{}", script.text));
        let listener = self.runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        self.runtime.spawn(serve_replay_on(listener, replay.clone()));
        self.shared
            .history
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(replay.clone());
        self.shared.playing.send_replace(Some(Playing { replay, address }));
    }

    /// Returns the address to give as upstream.
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the requests for messages so far, oldest first, also those of earlier scripts.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        let history = self.shared.history.lock().unwrap_or_else(PoisonError::into_inner);
        history.iter().flat_map(messages).collect()
    }

    /// Returns when the first bytes of each request came, oldest first.
    pub fn request_times(&self) -> Vec<Instant> {
        self.shared.times.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until there were so many requests.
    pub fn await_requests(&self, count: usize, limit: Duration) {
        wait::until_true("requests to the model", limit, || self.requests().len() >= count);
    }

    /// Lets so many requests of the current script through and holds the next.
    pub fn hold_after(&self, requests: usize) {
        self.shared.allowed.send_replace(requests);
    }

    /// Lets every request through again.
    pub fn go_on(&self) {
        self.shared.allowed.send_replace(usize::MAX);
    }

    /// Prints what was asked and which turn answered.
    pub(crate) fn print(&self) {
        for request in self.requests() {
            println!("---- the model was asked: {request:?}");
        }
    }
}

fn messages(replay: &Replay) -> Vec<RecordedRequest> {
    let requests = replay.requests().into_iter();
    requests
        .filter(|request| request.method == "POST" && !request.path.contains("count_tokens"))
        .collect()
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            // A connection that breaks is for its two ends to notice.
            let _ = carry(client, &shared).await;
        });
    }
}

async fn carry(client: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut playing = shared.playing.subscribe();
    let Some(playing) = playing
        .wait_for(Option::is_some)
        .await
        .map_err(std::io::Error::other)?
        .clone()
    else {
        return Ok(());
    };
    let service = TcpStream::connect(playing.address).await?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_service, mut to_service) = service.into_split();
    let back = tokio::spawn(async move { tokio::io::copy(&mut from_service, &mut to_client).await });
    let mut allowed = shared.allowed.subscribe();
    let mut buffer = vec![0; 1 << 16];
    let mut inside = false;
    loop {
        let count = from_client.read(&mut buffer).await?;
        if count == 0 {
            break;
        }
        let bytes = buffer.get(..count).unwrap_or_default();
        inside = inside && !bytes.starts_with(b"POST ");
        if !inside {
            shared
                .times
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(Instant::now());
            let answered = || messages(&playing.replay).len();
            allowed
                .wait_for(|allowed| answered() < *allowed)
                .await
                .map_err(std::io::Error::other)?;
            inside = true;
        }
        to_service.write_all(bytes).await?;
    }
    to_service.shutdown().await?;
    back.abort();
    Ok(())
}
