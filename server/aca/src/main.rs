//! The automatic coding agent: command line and language server.

fn main() {}
