//! The log: a file in the data directory, never stdout, which belongs to results and to editors.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use aca_engine::config::{LogFormat, LogLevel, Logging};
use aca_redact::Known;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::daemon::version;
use crate::private;

/// Above this size, in bytes, the log is put aside, in place of the one put aside before.
const MAX_BYTES: u64 = 8 << 20;

/// Starts the log. A log that cannot be written is no reason not to work: then there is none.
pub(crate) fn start(data_dir: &Path, settings: &Logging, verbose: u8) {
    let Ok(log) = Log::open(path(data_dir)) else { return };
    let log = Arc::new(log);
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
        "aca_secrets",
        "aca_store",
        "aca_workspace",
    ];
    let filter = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_targets(ours.map(|target| (target, level)));
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(move || WithoutSecrets(Arc::clone(&log)));
    let registry = tracing_subscriber::registry().with(filter);
    let started = match settings.format {
        LogFormat::Text => registry.with(layer).try_init(),
        LogFormat::Json => registry.with(layer.json()).try_init(),
    };
    if started.is_ok() {
        tracing::info!(pid = std::process::id(), version = version(), "aca starts");
    }
}

/// Takes the secrets out of a line before it is written. A line comes in one piece.
struct WithoutSecrets(Arc<Log>);

impl io::Write for WithoutSecrets {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.append(&Known::of_process().redactor().bytes(line))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        // Nothing is held back.
        Ok(())
    }
}

/// The file, which stays small however long its process lives. Other processes write to it too.
struct Log {
    path: PathBuf,
    file: Mutex<File>,
}

impl Log {
    fn open(path: PathBuf) -> io::Result<Self> {
        let file = Mutex::new(open(&path)?);
        Ok(Self { path, file })
    }

    fn append(&self, line: &[u8]) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // Another process may have put it aside, so its size is that of the file in hand.
        if file.metadata().is_ok_and(|metadata| metadata.len() > MAX_BYTES)
            && let Ok(fresh) = open(&self.path)
        {
            *file = fresh;
        }
        file.write_all(line)
    }
}

/// Returns where the log is.
pub(crate) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("logs/aca.log")
}

/// Opens the log. One that has become too long is put aside first, unless another process has just done so.
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
    fn lines_are_written_without_secrets() {
        let dir = tempfile::tempdir().unwrap();
        let log = path(dir.path());
        let mut writer = WithoutSecrets(Arc::new(Log::open(log.clone()).unwrap()));
        let token = concat!("ghp", "_a8Kd03mZq9XwB7fLr2TnV5cYh1JsG6pEu4Qo");
        Known::of_process().learn("a value that is known");
        let line = format!("INFO asked with {token} and a value that is known\n");
        writer.write_all(line.as_bytes()).unwrap();
        let written = fs::read_to_string(log).unwrap();
        assert_eq!(written, "INFO asked with [redacted:github-token] and [redacted]\n");
    }

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

    #[test]
    fn the_log_of_a_process_that_lives_for_long_stays_small() {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(path(dir.path())).unwrap();
        log.append(b"first\n").unwrap();
        log.file.lock().unwrap().set_len(MAX_BYTES + 1).unwrap();
        log.append(b"second\n").unwrap();
        assert_eq!(fs::read(&log.path).unwrap(), b"second\n");
        // What another process has put aside is not put aside again.
        let other = Log::open(log.path.clone()).unwrap();
        other.file.lock().unwrap().set_len(MAX_BYTES + 1).unwrap();
        log.append(b"third\n").unwrap();
        other.append(b"fourth\n").unwrap();
        assert_eq!(fs::read(&log.path).unwrap(), b"third\nfourth\n");
    }
}
