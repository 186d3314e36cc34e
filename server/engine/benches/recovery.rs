//! Times opening a session's state, from the fold that was kept of it and without one, at several lengths of history;
//! and what one command costs in a session of that size, beside the disk.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use aca_engine::core::{AttemptEnd, Command, Content, Event, HunkRef, Live, Operation, Proposed, State, Step};
use aca_protocol::agent::Driver;
use aca_protocol::proposal::Decision;
use aca_protocol::session::CheckpointReason;
use aca_protocol::task::{Origin, Usage};
use aca_protocol::{AttemptId, CheckpointId, HunkId, OperationId, SessionId, TaskId};
use aca_store::{NewEvent, Store};

/// The number under which the fold is kept.
const FORMAT: u32 = 1;
/// How many events follow the fold.
const AFTER: usize = 1_000;
/// Hunks of a task.
const HUNKS: usize = 5;
/// Model requests of an attempt.
const REQUESTS: usize = 70;

fn main() {
    println!("| events | tasks | whole log p50 | p99 | fold + tail p50 | p99 | fold | one command |");
    println!("|---|---|---|---|---|---|---|---|");
    for (events, rounds) in [(1_000, 30), (10_000, 30), (100_000, 10), (1_000_000, 5)] {
        let home = tempfile::tempdir().unwrap();
        println!("{}", row(home.path(), events, rounds));
    }
}

fn row(home: &Path, wanted: usize, rounds: usize) -> String {
    let dir = home.join("session");
    let session = SessionId::new("0123456789abcdef");
    let mut store = Store::create(&dir, home, &session, None).unwrap();
    let (mut state, mut written) = (State::new(session.clone(), 4), 0);
    let (mut fold, mut tasks) = (Vec::new(), 0);
    while written < wanted {
        let events = history(tasks);
        tasks += 1;
        for event in &events {
            state.apply(event, 1);
        }
        append(&mut store, &events);
        let place = wanted.saturating_sub(AFTER.min(wanted / 2));
        let was_before = written < place;
        written += events.len();
        if was_before && written >= place {
            fold = state.to_fold().unwrap();
        }
    }
    drop(store);
    let whole = times(rounds, || {
        let store = Store::open(&dir, None).unwrap();
        assert_eq!(rest(State::new(session.clone(), 4), &store), state);
    });
    let seq = State::from_fold(&fold, &session, 4).unwrap().seq();
    Store::open(&dir, None).unwrap().put_fold(FORMAT, seq, &fold).unwrap();
    let folded = times(rounds, || {
        let store = Store::open(&dir, None).unwrap();
        let (_, bytes) = store.fold(FORMAT).unwrap().unwrap();
        assert_eq!(rest(State::from_fold(&bytes, &session, 4).unwrap(), &store), state);
    });
    format!(
        "| {written} | {tasks} | {:.1?} | {:.1?} | {:.1?} | {:.1?} | {} KiB | {:.1?} |",
        at(&whole, 50),
        at(&whole, 99),
        at(&folded, 50),
        at(&folded, 99),
        fold.len() >> 10,
        at(&times(200, || one_command(&state)), 50),
    )
}

/// Folds what is stored after a state into it.
fn rest(mut state: State, store: &Store) -> State {
    for stored in store.events(state.seq()) {
        let stored = stored.unwrap();
        state.apply(&serde_json::from_slice(&stored.body).unwrap(), stored.ts_ms);
    }
    state
}

/// What the engine does for a command beside writing it: the next state, and the view of the task that changed.
fn one_command(state: &State) {
    let mut next = state.clone();
    let task = TaskId::new("00000000");
    let text = "more".to_owned();
    let command = Command::Create {
        task: TaskId::new("new"),
        title: text.clone(),
        origin: Origin::Text { text },
    };
    for event in next.decide(command).unwrap() {
        next.apply(&event, 2);
        std::hint::black_box(next.effects(&event));
    }
    let known = next.task(&task).unwrap();
    std::hint::black_box(next.view(known, &Live::default(), Path::new("/p")));
}

/// Returns the times of some rounds, shortest first.
fn times(rounds: usize, mut work: impl FnMut()) -> Vec<Duration> {
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let begun = Instant::now();
            work();
            begun.elapsed()
        })
        .collect();
    times.sort();
    times
}

fn at(times: &[Duration], percent: usize) -> Duration {
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

fn append(store: &mut Store, events: &[Event]) {
    let bodies: Vec<Vec<u8>> = events.iter().map(|event| serde_json::to_vec(event).unwrap()).collect();
    let new = |body| NewEvent {
        kind: "bench",
        ts_ms: 1,
        task: None,
        attempt: None,
        who: None,
        body,
    };
    let all: Vec<NewEvent<'_>> = bodies.iter().map(Vec::as_slice).map(new).collect();
    store.append(&all, &[]).unwrap();
}

/// Everything that happens to one task: it is done, looked at and landed.
fn history(n: usize) -> Vec<Event> {
    let task = TaskId::new(format!("{n:08x}"));
    let attempt = AttemptId::new(format!("aca-01234567-{task}-1"));
    let tree = || "4b825dc642cb6eb9a060e54bf8d69288fbee4904".to_owned();
    let hunk = |k: usize| HunkId::new(format!("{n:016x}{k:016x}"));
    let path = |k: usize| format!("src/module_{}/file_{k}.rs", n % 100);
    let hunks: Vec<HunkRef> = (0..HUNKS)
        .map(|k| HunkRef {
            id: hunk(k),
            path: path(k),
        })
        .collect();
    let content = || {
        Some(Content {
            blob: tree(),
            executable: false,
        })
    };
    let step = |k: usize| Step {
        path: path(k),
        hunks: vec![hunk(k)],
        open: false,
        before: content(),
        after: content(),
        permissions: None,
        landed: BTreeMap::new(),
        spans: Vec::new(),
    };
    let operation = OperationId::new(format!("{n:032x}"));
    let mut events = vec![
        Event::TaskCreated {
            task: task.clone(),
            title: "Make the parser say where an error is".to_owned(),
            origin: Origin::Todo {
                path: path(0),
                line: 12,
                text: "TODO: say where an error is".to_owned(),
            },
        },
        Event::AttemptPlanned {
            task: task.clone(),
            attempt: attempt.clone(),
            continues: None,
        },
        Event::SnapshotTaken {
            attempt: attempt.clone(),
            base: tree(),
            start: None,
        },
        Event::SandboxStarting {
            attempt: attempt.clone(),
            nonce: "0123456789abcdef".to_owned(),
            backend: "docker".to_owned(),
            driver: Driver::ClaudeCode,
            image: None,
            spec: None,
        },
        Event::SandboxStarted {
            attempt: attempt.clone(),
        },
    ];
    events.extend((0..REQUESTS).map(|_| Event::ModelUsed {
        attempt: attempt.clone(),
        usage: Usage {
            requests: 1,
            input_tokens: 900,
            output_tokens: 300,
            ..Usage::default()
        },
        model: Some("a-model".to_owned()),
        request: None,
    }));
    events.extend([
        Event::AttemptEnded {
            attempt,
            end: AttemptEnd::Finished {
                summary: "The parser says the line and the column of an error now.".to_owned(),
                proposed: Some(Proposed {
                    base: tree(),
                    result: tree(),
                    hunks,
                    reasons: BTreeMap::new(),
                }),
                verify: false,
            },
        },
        checkpoint(2 * n + 1, tree()),
        Event::OperationPlanned {
            task: task.clone(),
            operation: Operation {
                id: operation.clone(),
                undoes: None,
                steps: (0..HUNKS).map(step).collect(),
            },
        },
    ]);
    for index in 0..HUNKS {
        events.push(Event::StepDone {
            task: task.clone(),
            operation: operation.clone(),
            index,
        });
        events.push(Event::Decided {
            task: task.clone(),
            hunks: vec![hunk(index)],
            decision: Decision::Accept,
            landed: BTreeMap::new(),
        });
    }
    events.extend([Event::OperationEnded { task, operation }, checkpoint(2 * n + 2, tree())]);
    events
}

fn checkpoint(n: usize, tree: String) -> Event {
    Event::CheckpointMade {
        checkpoint: CheckpointId::new(format!("c-{n}")),
        name: None,
        why: CheckpointReason::Transition,
        about: "finished: Make the parser say where an error is".to_owned(),
        tree,
    }
}
