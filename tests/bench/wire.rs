//! A lean client for measuring: writes, reads, keeps nothing.

use std::io::{BufReader, BufWriter};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use aca_tests::Running;
use aca_tests::lsp::framing;
use serde_json::{Value, json};

/// A language server that is being measured.
pub(crate) struct Server {
    process: Running,
    input: BufWriter<ChildStdin>,
    output: BufReader<ChildStdout>,
    next_id: i64,
}

impl Server {
    pub(crate) fn start(mut command: Command) -> Self {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().expect("the server can be started");
        let input = BufWriter::with_capacity(1 << 16, child.stdin.take().unwrap());
        let output = BufReader::new(child.stdout.take().unwrap());
        Self {
            process: Running::new(child),
            input,
            output,
            next_id: 0,
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request and reads on until its answer.
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        self.next_id += 1;
        let id = self.next_id;
        let mut request = json!({ "jsonrpc": "2.0", "id": id, "method": method });
        if !params.is_null() {
            request["params"] = params;
        }
        self.send(&request);
        loop {
            let message = framing::read(&mut self.output).expect("the server answers");
            match (message.get("method"), message.get("id")) {
                (Some(_), Some(asked)) => {
                    let answer = json!({ "jsonrpc": "2.0", "id": asked, "result": null });
                    self.send(&answer);
                }
                (None, Some(answered)) if *answered == id => return message,
                _ => {}
            }
        }
    }

    /// Reads on until a notification that `wanted` accepts, and returns its params.
    pub(crate) fn await_notification(&mut self, method: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let mut message = framing::read(&mut self.output).expect("the server goes on");
            if let Some(asked) = message.get("id").filter(|_| message.get("method").is_some()) {
                let answer = json!({ "jsonrpc": "2.0", "id": asked, "result": null });
                self.send(&answer);
            } else if message["method"] == method && wanted(&message["params"]) {
                return message["params"].take();
            }
        }
    }

    /// Ends the server as the protocol says.
    pub(crate) fn end(mut self) {
        self.call("shutdown", Value::Null);
        self.send(&json!({ "jsonrpc": "2.0", "method": "exit" }));
        drop(self.input);
        self.process.await_exit(aca_tests::wait::SHORT);
    }

    fn send(&mut self, message: &Value) {
        let body = serde_json::to_vec(message).unwrap();
        framing::write_raw(&mut self.input, &body).expect("the server reads");
    }
}
