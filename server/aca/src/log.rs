//! The log: a file in the data directory, never stdout, which belongs to results and to editors.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;

use aca_engine::config::{LogFormat, LogLevel, Logging};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Above this size, in bytes, the log is put aside, in place of the one put aside before.
const MAX_BYTES: u64 = 8 << 20;

/// Starts the log. A log that cannot be written is no reason not to work: then there is none.
pub(crate) fn start(data_dir: &Path, settings: &Logging, verbose: u8) {
    let Ok(file) = open(&data_dir.join("logs")) else { return };
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
        tracing::info!(
            pid = std::process::id(),
            version = env!("CARGO_PKG_VERSION"),
            "aca starts"
        );
    }
}

fn open(folder: &Path) -> io::Result<File> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let path = folder.join("aca.log");
    if fs::metadata(&path).is_ok_and(|metadata| metadata.len() > MAX_BYTES) {
        fs::rename(&path, folder.join("aca.log.1"))?;
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_stays_small() {
        let dir = tempfile::tempdir().unwrap();
        open(dir.path()).unwrap().set_len(MAX_BYTES + 1).unwrap();
        let fresh = open(dir.path()).unwrap();
        assert_eq!(fresh.metadata().unwrap().len(), 0);
        assert_eq!(fs::metadata(dir.path().join("aca.log.1")).unwrap().len(), MAX_BYTES + 1);
    }
}
