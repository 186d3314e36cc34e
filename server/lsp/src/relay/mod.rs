//! Joins an editor with servers that come and go.
//!
//! An editor's own process is a pipe to the daemon. The daemon may be killed or replaced by a newer one; the editor is
//! not to notice. So the pipe knows just enough of the protocol to introduce the editor to the next server as the first
//! one knew it:
//!
//! ```text
//! editor ─► frames ─► Session::hear_editor ─► server      what both sides said is remembered, as far as it counts
//! editor ◄─ frames ◄─ Session::hear_server ◄─ server
//!                     Session::lost                       answers what was asked, ends progress
//!                     Session::connected                  initialize, initialized, the open documents, what waits
//! ```
//!
//! [`Session`](session::Session) is pure; [`relay`] connects it with streams and decides when to look for a server.

mod documents;
mod folders;
mod message;
mod output;
mod run;
mod server_requests;
mod session;
mod shown;
#[cfg(test)]
mod tests;
mod upstream;

pub use run::{Connector, RelayEnd, RelayOptions, Want, relay};
