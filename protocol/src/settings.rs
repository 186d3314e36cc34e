//! Settings as they count in a workspace.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Result of [`Settings`](crate::methods::Settings).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettingsResult {
    /// All settings, in the order of the default file.
    pub settings: Vec<SettingView>,
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettingView {
    /// Section and name: `agent.max_turns`.
    pub key: String,
    /// Its value, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Where the value comes from, in words: `default`, `user: FILE`, `editor: NAME` or `workspace: FILE`.
    pub origin: String,
}
