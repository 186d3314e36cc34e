//! What a replay was asked, for tests to look at.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use hyper::Method;
use hyper::header::HeaderMap;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::error::Error;

/// Of the requests kept in memory, the oldest are dropped beyond this, in bytes of their bodies.
const MAX_KEPT_BYTES: usize = 32 << 20;

/// One request that a replay was asked.
#[derive(Clone)]
pub struct RecordedRequest {
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The body.
    pub body: Bytes,
    /// The turn of the script that answered, if one did.
    pub turn: Option<String>,
    headers: HeaderMap,
}

impl RecordedRequest {
    pub(crate) fn new(method: &Method, path: &str, headers: &HeaderMap, body: Bytes) -> Self {
        Self {
            method: method.to_string(),
            path: path.to_owned(),
            body,
            turn: None,
            headers: headers.clone(),
        }
    }

    /// Returns a header's first value, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the names of the headers, each once.
    pub fn header_names(&self) -> Vec<&str> {
        self.headers.keys().map(|name| name.as_str()).collect()
    }

    /// Returns the SHA-256 of the body in hexadecimal digits.
    pub fn body_hash(&self) -> String {
        Sha256::digest(&self.body)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// Leaves out the values of headers, one of which may be a credential, and the body.
impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("turn", &self.turn)
            .field("header_names", &self.header_names())
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// Keeps requests, in memory and if asked in a file.
#[derive(Debug)]
pub(crate) struct RequestLog {
    kept: Mutex<Kept>,
    count: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Kept {
    requests: VecDeque<RecordedRequest>,
    bytes: usize,
    file: Option<File>,
}

impl RequestLog {
    /// Begins a log; `path` is appended to.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Error> {
        let open = |path: &Path| {
            let file = File::options().append(true).create(true).open(path);
            file.map_err(|source| Error::Log {
                path: path.to_owned(),
                source,
            })
        };
        let kept = Kept {
            file: path.map(open).transpose()?,
            ..Kept::default()
        };
        Ok(Self {
            kept: Mutex::new(kept),
            count: watch::Sender::new(0),
        })
    }

    /// Adds a request.
    pub(crate) fn add(&self, request: RecordedRequest) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Err(error)) = kept.file.as_mut().map(|file| write_line(file, &request)) {
            tracing::warn!(%error, "The replay log cannot be written.");
        }
        kept.bytes += request.body.len();
        kept.requests.push_back(request);
        while kept.bytes > MAX_KEPT_BYTES && kept.requests.len() > 1 {
            if let Some(dropped) = kept.requests.pop_front() {
                kept.bytes -= dropped.body.len();
            }
        }
        drop(kept);
        self.count.send_modify(|count| *count += 1);
    }

    /// Returns what is kept, oldest first.
    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .requests
            .iter()
            .cloned()
            .collect()
    }

    /// Waits until so many have been added.
    pub(crate) async fn wait_for(&self, count: u64) {
        let mut counter = self.count.subscribe();
        // The sender lives as long as `self`, so this ends only when the count is reached.
        let _ = counter.wait_for(|seen| *seen >= count).await;
    }
}

fn write_line(file: &mut File, request: &RecordedRequest) -> std::io::Result<()> {
    let line = json!({
        "method": request.method,
        "path": request.path,
        "headers": request.header_names(),
        "body_sha256": request.body_hash(),
        "body_bytes": request.body.len(),
        "turn": request.turn,
    });
    file.write_all(format!("{line}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn request(bytes: usize) -> RecordedRequest {
        let mut headers = HeaderMap::new();
        headers.insert("x-api-key", HeaderValue::from_static("made-up-key"));
        RecordedRequest::new(
            &Method::POST,
            "/v1/messages?beta=true",
            &headers,
            Bytes::from(vec![b'x'; bytes]),
        )
    }

    #[test]
    fn neither_the_file_nor_debug_holds_header_values() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let log = RequestLog::open(Some(&path)).unwrap();
        log.add(request(3));
        let written = std::fs::read_to_string(path).unwrap();
        assert!(
            written.contains("\"x-api-key\"") && written.contains("/v1/messages?beta=true"),
            "{written}"
        );
        assert!(
            written.contains("cd2eb0837c9b4c962c22d2ff8b5441b7b45805887f051d39bf133b583baf6860"),
            "{written}"
        );
        assert!(!format!("{written}{log:?}").contains("made-up-key"));
        assert_eq!(log.requests()[0].header("x-api-key"), Some("made-up-key"));
    }

    #[test]
    fn old_requests_go_when_there_are_too_many_bytes() {
        let log = RequestLog::open(None).unwrap();
        for _ in 0..5 {
            log.add(request(10 << 20));
        }
        assert_eq!(log.requests().len(), 3);
    }

    #[tokio::test]
    async fn one_can_wait_for_a_request() {
        let log = RequestLog::open(None).unwrap();
        let (_, ()) = tokio::join!(log.wait_for(2), async {
            log.add(request(1));
            log.add(request(1));
        });
    }
}
