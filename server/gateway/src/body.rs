//! The one body type that answers have, whoever made them.

use std::io;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;

/// An answer's body. An error in it closes the connection, so that the other side never takes a part for the whole.
pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// A body that is all there.
pub(crate) fn full(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

/// A body that arrives by and by.
pub(crate) fn stream(chunks: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Body {
    let frames = chunks.then(|chunk| async {
        if chunk.is_err() {
            // hyper forgets what it has not written yet when a body fails; waiting once lets it write.
            tokio::task::yield_now().await;
        }
        chunk.map(Frame::data)
    });
    StreamBody::new(frames).boxed_unsync()
}

/// Waits for the next bytes of a body. `None` at its end.
pub(crate) async fn next(body: &mut Body) -> Option<io::Result<Bytes>> {
    loop {
        match body.frame().await? {
            Ok(frame) => match frame.into_data() {
                Ok(data) if data.is_empty() => {}
                Ok(data) => return Some(Ok(data)),
                Err(_trailers) => {}
            },
            Err(error) => return Some(Err(error)),
        }
    }
}
