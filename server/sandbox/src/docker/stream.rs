//! A program's standard input and output in a container as one byte stream.

use std::pin::Pin;

use bollard::container::LogOutput;
use bollard::errors::Error as BollardError;
use bytes::Bytes;
use futures::{Stream as Items, StreamExt};
use tokio::io::AsyncWrite;
use tokio_util::io::StreamReader;

use crate::backend::Stream;

type Output = Pin<Box<dyn Items<Item = Result<LogOutput, BollardError>> + Send>>;
type Input = Pin<Box<dyn AsyncWrite + Send>>;

/// Joins the two directions; what the program writes to its standard error goes to the log.
pub(super) fn join(name: &str, output: Output, input: Input) -> Stream {
    let name = name.to_owned();
    let bytes = output.filter_map(move |item| {
        let item = bytes_of(&name, item);
        async move { item }
    });
    Box::new(tokio::io::join(StreamReader::new(Box::pin(bytes)), input))
}

fn bytes_of(name: &str, item: Result<LogOutput, BollardError>) -> Option<std::io::Result<Bytes>> {
    match item {
        Ok(LogOutput::StdOut { message } | LogOutput::Console { message }) => Some(Ok(message)),
        Ok(LogOutput::StdErr { message }) => {
            tracing::warn!(sandbox = name, "{}", String::from_utf8_lossy(&message).trim_end());
            None
        }
        Ok(LogOutput::StdIn { .. }) => None,
        Err(e) => Some(Err(std::io::Error::other(e))),
    }
}
