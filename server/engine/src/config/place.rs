//! Where settings and data lie.

use std::env;
use std::path::{Path, PathBuf};

use super::ConfigError;

/// The environment variable that names the user's file.
pub const USER_FILE_VARIABLE: &str = "ACA_CONFIG_FILE";

/// Returns where the user's file is or would be: `$ACA_CONFIG_FILE`, else `$XDG_CONFIG_HOME/aca/aca.toml`, else
/// `~/.config/aca/aca.toml`.
pub fn user_file() -> PathBuf {
    absolute_variable(USER_FILE_VARIABLE)
        .or_else(|| Some(absolute_variable("XDG_CONFIG_HOME")?.join("aca/aca.toml")))
        .unwrap_or_else(|| home().join(".config/aca/aca.toml"))
}

/// Returns the data directory: `$ACA_DATA_DIR`, else `$XDG_DATA_HOME/aca`, else `~/.local/share/aca`.
pub fn data_dir() -> PathBuf {
    absolute_variable("ACA_DATA_DIR")
        .or_else(|| Some(absolute_variable("XDG_DATA_HOME")?.join("aca")))
        .unwrap_or_else(|| home().join(".local/share/aca"))
}

/// Returns the user's file; it must exist if the user named it.
pub(super) fn user_file_required() -> Result<Option<PathBuf>, ConfigError> {
    let path = user_file();
    let named = env::var_os(USER_FILE_VARIABLE).is_some_and(|value| !value.is_empty());
    if named && !path.exists() {
        let cause = format!("{USER_FILE_VARIABLE} names it, but it does not exist");
        return Err(ConfigError::Unreadable { path, cause });
    }
    Ok(Some(path))
}

/// Resolves `~/` and a path relative to the folder of the file that holds it.
pub(super) fn resolve(text: &str, folder: &Path) -> PathBuf {
    match text.strip_prefix("~/") {
        Some(rest) => home().join(rest),
        None => folder.join(text),
    }
}

fn home() -> PathBuf {
    env::home_dir()
        .filter(|home| home.is_absolute())
        .unwrap_or_else(|| PathBuf::from("/"))
}

/// Reads a variable as a path. Relative to the current directory it is made absolute; empty counts as not set.
fn absolute_variable(name: &str) -> Option<PathBuf> {
    let value = env::var_os(name).filter(|value| !value.is_empty())?;
    std::path::absolute(value).ok()
}
