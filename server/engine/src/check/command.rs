//! Which command the check is, where it comes from, and whether it may be run.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use aca_protocol::SessionId;
use aca_protocol::methods::CheckCommandResult;

use super::detect::{self, Files};
use crate::Error;
use crate::config::{Config, Loaded, Origin};
use crate::handle::Shared;

/// How much of a build file is read, in bytes.
const MAX_FILE: u64 = 256 << 10;

/// The setting that names the command.
const KEY: &str = "checks.command";

/// Returns the check of the session whose workspace is at `root`, and the settings.
///
/// # Errors
///
/// [`Error::Invalid`] if the settings cannot be read, [`Error::Unavailable`] if the engine is shutting down.
pub(crate) async fn command(
    shared: &Shared,
    session: &SessionId,
    root: &Path,
) -> Result<(CheckCommandResult, Config), Error> {
    let confirmed = shared
        .read(session, |state| state.confirmed_check().map(str::to_owned))
        .await?;
    let loaded = shared.settings.load(root);
    let loaded = loaded.map_err(|error| Error::Invalid(error.to_string()))?;
    let root = root.to_owned();
    let finding = tokio::task::spawn_blocking(move || {
        let guess = detect::detect(&build_files(&root));
        Ok((choose(&loaded, guess, confirmed.as_deref()), loaded.config))
    });
    finding
        .await
        .map_err(|error| Error::internal("Looking for the check", error))?
}

/// Chooses the command. One that stands in the user's own settings is confirmed by that.
fn choose(loaded: &Loaded, guess: Option<detect::Guess>, confirmed: Option<&str>) -> CheckCommandResult {
    let checks = &loaded.config.checks;
    let (command, from, is_users) = match (&checks.command, guess) {
        _ if !checks.enabled => (None, None, false),
        (Some(command), _) => {
            let origin = loaded.origins.get(KEY).unwrap_or(&Origin::Default);
            let (file, is_users) = match origin {
                Origin::User(file) => (file.display().to_string(), true),
                // Some editors have it from the repository.
                Origin::Editor(name) => (format!("the settings of {name}"), false),
                Origin::Workspace(file) => (file.display().to_string(), false),
                Origin::Default => (String::new(), false),
            };
            (Some(command.clone()), Some(file), is_users)
        }
        (None, Some(guess)) => (Some(guess.command), Some(guess.from.to_owned()), false),
        (None, None) => (None, None, false),
    };
    CheckCommandResult {
        confirmed: command.is_some() && (is_users || command.as_deref() == confirmed),
        command,
        from,
    }
}

/// Reads the build files in the root of a workspace.
fn build_files(root: &Path) -> Files {
    let read = |name: &'static str| {
        let path = root.join(name);
        if !path.metadata().ok()?.is_file() {
            return None;
        }
        let mut bytes = Vec::new();
        std::fs::File::open(path)
            .ok()?
            .take(MAX_FILE)
            .read_to_end(&mut bytes)
            .ok()?;
        Some((name, String::from_utf8_lossy(&bytes).into_owned()))
    };
    detect::names().filter_map(read).collect::<BTreeMap<_, _>>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    /// Returns command, confirmed, and whether the source is named, for settings of the user and of the workspace.
    fn chosen(user: &str, workspace: &str, confirmed: Option<&str>) -> (Option<String>, bool) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("project");
        std::fs::create_dir(&root).unwrap();
        std::fs::write(folder.path().join("user.toml"), user).unwrap();
        std::fs::write(root.join(config::FILE_NAME), workspace).unwrap();
        std::fs::write(root.join("go.mod"), "module m\n").unwrap();
        let loaded = config::load_files(Some(folder.path().join("user.toml")), Some(&root)).unwrap();
        let chosen = choose(&loaded, detect::detect(&build_files(&root)), confirmed);
        assert_eq!(chosen.command.is_some(), chosen.from.is_some());
        (chosen.command, chosen.confirmed)
    }

    #[test]
    fn only_the_users_own_command_needs_no_confirmation() {
        let named = "[checks]\ncommand = \"./check\"";
        let off = "[checks]\nenabled = false";
        let cases = [
            ("", "", None, Some("go test ./..."), false),
            ("", "", Some("go test ./..."), Some("go test ./..."), true),
            ("", named, Some("go test ./..."), Some("./check"), false),
            ("", named, Some("./check"), Some("./check"), true),
            (named, "", None, Some("./check"), true),
            (named, "[checks]\ncommand = \"rm -rf .\"", None, Some("rm -rf ."), false),
            (named, off, None, None, false),
            (off, named, Some("./check"), None, false),
        ];
        for (user, workspace, confirmed, command, may_run) in cases {
            let want = (command.map(str::to_owned), may_run);
            assert_eq!(
                chosen(user, workspace, confirmed),
                want,
                "{user} {workspace} {confirmed:?}"
            );
        }
    }
}
