//! Conversations at another place: where a workspace lies elsewhere, so do the paths in them, and Claude Code looks for
//! a conversation below the name of the directory it runs in.

use std::path::Path;

use serde_json::Value;

/// The parts of a conversation that the model service has signed; they are left as they are.
const SIGNED: [&str; 2] = ["thinking", "redacted_thinking"];

/// A workspace that was somewhere else before.
#[derive(Debug, Clone)]
pub(super) struct Moved {
    from: String,
    to: String,
}

impl Moved {
    /// The workspace that was at `from` and is at `to` now.
    pub(super) fn new(from: &Path, to: &Path) -> Self {
        Self {
            from: from.to_string_lossy().into_owned(),
            to: to.to_string_lossy().into_owned(),
        }
    }

    /// Returns the path below a directory of projects that a conversation has now. Claude Code names a project by its
    /// directory's path, with every character but letters and digits replaced by `-`.
    pub(super) fn project(&self, path: &str) -> String {
        match path.split_once('/') {
            Some((project, rest)) if project == slug(&self.from) => format!("{}/{rest}", slug(&self.to)),
            _ => path.to_owned(),
        }
    }

    /// Returns a line of a conversation, or any JSON, with the workspace's path as it is now. What is no JSON stays.
    pub(super) fn line(&self, line: &str) -> String {
        if self.from == self.to || !line.contains(&self.escaped()) {
            return line.to_owned();
        }
        let Ok(known) = serde_json::from_str::<Value>(line) else {
            return line.to_owned();
        };
        let mut value = known.clone();
        self.value(&mut value);
        if value == known {
            return line.to_owned();
        }
        let end = if line.ends_with('\n') { "\n" } else { "" };
        format!("{value}{end}")
    }

    /// The path as it is within JSON.
    fn escaped(&self) -> String {
        Value::String(self.from.clone())
            .to_string()
            .trim_matches('"')
            .to_owned()
    }

    fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.value(value)),
            Value::Object(fields) => {
                let is_signed = fields
                    .get("type")
                    .and_then(Value::as_str)
                    .is_some_and(|kind| SIGNED.contains(&kind));
                if !is_signed {
                    fields.values_mut().for_each(|value| self.value(value));
                }
            }
            _ => {}
        }
    }

    /// Replaces the path where it is a path of its own or the beginning of one.
    fn text(&self, text: &str) -> String {
        let mut moved = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(&self.from) {
            let goes_on = |char: char| char.is_alphanumeric() || matches!(char, '-' | '_' | '.');
            let begins_before = before
                .chars()
                .next_back()
                .is_some_and(|char| goes_on(char) || char == '/');
            // A sentence may end with the path.
            let mut following = after.chars();
            let ends = match following.next() {
                Some('.') => !following.next().is_some_and(goes_on),
                Some(char) => !goes_on(char),
                None => true,
            };
            moved.push_str(before);
            moved.push_str(if ends && !begins_before { &self.to } else { &self.from });
            rest = after;
        }
        moved + rest
    }
}

fn slug(path: &str) -> String {
    let plain = |char: char| if char.is_ascii_alphanumeric() { char } else { '-' };
    path.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_follow_the_workspace() {
        let moved = Moved::new(Path::new("/home/ada/shop"), Path::new("/srv/the shop"));
        for (line, expected) in [
            (r#"{"cwd":"/home/ada/shop"}"#, r#"{"cwd":"/srv/the shop"}"#),
            (
                r#"{"a":[{"b":"see /home/ada/shop/src/a.rs."}]}"#,
                r#"{"a":[{"b":"see /srv/the shop/src/a.rs."}]}"#,
            ),
            (
                r#"{"a":"in /home/ada/shop. Then"}"#,
                r#"{"a":"in /srv/the shop. Then"}"#,
            ),
            (
                r#"{"a":"/home/ada/shop2 /home/ada/shop-b"}"#,
                r#"{"a":"/home/ada/shop2 /home/ada/shop-b"}"#,
            ),
            (r#"{"a":"/mnt/home/ada/shop"}"#, r#"{"a":"/mnt/home/ada/shop"}"#),
            (
                r#"{"type":"thinking","thinking":"/home/ada/shop"}"#,
                r#"{"type":"thinking","thinking":"/home/ada/shop"}"#,
            ),
            ("no JSON /home/ada/shop", "no JSON /home/ada/shop"),
            (r#"{"z":1,  "a":2}"#, r#"{"z":1,  "a":2}"#),
        ] {
            assert_eq!(moved.line(line), expected);
        }
        for (path, expected) in [
            ("-home-ada-shop/s.jsonl", "-srv-the-shop/s.jsonl"),
            (
                "-home-ada-shop/s/subagents/x.jsonl",
                "-srv-the-shop/s/subagents/x.jsonl",
            ),
            ("-home-ada-other/s.jsonl", "-home-ada-other/s.jsonl"),
        ] {
            assert_eq!(moved.project(path), expected);
        }
    }
}
