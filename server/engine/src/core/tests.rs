//! The core as a table of histories: commands in, events and views out.

mod checkpoints;
mod checks;
mod recover;
mod review;

use aca_protocol::agent::Driver;
use aca_protocol::proposal::Decision;
use aca_protocol::task::{Origin, TaskState, Usage};
use aca_protocol::{AttemptId, HunkId, SessionId, TaskId};
use proptest::prelude::*;

use super::*;
use crate::Error;

fn state(max_parallel: usize) -> State {
    State::new(SessionId::new("0123456789abcdef"), max_parallel)
}

fn task(name: &str) -> TaskId {
    TaskId::new(name)
}

fn attempt(name: &str) -> AttemptId {
    AttemptId::new(format!("aca-01234567-{name}-1"))
}

fn create(name: &str) -> Command {
    Command::Create {
        task: task(name),
        title: name.to_owned(),
        origin: Origin::Text { text: name.to_owned() },
    }
}

fn starting(name: &str) -> Command {
    Command::Starting {
        attempt: attempt(name),
        nonce: "n".to_owned(),
        backend: "docker".to_owned(),
        driver: Driver::Direct,
        image: None,
        spec: None,
    }
}

fn ended(name: &str, end: AttemptEnd) -> Command {
    Command::Ended {
        attempt: attempt(name),
        end,
    }
}

fn finished(hunks: &[&str]) -> AttemptEnd {
    let hunks = hunks
        .iter()
        .map(|id| HunkRef {
            id: HunkId::new(*id),
            path: "a".to_owned(),
        })
        .collect();
    let proposed = Proposed {
        base: "b".to_owned(),
        result: "r".to_owned(),
        hunks,
        reasons: std::collections::BTreeMap::new(),
    };
    AttemptEnd::Finished {
        summary: "done".to_owned(),
        proposed: Some(proposed),
        verify: false,
    }
}

/// Carries out a command and returns the effects, but for the checkpoints that are worth making.
fn step(state: &mut State, command: Command) -> Result<Vec<Effect>, Error> {
    let mut effects = Vec::new();
    for event in state.decide(command)? {
        state.apply(&event, 7);
        effects.extend(state.effects(&event));
    }
    effects.retain(|effect| !matches!(effect, Effect::Checkpoint { .. }));
    Ok(effects)
}

fn all(state: &mut State, commands: impl IntoIterator<Item = Command>) -> Vec<Effect> {
    commands
        .into_iter()
        .flat_map(|command| step(state, command).unwrap())
        .collect()
}

fn run_up(name: &str) -> [Command; 4] {
    [
        create(name),
        Command::Snapshotted {
            attempt: attempt(name),
            base: "b".to_owned(),
            start: None,
        },
        starting(name),
        Command::Started { attempt: attempt(name) },
    ]
}

fn shown(state: &State, name: &str) -> TaskState {
    let live = Live {
        activity: "busy".to_owned(),
        conflicts: 1,
        revision: 0,
    };
    state
        .view(state.task(&task(name)).unwrap(), &live, std::path::Path::new("/p"))
        .state
}

#[test]
fn opening_gives_free_turns_to_waiting_tasks_oldest_first() {
    let mut state = state(1);
    all(&mut state, [create("a"), create("b"), create("c"), create("d")]);
    // The settings allow more by now, or the last end was recorded without the turn that follows it.
    let mut wider = State::new(SessionId::new("0123456789abcdef"), 3);
    for name in ["a", "b", "c", "d"] {
        let event = state.decide(create(&format!("new-{name}"))).unwrap().remove(0);
        wider.apply(&event, 7);
    }
    let turns = ["new-a", "new-b", "new-c"].map(|name| Effect::Attempt(attempt(name)));
    assert_eq!(step(&mut wider, Command::Resume).unwrap(), turns);
    assert_eq!(step(&mut wider, Command::Resume).unwrap(), []);
    assert_eq!(step(&mut state, Command::Resume).unwrap(), [], "there is no room");
}

#[test]
fn a_task_runs_at_once_and_a_second_waits_for_its_turn() {
    let mut state = state(1);
    assert_eq!(step(&mut state, create("a")).unwrap(), [Effect::Attempt(attempt("a"))]);
    assert_eq!(step(&mut state, create("b")).unwrap(), []);
    assert_eq!(shown(&state, "b"), TaskState::Queued);
    let effects = step(&mut state, ended("a", AttemptEnd::Stopped { salvaged: None })).unwrap();
    assert_eq!(effects, [Effect::Discard(attempt("a")), Effect::Attempt(attempt("b"))]);
}

#[test]
fn a_report_that_comes_twice_changes_nothing() {
    let mut state = state(1);
    all(&mut state, run_up("a"));
    let before = format!("{state:?}");
    for again in run_up("a").into_iter().skip(1) {
        assert_eq!(step(&mut state, again).unwrap(), []);
    }
    assert_eq!(format!("{state:?}"), before);
}

#[test]
fn nothing_starts_for_a_task_that_is_being_stopped() {
    let mut state = state(1);
    all(&mut state, [create("a"), Command::Stop { task: task("a") }]);
    assert!(matches!(
        state.decide(Command::Snapshotted {
            attempt: attempt("a"),
            base: "b".to_owned(),
            start: None,
        }),
        Err(Error::Invalid(_))
    ));
    all(&mut state, [ended("a", AttemptEnd::Stopped { salvaged: None })]);
    assert_eq!(shown(&state, "a"), TaskState::Stopped);
}

#[test]
fn a_queued_task_stops_without_an_attempt() {
    let mut state = state(1);
    all(&mut state, [create("a"), create("b")]);
    assert_eq!(step(&mut state, Command::Stop { task: task("b") }).unwrap(), []);
    assert_eq!(shown(&state, "b"), TaskState::Stopped);
    assert_eq!(
        step(&mut state, ended("a", AttemptEnd::Stopped { salvaged: None })).unwrap(),
        [Effect::Discard(attempt("a"))]
    );
}

#[test]
fn decisions_count_down_and_end_in_landed_or_rejected() {
    let decide = |hunk: &str, decision| Command::Decide {
        task: task("a"),
        hunks: vec![HunkId::new(hunk)],
        decision,
    };
    let mut state = state(1);
    all(&mut state, run_up("a"));
    all(&mut state, [ended("a", finished(&["x", "y"]))]);
    assert_eq!(
        shown(&state, "a"),
        TaskState::Ready {
            pending: 2,
            conflicts: 1
        }
    );
    all(&mut state, [decide("x", Decision::Accept)]);
    assert_eq!(
        shown(&state, "a"),
        TaskState::Ready {
            pending: 1,
            conflicts: 1
        }
    );
    assert_eq!(
        state.decide(decide("x", Decision::Reject)).unwrap(),
        [],
        "the first decision stands"
    );
    all(&mut state, [decide("y", Decision::Reject)]);
    assert_eq!(
        shown(&state, "a"),
        TaskState::Landed {
            accepted: 1,
            rejected: 1
        }
    );
    assert!(matches!(
        state.decide(decide("z", Decision::Accept)),
        Err(Error::NotFound(_))
    ));
}

#[test]
fn usage_adds_up_even_after_the_end() {
    let used = Command::Used {
        attempt: attempt("a"),
        usage: Usage {
            requests: 1,
            cost_micros: 5,
            ..Usage::default()
        },
        model: None,
        request: None,
    };
    let mut state = state(1);
    all(&mut state, run_up("a"));
    all(
        &mut state,
        [used.clone(), ended("a", AttemptEnd::Stopped { salvaged: None }), used],
    );
    assert_eq!(state.task(&task("a")).unwrap().usage.cost_micros, 10);
}

#[test]
fn unknown_names_are_refused() {
    let state = state(1);
    let commands = [
        Command::Stop { task: task("a") },
        Command::Started { attempt: attempt("a") },
        Command::Decide {
            task: task("a"),
            hunks: Vec::new(),
            decision: Decision::Accept,
        },
    ];
    for command in commands {
        assert!(matches!(state.decide(command), Err(Error::NotFound(_))));
    }
}

#[test]
fn an_event_of_a_later_version_is_passed_over() {
    let event: Event = serde_json::from_str(r#"{"event":"moon_landed","crew":3}"#).unwrap();
    assert_eq!(event, Event::Unknown);
    let mut state = state(1);
    state.apply(&event, 1);
    assert_eq!(state.tasks().count(), 0);
}

fn any_command() -> impl Strategy<Value = Command> {
    let name = prop::sample::select(vec!["a", "b", "c"]);
    (name, 0..8u8, any::<bool>()).prop_map(|(name, kind, flag)| match kind {
        0 => create(name),
        1 => Command::Snapshotted {
            attempt: attempt(name),
            base: "b".to_owned(),
            start: None,
        },
        2 => starting(name),
        3 => Command::Started { attempt: attempt(name) },
        4 => Command::Stop { task: task(name) },
        5 => ended(
            name,
            if flag {
                finished(&["x"])
            } else {
                AttemptEnd::Failed {
                    reason: "r".to_owned(),
                    salvaged: None,
                }
            },
        ),
        6 => Command::Used {
            attempt: attempt(name),
            usage: Usage::default(),
            model: None,
            request: None,
        },
        _ => Command::Decide {
            task: task(name),
            hunks: vec![HunkId::new("x")],
            decision: Decision::Accept,
        },
    })
}

proptest! {
    /// Whatever is asked in whatever order: replay gives the same state, the limit holds, an attempt begins once.
    #[test]
    fn any_history_replays_and_keeps_the_limit(commands in prop::collection::vec(any_command(), 0..60)) {
        let mut live = state(2);
        let mut log = Vec::new();
        let mut begun = Vec::new();
        for command in commands {
            let Ok(events) = live.decide(command) else { continue };
            for event in events {
                let json = serde_json::to_vec(&event).unwrap();
                live.apply(&event, log.len() as u64);
                for effect in live.effects(&event) {
                    if let Effect::Attempt(attempt) = effect {
                        prop_assert!(!begun.contains(&attempt));
                        begun.push(attempt);
                    }
                }
                log.push(json);
            }
            prop_assert!(live.active() <= 2);
        }
        let mut replayed = state(2);
        for (at, json) in log.iter().enumerate() {
            replayed.apply(&serde_json::from_slice(json).unwrap(), at as u64);
        }
        for task in live.tasks() {
            prop_assert_eq!(Some(task), replayed.task(&task.id));
        }
    }
}

/// A task whose sandbox runs.
fn running(name: &str) -> State {
    let mut state = state(1);
    let snapshotted = Command::Snapshotted {
        attempt: attempt(name),
        base: "b".to_owned(),
        start: None,
    };
    let started = Command::Started { attempt: attempt(name) };
    all(&mut state, [create(name), snapshotted, starting(name), started]);
    state
}

fn pause(name: &str, paused: bool) -> Command {
    Command::Pause {
        task: task(name),
        paused,
    }
}

fn tell(name: &str, words: &str) -> Command {
    Command::Tell {
        task: task(name),
        id: format!("id of {words}"),
        text: words.to_owned(),
    }
}

#[test]
fn an_agent_at_work_is_held_let_go_on_and_told() {
    let mut state = running("t");
    let hold = |paused| vec![Effect::Pause(attempt("t"), paused)];
    assert_eq!(step(&mut state, pause("t", false)), Ok(Vec::new()), "it is at work");
    assert_eq!(step(&mut state, pause("t", true)), Ok(hold(true)));
    assert_eq!(step(&mut state, pause("t", true)), Ok(Vec::new()), "it is held already");
    let known = |state: &State| state.task(&task("t")).map(|task| task.phase.clone());
    assert_eq!(known(&state), Some(Phase::Paused { since_ms: 7 }));
    assert_eq!(
        step(&mut state, tell("t", "more")),
        Ok(vec![Effect::Tell(attempt("t"))])
    );
    assert_eq!(step(&mut state, pause("t", false)), Ok(hold(false)));
    assert_eq!(known(&state), Some(Phase::Running { since_ms: 7 }));
    assert_eq!(step(&mut state, pause("t", true)), Ok(hold(true)));
    let stop = Command::Stop { task: task("t") };
    assert_eq!(step(&mut state, stop), Ok(vec![Effect::Stop(attempt("t"))]));
    for late in [pause("t", true), pause("t", false), tell("t", "late")] {
        assert!(matches!(step(&mut state, late), Err(Error::Invalid(_))));
    }
}

#[test]
fn a_further_round_knows_all_attempts_before_it() {
    let mut state = running("t");
    let send_back = || Command::SendBack {
        task: task("t"),
        remark: "once more".to_owned(),
    };
    all(
        &mut state,
        [tell("t", "words"), ended("t", finished(&["h"])), send_back()],
    );
    let second = AttemptId::new("aca-01234567-t-2");
    let end = |attempt: &AttemptId| Command::Ended {
        attempt: attempt.clone(),
        end: finished(&["h"]),
    };
    all(&mut state, [end(&second), send_back()]);
    let third = AttemptId::new("aca-01234567-t-3");
    let earlier = |id: &AttemptId| {
        state
            .attempt(id)
            .map(|attempt| state.earlier(attempt))
            .unwrap_or_default()
    };
    assert_eq!(earlier(&third), [second.clone(), attempt("t")]);
    assert_eq!(earlier(&attempt("t")), []);
    let told = state.task(&task("t")).map(|task| task.told.clone());
    assert_eq!(told, Some(Vec::new()), "what one attempt was told is not for the next");
}
