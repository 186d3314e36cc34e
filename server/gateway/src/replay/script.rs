//! The script's format, as read from TOML. Unknown keys are errors, so that a misspelt one does not go unnoticed.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A whole script.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Script {
    /// Values for `{{name}}`.
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, String>,
    /// Values for `{{name}}` that are found in the request.
    #[serde(default, rename = "capture")]
    pub(crate) captures: Vec<Capture>,
    /// The turns; the first one that matches answers.
    #[serde(default, rename = "turn")]
    pub(crate) turns: Vec<Turn>,
}

/// A value found in the request's text.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Capture {
    /// The variable it sets. Of several with one name the first that is found counts.
    pub(crate) name: String,
    /// The text the value follows.
    pub(crate) after: String,
    /// The text that ends it.
    #[serde(default = "line_end")]
    pub(crate) until: String,
}

fn line_end() -> String {
    "\n".to_owned()
}

/// One answer and when to give it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Turn {
    /// Names it in messages and logs; its number from one if left out.
    #[serde(default)]
    pub(crate) name: String,
    /// How often it may answer; without it, without end.
    pub(crate) times: Option<u32>,
    /// When it answers.
    #[serde(default, rename = "match")]
    pub(crate) matcher: Matcher,
    /// What it answers.
    pub(crate) reply: Reply,
}

/// What a request must be. Everything that is given must hold.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Matcher {
    /// Contained in the last text of the user; of a list, all.
    pub(crate) user: OneOrMore,
    /// Contained in any text of the request: system prompt, messages, tool results; of a list, all.
    pub(crate) anywhere: OneOrMore,
    /// The last message has a result of this tool; of a list, any.
    pub(crate) tool_result: OneOrMore,
    /// Contained in the last message's tool results; of a list, all.
    pub(crate) tool_result_contains: OneOrMore,
    /// Whether one of the last message's tool results is an error.
    pub(crate) tool_failed: Option<bool>,
    /// The tool is offered; of a list, any.
    pub(crate) offers: OneOrMore,
    /// How often the model has already answered in this conversation.
    pub(crate) turn: Option<usize>,
    /// Contained in the model's name.
    pub(crate) model: Option<String>,
    /// Whether a stream is asked for.
    pub(crate) stream: Option<bool>,
}

/// A text or a list of texts.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMore {
    /// One.
    One(String),
    /// Several; none is as if the key were left out.
    More(Vec<String>),
}

impl Default for OneOrMore {
    fn default() -> Self {
        Self::More(Vec::new())
    }
}

impl OneOrMore {
    /// The texts.
    pub(crate) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::More(texts) => texts,
        }
    }
}

/// What a turn answers: a message (`text`, `tool`), an `error`, `garbage`, or nothing at all (`hang`).
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Reply {
    /// What the model says.
    pub(crate) text: String,
    /// The tools it calls, after the text.
    #[serde(rename = "tool")]
    pub(crate) tools: Vec<ToolCall>,
    /// Why it stops; `tool_use` with tools, else `end_turn`.
    pub(crate) stop_reason: Option<String>,
    /// What it used; estimated if left out.
    pub(crate) usage: Option<ReplyUsage>,
    /// Waits before the first byte, in milliseconds.
    pub(crate) delay_ms: u64,
    /// Waits between the events of a stream, in milliseconds.
    pub(crate) chunk_delay_ms: u64,
    /// Breaks a stream off after so many events.
    pub(crate) drop_after_chunks: Option<usize>,
    /// Falls silent in a stream after so many events.
    pub(crate) hang_after_chunks: Option<usize>,
    /// How many streams break off or fall silent before one is whole; 1 if left out. They do not count for `times`.
    pub(crate) faults: Option<u32>,
    /// Never answers.
    pub(crate) hang: bool,
    /// An error of the Messages API.
    pub(crate) error: Option<ReplyError>,
    /// A body that is none of the Messages API's.
    pub(crate) garbage: Option<String>,
    /// The content type of `garbage`; `text/html` if left out.
    pub(crate) garbage_type: Option<String>,
    /// Further headers of the answer.
    pub(crate) headers: BTreeMap<String, String>,
}

/// A call of a tool: either `name` and `input`, or `any_of` with one such pair per tool, of which the first that the
/// request offers is called.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum ToolCall {
    /// The first of these that is offered.
    AnyOf(AnyOf),
    /// This one, offered or not.
    Exactly(NamedCall),
}

/// Calls of which one is made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnyOf {
    pub(crate) any_of: Vec<NamedCall>,
}

/// A tool and its input.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NamedCall {
    pub(crate) name: String,
    pub(crate) input: Value,
}

/// What an answer says it used.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ReplyUsage {
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens: u64,
    pub(crate) cache_read_input_tokens: u64,
    pub(crate) cache_creation_input_tokens: u64,
}

/// An error of the Messages API.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplyError {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The error's type; the one that belongs to the status if left out.
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    /// What it says.
    #[serde(default)]
    pub(crate) message: String,
    /// The header `retry-after`, in seconds.
    pub(crate) retry_after: Option<u64>,
    /// The header `x-should-retry`.
    pub(crate) should_retry: Option<bool>,
}

impl Script {
    /// Reads a script, or says what is wrong with it and where.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut script: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        if script.turns.is_empty() {
            return Err("it has no [[turn]].".to_owned());
        }
        for (index, turn) in script.turns.iter_mut().enumerate() {
            if turn.name.is_empty() {
                turn.name = (index + 1).to_string();
            }
            turn.reply
                .check()
                .map_err(|reason| format!("turn `{}` {reason}.", turn.name))?;
        }
        if let Some(capture) = script
            .captures
            .iter()
            .find(|capture| capture.after.is_empty() || capture.until.is_empty())
        {
            return Err(format!("capture `{}` has an empty `after` or `until`.", capture.name));
        }
        Ok(script)
    }
}

impl Reply {
    fn check(&self) -> Result<(), String> {
        let says = !self.text.is_empty() || !self.tools.is_empty() || self.stop_reason.is_some();
        let kinds = [says, self.error.is_some(), self.garbage.is_some(), self.hang];
        match kinds.iter().filter(|kind| **kind).count() {
            0 => return Err("has an empty reply; give it `text`, `tool`, `error`, `garbage` or `hang`".to_owned()),
            1 => {}
            _ => {
                return Err(
                    "has more than one kind of reply; `error`, `garbage` and `hang` each stand alone".to_owned(),
                );
            }
        }
        if let Some(error) = &self.error
            && !(400..600).contains(&error.status)
        {
            return Err(format!(
                "answers an error with status {}, which is not from 400 to 599",
                error.status
            ));
        }
        for (name, value) in &self.headers {
            let valid = hyper::header::HeaderName::try_from(name).is_ok()
                && hyper::header::HeaderValue::try_from(value).is_ok();
            if !valid {
                return Err(format!("has a header `{name}` that HTTP does not allow"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_in_the_readme_is_valid() {
        let readme = include_str!("../../README.md");
        let (_, from) = readme.split_once("```toml\n").unwrap();
        let script = Script::parse(from.split_once("```").unwrap().0).unwrap();
        let names: Vec<&str> = script.turns.iter().map(|turn| turn.name.as_str()).collect();
        assert_eq!(names, ["write the note", "2"]);
    }

    #[test]
    fn what_is_wrong_with_a_script_is_said() {
        for (text, reason) in [
            ("", "no [[turn]]"),
            ("[[turn", "line 1"),
            ("[[turn]]\nreply.text = 1", "string"),
            ("[[turn]]\nrepli.text = 'x'", "repli"),
            ("[[turn]]\nreply.text = 'x'\nmatch.usr = 'x'", "usr"),
            ("[[turn]]\nreply = {}", "turn `1` has an empty reply"),
            (
                "[[turn]]\nname = 'both'\nreply.text = 'x'\nreply.hang = true",
                "turn `both` has more than one kind",
            ),
            ("[[turn]]\nreply.error.status = 200", "status 200"),
            (
                "[[turn]]\nreply.text = 'x'\nreply.headers = { 'a b' = 'c' }",
                "header `a b`",
            ),
            (
                "[[capture]]\nname = 'x'\nafter = ''\n[[turn]]\nreply.text = 'x'",
                "empty `after`",
            ),
        ] {
            let error = Script::parse(text).unwrap_err();
            assert!(error.contains(reason), "{text:?}: {error}");
        }
    }
}
