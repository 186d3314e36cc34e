//! The agent's own small loop over the Messages API, for where Claude Code is not wanted or not there.

mod api;
mod conversation;
mod files;
mod paths;
mod shell;
mod tools;

use std::sync::Arc;
use std::time::Duration;

use aca_protocol::agent::{ClaimedReason, End, RecordBody};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use self::api::{Client, Failure, Reply};
use self::tools::{Output, Tools};
use crate::driver::reasons::ApiFailure;
use crate::driver::{Context, DriveError, Ending, MAX_RESULT, about, claims};
use crate::mailbox::Message;
use crate::text::clip;

/// How often one request is tried, and the bounds of the wait between tries.
const TRIES: u32 = 10;
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(32);

/// The longest wait that a service may ask for; a longer one ends the run.
const LONGEST_ASKED_WAIT: Duration = Duration::from_secs(120);

/// What the model may say in one turn, in tokens.
const MAX_TOKENS: u32 = 8192;

/// How often in a row a reply may be cut off.
const MAX_CUT_OFFS: u32 = 3;

const INSTRUCTIONS: &str = "You are a coding agent. You work in a checkout of a repository, with tools to read, write, \
search and run things there. Nobody can answer questions: decide and carry the task out completely. Change only what the task \
needs, keep to the style of the code around it, and check your work where that is possible. Relative paths are relative \
to the workspace. When you are done, say in a few sentences what you changed and why.";

/// Drives the loop to its end.
pub(super) async fn drive(context: &Arc<Context>) -> Result<Ending, DriveError> {
    let tools = match Tools::new(context) {
        Ok(tools) => tools,
        Err(error) => {
            let workspace = context.spec.workspace.display();
            return Ok(Ending::failed(format!(
                "The workspace {workspace} cannot be entered: {error}."
            )));
        }
    };
    let mut run = Run {
        context,
        client: Client::new(Arc::clone(context)),
        tools,
        messages: conversation::begin(context)?,
        summary: String::new(),
        cut_offs: 0,
        wrote: false,
    };
    context.event(RecordBody::Prompted)?;
    let end = tokio::select! {
        end = run.turns() => end?,
        () = context.steering.stop.asked() => End::Stopped,
    };
    conversation::keep(context, &run.messages);
    let reasons = if end == End::Finished {
        run.reasons().await?
    } else {
        Vec::new()
    };
    context.journal.sync().await?;
    Ok(Ending {
        reasons,
        ..Ending::new(end, run.summary)
    })
}

struct Run<'a> {
    context: &'a Arc<Context>,
    client: Client,
    tools: Tools,
    messages: Vec<Value>,
    /// The model's last words.
    summary: String,
    cut_offs: u32,
    /// Whether a tool was used that may have changed a file.
    wrote: bool,
}

/// A tool call of the model.
struct Call {
    id: String,
    name: String,
    input: Value,
}

impl Run<'_> {
    async fn turns(&mut self) -> Result<End, DriveError> {
        let limit = self.context.spec.limits.max_turns;
        let mailbox = &self.context.steering.mailbox;
        for _ in 0..limit {
            while let Some(Message { text, .. }) = mailbox.take() {
                self.messages.push(json!({"role": "user", "content": text}));
            }
            let reply = match self.ask().await? {
                Ok(reply) => reply,
                Err(failure) => return Ok(failed(failure.reason(&self.context.spec.model))),
            };
            let calls = self.hear(&reply)?;
            self.context.journal.sync().await?;
            match self.go_on(&reply, calls).await? {
                // What it was told in its last moment is a turn of its own.
                Some(End::Finished) if !mailbox.close_if_empty() => {}
                Some(end) => return Ok(end),
                None => {}
            }
        }
        Ok(failed(format!(
            "The agent reached the limit of {limit} model turns. Raise the limit in the configuration, or make the task smaller, and run it again."
        )))
    }

    /// Asks for the reasons of the changes, once. No answer, or one that makes no sense, is none.
    async fn reasons(&self) -> Result<Vec<ClaimedReason>, DriveError> {
        let question = &self.context.spec.ask_reasons;
        if question.is_empty() || !self.wrote {
            return Ok(Vec::new());
        }
        let mut messages = self.messages.clone();
        messages.push(json!({"role": "user", "content": question}));
        let request = self.request(&messages);
        let asked = self
            .context
            .steering
            .hold
            .limit(claims::ASK_TIME, self.client.send(&request));
        let answer = tokio::select! {
            answer = asked => answer,
            () = self.context.steering.stop.asked() => None,
        };
        let Some(Ok(reply)) = answer else { return Ok(Vec::new()) };
        self.journal(&reply)?;
        let texts = reply.content.iter().filter_map(|block| block.get("text")?.as_str());
        Ok(claims::read(&texts.collect::<Vec<_>>().join("\n")))
    }

    fn request(&self, messages: &[Value]) -> Value {
        let system = format!(
            "{INSTRUCTIONS}\nThe workspace is {}.\n\n{}",
            self.context.spec.workspace.display(),
            self.context.system()
        );
        json!({
            "model": self.context.spec.model,
            "max_tokens": MAX_TOKENS,
            "system": system,
            "messages": messages,
            "tools": tools::definitions(),
        })
    }

    /// Sends the conversation, trying again where that may help.
    async fn ask(&self) -> Result<Result<Reply, ApiFailure>, DriveError> {
        let request = self.request(&self.messages);
        let mut tried = 1;
        loop {
            let Failure {
                failure,
                again,
                asked_wait,
            } = match self.client.send(&request).await {
                Ok(reply) => return Ok(Ok(reply)),
                Err(failure) => failure,
            };
            let wait = asked_wait.unwrap_or_default().max(backoff(tried));
            if !again || tried >= TRIES || wait > LONGEST_ASKED_WAIT {
                return Ok(Err(failure));
            }
            let status = failure.status.map(|status| format!(" ({status})")).unwrap_or_default();
            self.context.event(RecordBody::Retry {
                attempt: tried,
                max: TRIES - 1,
                delay_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                reason: format!("{}{status}", clip(&failure.text, 200)),
            })?;
            self.wait(wait).await;
            tried += 1;
        }
    }

    /// Waits while giving signs of life: the wait was announced.
    async fn wait(&self, wait: Duration) {
        self.context.steering.hold.sleep(wait).await;
        self.context.life.sign();
    }

    /// Journals a reply as it came.
    fn journal(&self, reply: &Reply) -> Result<(), DriveError> {
        let raw = to_raw_value(&reply.raw).map_err(crate::journal::JournalError::from)?;
        Ok(self.context.journal.frame(&raw)?)
    }

    /// Journals what the model said and returns the tool calls in it.
    fn hear(&mut self, reply: &Reply) -> Result<Vec<Call>, DriveError> {
        self.journal(reply)?;
        let mut calls = Vec::new();
        for block in &reply.content {
            let text = |key: &str| block.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            match text("type").as_str() {
                "text" if !text("text").is_empty() => {
                    self.summary = text("text");
                    self.context.event(RecordBody::Said { text: text("text") })?;
                }
                "tool_use" => {
                    let call = Call {
                        id: text("id"),
                        name: text("name"),
                        input: block.get("input").cloned().unwrap_or_default(),
                    };
                    self.wrote |= claims::may_write(&call.name);
                    let (id, tool, about) = (call.id.clone(), call.name.clone(), about(&call.input));
                    self.context.event(RecordBody::ToolUse { id, tool, about })?;
                    calls.push(call);
                }
                _ => {}
            }
        }
        Ok(calls)
    }

    /// Carries out what the reply asks for. Returns the end if it was the last.
    async fn go_on(&mut self, reply: &Reply, calls: Vec<Call>) -> Result<Option<End>, DriveError> {
        // The API refuses a message without content.
        if !reply.content.is_empty() {
            self.messages
                .push(json!({"role": "assistant", "content": reply.content}));
        }
        let cut_off = reply.stop_reason == "max_tokens";
        self.cut_offs = if cut_off { self.cut_offs + 1 } else { 0 };
        if self.cut_offs > MAX_CUT_OFFS {
            let failure = ApiFailure {
                kind: "max_output_tokens".to_owned(),
                ..ApiFailure::default()
            };
            return Ok(Some(failed(failure.reason(&self.context.spec.model))));
        }
        match reply.stop_reason.as_str() {
            "refusal" => {
                return Ok(Some(failed(
                    "The model refused the task. Put it in other words, or use another model.".to_owned(),
                )));
            }
            "model_context_window_exceeded" => {
                return Ok(Some(failed(
                    "The conversation has become too large for the model. Make the task smaller, then run it again."
                        .to_owned(),
                )));
            }
            "pause_turn" => return Ok(None),
            _ if calls.is_empty() && !cut_off => return Ok(Some(End::Finished)),
            _ => {}
        }
        let mut answers = Vec::new();
        for call in calls {
            let output = if cut_off {
                Output::failed("Your reply was cut off in this call, so it was not carried out. Use smaller pieces.")
            } else {
                self.tools.call(&call.name, &call.input).await
            };
            self.context.event(RecordBody::ToolResult {
                id: call.id.clone(),
                ok: output.ok,
                text: clip(&output.text, MAX_RESULT),
            })?;
            answers.push(json!({
                "type": "tool_result", "tool_use_id": call.id, "content": output.text, "is_error": !output.ok
            }));
        }
        if answers.is_empty() {
            answers.push(json!({"type": "text", "text": "Your reply was cut off. Go on where it ended."}));
        }
        self.messages.push(json!({"role": "user", "content": answers}));
        Ok(None)
    }
}

fn failed(reason: String) -> End {
    End::Failed { reason }
}

fn backoff(tried: u32) -> Duration {
    FIRST_WAIT.saturating_mul(1 << (tried - 1).min(16)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_up_to_its_bound() {
        let waits: Vec<_> = (1..=9).map(|tried| backoff(tried).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 32_000, 32_000]);
    }
}
