//! Turns a TOML value into a setting, or says what is allowed.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use toml::Value;

use super::{Upstream, place};

/// A value that may have one of a few names.
pub(super) trait Named: Copy + PartialEq + 'static {
    /// The names and what they mean.
    const NAMES: &'static [(&'static str, Self)];
}

/// The problem, as the rest of the sentence that begins with the key.
pub(super) type Problem = String;

pub(super) fn whole(value: &Value, range: RangeInclusive<u32>) -> Result<u32, Problem> {
    value
        .as_integer()
        .and_then(|number| u32::try_from(number).ok())
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            format!(
                "must be a whole number from {} to {}, not {}.",
                range.start(),
                range.end(),
                shown(value)
            )
        })
}

pub(super) fn number(value: &Value, range: RangeInclusive<f64>) -> Result<f64, Problem> {
    value
        .as_float()
        .or_else(|| {
            value
                .as_integer()
                .and_then(|whole| u32::try_from(whole).ok())
                .map(f64::from)
        })
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            format!(
                "must be a number from {} to {}, not {}.",
                range.start(),
                range.end(),
                shown(value)
            )
        })
}

pub(super) fn truth(value: &Value) -> Result<bool, Problem> {
    value
        .as_bool()
        .ok_or_else(|| format!("must be true or false, not {}.", shown(value)))
}

/// One line of text without blanks around it.
pub(super) fn word(value: &Value) -> Result<String, Problem> {
    value
        .as_str()
        .filter(|text| !text.is_empty() && text.len() <= 512 && text.trim() == *text)
        .filter(|text| !text.chars().any(char::is_control))
        .map(String::from)
        .ok_or_else(|| format!("must be a string without blanks around it, not {}.", shown(value)))
}

pub(super) fn named<T: Named>(value: &Value) -> Result<T, Problem> {
    let found = value
        .as_str()
        .and_then(|text| T::NAMES.iter().find(|(name, _)| *name == text));
    found.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let names: Vec<_> = T::NAMES.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        format!("must be one of {}, not {}.", names.join(", "), shown(value))
    })
}

/// The name of a named value, as TOML.
pub(super) fn name_of<T: Named>(meaning: T) -> Option<Value> {
    let (name, _) = T::NAMES.iter().find(|(_, known)| *known == meaning)?;
    Some(Value::String((*name).into()))
}

/// An absolute path, `~/` resolved.
pub(super) fn absolute(value: &Value) -> Result<PathBuf, Problem> {
    let text = word(value)?;
    if text.starts_with('/') || text.starts_with("~/") {
        return Ok(place::resolve(&text, Path::new("/")));
    }
    Err(format!(
        "must be an absolute path or begin with `~/`, not {}.",
        shown(value)
    ))
}

pub(super) fn keywords(value: &Value) -> Result<Vec<String>, Problem> {
    let is_keyword = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_uppercase())
            && text.len() <= 32
            && text
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    let words: Option<Vec<String>> = value.as_array().and_then(|items| {
        let texts = items.iter().map(|item| item.as_str().filter(|text| is_keyword(text)));
        texts.map(|text| text.map(String::from)).collect()
    });
    words.filter(|words| (1..=32).contains(&words.len())).ok_or_else(|| {
        format!(
            "must be 1 to 32 words of capital letters, digits and `_`, not {}.",
            shown(value)
        )
    })
}

/// A version that can be asked of a package registry, and nothing else.
pub(super) fn version(value: &Value) -> Result<String, Problem> {
    let text = word(value)?;
    let numbers: Vec<&str> = text.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.len() <= 9 && part.chars().all(|c| c.is_ascii_digit());
    if numbers.len() == 3 && numbers.iter().all(is_number) {
        return Ok(text);
    }
    Err(format!("must be a version like \"2.1.197\", not {}.", shown(value)))
}

/// The name of an environment variable.
pub(super) fn variable(value: &Value) -> Result<String, Problem> {
    word(value)
        .ok()
        .filter(|text| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
        .filter(|text| !text.starts_with(|c: char| c.is_ascii_digit()))
        .ok_or_else(|| format!("must be the name of an environment variable, not {}.", shown(value)))
}

/// Where the upstream is; a plain http address only on this machine, because the credential travels to it.
pub(super) fn upstream(value: &Value, folder: &Path) -> Result<Upstream, Problem> {
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
