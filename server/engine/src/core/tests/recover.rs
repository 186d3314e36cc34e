//! What a person decides about a task whose newest attempt brought nothing.

use aca_protocol::session::Recovery;

use super::*;

fn found(hunks: &[&str]) -> Option<Proposed> {
    let AttemptEnd::Finished { proposed, .. } = finished(hunks) else {
        panic!("a finished attempt is made");
    };
    proposed
}

fn lost(hunks: &[&str]) -> AttemptEnd {
    AttemptEnd::Lost {
        reason: "gone".to_owned(),
        salvaged: found(hunks).filter(|_| !hunks.is_empty()),
    }
}

fn recover(how: Recovery) -> Command {
    Command::Recover { task: task("a"), how }
}

fn known(state: &State) -> &Task {
    state.task(&task("a")).unwrap()
}

fn second() -> AttemptId {
    AttemptId::new("aca-01234567-a-2")
}

/// A state in which the task's attempt was started and ended so.
fn after(end: AttemptEnd) -> State {
    let mut state = state(1);
    all(&mut state, run_up("a"));
    step(&mut state, ended("a", end)).unwrap();
    state
}

#[test]
fn ways_are_what_there_is_something_for() {
    use Recovery::{Again, Continue, Take};
    let failed = |salvaged| AttemptEnd::Failed {
        reason: "r".to_owned(),
        salvaged,
    };
    assert_eq!(known(&after(lost(&["h1"]))).recovery(), [Again, Continue, Take]);
    assert_eq!(known(&after(lost(&[]))).recovery(), [Again, Continue]);
    assert_eq!(
        known(&after(failed(found(&["h1"])))).recovery(),
        [Again, Continue, Take]
    );
    assert_eq!(
        known(&after(AttemptEnd::Stopped { salvaged: None })).recovery(),
        [Again, Continue]
    );
    assert_eq!(known(&after(finished(&["h1"]))).recovery(), []);
    // Nothing was begun that could go on.
    let mut state = state(1);
    all(&mut state, [create("a"), ended("a", failed(None))]);
    assert_eq!(known(&state).recovery(), [Again]);
}

#[test]
fn what_is_left_of_a_lost_attempt_stays_until_a_person_decides() {
    for (how, effects) in [
        (
            Recovery::Again,
            vec![Effect::Discard(attempt("a")), Effect::Attempt(second())],
        ),
        (
            Recovery::Continue,
            vec![Effect::Discard(attempt("a")), Effect::Attempt(second())],
        ),
        (
            Recovery::Take,
            vec![Effect::Discard(attempt("a")), Effect::Review(task("a"))],
        ),
    ] {
        let mut state = state(1);
        all(&mut state, run_up("a"));
        assert_eq!(step(&mut state, ended("a", lost(&["h1"]))).unwrap(), [], "{how:?}");
        let keeps = |state: &State| state.keeps(state.attempt(&attempt("a")).unwrap());
        assert!(keeps(&state));
        assert_eq!(step(&mut state, recover(how)).unwrap(), effects);
        assert!(!keeps(&state));
    }
    // Of any other nothing stays, and there is nothing to discard again.
    let mut state = after(AttemptEnd::Stopped { salvaged: None });
    assert!(!state.keeps(state.attempt(&attempt("a")).unwrap()));
    assert_eq!(
        step(&mut state, recover(Recovery::Again)).unwrap(),
        [Effect::Attempt(second())]
    );
}

#[test]
fn again_forgets_and_continue_goes_on() {
    let mut state = after(lost(&["h1"]));
    step(&mut state, recover(Recovery::Again)).unwrap();
    assert_eq!(state.attempt(&second()).unwrap().continues, None);
    assert_eq!(known(&state).salvaged, None);

    let mut state = after(lost(&["h1"]));
    step(&mut state, recover(Recovery::Continue)).unwrap();
    let continues = state.attempt(&second()).unwrap().continues.clone().unwrap();
    assert_eq!((continues.attempt, continues.interrupted), (attempt("a"), true));
    let as_found = known(&state).as_found().unwrap();
    assert_eq!(as_found.pending().collect::<Vec<_>>(), [&HunkId::new("h1")]);
    // It is decided once.
    assert!(matches!(
        step(&mut state, recover(Recovery::Continue)),
        Err(Error::Invalid(_))
    ));
}

#[test]
fn what_waits_for_its_turn_goes_on_as_it_was_decided() {
    let mut state = state(1);
    all(&mut state, run_up("a"));
    all(&mut state, [create("b"), ended("a", lost(&["h1"]))]);
    assert_eq!(
        step(&mut state, recover(Recovery::Continue)).unwrap(),
        [Effect::Discard(attempt("a"))]
    );
    assert_eq!(shown(&state, "a"), TaskState::Queued);
    let effects = step(&mut state, ended("b", AttemptEnd::Stopped { salvaged: None })).unwrap();
    assert_eq!(effects, [Effect::Discard(attempt("b")), Effect::Attempt(second())]);
    assert!(state.attempt(&second()).unwrap().continues.clone().unwrap().interrupted);
}

#[test]
fn what_was_found_is_taken_with_a_word_of_warning() {
    let mut state = after(lost(&["h1", "h2"]));
    step(&mut state, recover(Recovery::Take)).unwrap();
    assert!(matches!(shown(&state, "a"), TaskState::Ready { pending: 2, .. }));
    assert!(
        known(&state).note.contains("nothing vouches for it"),
        "{}",
        known(&state).note
    );
    assert_eq!(known(&state).recovery(), []);
    assert!(matches!(
        step(&mut state, recover(Recovery::Take)),
        Err(Error::Invalid(_))
    ));
}

#[test]
fn a_round_that_is_lost_can_go_on_beside_what_the_one_before_proposed() {
    let mut state = state(1);
    all(&mut state, run_up("a"));
    let send = Command::SendBack {
        task: task("a"),
        remark: "more".to_owned(),
    };
    all(&mut state, [ended("a", finished(&["h1"])), send.clone()]);
    let of_second = |command: Command| match command {
        Command::Starting {
            nonce, backend, driver, ..
        } => Command::Starting {
            attempt: second(),
            nonce,
            backend,
            driver,
            image: None,
            spec: None,
        },
        other => other,
    };
    let snapshot = Command::Snapshotted {
        attempt: second(),
        base: "b".to_owned(),
        start: None,
    };
    let end = Command::Ended {
        attempt: second(),
        end: lost(&["h1", "h3"]),
    };
    all(
        &mut state,
        [
            snapshot,
            of_second(starting("a")),
            Command::Started { attempt: second() },
            end,
        ],
    );
    assert!(matches!(shown(&state, "a"), TaskState::Ready { pending: 1, .. }));
    assert_eq!(known(&state).recovery(), [Recovery::Continue, Recovery::Take]);
    assert!(state.keeps(state.attempt(&second()).unwrap()));
    // To send it back once more is a decision too.
    let mut sent = state.clone();
    let effects = step(&mut sent, send).unwrap();
    let third = AttemptId::new("aca-01234567-a-3");
    assert_eq!(effects, [Effect::Discard(second()), Effect::Attempt(third.clone())]);
    assert!(!sent.attempt(&third).unwrap().continues.clone().unwrap().interrupted);
    step(&mut state, recover(Recovery::Take)).unwrap();
    assert!(matches!(shown(&state, "a"), TaskState::Ready { pending: 2, .. }));
}
