//! Settings as they are listed for people and front ends.

use aca_protocol::settings::{SettingView, SettingsResult};
use serde_json::json;
use toml::Value;

use super::keys::KEYS;
use super::{Loaded, Origin};

impl Loaded {
    /// Returns every key with its value, if it has one, and its origin, in the order of the default file.
    pub fn views(&self) -> SettingsResult {
        let views = KEYS.iter().map(|key| SettingView {
            key: key.name.to_owned(),
            value: (key.get)(&self.config).map(|value| json!(value)),
            origin: self.origins.get(key.name).unwrap_or(&Origin::Default).to_string(),
        });
        SettingsResult {
            settings: views.collect(),
        }
    }
}

/// Renders every setting as a line of TOML with its origin in a comment.
pub fn render(settings: &SettingsResult) -> String {
    let mut out = String::new();
    let mut current = "";
    for view in &settings.settings {
        let (section, leaf) = view.key.split_once('.').unwrap_or(("", &view.key));
        if section != current {
            current = section;
            let gap = if out.is_empty() { "" } else { "\n" };
            out.push_str(&format!("{gap}[{section}]\n"));
        }
        let value = view.value.as_ref().and_then(|value| Value::try_from(value).ok());
        let line = match value {
            Some(value) => format!("{leaf} = {value}"),
            None => format!("# {leaf} is not set"),
        };
        out.push_str(&format!("{line:<44} # {}\n", view.origin));
    }
    out
}
