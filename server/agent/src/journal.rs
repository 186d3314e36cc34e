//! The journal: an append-only file of records, followed by any number of readers while it grows.
//!
//! A record reaches the file with one write before anything acts on it, and without the secrets in its texts. Syncing to disk is batched: every
//! [`SYNC_EVERY`] while there is something new, and at once where [`Journal::sync`] is called.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aca_protocol::agent::{Record, RecordBody};
use aca_redact::Known;
use serde_json::value::RawValue;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;

/// How long a record may wait for its sync.
const SYNC_EVERY: Duration = Duration::from_millis(20);

/// How much of the journal is read and sent at a time, in bytes.
const CHUNK: usize = 64 * 1024;

/// Why a record could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    /// The file system refused.
    #[error("the journal could not be written: {0}; free space in the attempt's directory and run the task again")]
    Write(#[from] io::Error),
    /// The record is not valid JSON.
    #[error("a record could not be put into words: {0}")]
    Json(#[from] serde_json::Error),
}

/// An attempt's journal. All methods may be called from anywhere at any time.
pub(crate) struct Journal {
    file: Arc<File>,
    state: Mutex<State>,
    progress: watch::Sender<Progress>,
}

/// What the next append needs to know.
struct State {
    seq: u64,
    len: u64,
    sealed: bool,
}

/// What followers need to know.
#[derive(Clone, Copy)]
struct Progress {
    len: u64,
    complete: bool,
}

impl Journal {
    /// Creates an empty journal at `path`.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        // Not in append mode: records have their places, so that one that failed is written over by the next.
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)?;
        Ok(Self {
            file: Arc::new(file),
            state: Mutex::new(State {
                seq: 0,
                len: 0,
                sealed: false,
            }),
            progress: watch::Sender::new(Progress {
                len: 0,
                complete: false,
            }),
        })
    }

    /// Appends one line of the driven program, as it came.
    pub(crate) fn frame(&self, line: &RawValue) -> Result<(), JournalError> {
        self.append(Some(line.to_owned()), None)
    }

    /// Appends an event.
    pub(crate) fn event(&self, event: RecordBody) -> Result<(), JournalError> {
        self.append(None, Some(event))
    }

    /// Refuses all later records silently and returns the last one's number.
    pub(crate) fn seal(&self) -> u64 {
        let mut state = self.state();
        state.sealed = true;
        state.seq
    }

    /// Lets followers end: called once the outcome is on disk.
    pub(crate) fn complete(&self) {
        self.progress.send_modify(|progress| progress.complete = true);
    }

    /// Waits until everything appended so far is on disk.
    pub(crate) async fn sync(&self) -> io::Result<()> {
        let file = Arc::clone(&self.file);
        tokio::task::spawn_blocking(move || file.sync_data())
            .await
            .map_err(io::Error::other)?
    }

    /// Syncs in the background, for as long as it is polled.
    pub(crate) async fn keep_synced(&self) {
        let mut progress = self.progress.subscribe();
        while progress.changed().await.is_ok() {
            tokio::time::sleep(SYNC_EVERY).await;
            progress.mark_unchanged();
            // A failing sync shows again at the end of the turn and with the outcome, where it is acted on.
            let _ = self.sync().await;
        }
    }

    /// Writes the journal's bytes from `offset` on to `to`, as they come, and returns once the outcome is on disk
    /// and everything is written.
    pub(crate) async fn follow(&self, mut offset: u64, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let mut progress = self.progress.subscribe();
        let mut buffer = vec![0; CHUNK];
        loop {
            let Progress { len, complete } = *progress.borrow_and_update();
            while offset < len {
                let want = usize::try_from(len - offset).unwrap_or(CHUNK).min(CHUNK);
                let chunk = buffer.get_mut(..want).unwrap_or_default();
                let got = self.file.read_at(chunk, offset)?;
                if got == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                to.write_all(chunk.get(..got).unwrap_or_default()).await?;
                offset += got as u64;
            }
            to.flush().await?;
            if complete || progress.changed().await.is_err() {
                return Ok(());
            }
        }
    }

    fn append(&self, frame: Option<Box<RawValue>>, event: Option<RecordBody>) -> Result<(), JournalError> {
        let mut state = self.state();
        if state.sealed {
            return Ok(());
        }
        let seq = state.seq + 1;
        let line = serde_json::to_string(&Record {
            seq,
            at_ms: now_ms(),
            frame,
            event,
        })?;
        let mut line = Known::of_process().redactor().json(&line).into_owned();
        line.push('\n');
        if let Err(error) = self.file.write_all_at(line.as_bytes(), state.len) {
            // Half a record is of no use to whoever reads the file.
            let _ = self.file.set_len(state.len);
            return Err(error.into());
        }
        state.seq = seq;
        state.len += line.len() as u64;
        self.progress.send_modify(|progress| progress.len = state.len);
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the time in milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal() -> (tempfile::TempDir, Arc<Journal>) {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::create(&dir.path().join("journal")).unwrap();
        (dir, Arc::new(journal))
    }

    fn said(text: &str) -> RecordBody {
        RecordBody::Said { text: text.to_owned() }
    }

    async fn read(journal: &Journal, offset: u64) -> String {
        let mut bytes = Vec::new();
        journal.follow(offset, &mut bytes).await.unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[tokio::test]
    async fn numbers_records_from_one_without_a_gap() {
        let (_dir, journal) = journal();
        let frame = RawValue::from_string(r#"{"type": "x"}"#.to_owned()).unwrap();
        journal.event(said("a")).unwrap();
        journal.frame(&frame).unwrap();
        assert_eq!(journal.seal(), 2);
        journal.event(said("too late")).unwrap();
        journal.complete();
        let text = read(&journal, 0).await;
        let records: Vec<Record> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(records.iter().map(|record| record.seq).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(records[1].frame.as_ref().unwrap().get(), r#"{"type": "x"}"#);
    }

    #[tokio::test]
    async fn secrets_are_not_in_the_file() {
        let (dir, journal) = journal();
        let token = concat!("ghp", "_a8Kd03mZq9XwB7fLr2TnV5cYh1JsG6pEu4Qo");
        journal.event(said(&format!("the token is\n{token}"))).unwrap();
        let frame = RawValue::from_string(format!(r#"{{"type": "x", "text": "{token}"}}"#)).unwrap();
        journal.frame(&frame).unwrap();
        journal.complete();
        let text = read(&journal, 0).await;
        assert_eq!(text, std::fs::read_to_string(dir.path().join("journal")).unwrap());
        assert!(!text.contains(token));
        let records: Vec<Record> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(records[0].event, Some(said("the token is\n[redacted:github-token]")));
        let frame = records[1].frame.as_ref().unwrap().get();
        assert_eq!(frame, r#"{"type": "x", "text": "[redacted:github-token]"}"#);
    }

    #[tokio::test]
    async fn a_full_disk_is_an_error_that_says_what_to_do() {
        let journal = Journal::create(Path::new("/dev/full")).unwrap();
        let error = journal.event(said("a")).unwrap_err().to_string();
        assert!(
            error.contains("No space left") && error.contains("free space"),
            "{error}"
        );
        assert_eq!(journal.seal(), 0);
    }

    #[tokio::test]
    async fn a_follower_resumes_at_any_offset() {
        let (_dir, journal) = journal();
        for i in 0..50 {
            journal.event(said(&i.to_string())).unwrap();
        }
        journal.complete();
        let whole = read(&journal, 0).await;
        for offset in [0, 1, 77, whole.len() / 2, whole.len(), whole.len() + 5] {
            assert_eq!(read(&journal, offset as u64).await, whole.get(offset..).unwrap_or(""));
        }
    }

    #[tokio::test]
    async fn a_follower_gets_records_as_they_come_and_ends_with_the_outcome() {
        let (_dir, journal) = journal();
        let (mut to, from) = tokio::io::duplex(1 << 20);
        let follower = Arc::clone(&journal);
        let task = tokio::spawn(async move { follower.follow(0, &mut to).await });
        let mut lines = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(from));
        for text in ["one".to_owned(), "x".repeat(300_000)] {
            journal.event(said(&text)).unwrap();
            let line = lines.next_line().await.unwrap().unwrap();
            let record: Record = serde_json::from_str(&line).unwrap();
            assert_eq!(record.event, Some(said(&text)));
        }
        assert!(!task.is_finished());
        journal.complete();
        task.await.unwrap().unwrap();
        assert_eq!(lines.next_line().await.unwrap(), None);
    }
}
