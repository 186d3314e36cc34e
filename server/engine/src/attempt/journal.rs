//! Reading an attempt's journal. It was written by a program in a sandbox, so nothing in it is trusted.

use std::path::Path;

use aca_protocol::AttemptId;
use aca_protocol::agent::{Record, files};
use aca_protocol::methods::{TranscriptRecord, TranscriptResult};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::Error;
use crate::layout::AttemptDir;

/// The most records one answer holds.
const MAX_RECORDS: usize = 10_000;

/// Returns the events in an attempt's journal after the record `after`.
///
/// # Errors
///
/// [`Error::Internal`] if the journal cannot be read. A journal that is not there yet is empty.
pub(crate) async fn transcript(session_dir: &Path, attempt: &AttemptId, after: u64) -> Result<TranscriptResult, Error> {
    let path = AttemptDir::new(session_dir, attempt).out().join(files::JOURNAL);
    let opened = tokio::task::spawn_blocking({
        let path = path.clone();
        move || super::collect::open_regular(&path)
    });
    let failed = |error: std::io::Error| Error::internal(&format!("Reading {}", path.display()), error);
    let file = match opened.await.map_err(|error| Error::internal("Reading a journal", error))? {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(TranscriptResult { records: Vec::new() });
        }
        Err(error) => return Err(failed(error)),
    };
    let mut lines = BufReader::new(tokio::fs::File::from_std(file)).split(b'\n');
    let mut records = Vec::new();
    while let Some(line) = lines.next_segment().await.map_err(failed)? {
        let Ok(Record { seq, at_ms, event: Some(body), .. }) = serde_json::from_slice(&line) else { continue };
        if seq > after {
            records.push(TranscriptRecord { seq, at_ms, body });
        }
        if records.len() == MAX_RECORDS {
            break;
        }
    }
    Ok(TranscriptResult { records })
}
