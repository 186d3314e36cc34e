//! Reading an attempt's journal. It was written by a program in a sandbox, so nothing in it is trusted.

use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use aca_protocol::AttemptId;
use aca_protocol::agent::{Record, files};
use aca_protocol::methods::TranscriptRecord;
use tokio::io::{AsyncBufRead, AsyncBufReadExt};

use crate::Error;
use crate::layout::AttemptDir;

/// The longest line of a journal that is read, in bytes.
pub(super) const MAX_LINE: usize = 64 << 20;

/// The most records one answer holds.
const MAX_RECORDS: usize = 10_000;

/// A piece of a journal.
#[derive(Debug, Default)]
pub(crate) struct Piece {
    /// Its events.
    pub(crate) records: Vec<TranscriptRecord>,
    /// Where the next piece begins, in bytes.
    pub(crate) next: u64,
    /// Whether the journal goes on there already.
    pub(crate) more: bool,
}

/// Returns the events in an attempt's journal from a byte on.
///
/// # Errors
///
/// [`Error::Internal`] if the journal cannot be read. A journal that is not there yet is empty.
pub(crate) async fn transcript(session_dir: &Path, attempt: &AttemptId, from: u64) -> Result<Piece, Error> {
    let path = AttemptDir::new(session_dir, attempt).out().join(files::JOURNAL);
    let reading = tokio::task::spawn_blocking(move || match piece(&path, from) {
        Ok(piece) => Ok(piece),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Piece {
            next: from,
            ..Piece::default()
        }),
        Err(error) => Err(Error::internal(&format!("Reading {}", path.display()), error)),
    });
    reading
        .await
        .map_err(|error| Error::internal("Reading a journal", error))?
}

fn piece(path: &Path, from: u64) -> std::io::Result<Piece> {
    let mut file = crate::staging::open_regular(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut journal = BufReader::with_capacity(1 << 16, file);
    let mut piece = Piece {
        next: from,
        ..Piece::default()
    };
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = journal
            .by_ref()
            .take(MAX_LINE as u64 + 1)
            .read_until(b'\n', &mut line)?;
        if read > MAX_LINE {
            return Err(too_long());
        }
        // An unfinished last line does not count.
        if line.last() != Some(&b'\n') {
            return Ok(piece);
        }
        piece.next += read as u64;
        if let Ok(Record {
            seq,
            at_ms,
            event: Some(body),
            ..
        }) = serde_json::from_slice(&line)
        {
            piece.records.push(TranscriptRecord { seq, at_ms, body });
        }
        if piece.records.len() == MAX_RECORDS {
            piece.more = !journal.fill_buf()?.is_empty();
            return Ok(piece);
        }
    }
}

fn too_long() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, "a line of the journal is too long")
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
            return Err(too_long());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_is_read_in_pieces() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.ndjson");
        let event = |seq: u64| format!(r#"{{"seq":{seq},"at_ms":1,"event":{{"type":"said","text":"{seq}"}}}}"#) + "\n";
        let frame = r#"{"seq":2,"at_ms":1,"frame":{"type":"x"}}"#.to_owned() + "\n";
        std::fs::write(&path, event(1) + &frame + "no record\n" + &event(3) + r#"{"seq":4,"#).unwrap();
        let seqs = |piece: &Piece| piece.records.iter().map(|record| record.seq).collect::<Vec<_>>();
        let first = piece(&path, 0).unwrap();
        assert_eq!((seqs(&first), first.more), (vec![1, 3], false));
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        std::io::Write::write_all(&mut file, format!(r#""at_ms":1}}{}{}"#, "\n", event(5)).as_bytes()).unwrap();
        let second = piece(&path, first.next).unwrap();
        assert_eq!(seqs(&second), [5]);
        let last = piece(&path, second.next).unwrap();
        assert_eq!((seqs(&last), last.next), (Vec::new(), second.next));
        let beyond = piece(&path, 1 << 40).unwrap();
        assert!(beyond.records.is_empty());
        let many: String = (0..=MAX_RECORDS as u64).map(event).collect();
        std::fs::write(&path, many).unwrap();
        let first = piece(&path, 0).unwrap();
        assert_eq!((first.records.len(), first.more), (MAX_RECORDS, true));
        let rest = piece(&path, first.next).unwrap();
        assert_eq!((seqs(&rest), rest.more), (vec![MAX_RECORDS as u64], false));
    }
}
