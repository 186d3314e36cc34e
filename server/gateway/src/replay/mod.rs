//! The replay upstream: answers model requests from a script, the same way each time.
//!
//! It stands for the one part that cannot be had in tests and in the demo: the model. A script is TOML: a list of
//! turns, each with what it answers and when. The crate's `README.md` documents the format.

mod conversation;
mod log;
mod reply;
mod script;
mod select;
mod server;
mod template;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use hyper::header::HeaderMap;
use hyper::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::body::{self, Body};
use crate::error::Error;
use crate::route::Route;
use conversation::Conversation;
use log::RequestLog;
use script::Script;
use select::Selector;

pub use log::RecordedRequest;
pub use server::serve_replay_on;

/// What a replay is given beside its script.
#[derive(Debug, Clone, Default)]
pub struct ReplayOptions {
    /// Values for the script's `{{name}}`; they win over the script's own `[variables]`.
    pub variables: BTreeMap<String, String>,
    /// A file to which each request is appended as one line of JSON: method, path, header names, body hash and size, and
    /// the turn that answered.
    pub log: Option<PathBuf>,
}

/// A script at play. Cheap to clone; clones share which turns were used and what was asked.
#[derive(Debug, Clone)]
pub struct Replay {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    origin: String,
    selector: Selector,
    variables: BTreeMap<String, String>,
    log: RequestLog,
}

impl Replay {
    /// Reads a script from a file.
    pub fn from_file(path: &Path, options: ReplayOptions) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::ScriptUnreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::load(format!("`{}`", path.display()), &text, options)
    }

    /// Reads a script from text.
    pub fn from_text(text: &str, options: ReplayOptions) -> Result<Self, Error> {
        Self::load("given as text".to_owned(), text, options)
    }

    fn load(origin: String, text: &str, options: ReplayOptions) -> Result<Self, Error> {
        let mut script = Script::parse(text).map_err(|reason| Error::Script {
            origin: origin.clone(),
            reason,
        })?;
        let mut variables = std::mem::take(&mut script.variables);
        variables.extend(options.variables);
        let log = RequestLog::open(options.log.as_deref())?;
        Ok(Self {
            shared: Arc::new(Shared {
                origin,
                selector: Selector::new(script),
                variables,
                log,
            }),
        })
    }

    /// Returns what was asked so far, oldest first. Very long histories lose their beginning.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.log.requests()
    }

    /// Waits until at least `count` requests have arrived since the start.
    pub async fn wait_for_requests(&self, count: u64) {
        self.shared.log.wait_for(count).await;
    }

    /// Names the script, for `aca doctor`.
    pub(crate) fn describe(&self) -> String {
        format!(
            "replay script {} with {} turns",
            self.shared.origin,
            self.shared.selector.turns()
        )
    }

    /// Answers one request as the Messages API would.
    pub(crate) async fn answer(
        &self,
        method: &Method,
        target: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Response<Body> {
        let path = target.split('?').next().unwrap_or_default();
        let recorded = RecordedRequest::new(method, target, headers, body.clone());
        let answer = match Route::of(method, path) {
            Ok(Route::Hello) => Ok(Response::new(body::full(Bytes::new()))),
            Ok(Route::Models) => Ok(json_answer(
                &json!({"data": [], "has_more": false, "first_id": null, "last_id": null}),
            )),
            Ok(Route::CountTokens) => Ok(json_answer(
                &json!({"input_tokens": reply::estimate_tokens(body.len())}),
            )),
            Ok(Route::Messages) => return self.answer_messages(recorded, &body).await,
            Err(error) => Err(error),
        };
        self.shared.log.add(recorded);
        answer.unwrap_or_else(ApiError::into_response)
    }

    async fn answer_messages(&self, mut recorded: RecordedRequest, body: &[u8]) -> Response<Body> {
        let prepared = self.prepare(&mut recorded, body);
        self.shared.log.add(recorded);
        match prepared {
            Ok(prepared) => prepared.send().await,
            Err(error) => error.into_response(),
        }
    }

    fn prepare(&self, recorded: &mut RecordedRequest, body: &[u8]) -> Result<reply::Prepared, ApiError> {
        let conversation = Conversation::parse(body)?;
        let selected = self
            .shared
            .selector
            .select(&conversation)
            .ok_or_else(|| unmatched(&conversation))?;
        recorded.turn = Some(selected.turn.name.clone());
        let values = self.shared.selector.capture(&conversation, &self.shared.variables);
        reply::prepare(&selected, &conversation, &values, body.len()).map_err(|reason| {
            let message = format!(
                "Turn `{}` of the replay script cannot answer: {reason}",
                selected.turn.name
            );
            ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, message).final_answer()
        })
    }
}

fn json_answer(value: &Value) -> Response<Body> {
    reply::with_type("application/json", body::full(Bytes::from(value.to_string())))
}

fn unmatched(conversation: &Conversation) -> ApiError {
    let message = format!(
        "No turn of the replay script matches this request: {}. Add a turn for it, or raise `times` of the one that was \
         meant.",
        conversation.summary()
    );
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, message).final_answer()
}
