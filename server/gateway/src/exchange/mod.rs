//! Model exchanges as inspectable records: one file for each request with its answer.
//!
//! An [`ExchangeLog`] keeps those of one attempt. The stream only hands over what passes; a thread of the log redacts,
//! compresses, perhaps seals, and writes, so that writing never holds a stream up. What has passed is on its way to the
//! disk within a second, so a process that is killed leaves a record that can be read and that says it has no end.
//!
//! A record is [lines of JSON](lines): `asked`, `answered`, a `frame` for each event of the stream or the `body`, and
//! `ended`. Secrets are taken out before a line is written. Deltas of one content block are joined, so that a secret in
//! pieces is found too. What is too large keeps its beginning and its end and says how much was left out.

mod carry;
mod file;
mod frames;
mod lines;
mod read;
mod writer;

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::task::{Context, Poll};
use std::time::{SystemTime, UNIX_EPOCH};

use aca_protocol::AttemptId;
use aca_secrets::SessionKey;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::{Frame, SizeHint};
use hyper::header::HeaderMap;
use hyper::http::request::Parts;

use crate::body::{self, Body};
use crate::meter::RequestUsage;
use writer::Writer;

pub use carry::{lines, numbers, put};
pub use read::{list, read};

/// More bytes than these do not wait to be written; what comes then is left out of the record.
const MAX_WAITING: usize = 64 << 20;

/// Keeps the exchanges of one attempt. Clones share everything; what was handed over is written after the last is gone.
#[derive(Debug, Clone)]
pub struct ExchangeLog {
    to: Sender<Message>,
    next: Arc<AtomicU32>,
    waiting: Arc<AtomicUsize>,
}

/// What the writer is told.
#[derive(Debug)]
struct Message {
    number: u32,
    note: Note,
}

/// What has happened in an exchange.
#[derive(Debug)]
enum Note {
    Asked(Asked),
    Answered {
        status: u16,
        headers: HeaderMap,
    },
    /// Bytes of the answer's body.
    Passed(Bytes),
    /// Bytes of the answer's body that were not kept.
    LeftOut(usize),
    Used(Box<RequestUsage>),
    Ended {
        error: Option<String>,
    },
}

/// A request as it arrived.
#[derive(Debug)]
struct Asked {
    at_ms: u64,
    method: String,
    path: String,
    headers: HeaderMap,
    model: Option<String>,
    body: Bytes,
}

impl ExchangeLog {
    /// Opens the log of an attempt in this directory, which is made if it is not there; numbers go on where they were.
    /// With `key` what is written is sealed.
    ///
    /// # Errors
    ///
    /// If the directory cannot be made or read, or no thread can be started.
    pub fn open(dir: &Path, attempt: &AttemptId, key: Option<SessionKey>) -> io::Result<Self> {
        let (to, from) = std::sync::mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let writer = Writer::open(dir, attempt, key, Arc::clone(&waiting))?;
        let next = Arc::new(AtomicU32::new(writer.last_number() + 1));
        std::thread::Builder::new()
            .name("exchanges".to_owned())
            .spawn(move || writer.run(&from))?;
        Ok(Self { to, next, waiting })
    }

    /// Begins the record of a request.
    pub(crate) fn begin(&self, head: &Parts, body: &Bytes, model: Option<&str>) -> Exchange {
        let exchange = Exchange {
            number: self.next.fetch_add(1, Ordering::Relaxed),
            log: self.clone(),
            ended: false,
        };
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        exchange.note(Note::Asked(Asked {
            at_ms: u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX),
            method: head.method.to_string(),
            path: target.to_owned(),
            headers: head.headers.clone(),
            model: model.map(str::to_owned),
            body: body.clone(),
        }));
        exchange
    }
}

/// The record of one exchange while it goes on. Dropped without an end, it says that it was given up.
#[derive(Debug)]
pub(crate) struct Exchange {
    log: ExchangeLog,
    number: u32,
    ended: bool,
}

impl Exchange {
    /// What a meter tells the usage to.
    pub(crate) fn usage(&self) -> UsageNote {
        UsageNote {
            log: self.log.clone(),
            number: self.number,
        }
    }

    /// Records an answer as it is given to the sandbox, on its way.
    pub(crate) fn watch(self, answer: Response<Body>) -> Response<Body> {
        let (head, inner) = answer.into_parts();
        self.note(Note::Answered {
            status: head.status.as_u16(),
            headers: head.headers.clone(),
        });
        let watched = Watched { inner, exchange: self };
        Response::from_parts(head, watched.boxed_unsync())
    }

    fn passed(&self, bytes: &Bytes) {
        let waiting = self.log.waiting.load(Ordering::Relaxed);
        if waiting + bytes.len() > MAX_WAITING {
            self.note(Note::LeftOut(bytes.len()));
            return;
        }
        self.log.waiting.fetch_add(bytes.len(), Ordering::Relaxed);
        self.note(Note::Passed(bytes.clone()));
    }

    fn end(&mut self, error: Option<String>) {
        if !std::mem::replace(&mut self.ended, true) {
            self.note(Note::Ended { error });
        }
    }

    fn note(&self, note: Note) {
        // A log that failed has said so.
        let _ = self.log.to.send(Message {
            number: self.number,
            note,
        });
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.end(Some("The agent gave the request up before it was answered.".to_owned()));
    }
}

/// Tells an exchange's record what the exchange used.
#[derive(Debug)]
pub(crate) struct UsageNote {
    log: ExchangeLog,
    number: u32,
}

impl UsageNote {
    /// The exchange's number.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// Records the usage.
    pub(crate) fn tell(self, usage: RequestUsage) {
        // A log that failed has said so.
        let _ = self.log.to.send(Message {
            number: self.number,
            note: Note::Used(Box::new(usage)),
        });
    }
}

/// An answer's body that is recorded as it passes.
struct Watched {
    inner: Body,
    exchange: Exchange,
}

impl hyper::body::Body for Watched {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(bytes) = frame.data_ref() {
                    self.exchange.passed(bytes);
                }
            }
            Poll::Ready(Some(Err(error))) => {
                let error = format!("The answer broke off: {error}.");
                self.exchange.end(Some(error));
            }
            Poll::Ready(None) => self.exchange.end(None),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let complete = hyper::body::Body::is_end_stream(&self.inner);
        // The meter in it tells the usage, which belongs before the end.
        drop(std::mem::replace(&mut self.inner, body::full(Bytes::new())));
        let given_up = || "The agent closed the connection before the answer's end.".to_owned();
        self.exchange.end((!complete).then(given_up));
    }
}
