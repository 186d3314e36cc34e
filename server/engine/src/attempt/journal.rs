//! Reading an attempt's journal. It was written by a program in a sandbox, so nothing in it is trusted.

use std::path::Path;

use aca_protocol::AttemptId;
use aca_protocol::agent::{Record, files};
use aca_protocol::methods::{TranscriptRecord, TranscriptResult};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, BufReader};

use crate::Error;
use crate::layout::AttemptDir;

/// The longest line of a journal that is read, in bytes.
pub(super) const MAX_LINE: usize = 64 << 20;

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
        move || crate::staging::open_regular(&path)
    });
    let failed = |error: std::io::Error| Error::internal(&format!("Reading {}", path.display()), error);
    let file = match opened
        .await
        .map_err(|error| Error::internal("Reading a journal", error))?
    {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(TranscriptResult { records: Vec::new() });
        }
        Err(error) => return Err(failed(error)),
    };
    let mut journal = BufReader::new(tokio::fs::File::from_std(file));
    let mut records = Vec::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        if !read_line(&mut journal, &mut line).await.map_err(failed)? {
            break;
        }
        let Ok(Record {
            seq,
            at_ms,
            event: Some(body),
            ..
        }) = serde_json::from_slice(&line)
        else {
            continue;
        };
        if seq > after {
            records.push(TranscriptRecord { seq, at_ms, body });
        }
        if records.len() == MAX_RECORDS {
            break;
        }
    }
    Ok(TranscriptResult { records })
}

/// Reads on until `line` is a whole line. Returns false at the end; an unfinished last line does not count.
///
/// What was read so far stays in `line`, so a call that is given up can be made again.
///
/// # Errors
///
/// Those of the reader, and a line of more than 64 MiB.
pub(super) async fn read_line(journal: &mut (impl AsyncBufRead + Unpin), line: &mut Vec<u8>) -> std::io::Result<bool> {
    loop {
        let available = journal.fill_buf().await?;
        let end = available.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(available.len(), |end| end + 1);
        line.extend_from_slice(available.get(..taken).unwrap_or_default());
        journal.consume(taken);
        if end.is_some() || taken == 0 {
            return Ok(end.is_some());
        }
        if line.len() > MAX_LINE {
            return Err(std::io::Error::new(
                std::io::ErrorKind::InvalidData,
                "a line of the journal is too long",
            ));
        }
    }
}
