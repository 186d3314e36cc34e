//! The protocol: requests, notifications, and waiting for either.

use std::collections::HashMap;
use std::io::BufReader;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::framing;
use crate::wait::SHORT;
use crate::{Running, TestEnv, Workspace};

/// What a client says about itself.
#[derive(Debug, Clone)]
pub struct Options {
    /// `general.positionEncodings`; left out when empty.
    pub encodings: Vec<&'static str>,
    /// Whether it says that it understands `aca/*`.
    pub speaks_aca: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            encodings: vec!["utf-8", "utf-16"],
            speaks_aca: true,
        }
    }
}

/// An error the server answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcError {
    /// The JSON-RPC code.
    pub code: i64,
    /// The sentence for a person.
    pub message: String,
}

/// A client of one `aca lsp`.
#[derive(Debug)]
pub struct Client {
    process: Running,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    next_id: i64,
    answers: HashMap<i64, Result<Value, RpcError>>,
    asked: Vec<i64>,
    notifications: Vec<Value>,
    requests: Vec<Value>,
    traffic: Vec<String>,
    unexpected: Vec<Value>,
}

impl Client {
    /// Starts `aca lsp` in a workspace.
    pub fn start(env: &TestEnv, workspace: &Workspace) -> Self {
        Self::start_with(env, workspace, &["lsp"])
    }

    /// Starts `aca` with these arguments in a workspace.
    pub fn start_with(env: &TestEnv, workspace: &Workspace, arguments: &[&str]) -> Self {
        Self::start_command(env.aca(workspace, arguments))
    }

    /// Starts a command that speaks the protocol on its standard input and output.
    pub fn start_command(mut command: Command) -> Self {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        let mut child = command.spawn().expect("aca can be started");
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            while let Some(message) = framing::read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        Self {
            process: Running::new(child),
            input,
            messages,
            next_id: 0,
            answers: HashMap::new(),
            asked: Vec::new(),
            notifications: Vec::new(),
            requests: Vec::new(),
            traffic: Vec::new(),
            unexpected: Vec::new(),
        }
    }

    /// Starts `aca lsp` and initialises it. Returns the client and the server's capabilities.
    pub fn initialized(env: &TestEnv, workspace: &Workspace, options: &Options) -> (Self, Value) {
        let mut client = Self::start(env, workspace);
        let result = client.call("initialize", initialize_params(workspace, options, std::process::id()));
        client.notify("initialized", json!({}));
        (client, result["capabilities"].clone())
    }

    /// Returns the server's process.
    pub fn process(&mut self) -> &mut Running {
        &mut self.process
    }

    /// Returns every message of both directions so far, as text.
    pub fn traffic(&self) -> &[String] {
        &self.traffic
    }

    /// Ends the server's input.
    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// Sends bytes as one message, whatever they are.
    pub fn send_raw(&mut self, body: &[u8]) {
        self.traffic.push(format!("--> {}", String::from_utf8_lossy(body)));
        let input = self.input.as_mut().expect("the input is open");
        framing::write_raw(input, body).expect("the server reads");
    }

    /// Sends a notification.
    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&message(None, method, params));
    }

    /// Sends a request and returns its number at once.
    pub fn request(&mut self, method: &str, params: Value) -> i64 {
        self.next_id += 1;
        let id = self.next_id;
        self.asked.push(id);
        self.send(&message(Some(id), method, params));
        id
    }

    /// Sends a request and returns its result.
    ///
    /// # Panics
    ///
    /// When the server answers with an error or not in time.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.try_call(method, params)
            .unwrap_or_else(|error| panic!("{method}: {error:?}"))
    }

    /// Sends a request and returns its answer, which may be an error.
    ///
    /// # Errors
    ///
    /// What the server answered.
    pub fn try_call(&mut self, method: &str, params: Value) -> Result<Value, RpcError> {
        let id = self.request(method, params);
        self.await_response(id, SHORT)
    }

    /// Waits for the answer to a request.
    ///
    /// # Errors
    ///
    /// What the server answered.
    pub fn await_response(&mut self, id: i64, limit: Duration) -> Result<Value, RpcError> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(answer) = self.answers.remove(&id) {
                self.asked.retain(|asked| *asked != id);
                return answer;
            }
            self.receive(deadline, &format!("the answer to request {id}"));
        }
    }

    /// Whether the answer to a request has come.
    pub fn has_answer(&self, id: i64) -> bool {
        self.answers.contains_key(&id)
    }

    /// Waits for a notification that `wanted` accepts, among those not yet claimed, and returns its params.
    pub fn await_notification(
        &mut self,
        method: &str,
        limit: Duration,
        mut wanted: impl FnMut(&Value) -> bool,
    ) -> Value {
        let deadline = Instant::now() + limit;
        loop {
            let found = self
                .notifications
                .iter()
                .position(|message| message["method"] == method && wanted(&message["params"]));
            if let Some(index) = found {
                return self.notifications.remove(index)["params"].take();
            }
            self.receive(deadline, &format!("the notification {method}"));
        }
    }

    /// Returns the newest unclaimed notification of a method that `wanted` accepts, without waiting.
    pub fn last_notification(&self, method: &str, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        let all = self.notifications.iter().rev();
        let mut fitting = all.filter(|message| message["method"] == method && wanted(&message["params"]));
        fitting.next().map(|message| message["params"].clone())
    }

    /// Forgets unclaimed notifications of a method.
    pub fn forget_notifications(&mut self, method: &str) {
        self.notifications.retain(|message| message["method"] != method);
    }

    /// Takes the server's requests that nobody answered yet: only `workspace/applyEdit` waits for an answer.
    pub fn take_requests(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.requests)
    }

    /// Answers a request of the server.
    pub fn answer(&mut self, id: &Value, result: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
    }

    /// Receives what has come or comes within `limit`, at most one message. Returns whether there was one.
    pub fn pump(&mut self, limit: Duration) -> bool {
        match self.messages.recv_timeout(limit) {
            Ok(message) => {
                self.sort(message);
                true
            }
            Err(_) => false,
        }
    }

    /// Ends the server as the protocol says, and returns its exit code.
    pub fn shut_down(&mut self) -> Option<i32> {
        self.call("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        self.close_input();
        self.process.await_exit(SHORT).code()
    }

    fn send(&mut self, message: &Value) {
        self.send_raw(&serde_json::to_vec(message).unwrap());
    }

    fn receive(&mut self, deadline: Instant, what: &str) {
        let left = deadline.saturating_duration_since(Instant::now());
        match self.messages.recv_timeout(left) {
            Ok(message) => self.sort(message),
            Err(RecvTimeoutError::Timeout) => {
                panic!("waited in vain for {what}; the last messages:\n{}", self.last_traffic())
            }
            Err(RecvTimeoutError::Disconnected) => {
                panic!(
                    "the server closed its output before {what}; the last messages:\n{}",
                    self.last_traffic()
                )
            }
        }
    }

    fn sort(&mut self, message: Value) {
        self.traffic.push(format!("<-- {message}"));
        match (message.get("method").and_then(Value::as_str), message.get("id")) {
            (Some(method), Some(id)) => match automatic_answer(method, &message["params"]) {
                Some(result) => self.answer(&id.clone(), result),
                None => self.requests.push(message),
            },
            (Some(_), None) => self.notifications.push(message),
            (None, Some(id)) if id.as_i64().is_some_and(|id| self.asked.contains(&id)) => {
                let id = id.as_i64().unwrap_or_default();
                let answer = match message.get("error") {
                    Some(error) => Err(RpcError {
                        code: error["code"].as_i64().unwrap_or_default(),
                        message: error["message"].as_str().unwrap_or_default().to_owned(),
                    }),
                    None => Ok(message["result"].clone()),
                };
                let twice = self.answers.insert(id, answer);
                assert!(twice.is_none(), "request {id} was answered twice");
            }
            _ => self.unexpected.push(message),
        }
    }

    /// Takes messages that answer nothing that was asked, such as errors without an id.
    pub fn take_unexpected(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.unexpected)
    }

    fn last_traffic(&self) -> String {
        let first = self.traffic.len().saturating_sub(25);
        let short = |line: &String| line.chars().take(1_500).collect::<String>();
        self.traffic[first..].iter().map(short).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("---- the last LSP messages\n{}", self.last_traffic());
            return;
        }
        assert!(
            self.unexpected.is_empty(),
            "nobody asked for these messages: {:#?}",
            self.unexpected
        );
        let unread = self
            .requests
            .iter()
            .map(|request| &request["method"])
            .collect::<Vec<_>>();
        assert!(
            unread.is_empty(),
            "the test left requests of the server unanswered: {unread:?}"
        );
    }
}

/// Makes a message. Params that are null are left out, as the protocol has it.
fn message(id: Option<i64>, method: &str, params: Value) -> Value {
    let mut message = json!({ "jsonrpc": "2.0", "method": method });
    if let Some(id) = id {
        message["id"] = json!(id);
    }
    if !params.is_null() {
        message["params"] = params;
    }
    message
}

/// Returns the params of `initialize`.
pub fn initialize_params(workspace: &Workspace, options: &Options, process: u32) -> Value {
    let root = super::uri(workspace.root());
    let mut general = json!({});
    if !options.encodings.is_empty() {
        general["positionEncodings"] = json!(options.encodings);
    }
    let mut params = json!({
        "processId": process,
        "clientInfo": { "name": "aca-tests" },
        "rootUri": root,
        "workspaceFolders": [{ "uri": root, "name": "shop" }],
        "capabilities": {
            "general": general,
            "window": { "workDoneProgress": true },
            "workspace": {
                "applyEdit": true,
                "workspaceEdit": { "documentChanges": true, "resourceOperations": ["create", "rename", "delete"] },
                "codeLens": { "refreshSupport": true },
            },
            "textDocument": {
                "synchronization": { "didSave": true },
                "codeAction": {
                    "codeActionLiteralSupport": { "codeActionKind": { "valueSet": ["", "quickfix", "refactor"] } },
                    "dataSupport": true,
                    "resolveSupport": { "properties": ["edit", "command"] },
                },
                "publishDiagnostics": { "dataSupport": true, "relatedInformation": true },
            },
        },
    });
    if options.speaks_aca {
        params["capabilities"]["experimental"] = json!({ "aca": { "version": 1 } });
    }
    params
}

/// What a client answers without asking its user.
fn automatic_answer(method: &str, params: &Value) -> Option<Value> {
    match method {
        "workspace/configuration" => {
            let items = params["items"].as_array().map_or(0, Vec::len);
            Some(json!(vec![Value::Null; items]))
        }
        "window/showDocument" => Some(json!({ "success": true })),
        "client/registerCapability"
        | "client/unregisterCapability"
        | "window/workDoneProgress/create"
        | "window/showMessageRequest"
        | "workspace/codeLens/refresh"
        | "workspace/diagnostic/refresh"
        | "workspace/inlayHint/refresh" => Some(Value::Null),
        _ => None,
    }
}
