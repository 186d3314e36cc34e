//! Durable session state.
