//! What a model request says, as far as a script can ask for it.

use hyper::StatusCode;
use serde_json::Value;

use crate::api_error::ApiError;

/// A request to `/v1/messages`.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    /// The model asked.
    pub(crate) model: String,
    /// Whether a stream is asked for.
    pub(crate) stream: bool,
    /// The newest text of the user that is not a reminder of the agent program.
    pub(crate) user: String,
    /// All text: system prompt, then messages in order, parts on lines of their own.
    pub(crate) text: String,
    /// How many messages of the model there are.
    pub(crate) answers: usize,
    /// The tool results in the last message.
    pub(crate) results: Vec<ToolResult>,
    /// The tools offered, by name.
    pub(crate) tools: Vec<String>,
}

/// One tool result.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ToolResult {
    /// The tool's name.
    pub(crate) tool: String,
    /// Its text.
    pub(crate) text: String,
    /// Whether it is an error.
    pub(crate) failed: bool,
}

impl Conversation {
    /// Reads a request's body.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let bad = |what: &str| ApiError::new(StatusCode::BAD_REQUEST, format!("The request's body {what}."));
        let request: Value = serde_json::from_slice(body).map_err(|error| bad(&format!("is not JSON: {error}")))?;
        let Some(messages) = request.get("messages").and_then(Value::as_array) else {
            return Err(bad("has no `messages`"));
        };
        let mut conversation = Self {
            model: text_of(request.get("model")),
            stream: request.get("stream").and_then(Value::as_bool).unwrap_or(false),
            tools: items(request.get("tools"))
                .iter()
                .map(|tool| text_of(tool.get("name")))
                .collect(),
            ..Self::default()
        };
        conversation.add_texts(request.get("system"));
        let mut calls = Vec::new();
        for message in messages {
            conversation.add_message(message, &mut calls);
        }
        Ok(conversation)
    }

    /// Says what was asked, in one line, for an error.
    pub(crate) fn summary(&self) -> String {
        let short = |text: &str| text.chars().take(160).collect::<String>().replace('\n', " ");
        let mut summary = format!(
            "model `{}`, turn {}, last user text `{}`",
            short(&self.model),
            self.answers,
            short(&self.user)
        );
        for result in &self.results {
            let kind = if result.failed { "error" } else { "result" };
            summary.push_str(&format!(
                ", {kind} of {} `{}`",
                short(&result.tool),
                short(&result.text)
            ));
        }
        summary
    }

    fn add_message(&mut self, message: &Value, calls: &mut Vec<(String, String)>) {
        let content = message.get("content");
        self.add_texts(content);
        match message.get("role").and_then(Value::as_str) {
            Some("assistant") => {
                self.answers += 1;
                self.results.clear();
                calls.extend(
                    blocks(content, "tool_use").map(|call| (text_of(call.get("id")), text_of(call.get("name")))),
                );
            }
            Some("user") => {
                self.results
                    .extend(blocks(content, "tool_result").map(|result| result_of(result, calls)));
                let texts: Vec<String> = texts(content).filter(|text| !is_reminder(text)).collect();
                if !texts.is_empty() {
                    self.user = texts.join("\n");
                }
            }
            _ => {}
        }
    }

    fn add_texts(&mut self, content: Option<&Value>) {
        for text in texts(content).chain(blocks(content, "tool_result").map(result_text)) {
            self.text.push_str(&text);
            self.text.push('\n');
        }
    }
}

fn result_of(result: &Value, calls: &[(String, String)]) -> ToolResult {
    let id = text_of(result.get("tool_use_id"));
    let tool = calls.iter().find(|(call, _)| *call == id).map(|(_, tool)| tool.clone());
    ToolResult {
        tool: tool.unwrap_or_default(),
        text: result_text(result),
        failed: result.get("is_error").and_then(Value::as_bool).unwrap_or(false),
    }
}

fn result_text(result: &Value) -> String {
    texts(result.get("content")).collect::<Vec<_>>().join("\n")
}

/// The texts of a content that is a string or a list of blocks.
fn texts(content: Option<&Value>) -> impl Iterator<Item = String> {
    let plain = content.and_then(Value::as_str).map(str::to_owned);
    plain
        .into_iter()
        .chain(blocks(content, "text").map(|block| text_of(block.get("text"))))
}

fn blocks<'a>(content: Option<&'a Value>, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    items(content)
        .iter()
        .filter(move |block| block.get("type").and_then(Value::as_str) == Some(kind))
}

fn items(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text_of(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Claude Code adds reminders to user messages, as text blocks of their own.
fn is_reminder(text: &str) -> bool {
    text.trim_start().starts_with("<system-reminder>")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(request: &Value) -> Conversation {
        Conversation::parse(request.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_conversation_of_claude_code_is_read() {
        let conversation = parse(&json!({
            "model": "claude-opus-4-8", "stream": true,
            "system": [{"type": "text", "text": "Working directory: /ws"}, {"type": "text", "text": "Be brief."}],
            "tools": [{"name": "Write"}, {"name": "Bash"}],
            "messages": [
                {"role": "user", "content": [
                    {"type": "text", "text": "<system-reminder>date</system-reminder>"}, {"type": "text", "text": "Fix it"}]},
                {"role": "system", "content": "be careful"},
                {"role": "assistant", "content": [
                    {"type": "text", "text": "I will"}, {"type": "tool_use", "id": "t1", "name": "Write", "input": {}},
                    {"type": "tool_use", "id": "t2", "name": "Bash", "input": {}}]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "t2", "content": [{"type": "text", "text": "Exit code 1"}], "is_error": true},
                    {"type": "tool_result", "tool_use_id": "t1", "content": "written"},
                    {"type": "text", "text": "<system-reminder>tasks</system-reminder>"}]}
            ]
        }));
        assert_eq!(
            (conversation.model.as_str(), conversation.stream, conversation.answers),
            ("claude-opus-4-8", true, 1)
        );
        assert_eq!(conversation.user, "Fix it");
        assert_eq!(conversation.tools, ["Write", "Bash"]);
        let result = |tool: &str, text: &str, failed| ToolResult {
            tool: tool.into(),
            text: text.into(),
            failed,
        };
        assert_eq!(
            conversation.results,
            [result("Bash", "Exit code 1", true), result("Write", "written", false)]
        );
        for text in [
            "/ws\nBe brief.\n",
            "be careful",
            "I will",
            "Exit code 1",
            "written",
            "tasks",
        ] {
            assert!(conversation.text.contains(text), "{text}");
        }
    }

    #[test]
    fn odd_requests_are_read_as_far_as_they_go() {
        for request in [
            json!({"messages": []}),
            json!({"messages": [7, null, {}, {"role": "user"}, {"role": "user", "content": 7}], "tools": {}, "system": 1}),
            json!({"messages": [{"role": "user", "content": [{"type": "tool_result"}, {"type": "text"}]}], "model": []}),
        ] {
            let _ = parse(&request).summary();
        }
        for body in ["", "{}", "[]", "{\"messages\":{}}"] {
            assert!(Conversation::parse(body.as_bytes()).is_err(), "{body}");
        }
    }
}
