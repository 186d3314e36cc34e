//! `$/setTrace`: known, so that it is no error. What the server logs is set where it is started.

use serde_json::Value;

use crate::language_server::Server;

/// Does nothing.
pub(crate) async fn set_trace(_: &Server, _: Value) {}
