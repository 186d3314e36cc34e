//! The settings that an editor sends: those that its user has made there.
//!
//! They stand between the workspace's file and the user's. An editor of ours (one that speaks `aca/*`) sends only what
//! is the user's own. Of any other one nobody knows where it has read them: some take the settings of language servers
//! out of the repository without asking. So those count as much as the workspace's file, and no more.

use serde_json::Value as Json;
use toml::Value;

use super::keys::{KEYS, Key, SECTIONS, Scope, Source};
use super::read::nearest;
use super::{Config, Loaded, Origin, place};

/// The settings of one editor.
#[derive(Debug, Clone)]
pub struct EditorSettings {
    name: String,
    source: Source,
    values: Vec<(&'static Key, Value)>,
}

impl EditorSettings {
    /// Reads settings as nested JSON objects, shaped as the settings file is. `name` is the editor's, `is_ours` says
    /// whether it is a front end of aca. Returns those that count and a sentence for each that does not.
    ///
    /// A key without a value (null) is not set. Limits of the user's file may change later, so one that a foreign
    /// editor may not raise is compared again when it is used.
    pub fn read(name: &str, is_ours: bool, settings: &Json) -> (Self, Vec<String>) {
        let mut read = Self {
            name: name.to_owned(),
            source: if is_ours { Source::Editor } else { Source::Workspace },
            values: Vec::new(),
        };
        let floor = super::load(None).unwrap_or_default().config;
        let mut problems = Vec::new();
        match settings {
            Json::Null => {}
            Json::Object(sections) => {
                for (section, content) in sections {
                    problems.extend(read.section(section, content, &floor));
                }
            }
            _ => problems.push("The settings are not an object with a member for each section.".to_owned()),
        }
        (read, problems)
    }

    fn section(&mut self, section: &str, content: &Json, floor: &Config) -> Vec<String> {
        if !SECTIONS.contains(&section) {
            return vec![unknown(section, SECTIONS.iter().copied())];
        }
        match content {
            Json::Null => Vec::new(),
            Json::Object(entries) => {
                let take =
                    |(leaf, value): (&String, &Json)| self.take(&format!("{section}.{leaf}"), value, floor).err();
                entries.iter().filter_map(take).collect()
            }
            _ => vec![format!(
                "`aca.{section}` is a section, an object with a member for each setting."
            )],
        }
    }

    fn take(&mut self, name: &str, value: &Json, floor: &Config) -> Result<(), String> {
        let key = KEYS
            .iter()
            .find(|key| key.name == name)
            .ok_or_else(|| unknown(name, KEYS.iter().map(|key| key.name)))?;
        if value.is_null() {
            return Ok(());
        }
        if !key.may_come_from(self.source) {
            return Err(format!(
                "`aca.{name}` cannot be set here, because it decides about credentials, programs, confinement, money or \
                 aca itself. If you want it, put it into {}.",
                place::user_file().display()
            ));
        }
        let value = plain(value).ok_or_else(|| format!("`aca.{name}` has a value of a type no setting has."))?;
        if let Some(problem) = self.problem(key, &value, floor) {
            return Err(format!("`aca.{name}` {problem}"));
        }
        self.values.push((key, value));
        Ok(())
    }

    /// Returns why a value cannot be taken over `floor`, as the rest of the sentence that begins with the key.
    fn problem(&self, key: &Key, value: &Value, floor: &Config) -> Option<String> {
        let mut config = floor.clone();
        if let Err(problem) = set(key, value, &mut config) {
            return Some(problem);
        }
        let may_raise = self.source != Source::Workspace || key.scope != Scope::Lower;
        (!may_raise && key.is_raised(floor, &config)).then(|| {
            let limit = (key.get)(floor).map(|value| value.to_string()).unwrap_or_default();
            format!(
                "can only be lowered here; it is {limit}. To raise it, put it into {}.",
                place::user_file().display()
            )
        })
    }

    /// Puts the settings over others.
    pub(super) fn put_over(&self, loaded: &mut Loaded) {
        let floor = loaded.config.clone();
        for (key, value) in &self.values {
            if self.problem(key, value, &floor).is_none() && set(key, value, &mut loaded.config).is_ok() {
                loaded.origins.insert(key.name, Origin::Editor(self.name.clone()));
            }
        }
    }
}

/// No setting that an editor may make is a path relative to a file.
fn set(key: &Key, value: &Value, config: &mut Config) -> Result<(), String> {
    (key.set)(config, value, std::path::Path::new("/"))
}

fn unknown<'k>(written: &str, known: impl Iterator<Item = &'k str>) -> String {
    let hint = nearest(written, known)
        .map(|known| format!(" Did you mean `aca.{known}`?"))
        .unwrap_or_default();
    format!("There is no setting `aca.{written}`.{hint}")
}

/// The value as a settings file has it.
fn plain(value: &Json) -> Option<Value> {
    Some(match value {
        Json::Bool(truth) => Value::Boolean(*truth),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Integer(whole),
            None => Value::Float(number.as_f64()?),
        },
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::Array(items.iter().map(plain).collect::<Option<_>>()?),
        Json::Null | Json::Object(_) => return None,
    })
}

#[cfg(test)]
#[path = "editor_tests.rs"]
mod tests;
