//! What aca costs, as ratios to a peer in the same run. `cargo xtask bench` runs it on release builds.
//!
//! Peers: a minimal language server on tower-lsp for the server's figures, the bare container engine with Claude Code for
//! the start of a task, git for snapshots, diff and merge, a bare `notify` for watching, a frame of 16 ms for typing.

mod figures;
mod pieces;
mod review;
mod server;
mod snapshot;
mod task;
mod wire;

fn main() {
    figures::head();
    server::start();
    server::actions();
    server::memory();
    snapshot::measure();
    task::measure();
    review::measure();
    pieces::measure();
}
