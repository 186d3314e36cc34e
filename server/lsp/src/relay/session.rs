//! One editor, and the servers it has one after the other.

use lsp_types::{InitializeParams, InitializeResult};
use serde_json::{Value, json};
use tokio_util::bytes::Bytes;

use super::documents::Shadow;
use super::folders::{self, Folders};
use super::message::{self, Kind, Message};
use super::server_requests::{Passed, ServerRequests};
use super::shown::Shown;
use super::upstream::EditorRequests;
use crate::documents::Encoding;
use crate::serve::REST;

/// The identifier of the introduction to a later server.
const INTRODUCTION: &str = "\"aca/relay\"";

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Out {
    /// A message goes to the server.
    Server(Bytes),
    /// A message goes to the editor.
    Editor(Bytes),
    /// The editor has said `exit`.
    Exit,
    /// The server cannot be used.
    Unusable(String),
}

/// What is remembered of a conversation.
#[derive(Debug, Default)]
pub(super) struct Session {
    server: Server,
    /// The editor's `initialize`, and whether it was answered.
    initialize: Option<Bytes>,
    introduced: bool,
    /// The editor's `initialized`.
    initialized: Option<Bytes>,
    /// Whether the editor has asked for the end.
    shutdown: bool,
    /// Whether the server has said that nobody is to start another one before one is needed.
    rests: bool,
    /// The editor's last word on aca's settings.
    settings: Option<Bytes>,
    documents: Shadow,
    folders: Folders,
    editor_requests: EditorRequests,
    server_requests: ServerRequests,
    shown: Shown,
}

/// How far the conversation with a server is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Server {
    /// There is none.
    #[default]
    Down,
    /// It is being told what the one before it knew.
    Learning,
    /// It takes part.
    Up,
}

impl Session {
    /// Takes in a message of the editor.
    pub(super) fn hear_editor(&mut self, body: Bytes) -> Vec<Out> {
        let Some(message) = Message::read(&body) else {
            // The server knows how to answer that.
            return self.to_server_if_up(body.clone());
        };
        match message.kind() {
            Kind::Request(id, method) => self.request(id, method, body.clone()),
            Kind::Notification(method) => self.notification(method, &message, body.clone()),
            Kind::Response(id) => {
                let answer = self.server_requests.answered(id, &message);
                answer.map_or_else(Vec::new, |answer| self.to_server_if_up(answer))
            }
            Kind::Other => self.to_server_if_up(body.clone()),
        }
    }

    fn request(&mut self, id: &str, method: &str, body: Bytes) -> Vec<Out> {
        match method {
            // Kept for long: a copy does not keep what came with it in one read.
            "initialize" if self.initialize.is_none() => self.initialize = Some(Bytes::copy_from_slice(&body)),
            "shutdown" => self.shutdown = true,
            _ => {}
        }
        match self.server {
            Server::Up => {
                self.editor_requests.ask(id, method);
                vec![Out::Server(body)]
            }
            // It comes with the introduction.
            Server::Down if method == "initialize" => {
                self.editor_requests.ask(id, method);
                Vec::new()
            }
            Server::Down if method == "shutdown" => vec![Out::Editor(message::answer(id, &Value::Null))],
            Server::Down | Server::Learning => {
                let refused = self.editor_requests.keep(id, method, body);
                refused.map(Out::Editor).into_iter().collect()
            }
        }
    }

    fn notification(&mut self, method: &str, message: &Message<'_>, body: Bytes) -> Vec<Out> {
        match method {
            "exit" => {
                let mut out = self.to_server_if_up(body);
                out.push(Out::Exit);
                return out;
            }
            "initialized" => self.initialized = Some(Bytes::copy_from_slice(&body)),
            "$/cancelRequest" => {
                let id = message
                    .params::<Value>()
                    .and_then(|params| params.get("id").map(Value::to_string));
                if let Some(answer) = id.and_then(|id| self.editor_requests.cancel(&id)) {
                    return vec![Out::Editor(answer)];
                }
            }
            // One that says nothing of aca takes nothing back.
            "workspace/didChangeConfiguration" => {
                let params = message.params::<Value>();
                if params.is_some_and(|params| params.pointer("/settings/aca").is_some()) {
                    self.settings = Some(Bytes::copy_from_slice(&body));
                }
            }
            folders::CHANGED => self.folders.heard(message),
            _ => self.documents.heard(method, message),
        }
        // A server that is not there yet hears of documents and folders as they are then, and needs no other news.
        self.to_server_if_up(body)
    }

    /// Takes in a message of the server.
    pub(super) fn hear_server(&mut self, body: Bytes) -> Vec<Out> {
        let Some(message) = Message::read(&body) else {
            return vec![Out::Editor(body.clone())];
        };
        match message.kind() {
            Kind::Response(INTRODUCTION) if self.server == Server::Learning => self.learned(&message),
            Kind::Response(id) => {
                if self.editor_requests.answered(id).as_deref() == Some("initialize") && !message.is_error() {
                    self.introduced = true;
                    self.documents.encoding = agreed(&message);
                }
                vec![Out::Editor(body.clone())]
            }
            Kind::Request(id, method) => match self.server_requests.asked(id, method, &message) {
                Some(Passed::Editor(request)) => vec![Out::Editor(request)],
                Some(Passed::Answered(answer)) => vec![Out::Server(answer)],
                None => Vec::new(),
            },
            Kind::Notification(REST) => {
                self.rests = true;
                Vec::new()
            }
            // Its identifiers are not those that the editor knows.
            Kind::Notification("$/cancelRequest") => Vec::new(),
            Kind::Notification(method) => {
                self.shown.heard(method, &message);
                vec![Out::Editor(body.clone())]
            }
            Kind::Other => vec![Out::Editor(body.clone())],
        }
    }

    /// There is a server, which knows nothing: returns what it is told.
    pub(super) fn connected(&mut self) -> Vec<Out> {
        self.rests = false;
        let Some(initialize) = self.initialize.clone() else {
            self.server = Server::Up;
            return Vec::new();
        };
        if !self.introduced {
            self.server = Server::Up;
            // A request that came too early is refused by the server, not by us.
            let waiting = self.editor_requests.release().into_iter();
            return std::iter::once(initialize).chain(waiting).map(Out::Server).collect();
        }
        self.server = Server::Learning;
        match self.introduction(&initialize) {
            Some(introduction) => vec![Out::Server(introduction)],
            None => vec![Out::Unusable("The editor's introduction cannot be repeated.".into())],
        }
    }

    /// The editor's `initialize` once more. What was agreed on stays, whatever the new server would prefer.
    fn introduction(&self, initialize: &Bytes) -> Option<Bytes> {
        let message = Message::read(initialize)?;
        let mut params: Value = message.params()?;
        let encoding = self.documents.encoding.kind();
        if let Some(general) = params
            .pointer_mut("/capabilities/general")
            .and_then(Value::as_object_mut)
        {
            general.insert("positionEncodings".into(), json!([encoding]));
        }
        let id: Value = serde_json::from_str(INTRODUCTION).ok()?;
        Some(message::request(&id, "initialize", &params))
    }

    /// The server has answered the introduction: it is told the rest.
    fn learned(&mut self, answer: &Message<'_>) -> Vec<Out> {
        if answer.is_error() {
            return vec![Out::Unusable("The new server does not take the editor in.".into())];
        }
        if agreed(answer) != self.documents.encoding {
            return vec![Out::Unusable("The new server counts positions in another way.".into())];
        }
        self.server = Server::Up;
        let mut told: Vec<Bytes> = self.initialized.iter().cloned().collect();
        // Before anything that they are about.
        told.extend(self.settings.clone());
        told.extend(self.folders.change());
        told.extend(self.documents.opened());
        told.extend(self.editor_requests.release());
        told.into_iter().map(Out::Server).collect()
    }

    /// The server is gone: returns what the editor is told, so that it waits for nothing that will not come.
    pub(super) fn lost(&mut self) -> Vec<Out> {
        self.server = Server::Down;
        self.server_requests.lost();
        let mut told = self.editor_requests.lost();
        told.extend(self.shown.lost());
        told.into_iter().map(Out::Editor).collect()
    }

    /// There will be no other server: returns what the editor is told.
    pub(super) fn give_up(&mut self, reason: &str) -> Vec<Out> {
        let mut told = self.editor_requests.give_up(reason);
        if self.introduced {
            let params = json!({ "type": 1, "message": reason });
            told.push(message::notification("window/showMessage", &params));
        }
        told.into_iter().map(Out::Editor).collect()
    }

    /// The server has had the time to say what it shows: returns what takes the rest away.
    pub(super) fn settled(&mut self) -> Vec<Out> {
        self.shown.clear_stale().into_iter().map(Out::Editor).collect()
    }

    /// Whether something is shown that comes from a server that is gone.
    pub(super) fn has_stale(&self) -> bool {
        self.shown.has_stale()
    }

    /// Whether the editor waits for an answer that only a server can give.
    pub(super) fn needs_server(&self) -> bool {
        self.editor_requests.wait() || (self.initialize.is_some() && !self.introduced)
    }

    /// Whether the last server asked not to be replaced before it is needed.
    pub(super) fn rests(&self) -> bool {
        self.rests
    }

    /// Whether the editor has asked for the end.
    pub(super) fn is_shut_down(&self) -> bool {
        self.shutdown
    }

    /// Whether a server and the editor have ever introduced themselves.
    pub(super) fn is_introduced(&self) -> bool {
        self.introduced
    }

    /// Returns the editor's process, if it has said which it is.
    pub(super) fn editor_process(&self) -> Option<u32> {
        let message = Message::read(self.initialize.as_ref()?)?;
        message.params::<InitializeParams>()?.process_id
    }

    fn to_server_if_up(&self, body: Bytes) -> Vec<Out> {
        if self.server == Server::Up {
            vec![Out::Server(body)]
        } else {
            Vec::new()
        }
    }
}

/// Returns what positions count in, as the server has answered.
fn agreed(answer: &Message<'_>) -> Encoding {
    let result = answer.result::<InitializeResult>();
    let encoding = result.and_then(|result| result.capabilities.position_encoding);
    Encoding::negotiate(encoding.as_ref().map(std::slice::from_ref))
}
