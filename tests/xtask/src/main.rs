//! Development tasks: real parts, the whole test run.

fn main() {}
