//! Process 1 of a sandbox: drives the coding agent and journals what it does.

fn main() {}
