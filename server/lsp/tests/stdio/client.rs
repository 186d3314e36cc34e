//! A language client that sees raw JSON: types that were read again would hide what they drop.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::seed::{Files, seed};
use crate::server::DATA_DIR;

/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(60);

/// A running server and this client's end of it.
pub(crate) struct Client {
    server: Child,
    stdin: Option<ChildStdin>,
    messages: Option<Receiver<Value>>,
    /// Messages that came while another one was awaited.
    kept: Vec<Value>,
    next_id: i64,
    dir: tempfile::TempDir,
}

impl Client {
    /// Starts a server with an empty workspace; nothing is sent yet.
    pub(crate) fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap())
    }

    /// Starts a server on a proposal that turns `base` into `result`, and shakes hands.
    pub(crate) fn reviewing(capabilities: Value, base: &Files<'_>, result: &Files<'_>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        seed(&dir.path().join("data"), &dir.path().join("work"), base, result);
        let mut client = Self::start_in(dir);
        client.initialize(json!({ "capabilities": capabilities }));
        client
    }

    fn start_in(dir: tempfile::TempDir) -> Self {
        let mut client = Self::start_unread_in(dir);
        let stdout = client.server.stdout.take().unwrap();
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            while let Some(message) = read_message(&mut stdout) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        client.messages = Some(messages);
        client
    }

    /// Starts a server whose output nobody reads.
    pub(crate) fn start_unread() -> Self {
        Self::start_unread_in(tempfile::tempdir().unwrap())
    }

    fn start_unread_in(dir: tempfile::TempDir) -> Self {
        std::fs::create_dir_all(dir.path().join("work")).unwrap();
        let mut server = Command::new(std::env::current_exe().unwrap())
            .env_clear()
            .env(DATA_DIR, dir.path().join("data"))
            .env("HOME", dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdin = server.stdin.take();
        Self {
            server,
            stdin,
            messages: None,
            kept: Vec::new(),
            next_id: 0,
            dir,
        }
    }

    /// Starts a server and shakes hands, with `capabilities` and the workspace.
    pub(crate) fn initialized(capabilities: Value) -> Self {
        let mut client = Self::start();
        let reply = client.initialize(json!({ "capabilities": capabilities }));
        assert!(reply["result"]["capabilities"].is_object(), "{reply}");
        client
    }

    /// Sends `initialize` with the workspace and `params`, and `initialized`; returns the reply.
    pub(crate) fn initialize(&mut self, mut params: Value) -> Value {
        params["rootUri"] = json!(self.uri(""));
        if params.get("processId").is_none() {
            params["processId"] = json!(null);
        }
        let reply = self.request("initialize", params);
        self.notify("initialized", json!({}));
        reply
    }

    /// The workspace.
    pub(crate) fn workspace(&self) -> std::path::PathBuf {
        self.dir.path().join("work")
    }

    /// The URI of a file of the workspace.
    pub(crate) fn uri(&self, file: &str) -> String {
        uri(&self.workspace().join(file))
    }

    /// Opens a document of the workspace at version 1.
    pub(crate) fn open(&mut self, file: &str, text: &str) -> String {
        let uri = self.uri(file);
        self.notify(
            "textDocument/didOpen",
            json!({ "textDocument": { "uri": uri, "languageId": "rust", "version": 1, "text": text } }),
        );
        uri
    }

    /// Sends one change; `range` is start line, start character, end line, end character.
    pub(crate) fn change(&mut self, uri: &str, version: i32, range: [u32; 4], text: &str) {
        let [sl, sc, el, ec] = range;
        let range = json!({ "start": { "line": sl, "character": sc }, "end": { "line": el, "character": ec } });
        self.notify(
            "textDocument/didChange",
            json!({
                "textDocument": { "uri": uri, "version": version },
                "contentChanges": [{ "range": range, "text": text }],
            }),
        );
    }

    /// Sends a request and returns its identifier.
    pub(crate) fn send(&mut self, method: &str, params: Value) -> i64 {
        self.next_id += 1;
        let id = self.next_id;
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// Sends a request and returns its reply.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params);
        self.reply(id)
    }

    /// Sends a notification.
    pub(crate) fn notify(&mut self, method: &str, params: Value) {
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Answers a request of the server.
    pub(crate) fn answer(&mut self, request: &Value, result: Value) {
        self.write(&json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }));
    }

    /// Sends one message.
    pub(crate) fn write(&mut self, message: &Value) {
        let body = message.to_string();
        self.write_raw(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    }

    /// Sends bytes as they are.
    pub(crate) fn write_raw(&mut self, bytes: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(bytes.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    /// Waits for the reply to a request.
    pub(crate) fn reply(&mut self, id: i64) -> Value {
        self.wait(&format!("the reply to {id}"), |message| {
            message["id"] == id && message.get("method").is_none()
        })
    }

    /// Waits for a request or a notification of the server.
    pub(crate) fn incoming(&mut self, method: &str) -> Value {
        self.wait(method, |message| message["method"] == method)
    }

    /// Waits for a message.
    pub(crate) fn wait(&mut self, what: &str, mut is_it: impl FnMut(&Value) -> bool) -> Value {
        if let Some(at) = self.kept.iter().position(&mut is_it) {
            return self.kept.remove(at);
        }
        let deadline = Instant::now() + DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.messages.as_ref().unwrap().recv_timeout(left) {
                Ok(message) if is_it(&message) => return message,
                Ok(message) => self.kept.push(message),
                Err(RecvTimeoutError::Timeout) => panic!("no {what} in time; there were: {:#?}", self.kept),
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("the server ended before {what}; there were: {:#?}", self.kept)
                }
            }
        }
    }

    /// Returns the messages of a method that have come and that nobody waited for, in the order in which they came.
    pub(crate) fn came(&mut self, method: &str) -> Vec<Value> {
        let (of_method, others) = self.kept.drain(..).partition(|message| message["method"] == method);
        self.kept = others;
        of_method
    }

    /// Returns the text of an open document as the server has it, and its version.
    pub(crate) fn document(&mut self, uri: &str) -> (String, i64) {
        let reply = self.request("aca/probe/document", json!({ "uri": uri }));
        (
            reply["result"]["text"].as_str().unwrap().to_owned(),
            reply["result"]["version"].as_i64().unwrap(),
        )
    }

    /// Closes the server's input.
    pub(crate) fn close_input(&mut self) {
        self.stdin = None;
    }

    /// Asks the server to end by SIGTERM.
    pub(crate) fn terminate(&self) {
        let pid = rustix::process::Pid::from_raw(self.server.id() as i32).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    /// Waits until the server has ended, and returns its exit code and how long it took.
    pub(crate) fn ended(&mut self) -> (ExitStatus, Duration) {
        let from = Instant::now();
        while from.elapsed() < DEADLINE {
            if let Some(status) = self.server.try_wait().unwrap() {
                return (status, from.elapsed());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the server still runs");
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The URI of a path of plain characters.
pub(crate) fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

fn read_message(stdout: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if stdout.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            header => {
                if let Some(value) = header.strip_prefix("Content-Length: ") {
                    length = Some(value.parse().unwrap());
                }
            }
        }
    }
    let mut body = vec![0; length?];
    stdout.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).unwrap())
}
