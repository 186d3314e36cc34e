//! A client of the `aca/*` methods over any byte stream.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use aca_protocol::methods::{Notification, Request};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};
use tokio_util::codec::{FramedRead, FramedWrite};

use crate::daemon::version;
use crate::exit::{Exit, Failure};
use crate::framing::Framing;

/// A connection to the process that owns the sessions.
pub(crate) struct Client {
    caller: Caller,
    notifications: mpsc::UnboundedReceiver<Notice>,
}

/// The half of a connection that asks.
#[derive(Clone)]
pub(crate) struct Caller {
    outgoing: mpsc::UnboundedSender<Value>,
    pending: Arc<Mutex<Pending>>,
}

/// A notification as it came.
#[derive(Debug)]
pub(crate) struct Notice {
    method: String,
    params: Value,
}

/// Requests without an answer yet.
#[derive(Default)]
struct Pending {
    last: u64,
    /// `None` once the connection has ended.
    waiting: Option<HashMap<u64, oneshot::Sender<Answer>>>,
}

type Answer = Result<Value, ServerError>;

/// An error that the server answered with.
#[derive(Debug)]
struct ServerError {
    kind: String,
    message: String,
}

impl Client {
    /// Introduces itself to the server at the other end, as the command `name` for `workspace`, or for none.
    ///
    /// # Errors
    ///
    /// When the server refuses or the connection ends.
    pub(crate) async fn start<S>(stream: S, workspace: Option<&Path>, name: &str) -> Result<Self, Failure>
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (read, write) = tokio::io::split(stream);
        let (outgoing, mut to_send) = mpsc::unbounded_channel::<Value>();
        let (notify, notifications) = mpsc::unbounded_channel();
        let pending = Arc::new(Mutex::new(Pending {
            last: 0,
            waiting: Some(HashMap::new()),
        }));
        tokio::spawn(async move {
            let mut write = FramedWrite::new(write, Framing::default());
            while let Some(message) = to_send.recv().await {
                if write.send(message).await.is_err() {
                    break;
                }
            }
        });
        tokio::spawn(receive(
            FramedRead::new(read, Framing::default()),
            outgoing.clone(),
            Arc::clone(&pending),
            notify,
        ));
        let caller = Caller { outgoing, pending };
        caller.introduce(workspace, name).await?;
        Ok(Self { caller, notifications })
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    ///
    /// As [`Caller::call`].
    pub(crate) async fn call<R: Request>(&self, params: R::Params) -> Result<R::Result, Failure> {
        self.caller.call::<R>(params).await
    }

    /// Returns a handle to ask by while notifications are waited for.
    pub(crate) fn caller(&self) -> Caller {
        self.caller.clone()
    }

    /// Waits for the next notification; `None` once the connection has ended.
    pub(crate) async fn notification(&mut self) -> Option<Notice> {
        self.notifications.recv().await
    }
}

impl Caller {
    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    ///
    /// The server's own message, with the exit code that belongs to it.
    pub(crate) async fn call<R: Request>(&self, params: R::Params) -> Result<R::Result, Failure> {
        let params = serde_json::to_value(params).map_err(|error| unreadable(R::METHOD, &error))?;
        let result = self.request(R::METHOD, params).await?;
        serde_json::from_value(result).map_err(|error| unreadable(R::METHOD, &error))
    }

    async fn introduce(&self, workspace: Option<&Path>, name: &str) -> Result<(), Failure> {
        let uri = workspace.map(file_uri);
        let folders: Vec<_> = uri.iter().map(|uri| json!({"uri": uri, "name": "workspace"})).collect();
        let params = json!({
            "processId": std::process::id(),
            // What it asks for is recorded with this name.
            "clientInfo": {"name": format!("aca {name}"), "version": version()},
            "rootUri": uri,
            "workspaceFolders": folders,
            "capabilities": {"experimental": {"aca": true}},
        });
        self.request("initialize", params).await?;
        let _ = self
            .outgoing
            .send(json!({"jsonrpc": "2.0", "method": "initialized", "params": {}}));
        Ok(())
    }

    async fn request(&self, method: &str, params: Value) -> Result<Value, Failure> {
        let (sender, answer) = oneshot::channel();
        let id = self
            .pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(sender)
            .ok_or_else(gone)?;
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.outgoing.send(message).map_err(|_| gone())?;
        let answer = answer.await.map_err(|_| gone())?;
        answer.map_err(|error| Failure::new(exit_of(&error.kind), error.message))
    }
}

impl Notice {
    /// Returns the parameters if this is that notification.
    pub(crate) fn read<N: Notification>(&self) -> Option<N::Params> {
        if self.method != N::METHOD {
            return None;
        }
        serde_json::from_value(self.params.clone()).ok()
    }
}

impl Pending {
    fn add(&mut self, sender: oneshot::Sender<Answer>) -> Option<u64> {
        self.last += 1;
        self.waiting.as_mut()?.insert(self.last, sender);
        Some(self.last)
    }
}

async fn receive<R: AsyncRead + Unpin>(
    mut read: FramedRead<R, Framing>,
    outgoing: mpsc::UnboundedSender<Value>,
    pending: Arc<Mutex<Pending>>,
    notify: mpsc::UnboundedSender<Notice>,
) {
    while let Some(Ok(mut message)) = read.next().await {
        let method = message.get("method").and_then(Value::as_str).map(String::from);
        let id = message.get("id").cloned();
        match (method, id) {
            (Some(method), Some(id)) => {
                let _ = outgoing.send(reply_to_server(&method, &id));
            }
            (Some(method), None) => {
                let params = message.get_mut("params").map(Value::take).unwrap_or_default();
                let _ = notify.send(Notice { method, params });
            }
            (None, Some(id)) => {
                let waiting = id.as_u64().and_then(|id| {
                    pending
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .waiting
                        .as_mut()?
                        .remove(&id)
                });
                if let Some(waiting) = waiting {
                    let _ = waiting.send(answer(message));
                }
            }
            (None, None) => {}
        }
    }
    // Dropping the senders tells everyone who waits.
    pending.lock().unwrap_or_else(PoisonError::into_inner).waiting = None;
}

/// The command line shows no documents and no progress of the editor's kind, so it has nothing to say to the server.
fn reply_to_server(method: &str, id: &Value) -> Value {
    match method {
        "window/workDoneProgress/create" | "client/registerCapability" | "client/unregisterCapability" => {
            json!({"jsonrpc": "2.0", "id": id, "result": null})
        }
        _ => {
            json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": "not supported by the command line"}})
        }
    }
}

fn answer(mut message: Value) -> Answer {
    match message.get("error") {
        Some(error) => Err(ServerError {
            kind: error
                .pointer("/data/kind")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .into(),
            message: error
                .get("message")
                .and_then(Value::as_str)
                .unwrap_or("The server gave no reason.")
                .into(),
        }),
        None => Ok(message.get_mut("result").map(Value::take).unwrap_or_default()),
    }
}

/// A path as a `file` URI; every byte that is not plain is escaped.
fn file_uri(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    let mut uri = String::from("file://");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(*byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// The exit code for the kind of an error, which `aca-lsp` puts into its data.
fn exit_of(kind: &str) -> Exit {
    match kind {
        "invalid" => Exit::Usage,
        "notFound" => Exit::Nothing,
        "stale" => Exit::Conflicts,
        "unavailable" => Exit::Unavailable,
        _ => Exit::Failed,
    }
}

fn gone() -> Failure {
    Failure::new(
        Exit::Unavailable,
        "The process that owns the sessions ended in the middle of the conversation. What it had recorded goes on with the \
         next command; `aca status` says whether this is part of it, before you ask for it again.",
    )
}

fn unreadable(method: &str, error: &serde_json::Error) -> Failure {
    Failure::while_doing(
        &format!("The answer to {method} is not understood; another version of aca may own the sessions"),
        error,
    )
}

#[cfg(test)]
mod tests {
    use aca_protocol::methods::{Status, StatusChanged, StatusParams, StatusResult};

    use super::*;

    /// Answers one conversation from a list; returns the methods it saw.
    async fn serve(stream: tokio::io::DuplexStream, answers: Vec<Value>) -> Vec<Value> {
        let (read, write) = tokio::io::split(stream);
        let mut read = FramedRead::new(read, Framing::default());
        let mut write = FramedWrite::new(write, Framing::default());
        let mut answers = answers.into_iter();
        let mut seen = Vec::new();
        while let Some(Ok(message)) = read.next().await {
            if message.get("id").is_some() && message.get("method").is_some() {
                let Some(mut answer) = answers.next() else { break };
                answer["id"] = message["id"].clone();
                write.send(answer).await.unwrap();
            }
            seen.push(message);
        }
        seen
    }

    fn status() -> Value {
        json!({"version": "1", "pid": 1, "workspaces": [], "running": 0, "problems": []})
    }

    #[tokio::test]
    async fn a_conversation() {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let answers = vec![
            json!({"result": {"capabilities": {}}}),
            json!({"result": status()}),
            json!({"error": {"code": -32602, "message": "There is no task x.", "data": {"kind": "notFound"}}}),
        ];
        let server = tokio::spawn(serve(theirs, answers));
        let client = Client::start(ours, Some(Path::new("/a b")), "run").await.unwrap();
        let result: StatusResult = client.call::<Status>(StatusParams {}).await.unwrap();
        assert_eq!(result.version, "1");
        let failure = client.call::<Status>(StatusParams {}).await.unwrap_err();
        assert_eq!(
            (failure.exit, failure.message.as_str()),
            (Exit::Nothing, "There is no task x.")
        );
        let failure = client.call::<Status>(StatusParams {}).await.unwrap_err();
        assert_eq!(failure.exit, Exit::Unavailable, "the server hung up");
        let seen = server.await.unwrap();
        assert_eq!(seen[0]["params"]["rootUri"], "file:///a%20b");
        assert_eq!(seen[0]["params"]["capabilities"]["experimental"]["aca"], true);
        assert_eq!(seen[0]["params"]["clientInfo"]["name"], "aca run");
        assert_eq!(seen[1]["method"], "initialized");
    }

    #[tokio::test]
    async fn what_the_server_sends_by_itself() {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (read, write) = tokio::io::split(theirs);
        let mut read = FramedRead::new(read, Framing::default());
        let mut write = FramedWrite::new(write, Framing::default());
        let server = tokio::spawn(async move {
            let hello = read.next().await.unwrap().unwrap();
            write.send(json!({"id": hello["id"], "result": {}})).await.unwrap();
            read.next().await.unwrap().unwrap();
            write
                .send(json!({"id": "s1", "method": "workspace/codeLens/refresh"}))
                .await
                .unwrap();
            let reply = read.next().await.unwrap().unwrap();
            write
                .send(json!({"method": "aca/statusChanged", "params": status()}))
                .await
                .unwrap();
            reply
        });
        let mut client = Client::start(ours, None, "top").await.unwrap();
        let notice = client.notification().await.unwrap();
        assert!(notice.read::<StatusChanged>().is_some());
        assert!(notice.read::<aca_protocol::methods::TaskChanged>().is_none());
        let reply = server.await.unwrap();
        assert_eq!((&reply["id"], &reply["error"]["code"]), (&json!("s1"), &json!(-32601)));
        assert!(client.notification().await.is_none());
    }
}
