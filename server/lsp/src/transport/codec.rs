//! Messages in bytes, and what is wrong with bytes that are none.
//!
//! tower-lsp's own decoder gives up the whole connection at the first malformed message: its error ends the stream.
//! This one never fails. It names what is wrong, skips it, and goes on with the next message.

use std::io;

use serde::Deserialize;
use serde_json::Value;
use tokio_util::bytes::BytesMut;
use tokio_util::codec::{Decoder, Encoder};
use tower_lsp::jsonrpc::{Error, ErrorCode, Id, Request, Response};

use super::frame::{self, Frame, Frames};

/// What a client sent.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A request or a notification.
    Request(Request),
    /// The answer to a request of ours.
    Response(Response),
    /// Something else, with the error to send back.
    Malformed(Response),
}

/// The framing of the language server protocol, and what is in the frames.
#[derive(Debug, Default)]
pub(crate) struct Codec(Frames);

impl Decoder for Codec {
    type Item = Incoming;
    type Error = io::Error;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<Incoming>, io::Error> {
        Ok(self.0.decode(bytes)?.map(incoming))
    }

    fn decode_eof(&mut self, bytes: &mut BytesMut) -> Result<Option<Incoming>, io::Error> {
        Ok(self.0.decode_eof(bytes)?.map(incoming))
    }
}

impl<T: serde::Serialize> Encoder<T> for Codec {
    type Error = io::Error;

    fn encode(&mut self, message: T, bytes: &mut BytesMut) -> Result<(), io::Error> {
        frame::put(&serde_json::to_vec(&message)?, bytes);
        Ok(())
    }
}

fn incoming(frame: Frame) -> Incoming {
    match frame {
        Frame::Body(body) => message(&body),
        Frame::Broken(reason) => Incoming::Malformed(refuse(Id::Null, ErrorCode::ParseError, reason)),
    }
}

fn message(body: &[u8]) -> Incoming {
    // A request is tried first: it is what comes most. tower-lsp reads anything as one, with an empty method.
    let error = match serde_json::from_slice::<Request>(body) {
        Ok(request) if !request.method().is_empty() => return Incoming::Request(request),
        Ok(_) => "it has no method".to_owned(),
        Err(error) => error.to_string(),
    };
    if let Ok(response) = serde_json::from_slice(body) {
        return Incoming::Response(response);
    }
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return Incoming::Malformed(refuse(
            Id::Null,
            ErrorCode::ParseError,
            &format!("A message is not JSON: {error}."),
        ));
    };
    let id = value
        .get("id")
        .and_then(|id| Id::deserialize(id).ok())
        .unwrap_or(Id::Null);
    let reason = format!("A message is neither a request nor a response of JSON-RPC 2.0: {error}.");
    Incoming::Malformed(refuse(id, ErrorCode::InvalidRequest, &reason))
}

fn refuse(id: Id, code: ErrorCode, reason: &str) -> Response {
    Response::from_error(
        id,
        Error {
            code,
            message: reason.to_owned().into(),
            data: None,
        },
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Decodes bytes that arrive in pieces and writes each message in a word or two.
    fn decode(pieces: &[&[u8]]) -> Vec<String> {
        let (mut codec, mut bytes, mut found) = (Codec::default(), BytesMut::new(), Vec::new());
        for piece in pieces {
            bytes.extend_from_slice(piece);
            while let Some(incoming) = codec.decode(&mut bytes).unwrap() {
                found.push(words(&incoming));
            }
        }
        while let Some(incoming) = codec.decode_eof(&mut bytes).unwrap() {
            found.push(words(&incoming));
        }
        found
    }

    fn words(incoming: &Incoming) -> String {
        match incoming {
            Incoming::Request(request) => format!("request {}", request.method()),
            Incoming::Response(response) => format!("response {}", response.id()),
            Incoming::Malformed(response) => format!("{} {}", response.error().unwrap().code.code(), response.id()),
        }
    }

    fn frame(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    fn request() -> String {
        frame(r#"{"jsonrpc":"2.0","id":1,"method":"a"}"#)
    }

    #[test]
    fn what_is_no_message_is_named_and_skipped() {
        let next = request();
        let cases = [
            (frame(r#"{"jsonrpc":"2.0","method":"b"}"#), vec!["request b"]),
            (frame(r#"{"jsonrpc":"2.0","id":7,"result":null}"#), vec!["response 7"]),
            (
                frame(r#"{"jsonrpc":"2.0","id":8,"error":{"code":1,"message":"x"}}"#),
                vec!["response 8"],
            ),
            (frame("{\"json"), vec!["-32700 null"]),
            (frame(""), vec!["-32700 null"]),
            (frame("\u{fe}"), vec!["-32700 null"]),
            (frame(r#"{"jsonrpc":"2.0","id":9,"method":7}"#), vec!["-32600 9"]),
            (frame("[]"), vec!["-32600 null"]),
            ("Content-Length: x\r\n\r\n{}".to_owned(), vec!["-32700 null"]),
            ("Content-Length: 99999999999\r\n\r\n".to_owned(), vec!["-32700 null"]),
            ("Content-Type: x\r\n\r\n".to_owned(), vec!["-32700 null"]),
            (
                "content-length:2\r\nContent-Type: x\r\n\r\n[]".to_owned(),
                vec!["-32600 null"],
            ),
            ("x".repeat(5000), vec!["-32700 null"]),
        ];
        for (bytes, expected) in cases {
            let all = [bytes.as_bytes(), next.as_bytes()].concat();
            let expected: Vec<_> = expected.into_iter().chain(["request a"]).collect();
            assert_eq!(decode(&[&all]), expected, "{}", &bytes[..bytes.len().min(60)]);
        }
    }

    #[test]
    fn half_a_message_at_the_end_is_none() {
        assert!(decode(&[b"Content-Length: 5\r\n\r\n{}"]).is_empty());
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_bytes_arrive(cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
            let all = format!("{}{}{}", request(), frame(r#"{"jsonrpc":"2.0","id":7,"result":"测😀"}"#), request());
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(all.len())).chain([0, all.len()]).collect();
            cuts.sort_unstable();
            let pieces: Vec<_> = cuts.windows(2).map(|cut| &all.as_bytes()[cut[0]..cut[1]]).collect();
            prop_assert_eq!(decode(&pieces), ["request a", "response 7", "request a"]);
        }

        #[test]
        fn any_bytes_are_survived(garbage in prop::collection::vec(any::<u8>(), 0..200)) {
            decode(&[&garbage]);
        }
    }
}
