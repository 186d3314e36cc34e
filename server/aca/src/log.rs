//! The log: a file in the data directory, never stdout, which belongs to results and to editors.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aca_engine::config::{LogFormat, LogLevel, Logging};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::daemon::version;
use crate::private;

/// Above this size, in bytes, the log is put aside, in place of the one put aside before.
const MAX_BYTES: u64 = 8 << 20;

/// Starts the log. A log that cannot be written is no reason not to work: then there is none.
pub(crate) fn start(data_dir: &Path, settings: &Logging, verbose: u8) {
    let Ok(file) = open(&path(data_dir)) else { return };
    let level = match (verbose, settings.level) {
        (0, LogLevel::Error) => LevelFilter::ERROR,
        (0, LogLevel::Warn) => LevelFilter::WARN,
        (0, LogLevel::Info) => LevelFilter::INFO,
        (_, LogLevel::Trace) | (2.., _) => LevelFilter::TRACE,
        (0 | 1, _) => LevelFilter::DEBUG,
    };
    // Libraries below aca speak up only when something is wrong.
    let ours = [
        "aca",
        "aca_engine",
        "aca_gateway",
        "aca_lsp",
        "aca_sandbox",
        "aca_store",
        "aca_workspace",
    ];
    let filter = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_targets(ours.map(|target| (target, level)));
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(Arc::new(file));
    let registry = tracing_subscriber::registry().with(filter);
    let started = match settings.format {
        LogFormat::Text => registry.with(layer).try_init(),
        LogFormat::Json => registry.with(layer.json()).try_init(),
    };
    if started.is_ok() {
        tracing::info!(pid = std::process::id(), version = version(), "aca starts");
    }
}

/// Returns where the log is.
pub(crate) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("logs/aca.log")
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        private::create_dir(folder)?;
    }
    if fs::metadata(path).is_ok_and(|metadata| metadata.len() > MAX_BYTES) {
        fs::rename(path, path.with_extension("log.1"))?;
    }
    private::open_to_append(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_stays_small() {
        let dir = tempfile::tempdir().unwrap();
        let log = path(dir.path());
        open(&log).unwrap().set_len(MAX_BYTES + 1).unwrap();
        let fresh = open(&log).unwrap();
        assert_eq!(fresh.metadata().unwrap().len(), 0);
        assert_eq!(
            fs::metadata(dir.path().join("logs/aca.log.1")).unwrap().len(),
            MAX_BYTES + 1
        );
    }
}
