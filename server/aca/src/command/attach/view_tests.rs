//! A task being watched: keys in, pictures out.

use aca_protocol::AttemptId;
use aca_protocol::methods::TranscriptResult;
use aca_protocol::session::Recovery;
use aca_protocol::task::{Origin, TaskState, TaskView, Usage};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use expect_test::{Expect, expect};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::board;
use super::requests::{Answer, Request};
use super::round::tests::brief;
use super::transcript::tests::{call, records, result, said};
use super::view::{Mode, Todo, View};
use crate::terminal::Said;

/// A task in a state.
fn task(state: TaskState) -> TaskView {
    let json = serde_json::json!({
        "id": "4f2a", "session": "s", "workspace": "/w", "title": "make the total exact",
        "origin": Origin::Text { text: "x".into() }, "state": state, "attempt": "a-1",
        "usage": Usage { requests: 3, input_tokens: 5000, output_tokens: 120, cost_micros: 31_200, ..Usage::default() },
        "createdMs": 1_000_000, "changedMs": 1_000_000, "revision": 1,
    });
    serde_json::from_value(json).unwrap()
}

fn running() -> TaskState {
    TaskState::Running {
        activity: "thinking".into(),
        since_ms: 1_000_000,
    }
}

/// A view of an agent that has said and done something.
fn watched(state: TaskState) -> View {
    let mut view = View::new(task(state));
    let asked = view.rounds.missing().unwrap();
    let bodies = [
        said("I look **first**."),
        call("1", "Read", "src/cart.rs"),
        result("1", true, "fn total()"),
        call("2", "Bash", "cargo test"),
        result("2", false, "error: 1 failed"),
        said("## Plan\n\n- count in `cents`"),
        call("3", "Edit", "src/cart.rs"),
    ];
    let answer = TranscriptResult {
        attempt: Some(AttemptId::new("a-1")),
        attempts: vec![brief("a-1")],
        records: records(bodies),
        next: 7,
        more: false,
    };
    view.take(&asked, Ok(answer));
    view.rounds.shown_mut().pane.resize(40, 3);
    view
}

fn check(view: &mut View, width: u16, height: u16, expected: &Expect) {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| board::draw(frame, view, 1_048_000)).unwrap();
    let buffer = terminal.backend().buffer();
    let lines = buffer.content.chunks(usize::from(width));
    let line = |cells: &[ratatui::buffer::Cell]| cells.iter().map(|cell| cell.symbol()).collect::<String>();
    let lines: Vec<String> = lines.map(|cells| line(cells).trim_end().to_owned()).collect();
    expected.assert_eq(&(lines.join("\n") + "\n"));
}

fn press(view: &mut View, keys: &str) -> Todo {
    let mut todo = Todo::Draw;
    for key in keys.chars() {
        let code = match key {
            '\r' => KeyCode::Enter,
            '\u{1b}' => KeyCode::Esc,
            key => KeyCode::Char(key),
        };
        todo = view.press(KeyEvent::new(code, KeyModifiers::NONE));
    }
    todo
}

#[test]
fn an_agent_at_work() {
    check(
        &mut watched(running()),
        64,
        16,
        &expect![[r"
            make the total exact                                     running
            4f2a · 47 s · silent for 41 s · 5.1k tokens · $0.03 · claude-so…
            ────────────────────────────────────────────────────────────────

            I look first.
            ✓ read src/cart.rs
            ✗ $ cargo test  failed: error: 1 failed

            Plan

            • count in cents
            … edit src/cart.rs


            ── thinking ────────────────────────────────────────────────────
            Enter tell the agent  p hold  s stop  o unfold  ? all keys
        "]],
    );
}

#[test]
fn a_small_terminal() {
    check(
        &mut watched(TaskState::Ready {
            pending: 2,
            conflicts: 0,
        }),
        30,
        8,
        &expect![[r"
            make the total exact   ready 2
            4f2a · 6 s · 5.1k tokens · $0…

            Plan

            • count in cents
            … edit src/cart.rs
            r review  Enter send back
        "]],
    );
}

#[test]
fn words_for_the_agent_are_typed_and_sent() {
    let mut view = watched(running());
    assert_eq!(press(&mut view, "\rq is typed"), Todo::Draw);
    assert_eq!(view.mode, Mode::Tell);
    assert_eq!(press(&mut view, "\r"), Todo::Ask(Request::Tell("q is typed".into())));
    assert_eq!(press(&mut view, "p"), Todo::Draw, "one wish at a time");
    view.answer(Answer {
        task: Some(task(TaskState::Paused)),
        said: Said::Done("Held.".into()),
    });
    assert_eq!(press(&mut view, "p"), Todo::Ask(Request::Resume));
    let mut view = watched(TaskState::Ready {
        pending: 1,
        conflicts: 0,
    });
    view.paste("again\nplease");
    assert_eq!(
        press(&mut view, "\r"),
        Todo::Ask(Request::SendBack("again\nplease".into()))
    );
    let mut view = watched(TaskState::Stopped);
    press(&mut view, "\r");
    assert_eq!((view.mode, view.said.is_some()), (Mode::Keys, true), "nobody hears it");
}

#[test]
fn what_cannot_be_undone_is_asked() {
    let mut view = watched(running());
    assert_eq!(press(&mut view, "s"), Todo::Draw);
    assert_eq!(press(&mut view, "n"), Todo::Draw);
    assert_eq!(press(&mut view, "sxy"), Todo::Ask(Request::Stop));
    let mut view = watched(running());
    assert_eq!(press(&mut view, "p"), Todo::Ask(Request::Pause));
    assert_eq!(press(&mut view, "sy"), Todo::Draw);
    let held = Answer {
        task: None,
        said: Said::Done("Held.".into()),
    };
    assert_eq!(view.answer(held), Todo::Ask(Request::Stop), "a stop is never lost");
    let mut lost = task(TaskState::Lost {
        reason: "It is gone.".into(),
    });
    lost.recovery = vec![Recovery::Again, Recovery::Continue];
    let mut view = View::new(lost);
    assert_eq!(press(&mut view, "ct"), Todo::Draw, "nothing was salvaged to take");
    assert_eq!(press(&mut view, "a"), Todo::Ask(Request::Recover(Recovery::Again)));
}

#[test]
fn keys_lead_to_the_review_and_out() {
    for (state, key, expected) in [
        (running(), "r", Todo::Draw),
        (
            TaskState::Ready {
                pending: 1,
                conflicts: 0,
            },
            "r",
            Todo::Review,
        ),
        (running(), "q", Todo::Detach),
        (TaskState::Rejected, "s", Todo::Draw),
        (running(), "?q", Todo::Draw),
    ] {
        assert_eq!(press(&mut watched(state), key), expected, "{key}");
    }
}

#[test]
fn a_search_goes_through_all_matches() {
    let mut view = watched(running());
    press(&mut view, "/cart\r");
    assert!(view.said.is_none(), "{:?}", view.said);
    for (key, found) in [("N", true), ("N", false), ("n", true), ("n", false)] {
        press(&mut view, key);
        assert_eq!(view.said.is_none(), found, "{key}: {:?}", view.said);
    }
    press(&mut view, "/whale\r");
    assert_eq!(view.said, Some(Said::Refused("`whale` is not further up.".into())));
}
