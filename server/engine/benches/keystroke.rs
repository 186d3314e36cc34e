//! Times the engine's whole way from a keystroke in an open document to the proposal that says where its hunks are now:
//! 50,000 lines and 200 undecided hunks.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark fails by panicking"
)]

#[path = "../tests/review/fixture.rs"]
#[expect(dead_code, reason = "what the tests need of it")]
mod fixture;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use aca_engine::Change;
use fixture::{Fixture, wait};
use ropey::Rope;

/// What a keystroke may take: a frame.
const FRAME: Duration = Duration::from_millis(16);
const KEYSTROKES: usize = 200;

fn text(mark: &str) -> String {
    let mut text = String::new();
    for line in 0..50_000 {
        let mark = if line % 250 == 125 { mark } else { "" };
        let _ = writeln!(text, "    let value_{line} = compute({});{mark}", line % 97);
    }
    text
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let (base, result) = (text(""), text(" // agent"));
    let fixture = Fixture::new(&[("a.rs", &base)], &[("a.rs", &result)]).await;
    assert_eq!(fixture.views().len(), 200);
    let editor = fixture.open("a.rs", &base);
    let mut changes = fixture.engine.subscribe();
    let mut live = Rope::from_str(&base);
    let (mut taken, mut line) = (Vec::new(), fixture.views()[199].line);
    for key in 0..KEYSTROKES {
        // A new line above all hunks, so that each of them has another place.
        live.insert(0, "\n");
        let begun = Instant::now();
        editor.say_rope(i32::try_from(key).unwrap() + 2, live.clone());
        while fixture.views()[199].line == line {
            let change = wait(changes.recv()).await;
            assert!(
                change.is_ok_and(|change| matches!(
                    change,
                    Change::Proposal { .. } | Change::Task(_) | Change::Status(_)
                ))
            );
        }
        taken.push(begun.elapsed());
        line = fixture.views()[199].line;
    }
    taken.sort();
    let at = |share: usize| taken[(KEYSTROKES * share / 100).min(KEYSTROKES - 1)];
    println!(
        "keystroke in 50,000 lines with 200 hunks: median {:?}, 95 % {:?}, slowest {:?}",
        at(50),
        at(95),
        at(100)
    );
    assert!(at(50) < FRAME, "a keystroke takes longer than a frame");
}
