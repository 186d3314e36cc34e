//! The language server: the only crate that knows `tower_lsp` and `lsp_types`.
//!
//! [`serve`] speaks the language server protocol, and the `aca/*` methods of `aca-protocol`, over one byte stream. Each
//! connection has a service of its own; all connections share one [`Engine`](aca_engine::Engine).
//!
//! How a message travels:
//!
//! ```text
//! bytes ─► transport::driver ─► transport::Ingress ─► tower-lsp's router ─► requests::*, notifications::*
//!                               (first poll, in wire order)                           │
//! bytes ◄─ transport::output ◄─ transport::driver ◄──────── replies, and what `background` tasks send
//! ```
//!
//! Rules that the rest of the crate keeps (measured grounds are with the code that relies on them):
//!
//! - A handler does what must happen in wire order before its first `await`.
//! - A handler never awaits the client. What needs the client runs in a task of `background::Background`, which is
//!   never dropped before the connection ends.
//! - A keystroke costs an edit of the text, of its TODO index and of the engine's buffer. Everything that is published
//!   is published later and once for many changes (`publish`).
//! - Code actions and lenses are computed from what is in memory: the open document and the `board`.

mod background;
mod board;
mod capabilities;
mod checks;
mod commands;
mod conflict;
mod connection;
mod documents;
mod error;
mod follow;
mod front_end;
mod landing;
mod language_server;
mod life;
mod notifications;
mod progress;
mod publish;
mod relay;
mod requests;
mod review;
mod selection;
mod serve;
mod service;
mod settings;
mod transcripts;
mod transport;
mod workspaces;

pub use relay::{Connector, RelayEnd, RelayOptions, Want, relay};
pub use serve::{ServeEnd, ServeOptions, serve};
