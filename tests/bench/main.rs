//! What aca costs, as ratios to a peer in the same run. `cargo xtask bench` runs it on release builds.
//!
//! Peers: a minimal language server on tower-lsp for the server's figures, the bare container engine with Claude Code for
//! the start of a task, git for snapshots, diff and merge, a bare `notify` for watching, a frame of 16 ms for typing.

mod figures;
mod pieces;
mod recovery;
mod review;
mod server;
mod snapshot;
mod task;
mod wire;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let all: [(&str, fn()); 8] = [
        ("start", server::start),
        ("actions", server::actions),
        ("memory", server::memory),
        ("snapshot", snapshot::measure),
        ("task", task::measure),
        ("review", review::measure),
        ("pieces", pieces::measure),
        ("recovery", recovery::measure),
    ];
    figures::head();
    for (name, measure) in all {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            measure();
        }
    }
}
