//! Reads one settings file over what is already loaded.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use toml::Value;
use toml::de::{DeTable, DeValue};

use super::keys::{KEYS, Key, SECTIONS, Scope, Source};
use super::{Config, ConfigError, Loaded, Origin, place};

/// Larger files are refused; no settings file is.
const MAX_BYTES: u64 = 256 * 1024;

/// Reads a file over `loaded`, which stays as it is when anything is wrong. A file that is not there says nothing.
pub(super) fn file(loaded: &mut Loaded, path: &Path, source: Source) -> Result<(), ConfigError> {
    let unreadable = |cause: String| ConfigError::Unreadable {
        path: path.into(),
        cause,
    };
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(());
        }
        Err(error) => return Err(unreadable(error.to_string())),
    };
    if !metadata.is_file() || metadata.len() > MAX_BYTES {
        return Err(unreadable("it is not a regular file of at most 256 KiB".into()));
    }
    let text = fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    let mut next = loaded.clone();
    Reader {
        path,
        text: &text,
        source,
        floor: loaded.config.clone(),
    }
    .read(&mut next)?;
    *loaded = next;
    Ok(())
}

/// A file being read.
struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    source: Source,
    /// The settings before this file: what a workspace may not exceed.
    floor: Config,
}

impl Reader<'_> {
    fn read(&self, loaded: &mut Loaded) -> Result<(), ConfigError> {
        let document = DeTable::parse(self.text).map_err(|error| ConfigError::Syntax {
            path: self.path.into(),
            line: self.line(error.span().map_or(0, |span| span.start)),
            cause: one_line(error.message()),
        })?;
        for (section, content) in document.get_ref() {
            let line = self.line(section.span().start);
            let section = section.get_ref().as_ref();
            if !SECTIONS.contains(&section) {
                return Err(self.unknown(line, section, SECTIONS.iter().copied()));
            }
            let DeValue::Table(entries) = content.get_ref() else {
                let problem = format!("is a section: write [{section}] on a line of its own.");
                return Err(self.bad(line, section, problem));
            };
            for (leaf, value) in entries {
                let name = format!("{section}.{}", leaf.get_ref());
                self.take(loaded, &name, self.line(leaf.span().start), value.get_ref())?;
            }
        }
        Ok(())
    }

    fn take(&self, loaded: &mut Loaded, name: &str, line: usize, value: &DeValue<'_>) -> Result<(), ConfigError> {
        let Some(key) = KEYS.iter().find(|key| key.name == name) else {
            return Err(self.unknown(line, name, KEYS.iter().map(|key| key.name)));
        };
        if !key.may_come_from(self.source) {
            return Err(ConfigError::UserOnly {
                path: self.path.into(),
                line,
                key: name.into(),
                user_file: place::user_file(),
            });
        }
        let value = plain(value).ok_or_else(|| self.bad(line, name, "has a value of a type no setting has.".into()))?;
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        (key.set)(&mut loaded.config, &value, folder).map_err(|problem| self.bad(line, name, problem))?;
        if self.source == Source::Workspace && key.scope == Scope::Lower {
            self.check_not_raised(key, line, &loaded.config)?;
        }
        let origin = if self.source == Source::User {
            Origin::User(self.path.into())
        } else {
            Origin::Workspace(self.path.into())
        };
        loaded.origins.insert(key.name, origin);
        Ok(())
    }

    fn check_not_raised(&self, key: &Key, line: usize, config: &Config) -> Result<(), ConfigError> {
        if !key.is_raised(&self.floor, config) {
            return Ok(());
        }
        Err(ConfigError::Raised {
            path: self.path.into(),
            line,
            key: key.name.into(),
            limit: (key.get)(&self.floor)
                .map(|value| value.to_string())
                .unwrap_or_default(),
            user_file: place::user_file(),
        })
    }

    fn unknown<'k>(&self, line: usize, key: &str, known: impl Iterator<Item = &'k str>) -> ConfigError {
        let hint = nearest(key, known)
            .map(|known| format!(" Did you mean `{known}`?"))
            .unwrap_or_default();
        ConfigError::UnknownKey {
            path: self.path.into(),
            line,
            key: key.into(),
            hint,
        }
    }

    fn bad(&self, line: usize, key: &str, problem: String) -> ConfigError {
        ConfigError::BadValue {
            path: self.path.into(),
            line,
            key: key.into(),
            problem,
        }
    }

    /// The line of a byte offset, counted from one.
    fn line(&self, offset: usize) -> usize {
        self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
    }
}

/// Returns the name that was probably meant.
pub(super) fn nearest<'k>(written: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let likeness = known.map(|known| (strsim::jaro_winkler(written, known), known));
    let nearest = likeness.max_by(|a, b| a.0.total_cmp(&b.0));
    nearest.filter(|(likeness, _)| *likeness > 0.8).map(|(_, known)| known)
}

/// The value without its places; dates and tables are no setting's type.
fn plain(value: &DeValue<'_>) -> Option<Value> {
    Some(match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(digits) => Value::Integer(i64::from_str_radix(digits.as_str(), digits.radix()).ok()?),
        DeValue::Float(digits) => Value::Float(digits.as_str().parse().ok()?),
        DeValue::Boolean(truth) => Value::Boolean(*truth),
        DeValue::Array(items) => Value::Array(items.iter().map(|item| plain(item.get_ref())).collect::<Option<_>>()?),
        DeValue::Datetime(_) | DeValue::Table(_) => return None,
    })
}

fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
