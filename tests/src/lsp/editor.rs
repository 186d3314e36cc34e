//! An editor: open documents kept in step with the server, edits applied only to the version they were made for.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Client, Options};
use super::document::{Document, Encoding};
use crate::wait::SHORT;
use crate::{TestEnv, Workspace};

/// An editor with one workspace.
#[derive(Debug)]
pub struct Editor {
    client: Client,
    root: PathBuf,
    encoding: Encoding,
    documents: HashMap<String, Document>,
    /// What the server can do.
    pub capabilities: Value,
}

impl Editor {
    /// Starts the server and opens a workspace.
    pub fn start(env: &TestEnv, workspace: &Workspace) -> Self {
        Self::with(env, workspace, &Options::default())
    }

    /// Starts the server as a client that says this about itself.
    pub fn with(env: &TestEnv, workspace: &Workspace, options: &Options) -> Self {
        let (client, capabilities) = Client::initialized(env, workspace, options);
        let encoding = Encoding::from_capabilities(&capabilities);
        let root = workspace.root().to_owned();
        Self {
            client,
            root,
            encoding,
            documents: HashMap::new(),
            capabilities,
        }
    }

    /// Returns the protocol client below.
    pub fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// Returns what positions count.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Opens a file.
    pub fn open(&mut self, file: &str) {
        let path = self.root.join(file);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let uri = uri(&path);
        let language = match path.extension().and_then(|extension| extension.to_str()) {
            Some("py") => "python",
            Some("rs") => "rust",
            Some("sh") => "shellscript",
            _ => "plaintext",
        };
        let item = json!({ "uri": uri, "languageId": language, "version": 1, "text": text });
        self.client
            .notify("textDocument/didOpen", json!({ "textDocument": item }));
        self.documents.insert(uri, Document { version: 1, text });
    }

    /// Closes a document without saving it.
    pub fn close(&mut self, file: &str) {
        let uri = uri(&self.root.join(file));
        self.documents.remove(&uri);
        self.client
            .notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    }

    /// Saves a document.
    pub fn save(&mut self, file: &str) {
        let path = self.root.join(file);
        std::fs::write(&path, &self.document(file).text).unwrap();
        self.client
            .notify("textDocument/didSave", json!({ "textDocument": { "uri": uri(&path) } }));
    }

    /// Returns what a document says now.
    pub fn text(&self, file: &str) -> &str {
        &self.document(file).text
    }

    /// Types: replaces the first occurrence of `old` in a document by `new`, as one incremental change.
    pub fn replace(&mut self, file: &str, old: &str, new: &str) {
        let uri = uri(&self.root.join(file));
        let encoding = self.encoding;
        let document = self.documents.get_mut(&uri).expect("the document is open");
        let start = document
            .text
            .find(old)
            .unwrap_or_else(|| panic!("{file} does not contain {old:?}"));
        let end = start + old.len();
        let range = json!({ "start": document.position(start, encoding), "end": document.position(end, encoding) });
        document.text.replace_range(start..end, new);
        document.version += 1;
        let version = document.version;
        let change = json!({ "range": range, "text": new });
        self.did_change(&uri, version, change);
    }

    /// Returns the code actions on the first occurrence of `text`.
    pub fn actions(&mut self, file: &str, text: &str) -> Vec<Value> {
        let params = self.at(file, text);
        let result = self.client.call("textDocument/codeAction", params);
        result.as_array().cloned().unwrap_or_default()
    }

    /// Chooses the code action on `text` whose title begins with `title`, the way an editor does: resolves it if it
    /// has neither edit nor command, applies its edit, executes its command. Returns the command's result.
    pub fn choose(&mut self, file: &str, text: &str, title: &str) -> Value {
        let mut action = self.action(file, text, title);
        if action.get("edit").is_none() && action.get("command").is_none() {
            action = self.client.call("codeAction/resolve", action);
        }
        if let Some(edit) = action.get("edit") {
            let outcome = self.apply_edit(&edit.clone());
            assert!(outcome, "the edit of {title:?} does not fit the documents");
        }
        match action.get("command") {
            Some(command) => self.execute(&command.clone()),
            None => Value::Null,
        }
    }

    /// Waits until the server offers a code action on `text` whose title begins with `title`, and returns it. What an
    /// answer of `aca/*` says may be on its way to what the same connection is offered.
    pub fn action(&mut self, file: &str, text: &str, title: &str) -> Value {
        let deadline = Instant::now() + SHORT;
        loop {
            let actions = self.actions(file, text);
            let fits = |action: &&Value| action["title"].as_str().unwrap_or_default().starts_with(title);
            if let Some(fitting) = actions.iter().find(fits) {
                return fitting.clone();
            }
            let titles: Vec<&Value> = actions.iter().map(|action| &action["title"]).collect();
            assert!(
                Instant::now() < deadline,
                "there is no action {title:?} on {text:?}; there are {titles:?}"
            );
            self.serve(Duration::from_millis(20));
        }
    }

    /// Executes a command of an action or lens and serves the server's edits meanwhile.
    pub fn execute(&mut self, command: &Value) -> Value {
        let params = json!({ "command": command["command"], "arguments": command["arguments"] });
        self.call_serving("workspace/executeCommand", params, SHORT)
    }

    /// Sends a request and applies the edits that the server asks for until the answer comes.
    pub fn call_serving(&mut self, method: &str, params: Value, limit: Duration) -> Value {
        self.try_call_serving(method, params, limit)
            .unwrap_or_else(|error| panic!("{method}: {error:?}"))
    }

    /// Like [`Editor::call_serving`], for answers that may be errors.
    ///
    /// # Errors
    ///
    /// What the server answered.
    pub fn try_call_serving(&mut self, method: &str, params: Value, limit: Duration) -> Result<Value, super::RpcError> {
        let id = self.client.request(method, params);
        let deadline = Instant::now() + limit;
        while !self.client.has_answer(id) {
            assert!(
                Instant::now() < deadline,
                "waited {limit:?} in vain for the answer to {method}"
            );
            self.serve(Duration::from_millis(20));
        }
        self.client.await_response(id, limit)
    }

    /// Serves the server until `done` is true.
    pub fn serve_until(&mut self, what: &str, limit: Duration, mut done: impl FnMut(&mut Self) -> bool) {
        let deadline = Instant::now() + limit;
        while !done(self) {
            if Instant::now() > deadline {
                panic!("waited {limit:?} in vain for {what}");
            }
            self.serve(Duration::from_millis(20));
        }
    }

    /// Receives messages for up to `limit` and applies the edits among them.
    pub fn serve(&mut self, limit: Duration) {
        self.client.pump(limit);
        while self.client.pump(Duration::ZERO) {}
        for request in self.client.take_requests() {
            assert_eq!(
                request["method"], "workspace/applyEdit",
                "a request that no editor knows: {request}"
            );
            let before = self.documents.clone();
            let applied = self.apply_silently(&request["params"]["edit"]);
            self.client.answer(&request["id"], json!({ "applied": applied }));
            self.report_changes(&before);
        }
    }

    /// Returns the diagnostics that the server published last for a file.
    pub fn diagnostics(&self, file: &str) -> Vec<Value> {
        let uri = uri(&self.root.join(file));
        let last = self
            .client
            .last_notification("textDocument/publishDiagnostics", |params| {
                params["uri"] == uri.as_str()
            });
        last.and_then(|params| params["diagnostics"].as_array().cloned())
            .unwrap_or_default()
    }

    /// Returns the lenses of a document.
    pub fn lenses(&mut self, file: &str) -> Vec<Value> {
        let params = json!({ "textDocument": { "uri": uri(&self.root.join(file)) } });
        self.client
            .call("textDocument/codeLens", params)
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    fn document(&self, file: &str) -> &Document {
        self.documents
            .get(&uri(&self.root.join(file)))
            .unwrap_or_else(|| panic!("{file} is not open"))
    }

    fn at(&self, file: &str, text: &str) -> Value {
        let document = self.document(file);
        let offset = document
            .text
            .find(text)
            .unwrap_or_else(|| panic!("{file} does not contain {text:?}"));
        let position = document.position(offset, self.encoding);
        json!({
            "textDocument": { "uri": uri(&self.root.join(file)) },
            "range": { "start": position, "end": position },
            "context": { "diagnostics": [] },
        })
    }

    fn apply_edit(&mut self, edit: &Value) -> bool {
        let before = self.documents.clone();
        let applied = self.apply_silently(edit);
        self.report_changes(&before);
        applied
    }

    /// Applies a workspace edit to the open documents, all of it or nothing.
    fn apply_silently(&mut self, edit: &Value) -> bool {
        let before = self.documents.clone();
        let mut fits = true;
        for change in edit["documentChanges"].as_array().into_iter().flatten() {
            let target = change["textDocument"]["uri"]
                .as_str()
                .expect("only text edits are expected");
            let version = change["textDocument"]["version"].as_i64();
            match self.documents.get_mut(target) {
                Some(document) if version.is_none() || version == Some(document.version.into()) => {
                    document.apply(&change["edits"], self.encoding);
                }
                _ => fits = false,
            }
        }
        for (target, edits) in edit["changes"].as_object().into_iter().flatten() {
            match self.documents.get_mut(target) {
                Some(document) => document.apply(edits, self.encoding),
                None => fits = false,
            }
        }
        if !fits {
            self.documents = before;
        }
        fits
    }

    fn report_changes(&mut self, before: &HashMap<String, Document>) {
        let changed: Vec<String> = self
            .documents
            .iter()
            .filter(|(uri, document)| before.get(*uri).is_none_or(|old| old.text != document.text))
            .map(|(uri, _)| uri.clone())
            .collect();
        for uri in changed {
            let document = self.documents.get_mut(&uri).expect("it changed a moment ago");
            document.version += 1;
            let (version, text) = (document.version, document.text.clone());
            self.did_change(&uri, version, json!({ "text": text }));
        }
    }

    fn did_change(&mut self, uri: &str, version: i32, change: Value) {
        let document = json!({ "uri": uri, "version": version });
        self.client.notify(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [change] }),
        );
    }
}

/// Returns the `file:` URI of a path.
pub fn uri(path: &Path) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    let mut uri = "file://".to_owned();
    for byte in path.to_str().expect("test paths are UTF-8").bytes() {
        if keep(byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
