//! A plain LSP client over the stdio of a real `aca lsp`, with raw JSON and waits that have deadlines.
//!
//! [`Client`] speaks the protocol; [`Editor`] on top of it holds open documents like a real editor: it applies the
//! server's edits, checks their versions, and reports every change.

mod client;
mod document;
mod editor;
pub mod framing;

pub use client::{Client, Options, RpcError, initialize_params};
pub use document::{Document, Encoding};
pub use editor::{Editor, uri};
