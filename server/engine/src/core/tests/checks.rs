//! Checks of results and of chosen hunks.

use aca_protocol::proposal::{CheckState, CheckView};

use super::*;

fn check(state: CheckState) -> CheckView {
    CheckView {
        command: "make check".to_owned(),
        hunks: None,
        state,
        findings: Vec::new(),
        output: String::new(),
    }
}

fn checked(state: CheckState, retry: Option<&str>) -> Command {
    Command::Checked {
        task: task("a"),
        check: check(state),
        retry: retry.map(str::to_owned),
    }
}

/// A session with one task whose result is being checked.
fn verifying() -> State {
    let mut state = state(1);
    let mut end = finished(&["x"]);
    if let AttemptEnd::Finished { verify, .. } = &mut end {
        *verify = true;
    }
    all(&mut state, run_up("a"));
    let effects = all(&mut state, [ended("a", end)]);
    assert!(effects.contains(&Effect::Verify(task("a"))), "{effects:?}");
    assert!(matches!(shown(&state, "a"), TaskState::Verifying { .. }));
    state
}

#[test]
fn a_result_is_ready_when_its_check_has_ended_however() {
    let broken = CheckState::Broken {
        reason: "no image".to_owned(),
    };
    for end in [CheckState::Passed, CheckState::Failed { code: Some(1) }, broken] {
        let mut state = verifying();
        let effects = all(&mut state, [checked(CheckState::Running, None)]);
        assert_eq!(effects, [Effect::Review(task("a"))]);
        assert!(matches!(shown(&state, "a"), TaskState::Verifying { .. }));
        all(&mut state, [checked(end.clone(), None)]);
        assert!(
            matches!(shown(&state, "a"), TaskState::Ready { pending: 1, .. }),
            "{end:?}"
        );
        assert_eq!(state.task(&task("a")).unwrap().check, Some(check(end)));
    }
}

#[test]
fn nothing_is_decided_while_the_check_runs() {
    let state = verifying();
    let decide = Command::Decide {
        task: task("a"),
        hunks: vec![HunkId::new("x")],
        decision: Decision::Accept,
    };
    let refused = state.decide(decide).unwrap_err().to_string();
    assert!(refused.contains("check still runs"), "{refused}");
}

#[test]
fn a_failure_is_fed_back_and_the_next_round_counts_it() {
    let mut state = verifying();
    let failed = checked(CheckState::Failed { code: Some(1) }, Some("it failed"));
    let effects = all(&mut state, [failed.clone()]);
    let next = AttemptId::new("aca-01234567-a-2");
    assert!(effects.contains(&Effect::Attempt(next.clone())), "{effects:?}");
    let continues = state.attempt(&next).unwrap().continues.clone().unwrap();
    assert_eq!(
        (continues.attempt, continues.remark.as_str()),
        (attempt("a"), "it failed")
    );
    assert_eq!(state.task(&task("a")).unwrap().retries, 1);
    // What comes late, from a check that was given up, starts no further round.
    all(&mut state, [failed]);
    assert_eq!(state.attempts().count(), 2);
}

#[test]
fn a_failing_check_of_chosen_hunks_is_only_shown() {
    let mut state = state(1);
    all(&mut state, run_up("a"));
    all(&mut state, [ended("a", finished(&["x"]))]);
    all(&mut state, [checked(CheckState::Failed { code: None }, Some("again"))]);
    assert!(matches!(shown(&state, "a"), TaskState::Ready { .. }));
    assert_eq!(state.attempts().count(), 1);
}

#[test]
fn a_stop_ends_only_the_check() {
    let mut state = verifying();
    let effects = all(&mut state, [Command::Stop { task: task("a") }]);
    assert_eq!(effects, [Effect::Stop(attempt("a"))]);
    assert!(matches!(shown(&state, "a"), TaskState::Ready { .. }));
}

#[test]
fn a_check_of_what_is_made_anew_is_not_waited_for() {
    let mut state = state(1);
    all(&mut state, run_up("a"));
    all(
        &mut state,
        [ended("a", finished(&["x"])), checked(CheckState::Running, None)],
    );
    let send_back = Command::SendBack {
        task: task("a"),
        remark: "no".to_owned(),
    };
    all(&mut state, [send_back]);
    assert_eq!(state.task(&task("a")).unwrap().check, None);
}

#[test]
fn a_command_is_confirmed_once_and_can_be_withdrawn() {
    let confirm = |command: Option<&str>| Command::ConfirmCheck {
        command: command.map(str::to_owned),
    };
    let mut state = state(1);
    assert_eq!(state.decide(confirm(None)).unwrap(), []);
    all(&mut state, [confirm(Some("make check"))]);
    assert_eq!(state.confirmed_check(), Some("make check"));
    assert_eq!(state.decide(confirm(Some("make check"))).unwrap(), []);
    all(&mut state, [confirm(None)]);
    assert_eq!(state.confirmed_check(), None);
}
