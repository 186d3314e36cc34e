//! The framing of the language server protocol: a `Content-Length` header, an empty line, a JSON message.

use std::io;

use bytes::{Buf as _, BufMut as _, BytesMut};
use serde_json::Value;
use tokio_util::codec::{Decoder, Encoder};

/// A header is at most this long.
const MAX_HEADER: usize = 4 * 1024;
/// A message is at most this long.
const MAX_MESSAGE: usize = 256 * 1024 * 1024;

/// Encodes and decodes messages.
#[derive(Debug, Default)]
pub(crate) struct Framing {
    /// The length of the message whose header was read.
    awaited: Option<usize>,
}

impl Decoder for Framing {
    type Item = Value;
    type Error = io::Error;

    fn decode(&mut self, source: &mut BytesMut) -> io::Result<Option<Value>> {
        let length = match self.awaited {
            Some(length) => length,
            None => {
                let Some(end) = source.windows(4).position(|four| four == b"\r\n\r\n") else {
                    return if source.len() > MAX_HEADER {
                        Err(invalid("the header does not end"))
                    } else {
                        Ok(None)
                    };
                };
                let header = source.split_to(end);
                source.advance(4);
                content_length(&header)?
            }
        };
        if source.len() < length {
            self.awaited = Some(length);
            source.reserve(length - source.len());
            return Ok(None);
        }
        self.awaited = None;
        let body = source.split_to(length);
        serde_json::from_slice(&body)
            .map(Some)
            .map_err(|error| invalid(&format!("a message is not JSON ({error})")))
    }
}

impl Encoder<Value> for Framing {
    type Error = io::Error;

    fn encode(&mut self, message: Value, target: &mut BytesMut) -> io::Result<()> {
        let body = message.to_string();
        target.put_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
        target.put_slice(body.as_bytes());
        Ok(())
    }
}

fn content_length(header: &[u8]) -> io::Result<usize> {
    let header = std::str::from_utf8(header).map_err(|_| invalid("the header is not text"))?;
    header
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .filter(|length| *length <= MAX_MESSAGE)
        .ok_or_else(|| invalid("the header has no usable Content-Length"))
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decode_all(framing: &mut Framing, source: &mut BytesMut) -> io::Result<Vec<Value>> {
        std::iter::from_fn(|| framing.decode(source).transpose()).collect()
    }

    #[test]
    fn messages_survive_any_cut() {
        let messages = [json!({"a": "ü"}), json!(null), json!([1, 2])];
        let mut stream = BytesMut::new();
        for message in &messages {
            Framing::default().encode(message.clone(), &mut stream).unwrap();
        }
        for cut in 0..=stream.len() {
            let (mut framing, mut source) = (Framing::default(), BytesMut::from(&stream[..cut]));
            let mut seen = decode_all(&mut framing, &mut source).unwrap();
            source.extend_from_slice(&stream[cut..]);
            seen.extend(decode_all(&mut framing, &mut source).unwrap());
            assert_eq!(seen, messages, "cut at {cut}");
        }
    }

    #[test]
    fn headers() {
        for (text, expected) in [
            ("Content-Length: 2\r\n\r\n{}", Some(json!({}))),
            ("content-length:2\r\nContent-Type: x\r\n\r\n{}", Some(json!({}))),
            ("Content-Type: x\r\n\r\n{}", None),
            ("Content-Length: two\r\n\r\n{}", None),
            ("Content-Length: 99999999999999\r\n\r\n{}", None),
            ("Content-Length: 2\r\n\r\n{]", None),
        ] {
            let decoded = Framing::default().decode(&mut BytesMut::from(text)).ok().flatten();
            assert_eq!(decoded, expected, "{text:?}");
        }
        let mut endless = BytesMut::from(&[b'x'; MAX_HEADER + 1][..]);
        assert!(Framing::default().decode(&mut endless).is_err());
    }
}
