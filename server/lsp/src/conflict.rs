//! The hint that a person edits a file which a running task has read or changed.
//!
//! A front end of ours is told and shows it in its own way. A plain client is told once for each task and file, and asked
//! what to do if it can ask without taking the keyboard away. Nothing waits for an answer, and none is needed.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use aca_protocol::TaskId;
use aca_protocol::agent::RecordBody;
use aca_protocol::methods::{ConflictParams, TaskParams, TellParams, TranscriptParams};
use lsp_types::{MessageActionItem, MessageType};

use crate::connection::Connection;
use crate::life::{short, words_about};

const SHOW: &str = "Show the agent's work";
const TELL: &str = "Tell the task";
const PAUSE: &str = "Pause";
const STOP: &str = "Stop";

/// How many of the last things that an agent said and did are shown.
const MAX_RECORDS: usize = 8;
/// How long one of them is, in characters.
const MAX_RECORD: usize = 160;

/// The hints that were given.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    given: Mutex<HashSet<(TaskId, String)>>,
}

impl Hints {
    /// Says whether a hint is new, and records it.
    fn is_new(&self, conflict: &ConflictParams) -> bool {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.insert((conflict.task.clone(), conflict.path.clone()))
    }

    /// Forgets what was said about a task: its next round is another matter.
    pub(crate) fn forget(&self, task: &TaskId) {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.retain(|(known, _)| known != task);
    }
}

/// Gives a plain client the hint, unless it has it.
pub(crate) fn hint(connection: &Arc<Connection>, conflict: ConflictParams) {
    if connection.hints.is_new(&conflict) {
        let behind = Arc::clone(connection);
        connection.background.spawn(async move { say(&behind, conflict).await });
    }
}

async fn say(connection: &Connection, conflict: ConflictParams) {
    let (title, path) = (short(&conflict.title, 60), &conflict.path);
    let has = if conflict.changed { "changed" } else { "read" };
    let words = format!("aca: the task “{title}” has {has} {path}, which was edited here just now.");
    if !connection.flags().message_choices {
        let words = format!("{words} The code actions on that file tell the task, pause it or stop it.");
        connection.client.show_message(MessageType::INFO, words).await;
        return;
    }
    let choices = [SHOW, TELL, PAUSE, STOP].map(|title| MessageActionItem {
        title: title.to_owned(),
        properties: Default::default(),
    });
    let asked = connection
        .client
        .show_message_request(MessageType::INFO, words, Some(choices.to_vec()));
    match asked.await {
        Ok(Some(choice)) => {
            if let Err(message) = act(connection, &choice.title, conflict).await {
                connection.client.show_message(MessageType::WARNING, message).await;
            }
        }
        Ok(None) => {}
        Err(error) => tracing::debug!(%error, "the client did not ask its user"),
    }
}

async fn act(connection: &Connection, choice: &str, conflict: ConflictParams) -> Result<(), String> {
    let ConflictParams { task, path, .. } = conflict;
    let engine = &connection.engine;
    let done = match choice {
        SHOW => {
            let transcript = engine.transcript(TranscriptParams {
                task: task.clone(),
                attempt: None,
                from: 0,
            });
            let transcript = transcript.await.map_err(|error| error.to_string())?;
            let words = work(transcript.records.iter().map(|record| &record.body));
            connection.client.show_message(MessageType::INFO, words).await;
            return Ok(());
        }
        TELL => {
            engine
                .tell(TellParams {
                    task,
                    text: words_about(&path),
                })
                .await
        }
        PAUSE => engine.pause(TaskParams { task }).await,
        STOP => engine.stop(&task).await,
        // An answer that was not offered.
        _ => return Ok(()),
    };
    done.map(|_| ()).map_err(|error| error.to_string())
}

/// Returns the last things that an agent said and did.
fn work<'a>(records: impl DoubleEndedIterator<Item = &'a RecordBody>) -> String {
    let words = records.rev().filter_map(|body| match body {
        RecordBody::Said { text } => Some(short(text, MAX_RECORD)),
        RecordBody::ToolUse { tool, about, .. } => Some(format!("· {tool} {}", short(about, MAX_RECORD))),
        _ => None,
    });
    let mut words: Vec<_> = words.take(MAX_RECORDS).collect();
    if words.is_empty() {
        return "The agent has not said or done anything yet.".to_owned();
    }
    words.reverse();
    words.join("\n")
}

#[cfg(test)]
#[path = "conflict_tests.rs"]
mod tests;
