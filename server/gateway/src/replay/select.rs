//! Which turn of a script answers a request.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::conversation::Conversation;
use super::script::{Capture, Matcher, Script, Turn};
use super::template;

/// Where agent programs name the workspace in their system prompts, in the order in which they are looked for.
const WORKSPACE_MARKS: [&str; 2] = ["Primary working directory: ", "Working directory: "];

/// A script and how often its turns were used.
#[derive(Debug)]
pub(crate) struct Selector {
    captures: Vec<Capture>,
    turns: Vec<Turn>,
    used: Mutex<Vec<Used>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Used {
    whole: u32,
    faulty: u32,
}

/// The turn that answers.
#[derive(Debug)]
pub(crate) struct Selected<'a> {
    /// The turn.
    pub(crate) turn: &'a Turn,
    /// Whether its stream breaks off or falls silent this time.
    pub(crate) faulty: bool,
}

impl Selector {
    /// Prepares a script; no turn is used yet.
    pub(crate) fn new(script: Script) -> Self {
        let Script {
            mut captures, turns, ..
        } = script;
        captures.extend(WORKSPACE_MARKS.map(|mark| Capture {
            name: "workspace".to_owned(),
            after: mark.to_owned(),
            until: "\n".to_owned(),
        }));
        let used = Mutex::new(vec![Used::default(); turns.len()]);
        Self { captures, turns, used }
    }

    /// How many turns there are.
    pub(crate) fn turns(&self) -> usize {
        self.turns.len()
    }

    /// Finds the first turn that matches and may still answer, and counts it.
    pub(crate) fn select(&self, conversation: &Conversation) -> Option<Selected<'_>> {
        let mut all_used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        for (turn, used) in self.turns.iter().zip(all_used.iter_mut()) {
            let left = turn.times.is_none_or(|times| used.whole < times);
            if !left || !turn.matcher.holds(conversation) {
                continue;
            }
            let reply = &turn.reply;
            let has_fault = reply.drop_after_chunks.is_some() || reply.hang_after_chunks.is_some();
            let faulty = has_fault && conversation.stream && used.faulty < reply.faults.unwrap_or(1);
            if faulty {
                used.faulty += 1;
            } else {
                used.whole = used.whole.saturating_add(1);
            }
            return Some(Selected { turn, faulty });
        }
        None
    }

    /// Returns the values for a reply: what the request holds, and over it what was given.
    pub(crate) fn capture(
        &self,
        conversation: &Conversation,
        given: &BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        let mut values = given.clone();
        for rule in &self.captures {
            if values.contains_key(&rule.name) {
                continue;
            }
            if let Some(value) = template::capture(rule, &conversation.text) {
                values.insert(rule.name.clone(), value.to_owned());
            }
        }
        values
    }
}

impl Matcher {
    /// Whether everything that is given holds.
    fn holds(&self, conversation: &Conversation) -> bool {
        let results = &conversation.results;
        let result_has = |needle: &String| results.iter().any(|result| result.text.contains(needle.as_str()));
        self.user
            .as_slice()
            .iter()
            .all(|needle| conversation.user.contains(needle.as_str()))
            && self
                .anywhere
                .as_slice()
                .iter()
                .all(|needle| conversation.text.contains(needle.as_str()))
            && any(self.tool_result.as_slice(), |tool| {
                results.iter().any(|result| result.tool == *tool)
            })
            && self.tool_result_contains.as_slice().iter().all(result_has)
            && self
                .tool_failed
                .is_none_or(|failed| results.iter().any(|result| result.failed) == failed)
            && any(self.offers.as_slice(), |tool| conversation.tools.contains(tool))
            && self.turn.is_none_or(|turn| turn == conversation.answers)
            && self
                .model
                .as_ref()
                .is_none_or(|model| conversation.model.contains(model.as_str()))
            && self.stream.is_none_or(|stream| stream == conversation.stream)
    }
}

/// Whether one of them holds, or none is given.
fn any(given: &[String], holds: impl FnMut(&String) -> bool) -> bool {
    given.is_empty() || given.iter().any(holds)
}

#[cfg(test)]
mod tests {
    use super::super::conversation::ToolResult;
    use super::*;

    fn conversation() -> Conversation {
        Conversation {
            model: "claude-opus-4-8".into(),
            stream: true,
            user: "Fix the parser".into(),
            text: "You help.\nWorking directory: /ws\nFix the parser\nwritten".into(),
            answers: 1,
            results: vec![ToolResult {
                tool: "Write".into(),
                text: "written".into(),
                failed: false,
            }],
            tools: vec!["Write".into(), "Bash".into()],
        }
    }

    fn selector(text: &str) -> Selector {
        Selector::new(Script::parse(text).unwrap())
    }

    #[test]
    fn each_condition_decides() {
        for (condition, holds) in [
            ("", true),
            ("user = 'parser'", true),
            ("user = ['Fix', 'parser']", true),
            ("user = ['Fix', 'lexer']", false),
            ("anywhere = 'You help'", true),
            ("anywhere = 'you help'", false),
            ("tool_result = 'Write'", true),
            ("tool_result = ['write_file', 'Write']", true),
            ("tool_result = 'Bash'", false),
            ("tool_result_contains = 'writ'", true),
            ("tool_result_contains = 'denied'", false),
            ("tool_failed = false", true),
            ("tool_failed = true", false),
            ("offers = 'Bash'", true),
            ("offers = 'shell'", false),
            ("turn = 1", true),
            ("turn = 0", false),
            ("model = 'opus'", true),
            ("model = 'haiku'", false),
            ("stream = true", true),
            ("stream = false", false),
            ("turn = 1\nuser = 'lexer'", false),
        ] {
            let script = format!("[[turn]]\nreply.text = 'x'\n[turn.match]\n{condition}\n");
            assert_eq!(
                selector(&script).select(&conversation()).is_some(),
                holds,
                "{condition}"
            );
        }
    }

    #[test]
    fn turns_answer_in_order_as_often_as_they_may() {
        let selector = selector(
            "[[turn]]\nname='one'\ntimes=1\nreply.text='x'\n[[turn]]\nname='never'\nmatch.turn=9\nreply.text='x'\n\
             [[turn]]\nname='two'\ntimes=2\nreply.text='x'\n",
        );
        let names: Vec<Option<String>> = (0..4)
            .map(|_| {
                selector
                    .select(&conversation())
                    .map(|selected| selected.turn.name.clone())
            })
            .collect();
        let expected = [Some("one"), Some("two"), Some("two"), None].map(|name| name.map(str::to_owned));
        assert_eq!(names, expected);
    }

    #[test]
    fn a_fault_does_not_count_as_an_answer() {
        let selector = selector("[[turn]]\ntimes=1\nreply.text='x'\nreply.drop_after_chunks=2\n");
        assert!(selector.select(&conversation()).unwrap().faulty);
        let again = Conversation {
            stream: false,
            ..conversation()
        };
        assert!(!selector.select(&again).unwrap().faulty);
        assert!(selector.select(&again).is_none());
    }

    #[test]
    fn captures_fill_what_is_not_given() {
        let selector = selector("[[capture]]\nname='first'\nafter='You '\nuntil='.'\n[[turn]]\nreply.text='x'\n");
        let values = |given: &[(&str, &str)]| {
            let given = given
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            selector.capture(&conversation(), &given)
        };
        let found = values(&[]);
        assert_eq!((found["first"].as_str(), found["workspace"].as_str()), ("help", "/ws"));
        assert_eq!(values(&[("workspace", "/given")])["workspace"], "/given");
    }
}
