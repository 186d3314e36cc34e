//! The conversation of the direct driver, kept so that a later attempt can go on with it.

use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;

use aca_protocol::agent::RecordBody;
use serde_json::{Value, json};

use crate::driver::{Context, DriveError};

/// The largest conversation that is gone on with, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// Returns the messages that a run begins with: the prompt, after the conversation that it resumes, if it does.
pub(super) fn begin(context: &Context) -> Result<Vec<Value>, DriveError> {
    let spec = &context.spec;
    if !spec.resume {
        return Ok(vec![user(&spec.prompt)]);
    }
    match read(&path(context)) {
        Ok(mut messages) => {
            messages.push(user(&spec.prompt));
            Ok(messages)
        }
        Err(error) => {
            let text = format!("The conversation could not be continued ({error}), so a new one was begun.");
            context.event(RecordBody::Watchdog { text })?;
            Ok(vec![user(&spec.story)])
        }
    }
}

/// Keeps the conversation. Without it a later attempt begins a new one, which is no reason to fail.
pub(super) fn keep(context: &Context, messages: &[Value]) {
    let kept = serde_json::to_vec(messages)
        .map_err(std::io::Error::from)
        .and_then(|bytes| File::create(path(context))?.write_all(&bytes));
    if let Err(error) = kept {
        let text = format!("The conversation could not be kept: {error}.");
        let _ = context.journal.event(RecordBody::Watchdog { text });
    }
}

fn user(text: &str) -> Value {
    json!({"role": "user", "content": text})
}

fn path(context: &Context) -> PathBuf {
    context.home().join(format!("{}.json", context.spec.conversation))
}

fn read(path: &std::path::Path) -> std::io::Result<Vec<Value>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(serde_json::from_slice(&bytes)?)
}
