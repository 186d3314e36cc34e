//! The part of the environment that a daemon takes along from whoever starts it.

use std::env;
use std::ffi::OsString;
use std::path::Path;

use aca_engine::config::{self, USER_FILE_VARIABLE};

/// Variables by name: where things are, how the machine speaks, how the network and the container engine are reached.
const KEPT: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TMPDIR",
    "TZ",
    "LANG",
    // The keyring of the desktop.
    "DBUS_SESSION_BUS_ADDRESS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "RUST_BACKTRACE",
];

/// Variables by the beginning of their names.
const KEPT_PREFIXES: &[&str] = &["XDG_", "ACA_", "LC_", "DOCKER_"];

/// Returns the variables that a daemon for `data_dir` gets. Paths that depend on the current directory are made
/// absolute, because the daemon has another one.
pub(crate) fn kept(data_dir: &Path) -> Vec<(OsString, OsString)> {
    // Settings that cannot be read are reported by whoever needs them.
    let key = config::load(None).map(|loaded| loaded.config.gateway.api_key_env);
    let mut kept: Vec<_> = env::vars_os()
        .filter(|(name, _)| name.to_str().is_some_and(|name| is_kept(name, key.as_deref().ok())))
        .collect();
    kept.push(("ACA_DATA_DIR".into(), data_dir.into()));
    if env::var_os(USER_FILE_VARIABLE).is_some_and(|value| !value.is_empty()) {
        kept.push((USER_FILE_VARIABLE.into(), config::user_file().into()));
    }
    kept
}

fn is_kept(name: &str, key: Option<&str>) -> bool {
    KEPT.contains(&name) || KEPT_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || key == Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_daemon_takes_along() {
        for (name, expected) in [
            ("HOME", true),
            ("XDG_RUNTIME_DIR", true),
            ("ACA_CONFIG_FILE", true),
            ("DOCKER_HOST", true),
            ("https_proxy", true),
            ("MY_KEY", true),
            ("VSCODE_IPC_HOOK", false),
            ("AWS_SECRET_ACCESS_KEY", false),
            ("LD_PRELOAD", false),
            ("NVIM", false),
        ] {
            assert_eq!(is_kept(name, Some("MY_KEY")), expected, "{name}");
        }
    }

    #[test]
    fn the_data_directory_is_said() {
        assert!(kept(Path::new("/data")).contains(&("ACA_DATA_DIR".into(), "/data".into())));
    }
}
