//! What servers ask the editor.
//!
//! Each server counts its requests from the start. The editor is given numbers of ours, so that its answer to a server
//! that is gone is never taken for an answer to the next one.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::bytes::Bytes;

use super::message::{Message, answer, request};

const REGISTER: &str = "client/registerCapability";
const UNREGISTER: &str = "client/unregisterCapability";

/// The requests without an answer, and the capabilities that the editor knows by now.
#[derive(Debug, Default)]
pub(super) struct ServerRequests {
    last: u64,
    /// The server's own identifiers by our numbers.
    open: HashMap<String, String>,
    /// What is registered at the editor, by identifier.
    registered: HashMap<String, Value>,
}

/// What becomes of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Passed {
    /// It goes to the editor.
    Editor(Bytes),
    /// The editor has done it before: this is the answer.
    Answered(Bytes),
}

#[derive(Deserialize)]
struct Registrations {
    registrations: Vec<Value>,
}

#[derive(Deserialize)]
struct Unregistrations {
    // The protocol's own spelling.
    #[serde(rename = "unregisterations")]
    list: Vec<Registration>,
}

#[derive(Deserialize)]
struct Registration {
    id: String,
}

impl ServerRequests {
    /// Takes in a server's request.
    pub(super) fn asked(&mut self, id: &str, method: &str, message: &Message<'_>) -> Option<Passed> {
        let ours = self.number();
        if method == REGISTER
            && let Some(Registrations { registrations }) = message.params()
        {
            let new = self.register(registrations);
            if new.is_empty() {
                return Some(Passed::Answered(answer(id, &Value::Null)));
            }
            self.open.insert(ours.to_string(), id.to_owned());
            let params = json!({ "registrations": new });
            return Some(Passed::Editor(request(&json!(ours), REGISTER, &params)));
        }
        if method == UNREGISTER
            && let Some(Unregistrations { list }) = message.params()
        {
            for Registration { id } in list {
                self.registered.remove(&id);
            }
        }
        let renamed = message.with_id(&ours.to_string())?;
        self.open.insert(ours.to_string(), id.to_owned());
        Some(Passed::Editor(renamed))
    }

    /// Takes in an answer of the editor; returns it as the server knows it, unless that server is gone.
    pub(super) fn answered(&mut self, id: &str, message: &Message<'_>) -> Option<Bytes> {
        let theirs = self.open.remove(id)?;
        message.with_id(&theirs)
    }

    /// The server is gone, and waits for no answer.
    pub(super) fn lost(&mut self) {
        self.open.clear();
    }

    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Records registrations; returns those that the editor does not have yet.
    fn register(&mut self, registrations: Vec<Value>) -> Vec<Value> {
        let mut new = Vec::new();
        for registration in registrations {
            let id = registration.get("id").and_then(Value::as_str).unwrap_or_default();
            let known = self.registered.insert(id.to_owned(), registration.clone());
            if known.as_ref() != Some(&registration) {
                new.push(registration);
            }
        }
        new
    }
}
