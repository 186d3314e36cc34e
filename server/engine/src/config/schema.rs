//! The settings that an editor may make, described for editors that show forms.

use serde_json::{Map, Value as Json, json};
use toml::Value;

use super::keys::{KEYS, Key, Scope};
use super::values::as_written;
use super::{Config, DEFAULT_FILE};

/// Returns the settings that an editor may send, as the properties of a JSON schema, by their names in an editor
/// (`aca.session.max_parallel`).
///
/// Each has a `scope` as VS Code understands it. `machine` keeps the settings of a repository away from what is the
/// user's to say: a key that a workspace's file may not set, or only lower.
pub fn schema() -> Map<String, Json> {
    let keys = KEYS.iter().filter(|key| key.scope != Scope::User);
    keys.map(|key| (format!("aca.{}", key.name), property(key))).collect()
}

fn property(key: &Key) -> Json {
    let (kind, rest) = (key.schema)();
    let (kind, default) = match (key.get)(&Config::default()) {
        Some(Value::Float(default)) => (json!(kind), as_written(default)),
        Some(default) => (json!(kind), json!(default)),
        None => (json!([kind, "null"]), Json::Null),
    };
    let scope = if key.scope == Scope::Any { "window" } else { "machine" };
    let all = [
        ("type", kind),
        ("default", default),
        ("scope", json!(scope)),
        ("markdownDescription", json!(description(key))),
    ];
    let members = all.into_iter().chain(rest);
    Json::Object(members.map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Returns what the default file says about a key, without who may set it.
fn description(key: &Key) -> String {
    let section = DEFAULT_FILE.split(&format!("\n[{}]\n", key.section())).nth(1);
    let lines = section.unwrap_or_default().lines();
    let mut words: Vec<&str> = Vec::new();
    for line in lines {
        let text = line.trim_start_matches("# ");
        match text.split_once(" = ") {
            Some((leaf, _)) if leaf == key.leaf() => break,
            Some((leaf, _)) if leaf.chars().all(|c| c.is_ascii_lowercase() || c == '_') => words.clear(),
            _ => words.push(text),
        }
    }
    let words = words.join(" ");
    words
        .rsplit_once(" (")
        .map_or(words.clone(), |(words, _)| words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::EditorSettings;

    #[test]
    fn every_setting_of_an_editor_is_described() {
        let schema = schema();
        for key in KEYS {
            let property = schema.get(&format!("aca.{}", key.name));
            assert_eq!(property.is_some(), key.scope != Scope::User, "{}", key.name);
            let Some(property) = property else { continue };
            let description = property["markdownDescription"].as_str().unwrap();
            assert!(
                description.ends_with('.') && !description.contains('#'),
                "{description}"
            );
            let scope = if key.scope == Scope::Any { "window" } else { "machine" };
            assert_eq!(property["scope"], scope, "{}", key.name);
        }
        let parallel = json!({
            "type": "integer", "minimum": 1, "maximum": 64, "default": 4, "scope": "machine",
            "markdownDescription": "Attempts that work at the same time; more wait in the queue. 1 to 64.",
        });
        assert_eq!(schema["aca.session.max_parallel"], parallel);
        assert_eq!(schema["aca.agent.driver"]["enum"], json!(["claude-code", "direct"]));
        let image = &schema["aca.docker.image"];
        assert_eq!(
            (&image["type"], &image["default"]),
            (&json!(["string", "null"]), &Json::Null)
        );
    }

    /// A form that is filled in as it was found changes nothing and is no mistake.
    #[test]
    fn every_default_can_be_sent() {
        for (name, property) in schema() {
            let (section, leaf) = name.strip_prefix("aca.").unwrap().split_once('.').unwrap();
            let sent = json!({ section: { leaf: property["default"] } });
            let (_, problems) = EditorSettings::read("x", true, &sent);
            assert_eq!(problems, Vec::<String>::new(), "{name}");
        }
    }
}
