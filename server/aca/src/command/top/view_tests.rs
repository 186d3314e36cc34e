//! Everything at work, in pictures: what fits a terminal of which size.

use std::collections::{BTreeMap, HashMap};

use aca_protocol::TaskId;
use aca_protocol::task::{TaskState, TaskView, Usage};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use expect_test::{Expect, expect};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::{from_value, json};
use unicode_width::UnicodeWidthStr as _;

use super::overview::Overview;
use super::view::{Todo, View};
use crate::command::attach::Request;

/// The time of all pictures, in milliseconds since the Unix epoch.
const NOW_MS: u64 = 1_000_000_000;

fn task(id: &str, title: &str, workspace: &str, state: TaskState, used: u64, ago_s: u64) -> TaskView {
    let usage = Usage {
        requests: u64::from(used > 0),
        input_tokens: used * 900,
        output_tokens: used * 100,
        cost_micros: used * 8_000,
        ..Usage::default()
    };
    let changed_ms = NOW_MS - ago_s * 1000;
    let json = json!({
        "id": id, "session": "s", "workspace": workspace, "title": title,
        "origin": { "kind": "text", "text": title }, "state": state, "usage": usage,
        "createdMs": 0, "changedMs": changed_ms, "revision": 1,
    });
    from_value(json).unwrap()
}

/// A morning's work.
fn overview() -> Overview {
    let running = TaskState::Running {
        activity: "editing src/cart.rs".into(),
        since_ms: NOW_MS - 95_000,
    };
    let ready = TaskState::Ready {
        pending: 3,
        conflicts: 1,
    };
    let lost = TaskState::Lost {
        reason: "its sandbox is gone".into(),
    };
    let failed = TaskState::Failed {
        reason: "the model refused".into(),
    };
    let tasks = [
        task("4f2a91c0", "make the total exact", "/home/ada/shop", running, 12, 95),
        task(
            "81b03d7e",
            "漢字 in the index\u{1b}",
            "/home/ada/search",
            ready,
            40,
            700,
        ),
        task("c0ffee00", "return a Result", "/home/ada/shop", lost, 3, 5000),
        task("d15ea5ed", "rename it", "/home/ada/shop", failed, 0, 90_000),
        task("00decade", "speed it up", "/home/ada/search", TaskState::Queued, 0, 2),
    ];
    let sandbox = json!({
        "attempt": "a-1", "task": "4f2a91c0", "backend": "docker",
        "cpuPercent": 73.4, "memoryBytes": 412 << 20,
    });
    let session = json!({
        "id": "5f0c", "workspace": "/home/ada/shop", "createdMs": 0, "changedMs": 0, "current": true, "open": false,
        "tasks": { "ready": 1 }, "usage": Usage::default(), "bytes": 3 << 20,
    });
    let status = json!({
        "version": "1.0.0", "pid": 7, "workspaces": ["/home/ada/search", "/home/ada/shop"], "running": 2,
        "problems": ["The disk with aca's data (/home) has 900 MiB free.", "Another one."],
    });
    let tasks: BTreeMap<TaskId, TaskView> = tasks.into_iter().map(|task| (task.id.clone(), task)).collect();
    let day = Usage {
        cost_micros: 440_000,
        ..Usage::default()
    };
    Overview {
        status: from_value(status).unwrap(),
        tasks,
        sessions: vec![from_value(session).unwrap()],
        sandboxes: HashMap::from([(TaskId::new("4f2a91c0"), from_value(sandbox).unwrap())]),
        day: Some(day),
    }
}

fn nothing() -> Overview {
    let status = json!({ "version": "1.0.0", "pid": 7, "workspaces": [], "running": 0, "problems": [] });
    Overview {
        status: from_value(status).unwrap(),
        tasks: BTreeMap::new(),
        sessions: Vec::new(),
        sandboxes: HashMap::new(),
        day: None,
    }
}

fn check(view: &mut View, width: u16, height: u16, expected: &Expect) {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| view.draw(frame, NOW_MS)).unwrap();
    let buffer = terminal.backend().buffer();
    let lines = buffer.content.chunks(usize::from(width));
    let lines: Vec<String> = lines.map(|cells| line(cells).trim_end().to_owned()).collect();
    expected.assert_eq(&(lines.join("\n") + "\n"));
}

/// What a terminal shows of cells: behind a wide character is one that says nothing.
fn line(cells: &[ratatui::buffer::Cell]) -> String {
    let (mut line, mut skip) = (String::new(), 0);
    for cell in cells {
        if skip == 0 {
            line.push_str(cell.symbol());
            skip = cell.symbol().width();
        }
        skip = skip.saturating_sub(1);
    }
    line
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
fn at_80_columns() {
    check(
        &mut View::new(overview()),
        80,
        24,
        &expect![[r#"
            2 at work · 3 for you · $0.44 in 24 h · 3.0M on disk                    by state
            ! The disk with aca's data (/home) has 900 MiB free. (and 1 more: aca status)
            TASK      STATE         TIME   COST  CPU   MEM  TITLE
            00decade  queued          2s                    speed it up
            4f2a91c0  running      1m35s  $0.09  73%  412M  make the total exact — editing…
            81b03d7e  ready 3 !1  11m40s  $0.32             漢字 in the index\u{1b}
            c0ffee00  lost         1h23m  $0.02             return a Result — its sandbox i…
            d15ea5ed  failed       1d01h                    rename it — the model refused















            Enter watch  s stop  / filter  o order  ? all keys  q quit
        "#]],
    );
}

#[test]
fn at_40_columns_and_10_lines() {
    check(
        &mut View::new(overview()),
        40,
        10,
        &expect![[r#"
            2 at work · 3 for you · $0.44 … by state
            ! The disk with aca's data (/home) has…
            TASK      STATE       TITLE
            00decade  queued      speed it up
            4f2a91c0  running     make the total ex…
            81b03d7e  ready 3 !1  漢字 in the index…
            c0ffee00  lost        return a Result —…
            d15ea5ed  failed      rename it — the m…

            Enter watch  s stop  / filter  o order
        "#]],
    );
}

#[test]
fn at_120_columns() {
    check(
        &mut View::new(overview()),
        120,
        40,
        &expect![[r#"
            2 at work · 3 for you · $0.44 in 24 h · 3.0M on disk                                                            by state
            ! The disk with aca's data (/home) has 900 MiB free. (and 1 more: aca status)
            TASK      STATE         TIME  TOKENS   COST  CPU   MEM  WORKSPACE  TITLE
            00decade  queued          2s                            search     speed it up
            4f2a91c0  running      1m35s     12k  $0.09  73%  412M  shop       make the total exact — editing src/cart.rs
            81b03d7e  ready 3 !1  11m40s     40k  $0.32             search     漢字 in the index\u{1b}
            c0ffee00  lost         1h23m    3.0k  $0.02             shop       return a Result — its sandbox is gone
            d15ea5ed  failed       1d01h                            shop       rename it — the model refused































            Enter watch  s stop  / filter  o order  ? all keys  q quit
        "#]],
    );
}

#[test]
fn a_long_list_follows_the_chosen_task() {
    let mut view = View::new(overview());
    press(&mut view, "G");
    check(
        &mut view,
        60,
        7,
        &expect![[r#"
        2 at work · 3 for you · $0.44 in 24 h · 3.0M on di… by state
        ! The disk with aca's data (/home) has 900 MiB free. (and 1…
        TASK      STATE         TIME  TITLE
        81b03d7e  ready 3 !1  11m40s  漢字 in the index\u{1b}
        c0ffee00  lost         1h23m  return a Result — its sandbox…
        d15ea5ed  failed       1d01h  rename it — the model refused
        Enter watch  / filter  o order  ? all keys  q quit
    "#]],
    );
}

#[test]
fn only_what_has_the_words() {
    let mut view = View::new(overview());
    press(&mut view, "/shop");
    check(
        &mut view,
        80,
        9,
        &expect![[r#"
        2 at work · 3 for you · $0.44 in 24 h · 3.0M on disk                    by state
        ! The disk with aca's data (/home) has 900 MiB free. (and 1 more: aca status)
        TASK      STATE     TIME  TOKENS   COST  CPU   MEM  TITLE
        4f2a91c0  running  1m35s     12k  $0.09  73%  412M  make the total exact — edit…
        c0ffee00  lost     1h23m    3.0k  $0.02             return a Result — its sandb…
        d15ea5ed  failed   1d01h                            rename it — the model refus…


        only with ▸ shop
    "#]],
    );
    press(&mut view, "\r");
    press(&mut view, "o");
    check(
        &mut view,
        80,
        9,
        &expect![[r#"
        2 at work · 3 for you · $0.44 in 24 h · 3.0M on disk              by last change
        ! The disk with aca's data (/home) has 900 MiB free. (and 1 more: aca status)
        TASK      STATE     TIME  TOKENS   COST  CPU   MEM  TITLE
        4f2a91c0  running  1m35s     12k  $0.09  73%  412M  make the total exact — edit…
        c0ffee00  lost     1h23m    3.0k  $0.02             return a Result — its sandb…
        d15ea5ed  failed   1d01h                            rename it — the model refus…


        Enter watch  p hold  s stop  Esc all tasks  / filter  o order  ? all keys
    "#]],
    );
}

#[test]
fn nothing_to_see() {
    check(
        &mut View::new(nothing()),
        80,
        6,
        &expect![[r#"
            0 at work · 0 for you                                                   by state

            Nothing is at work and nothing waits. Begin with: aca run "what to do"


            / filter  o order  ? all keys  q quit
        "#]],
    );
}

#[test]
fn all_keys() {
    let mut view = View::new(overview());
    press(&mut view, "?");
    check(
        &mut view,
        60,
        24,
        &expect![[r#"
            2 at work · 3 for you · $0.44 in 24 h · 3.0M on di… by state
            ! The disk with aca's data (/home) has 900 MiB free. (and 1…

            The chosen task
              Enter    watch it, and type to its agent
              r        review it
              p        hold it; let it go on
              s        stop it
              c        have it go on that was lost, stopped or failed
            The list
              j  k     down, up; also the arrows; Space and b by a page
              /        show only what has these words: of title, state,
                       workspace
              o        order by state, last change, cost, name
              Esc      show all again
            And
              ?        this help
              q        quit; everything goes on
              Ctrl-Z   suspend




            any key goes back
        "#]],
    );
}

#[test]
fn keys_are_about_the_chosen_task() {
    let mut view = View::new(overview());
    let at_work = TaskId::new("4f2a91c0");
    press(&mut view, "j");
    assert_eq!(press(&mut view, "\r"), Todo::Attach(at_work.clone()));
    assert_eq!(press(&mut view, "p"), Todo::Ask(at_work.clone(), Request::Pause));
    assert_eq!(press(&mut view, "s"), Todo::Draw, "it is asked first");
    assert_eq!(press(&mut view, "y"), Todo::Ask(at_work, Request::Stop));
    assert_eq!(press(&mut view, "jr"), Todo::Review(TaskId::new("81b03d7e")));
    assert_eq!(press(&mut view, "kr"), Todo::Draw, "it does not wait for review");
    assert_eq!(press(&mut view, "q"), Todo::Quit);
}
