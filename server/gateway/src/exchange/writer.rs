//! The thread that writes the records of one attempt.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use aca_protocol::AttemptId;
use aca_redact::Known;
use aca_secrets::SessionKey;
use hyper::header::CONTENT_TYPE;
use serde_json::value::RawValue;

use super::file::{Chunks, Folder};
use super::frames::Frames;
use super::lines::{self, AnsweredLine, AskedLine, EndedLine, Line};
use super::{Message, Note, read};

/// How long what has passed may wait for more before it is written.
const WRITE_EVERY: Duration = Duration::from_secs(1);
/// So many bytes of lines are written at once.
const WRITE_AT: usize = 64 << 10;
/// Of an answer so much is kept from its beginning and from its end, in bytes.
const ANSWER_HEAD: usize = 768 << 10;
const ANSWER_TAIL: usize = 256 << 10;
/// What the records of one attempt take at most, in bytes on disk.
const MAX_ATTEMPT: u64 = 50 << 20;

/// Writes the records of one attempt.
pub(super) struct Writer {
    folder: Folder,
    attempt: AttemptId,
    waiting: Arc<AtomicUsize>,
    open: HashMap<u32, Record>,
    /// The sizes of the records that have ended, by number.
    sizes: BTreeMap<u32, u64>,
    /// Those of which the bodies may still be dropped begin here.
    whole_from: u32,
}

/// A record that is being written.
struct Record {
    file: Chunks,
    began: Instant,
    /// Lines that are not written yet.
    lines: Vec<u8>,
    written: Instant,
    answer: Answer,
    end: EndedLine,
}

/// What the answer's body is.
enum Answer {
    /// A stream. Frames beyond the beginning wait for the end; of too many the first go.
    Frames {
        frames: Box<Frames>,
        kept: usize,
        tail: VecDeque<Box<RawValue>>,
        tail_bytes: usize,
    },
    /// All else.
    Body(Vec<u8>),
}

impl Writer {
    pub(super) fn open(
        dir: &Path,
        attempt: &AttemptId,
        key: Option<SessionKey>,
        waiting: Arc<AtomicUsize>,
    ) -> io::Result<Self> {
        let folder = Folder::new(dir, attempt, key);
        folder.create()?;
        let sizes = folder.numbers()?.into_iter().collect();
        Ok(Self {
            folder,
            attempt: attempt.clone(),
            waiting,
            open: HashMap::new(),
            sizes,
            whole_from: 0,
        })
    }

    /// The number of the last record that is there.
    pub(super) fn last_number(&self) -> u32 {
        self.sizes.last_key_value().map_or(0, |(number, _)| *number)
    }

    /// Writes until nobody can hand anything over any more.
    pub(super) fn run(mut self, from: &Receiver<Message>) {
        loop {
            let message = match from.recv_timeout(WRITE_EVERY) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => {
                    self.write_what_waits();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let number = message.number;
            if let Err(error) = self.take(message) {
                // The exchange itself goes on; its record ends here.
                tracing::warn!(attempt = %self.attempt, number, %error, "The record of a model exchange cannot be written.");
                self.open.remove(&number);
            }
            self.write_what_waits();
        }
    }

    fn take(&mut self, Message { number, note }: Message) -> io::Result<()> {
        if let Note::Passed(bytes) = &note {
            self.waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
        }
        if let Note::Asked(asked) = note {
            let mut record = Record::begin(self.folder.begin(number)?);
            record.put(&Line::Asked(AskedLine::new(&asked, &Known::of_process().redactor())));
            record.write()?;
            self.open.insert(number, record);
            return Ok(());
        }
        let Some(record) = self.open.get_mut(&number) else {
            return Ok(());
        };
        match note {
            Note::Asked(_) => {}
            Note::Answered { status, headers } => record.answered(status, &headers),
            Note::Passed(bytes) => record.passed(&bytes),
            Note::LeftOut(bytes) => record.end.left_out += bytes as u64,
            Note::Used(used) => {
                record.end.usage = used.usage;
                record.end.model = Some(used.model);
                record.end.stop_reason = used.stop_reason;
            }
            Note::Ended { error } => {
                record.end(error);
                record.write()?;
                self.sizes.insert(number, record.file.size);
                self.open.remove(&number);
                return self.make_room();
            }
        }
        if record.lines.len() >= WRITE_AT {
            record.write()?;
        }
        Ok(())
    }

    fn write_what_waits(&mut self) {
        let due = |record: &Record| record.written.elapsed() >= WRITE_EVERY;
        for (number, record) in self.open.iter_mut().filter(|(_, record)| due(record)) {
            record.pass_on();
            if let Err(error) = record.write() {
                tracing::warn!(attempt = %self.attempt, number, %error, "The record of a model exchange cannot be written.");
            }
        }
    }

    /// Drops the bodies of the oldest records until the attempt's take no more than they may.
    fn make_room(&mut self) -> io::Result<()> {
        while self.sizes.values().sum::<u64>() > MAX_ATTEMPT {
            let oldest = self.sizes.range(self.whole_from..).next().map(|(number, _)| *number);
            // The newest stays whole, however large it is.
            let Some(number) = oldest.filter(|number| *number < self.last_number()) else {
                return Ok(());
            };
            let heads = read::without_bodies(&self.folder, number)?;
            let size = self.folder.replace(number, &heads)?;
            self.sizes.insert(number, size);
            self.whole_from = number + 1;
        }
        Ok(())
    }
}

impl Record {
    fn begin(file: Chunks) -> Self {
        Self {
            file,
            began: Instant::now(),
            lines: Vec::new(),
            written: Instant::now(),
            answer: Answer::Body(Vec::new()),
            end: EndedLine::default(),
        }
    }

    fn answered(&mut self, status: u16, headers: &hyper::HeaderMap) {
        let redactor = Known::of_process().redactor();
        let streamed = headers
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        self.put(&Line::Answered(AnsweredLine {
            status,
            headers: lines::headers(headers, &redactor),
        }));
        if streamed {
            self.answer = Answer::Frames {
                frames: Box::new(Frames::new(redactor)),
                kept: 0,
                tail: VecDeque::new(),
                tail_bytes: 0,
            };
        }
    }

    fn passed(&mut self, bytes: &[u8]) {
        match &mut self.answer {
            Answer::Body(body) => body.extend_from_slice(bytes),
            Answer::Frames { .. } => self.with_frames(|frames, put| frames.feed(bytes, put)),
        }
    }

    fn pass_on(&mut self) {
        self.with_frames(|frames, put| frames.pass_on(put));
    }

    fn with_frames(&mut self, act: impl FnOnce(&mut Frames, &mut dyn FnMut(Box<RawValue>))) {
        let Answer::Frames {
            frames,
            kept,
            tail,
            tail_bytes,
        } = &mut self.answer
        else {
            return;
        };
        let (lines, left_out) = (&mut self.lines, &mut self.end.left_out);
        act(frames, &mut |frame| {
            if *kept < ANSWER_HEAD {
                *kept += frame.get().len();
                put_line(lines, &Line::Frame(frame));
                return;
            }
            *tail_bytes += frame.get().len();
            tail.push_back(frame);
            while *tail_bytes > ANSWER_TAIL
                && let Some(gone) = tail.pop_front()
            {
                *tail_bytes -= gone.get().len();
                *left_out += gone.get().len() as u64;
            }
        });
    }

    fn end(&mut self, error: Option<String>) {
        self.with_frames(|frames, put| frames.finish(put));
        let redactor = Known::of_process().redactor();
        match std::mem::replace(&mut self.answer, Answer::Body(Vec::new())) {
            Answer::Frames { tail, .. } => tail.into_iter().for_each(|frame| self.put(&Line::Frame(frame))),
            Answer::Body(bytes) if bytes.is_empty() => {}
            Answer::Body(bytes) => {
                let (body, left_out) = lines::body(&bytes, &redactor, ANSWER_HEAD, ANSWER_TAIL);
                self.end.left_out += left_out;
                self.put(&Line::Body(body));
            }
        }
        let mut end = std::mem::take(&mut self.end);
        end.took_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        end.error = error.map(|error| redactor.text(&error).into_owned());
        self.put(&Line::Ended(end));
    }

    fn put(&mut self, line: &Line) {
        put_line(&mut self.lines, line);
    }

    fn write(&mut self) -> io::Result<()> {
        self.written = Instant::now();
        if self.lines.is_empty() {
            return Ok(());
        }
        self.file.append(&self.lines)?;
        self.lines.clear();
        Ok(())
    }
}

/// Appends a line; nothing here fails to be JSON.
pub(super) fn put_line(lines: &mut Vec<u8>, line: &Line) {
    let before = lines.len();
    if serde_json::to_writer(&mut *lines, line).is_err() {
        lines.truncate(before);
        return;
    }
    lines.push(b'\n');
}
