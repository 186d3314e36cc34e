//! What the editor asks.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;
use tokio_util::bytes::Bytes;

use super::message::{self, CONTENT_MODIFIED, REQUEST_CANCELLED, SERVER_CANCELLED};

/// So many requests wait for a server, at most. An editor that asks more than that is told to ask again.
const MAX_WAITING: usize = 256;

/// The editor's requests without an answer.
#[derive(Debug, Default)]
pub(super) struct EditorRequests {
    /// Asked of the server, by identifier; with their methods.
    asked: HashMap<String, String>,
    /// Kept until there is a server.
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    id: String,
    method: String,
    body: Bytes,
}

impl EditorRequests {
    /// A request goes to the server.
    pub(super) fn ask(&mut self, id: &str, method: &str) {
        self.asked.insert(id.to_owned(), method.to_owned());
    }

    /// A request has to wait for a server; returns what the editor is told if too many do.
    pub(super) fn keep(&mut self, id: &str, method: &str, body: Bytes) -> Option<Bytes> {
        if self.waiting.len() >= MAX_WAITING {
            return Some(message::failure(
                id,
                code(method),
                "The server is being restarted. Ask again.",
            ));
        }
        self.waiting.push_back(Waiting {
            id: id.to_owned(),
            method: method.to_owned(),
            body,
        });
        None
    }

    /// Whether a request waits for a server.
    pub(super) fn wait(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The server answers; returns the method.
    pub(super) fn answered(&mut self, id: &str) -> Option<String> {
        self.asked.remove(id)
    }

    /// The editor takes a request back; returns the answer if no server knows of it yet.
    pub(super) fn cancel(&mut self, id: &str) -> Option<Bytes> {
        let place = self.waiting.iter().position(|waiting| waiting.id == id)?;
        self.waiting.remove(place)?;
        Some(message::failure(id, REQUEST_CANCELLED, "The request was cancelled."))
    }

    /// There is a server: returns what waited, which is asked now.
    pub(super) fn release(&mut self) -> Vec<Bytes> {
        let waiting: Vec<Waiting> = self.waiting.drain(..).collect();
        let mut bodies = Vec::with_capacity(waiting.len());
        for Waiting { id, method, body } in waiting {
            self.asked.insert(id, method);
            bodies.push(body);
        }
        bodies
    }

    /// The server is gone: returns the answers to what it was asked. `initialize` goes on waiting.
    pub(super) fn lost(&mut self) -> Vec<Bytes> {
        let (kept, lost) = self.asked.drain().partition(|(_, method)| method == "initialize");
        self.asked = kept;
        let lost: HashMap<String, String> = lost;
        lost.iter().map(|(id, method)| lost_answer(id, method)).collect()
    }

    /// There will be no server any more: returns the answers to everything.
    pub(super) fn give_up(&mut self, reason: &str) -> Vec<Bytes> {
        let asked = self.asked.drain().map(|(id, _)| id);
        let waiting = self.waiting.drain(..).map(|waiting| waiting.id);
        asked
            .chain(waiting)
            .map(|id| message::failure(&id, SERVER_CANCELLED, reason))
            .collect()
    }
}

fn lost_answer(id: &str, method: &str) -> Bytes {
    if method == "shutdown" {
        // It is down.
        return message::answer(id, &Value::Null);
    }
    let said = "The server was restarted before it answered. Look whether it was done, then ask again.";
    message::failure(id, code(method), said)
}

/// Editors ask for what they show about a document again by themselves, and say nothing of the code for that.
fn code(method: &str) -> i32 {
    if method.starts_with("textDocument/") || method.starts_with("codeLens/") || method.starts_with("codeAction/") {
        CONTENT_MODIFIED
    } else {
        SERVER_CANCELLED
    }
}
