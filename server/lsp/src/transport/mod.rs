//! What lies between the bytes and the handlers: order, cancellation, panics, and the many ways a connection ends.
//!
//! tower-lsp 0.20 alone applies edits out of order when a handler awaits, stops reading when four handlers are stuck,
//! dies on a panic and on a malformed message, and does not return after `exit` or the end of its input. Each file here
//! takes some of these away.

mod codec;
mod driver;
pub(crate) mod frame;
mod ingress;
mod output;
pub(crate) mod parent;
mod stop;

#[cfg(test)]
pub(crate) use codec::{Codec, Incoming};
pub(crate) use driver::drive;
pub(crate) use frame::{Frame, Frames};
pub(crate) use ingress::Ingress;
pub(crate) use output::buffered;
pub(crate) use stop::Stop;
