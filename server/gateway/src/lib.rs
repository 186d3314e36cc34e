//! Model traffic: credentials, upstreams, usage, cost.
//!
//! A [`Gateway`] serves the Messages API to the agent inside a sandbox, over a byte stream that the sandbox carries. It
//! takes a token that is worth nothing anywhere else, puts the user's credential in its place, forwards the request to
//! the [upstream](UpstreamConfig), and reports what each request used. The credential never travels towards a sandbox:
//! not in an answer, an error or a log.
//!
//! [`Replay`] is an upstream that answers from a script, for the demo and for tests; the crate's `README.md` documents
//! the script's format.
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

mod api_error;
mod body;
mod config;
mod connection;
mod credential;
mod error;
pub mod exchange;
mod gateway;
mod headers;
mod http_upstream;
mod meter;
mod price;
mod relay;
mod replay;
mod route;
mod sse;

pub use config::{GatewayConfig, UpstreamConfig};
pub use credential::{CredentialSource, STORED_KEY};
pub use error::Error;
pub use exchange::ExchangeLog;
pub use gateway::{Client, Gateway};
pub use meter::RequestUsage;
pub use replay::{RecordedRequest, Replay, ReplayOptions, serve_replay_on};
