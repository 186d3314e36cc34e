//! The framing of the language server protocol: bytes into bodies of messages.
//!
//! It never fails. What is no message is named and skipped, and the next one is found.

use std::io;

use tokio_util::bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio_util::codec::Decoder;

/// The name of the one header that counts.
const CONTENT_LENGTH: &str = "content-length";

/// What ends the headers.
const END_OF_HEADERS: &[u8] = b"\r\n\r\n";

/// The longest headers, in bytes.
const MAX_HEADERS: usize = 4 << 10;

/// The longest message, in bytes.
const MAX_BODY: usize = 256 << 20;

/// What was found in the bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// The body of a message.
    Body(Bytes),
    /// Bytes that are no message, with the reason. They were skipped.
    Broken(&'static str),
}

/// Finds frames.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// The length of the body, once its headers are read.
    body: Option<usize>,
    /// Whether bytes are being skipped until headers begin.
    lost: bool,
}

impl Decoder for Frames {
    type Item = Frame;
    type Error = io::Error;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<Frame>, io::Error> {
        loop {
            if let Some(length) = self.body {
                if bytes.len() < length {
                    bytes.reserve(length - bytes.len());
                    return Ok(None);
                }
                self.body = None;
                return Ok(Some(Frame::Body(bytes.split_to(length).freeze())));
            }
            if self.lost && !find_headers(bytes) {
                return Ok(None);
            }
            self.lost = false;
            let Some(end) = find(bytes, END_OF_HEADERS) else {
                if bytes.len() <= MAX_HEADERS {
                    return Ok(None);
                }
                return Ok(Some(self.skip(bytes, 1, "The headers of a message do not end.")));
            };
            let length = content_length(bytes.get(..end).unwrap_or_default());
            let headers = end + END_OF_HEADERS.len();
            match length {
                Ok(length) => {
                    bytes.advance(headers);
                    self.body = Some(length);
                }
                Err(reason) => return Ok(Some(self.skip(bytes, headers, reason))),
            }
        }
    }

    fn decode_eof(&mut self, bytes: &mut BytesMut) -> Result<Option<Frame>, io::Error> {
        let frame = self.decode(bytes)?;
        if frame.is_none() {
            // Half a message is no message.
            bytes.clear();
        }
        Ok(frame)
    }
}

impl Frames {
    fn skip(&mut self, bytes: &mut BytesMut, count: usize, reason: &'static str) -> Frame {
        bytes.advance(count);
        self.lost = true;
        Frame::Broken(reason)
    }
}

/// Writes a body as a frame.
pub(crate) fn put(body: &[u8], bytes: &mut BytesMut) {
    let headers = format!("Content-Length: {}\r\n\r\n", body.len());
    bytes.reserve(headers.len() + body.len());
    bytes.put_slice(headers.as_bytes());
    bytes.put_slice(body);
}

/// Skips to where headers seem to begin; says whether there is such a place.
fn find_headers(bytes: &mut BytesMut) -> bool {
    let name = CONTENT_LENGTH.as_bytes();
    match bytes
        .windows(name.len())
        .position(|window| window.eq_ignore_ascii_case(name))
    {
        Some(at) => {
            bytes.advance(at);
            true
        }
        None => {
            // The name may have arrived in part.
            let keep = name.len() - 1;
            bytes.advance(bytes.len().saturating_sub(keep));
            false
        }
    }
}

fn content_length(headers: &[u8]) -> Result<usize, &'static str> {
    let headers = std::str::from_utf8(headers).map_err(|_| "The headers of a message are not text.")?;
    let values = headers.split("\r\n").filter_map(|line| line.split_once(':'));
    let value = values
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case(CONTENT_LENGTH))
        .map(|(_, value)| value)
        .next();
    let length = value.ok_or("A message has no Content-Length header.")?;
    match length.trim().parse() {
        Ok(length) if length <= MAX_BODY => Ok(length),
        Ok(_) => Err("A message is longer than 256 MiB."),
        Err(_) => Err("The Content-Length of a message is no number."),
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .take(MAX_HEADERS)
        .position(|window| window == wanted)
}
