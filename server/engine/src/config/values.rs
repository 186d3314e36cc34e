//! What kinds of values there are: each turns a TOML value into a setting, or says what is allowed, and describes itself
//! to editors as JSON Schema does.

use std::marker::PhantomData;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use toml::Value;

use super::{Upstream, place};

/// The problem, as the rest of the sentence that begins with the key.
pub(super) type Problem = String;

/// A type in JSON, and what else a JSON schema says of values.
pub(super) type Schema = (&'static str, Vec<(&'static str, Json)>);

/// A kind of value.
pub(super) trait Kind {
    /// What is read.
    type Read;

    /// Reads a value that stands in a file in `folder`.
    fn read(&self, value: &Value, folder: &Path) -> Result<Self::Read, Problem>;

    /// Returns the type of the values in JSON, and what else a JSON schema says of them.
    fn schema(&self) -> Schema {
        ("string", Vec::new())
    }
}

/// A value that may have one of a few names.
pub(super) trait Named: Copy + PartialEq + 'static {
    /// The names and what they mean.
    const NAMES: &'static [(&'static str, Self)];
}

/// A whole number in a range.
pub(super) struct Whole(pub(super) RangeInclusive<u32>);

impl Kind for Whole {
    type Read = u32;

    fn read(&self, value: &Value, _: &Path) -> Result<u32, Problem> {
        let whole = value.as_integer().and_then(|number| u32::try_from(number).ok());
        let (start, end) = (self.0.start(), self.0.end());
        whole
            .filter(|number| self.0.contains(number))
            .ok_or_else(|| format!("must be a whole number from {start} to {end}, not {}.", shown(value)))
    }

    fn schema(&self) -> Schema {
        range("integer", json!(self.0.start()), json!(self.0.end()))
    }
}

/// A number in a range.
pub(super) struct Number(pub(super) RangeInclusive<f64>);

impl Kind for Number {
    type Read = f64;

    fn read(&self, value: &Value, _: &Path) -> Result<f64, Problem> {
        let whole = || Some(f64::from(u32::try_from(value.as_integer()?).ok()?));
        let (start, end) = (self.0.start(), self.0.end());
        let number = value.as_float().or_else(whole);
        number
            .filter(|number| self.0.contains(number))
            .ok_or_else(|| format!("must be a number from {start} to {end}, not {}.", shown(value)))
    }

    fn schema(&self) -> Schema {
        range("number", as_written(*self.0.start()), as_written(*self.0.end()))
    }
}

/// True or false.
pub(super) struct Truth;

impl Kind for Truth {
    type Read = bool;

    fn read(&self, value: &Value, _: &Path) -> Result<bool, Problem> {
        let truth = value.as_bool();
        truth.ok_or_else(|| format!("must be true or false, not {}.", shown(value)))
    }

    fn schema(&self) -> Schema {
        ("boolean", Vec::new())
    }
}

/// One line of text without blanks around it.
pub(super) struct Word;

impl Kind for Word {
    type Read = String;

    fn read(&self, value: &Value, _: &Path) -> Result<String, Problem> {
        word(value)
    }

    fn schema(&self) -> Schema {
        let word = [
            ("minLength", json!(1)),
            ("maxLength", json!(512)),
            ("pattern", json!(r"^\S(.*\S)?$")),
        ];
        ("string", word.into())
    }
}

/// One of a few names.
pub(super) struct Name<T>(pub(super) PhantomData<T>);

impl<T: Named> Kind for Name<T> {
    type Read = T;

    fn read(&self, value: &Value, _: &Path) -> Result<T, Problem> {
        let found = value
            .as_str()
            .and_then(|text| T::NAMES.iter().find(|(name, _)| *name == text));
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let names: Vec<_> = T::NAMES.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            format!("must be one of {}, not {}.", names.join(", "), shown(value))
        })
    }

    fn schema(&self) -> Schema {
        let names: Vec<_> = T::NAMES.iter().map(|(name, _)| *name).collect();
        ("string", vec![("enum", json!(names))])
    }
}

/// The name of a named value, as TOML.
pub(super) fn name_of<T: Named>(meaning: T) -> Option<Value> {
    let (name, _) = T::NAMES.iter().find(|(_, known)| *known == meaning)?;
    Some(Value::String((*name).into()))
}

/// An absolute path, `~/` resolved.
pub(super) struct Absolute;

impl Kind for Absolute {
    type Read = PathBuf;

    fn read(&self, value: &Value, _: &Path) -> Result<PathBuf, Problem> {
        let text = word(value)?;
        if text.starts_with('/') || text.starts_with("~/") {
            return Ok(place::resolve(&text, Path::new("/")));
        }
        let shown = shown(value);
        Err(format!("must be an absolute path or begin with `~/`, not {shown}."))
    }
}

/// Keywords of comments.
pub(super) struct Keywords;

impl Kind for Keywords {
    type Read = Vec<String>;

    fn read(&self, value: &Value, _: &Path) -> Result<Vec<String>, Problem> {
        let words: Option<Vec<String>> = value.as_array().and_then(|items| {
            let texts = items.iter().map(|item| item.as_str().filter(|text| is_keyword(text)));
            texts.map(|text| text.map(String::from)).collect()
        });
        let shown = shown(value);
        words
            .filter(|words| (1..=32).contains(&words.len()))
            .ok_or_else(|| format!("must be 1 to 32 words of capital letters, digits and `_`, not {shown}."))
    }

    fn schema(&self) -> Schema {
        let word = json!({ "type": "string", "pattern": "^[A-Z][A-Z0-9_]{0,31}$" });
        (
            "array",
            vec![("items", word), ("minItems", json!(1)), ("maxItems", json!(32))],
        )
    }
}

/// A version that can be asked of a package registry, and nothing else.
pub(super) struct Version;

impl Kind for Version {
    type Read = String;

    fn read(&self, value: &Value, _: &Path) -> Result<String, Problem> {
        let text = word(value)?;
        let numbers: Vec<&str> = text.split('.').collect();
        let is_number = |part: &&str| !part.is_empty() && part.len() <= 9 && part.chars().all(|c| c.is_ascii_digit());
        if numbers.len() == 3 && numbers.iter().all(is_number) {
            return Ok(text);
        }
        Err(format!("must be a version like \"2.1.197\", not {}.", shown(value)))
    }
}

/// The name of an environment variable.
pub(super) struct Variable;

impl Kind for Variable {
    type Read = String;

    fn read(&self, value: &Value, _: &Path) -> Result<String, Problem> {
        word(value)
            .ok()
            .filter(|text| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
            .filter(|text| !text.starts_with(|c: char| c.is_ascii_digit()))
            .ok_or_else(|| format!("must be the name of an environment variable, not {}.", shown(value)))
    }
}

/// Where the upstream is; a plain http address only on this machine, because the credential travels to it.
pub(super) struct Service;

impl Kind for Service {
    type Read = Upstream;

    fn read(&self, value: &Value, folder: &Path) -> Result<Upstream, Problem> {
        let text = word(value)?;
        if let Some(path) = text.strip_prefix("replay:").filter(|path| !path.is_empty()) {
            return Ok(Upstream::Replay(place::resolve(path, folder)));
        }
        let is_host = |rest: &str| !rest.is_empty() && !rest.contains([' ', '@', '?', '#']);
        let allowed = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => is_host(rest),
            (_, Some(rest)) => is_host(rest) && is_this_machine(rest),
            _ => false,
        };
        if allowed {
            return Ok(Upstream::Http(text.trim_end_matches('/').into()));
        }
        Err(format!(
            "must be an https address, an http address on this machine, or \"replay:FILE\", not {}.",
            shown(value)
        ))
    }
}

/// Returns a number as people write it in a form: without a fraction if it has none.
pub(super) fn as_written(number: f64) -> Json {
    let text = number.to_string();
    serde_json::from_str(&text).unwrap_or_else(|_| json!(number))
}

fn range(kind: &'static str, minimum: Json, maximum: Json) -> Schema {
    (kind, vec![("minimum", minimum), ("maximum", maximum)])
}

fn word(value: &Value) -> Result<String, Problem> {
    value
        .as_str()
        .filter(|text| !text.is_empty() && text.len() <= 512 && text.trim() == *text)
        .filter(|text| !text.chars().any(char::is_control))
        .map(String::from)
        .ok_or_else(|| format!("must be a string without blanks around it, not {}.", shown(value)))
}

fn is_keyword(text: &str) -> bool {
    let is_in = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.starts_with(|c: char| c.is_ascii_uppercase()) && text.len() <= 32 && text.chars().all(is_in)
}

fn is_this_machine(rest: &str) -> bool {
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => host,
        _ => authority,
    };
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 {
        return text;
    }
    let start: String = text.chars().take(60).collect();
    format!("{start}…")
}
