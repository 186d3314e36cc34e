//! The tools that the model may use, and how its calls reach them.

use std::io;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::paths::Workspace;
use super::{files, shell};
use crate::driver::Context;

/// What a tool gives back.
#[derive(Debug)]
pub(super) struct Output {
    /// Whether it did what it was asked.
    pub(super) ok: bool,
    /// What it says.
    pub(super) text: String,
}

impl Output {
    pub(super) fn done(text: impl Into<String>) -> Self {
        Self {
            ok: true,
            text: text.into(),
        }
    }

    pub(super) fn failed(text: impl Into<String>) -> Self {
        Self {
            ok: false,
            text: text.into(),
        }
    }
}

/// The tools of one run.
pub(super) struct Tools {
    context: Arc<Context>,
    workspace: Workspace,
}

/// A call with its input, as the model gives it.
#[derive(Debug, Deserialize)]
#[serde(tag = "tool", content = "input", rename_all = "snake_case")]
enum ToolCall {
    ReadFile {
        path: String,
        offset: Option<usize>,
        limit: Option<usize>,
    },
    WriteFile {
        path: String,
        content: String,
    },
    EditFile {
        path: String,
        old_text: String,
        new_text: String,
    },
    ListDir {
        path: Option<String>,
    },
    Search {
        text: String,
        path: Option<String>,
    },
    Shell {
        command: String,
        timeout_secs: Option<u64>,
    },
}

impl Tools {
    /// Makes the tools for the workspace of `context`. It must exist.
    pub(super) fn new(context: &Arc<Context>) -> io::Result<Self> {
        Ok(Self {
            context: Arc::clone(context),
            workspace: Workspace::new(&context.spec.workspace)?,
        })
    }

    /// Carries out a call. A call that is wrong in itself gives an output that says so.
    pub(super) async fn call(&self, tool: &str, input: &Value) -> Output {
        let call = match serde_json::from_value::<ToolCall>(json!({"tool": tool, "input": input})) {
            Ok(call) => call,
            Err(error) => return Output::failed(format!("This call cannot be understood: {error}.")),
        };
        if let ToolCall::Shell { command, timeout_secs } = call {
            let timeout = timeout_secs.unwrap_or(shell::DEFAULT_SECS);
            return shell::run(&self.context, self.workspace.root(), &command, timeout).await;
        }
        let workspace = self.workspace.clone();
        tokio::task::spawn_blocking(move || on_files(&workspace, call))
            .await
            .unwrap_or_else(|error| Output::failed(format!("The tool broke: {error}.")))
    }
}

fn on_files(workspace: &Workspace, call: ToolCall) -> Output {
    match call {
        ToolCall::ReadFile { path, offset, limit } => {
            files::read_file(workspace, &path, offset.unwrap_or(1), limit.unwrap_or(usize::MAX))
        }
        ToolCall::WriteFile { path, content } => files::write_file(workspace, &path, &content),
        ToolCall::EditFile {
            path,
            old_text,
            new_text,
        } => files::edit_file(workspace, &path, &old_text, &new_text),
        ToolCall::ListDir { path } => files::list_dir(workspace, path.as_deref().unwrap_or(".")),
        ToolCall::Search { text, path } => files::search(workspace, path.as_deref().unwrap_or("."), &text),
        ToolCall::Shell { .. } => Output::failed("The shell does not work on files."),
    }
}

/// Returns the tools as the Messages API wants them described.
pub(super) fn definitions() -> Value {
    let text = |about: &str| json!({"type": "string", "description": about});
    let number = |about: &str| json!({"type": "integer", "minimum": 1, "description": about});
    json!([
        tool(
            "read_file",
            "Reads a text file, or some lines of it.",
            &["path"],
            &json!({
                "path": text("The file."),
                "offset": number("The first line, counted from 1."),
                "limit": number("How many lines."),
            })
        ),
        tool(
            "write_file",
            "Writes a whole file, new or not. Missing directories are made.",
            &["path", "content"],
            &json!({
                "path": text("The file."),
                "content": text("All of its text."),
            })
        ),
        tool(
            "edit_file",
            "Replaces text that occurs exactly once in a file.",
            &["path", "old_text", "new_text"],
            &json!({
                "path": text("The file."),
                "old_text": text("The text to replace, exactly as it is, with enough around it to be unique."),
                "new_text": text("The text that takes its place."),
            })
        ),
        tool(
            "list_dir",
            "Lists a directory.",
            &[],
            &json!({
                "path": text("The directory; the workspace if left out."),
            })
        ),
        tool(
            "search",
            "Finds the lines that hold a text, as it is, in all files of a directory.",
            &["text"],
            &json!({
                "text": text("What to find."),
                "path": text("The directory or file; the workspace if left out."),
            })
        ),
        tool(
            "shell",
            "Runs a command with a shell, in the workspace.",
            &["command"],
            &json!({
                "command": text("The command."),
                "timeout_secs": number("After how many seconds it is ended; 120 if left out."),
            })
        ),
    ])
}

fn tool(name: &str, about: &str, required: &[&str], properties: &Value) -> Value {
    json!({
        "name": name,
        "description": about,
        "input_schema": {"type": "object", "properties": properties, "required": required},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_that_is_described_can_be_called() {
        for definition in definitions().as_array().unwrap() {
            let mut input = serde_json::Map::new();
            for (name, schema) in definition["input_schema"]["properties"].as_object().unwrap() {
                let value = if schema["type"] == "string" {
                    json!("x")
                } else {
                    json!(1)
                };
                input.insert(name.clone(), value);
            }
            let required = definition["input_schema"]["required"].as_array().unwrap();
            let fewest: serde_json::Map<String, Value> = input
                .clone()
                .into_iter()
                .filter(|(name, _)| required.iter().any(|r| r == name))
                .collect();
            for input in [input, fewest] {
                let call = json!({"tool": definition["name"], "input": input});
                serde_json::from_value::<ToolCall>(call).unwrap();
            }
        }
    }

    #[test]
    fn other_calls_are_not_understood() {
        for (tool, input) in [
            ("none", json!({})),
            ("shell", json!({})),
            ("read_file", json!([])),
            ("shell", json!(null)),
        ] {
            assert!(
                serde_json::from_value::<ToolCall>(json!({"tool": tool, "input": input})).is_err(),
                "{tool}"
            );
        }
    }
}
