//! Operations, what stands of them, and everything else that a review records.

use std::collections::BTreeMap;

use aca_protocol::OperationId;
use aca_protocol::proposal::Reason;

use super::*;

fn hunk(name: &str) -> HunkId {
    HunkId::new(name)
}

fn hunks(names: &[&str]) -> Vec<HunkId> {
    names.iter().map(|name| hunk(name)).collect()
}

fn id(name: &str) -> OperationId {
    OperationId::new(name)
}

/// A session whose one task proposes the hunks `x`, `y` and `z` of the file `a`.
fn reviewing() -> State {
    let mut state = state(1);
    all(&mut state, run_up("a"));
    all(&mut state, [ended("a", finished(&["x", "y", "z"]))]);
    state
}

fn step_of(names: &[&str]) -> Step {
    Step {
        path: "a".to_owned(),
        hunks: hunks(names),
        open: false,
        before: None,
        after: None,
        permissions: None,
        landed: BTreeMap::new(),
        spans: Vec::new(),
    }
}

fn operate(name: &str, undoes: Option<&str>, steps: &[&[&str]]) -> Command {
    Command::Operate {
        task: task("a"),
        operation: Operation {
            id: id(name),
            undoes: undoes.map(id),
            steps: steps.iter().map(|names| step_of(names)).collect(),
        },
    }
}

fn done(name: &str, index: usize) -> Command {
    Command::StepsDone {
        task: task("a"),
        operation: id(name),
        indexes: [index].into(),
    }
}

fn end(name: &str) -> Command {
    Command::EndOperation {
        task: task("a"),
        operation: id(name),
    }
}

fn decide(decision: Decision, names: &[&str]) -> Command {
    Command::Decide {
        task: task("a"),
        hunks: hunks(names),
        decision,
    }
}

fn known(state: &State) -> &Task {
    state.task(&task("a")).unwrap()
}

fn pending(state: &State) -> Vec<&str> {
    known(state).pending().map(HunkId::as_str).collect()
}

fn standing(state: &State, name: &str) -> Vec<HunkId> {
    known(state).standing(&id(name))
}

/// Whether a command is refused and so changes nothing.
fn is_refused(state: &State, command: Command) -> bool {
    matches!(state.decide(command), Err(Error::Invalid(_)))
}

#[test]
fn hunks_are_decided_step_by_step() {
    let mut state = reviewing();
    all(&mut state, [operate("o", None, &[&["x"], &["y", "z"]])]);
    assert_eq!(pending(&state), ["x", "y", "z"], "nothing has happened yet");
    all(&mut state, [done("o", 1)]);
    assert_eq!(pending(&state), ["x"]);
    assert_eq!(standing(&state, "o"), hunks(&["y", "z"]));
    all(&mut state, [end("o")]);
    assert_eq!(step(&mut state, end("o")).unwrap(), [], "it ends once");
    assert!(is_refused(&state, done("o", 0)), "what has ended is not gone on with");
    assert_eq!(pending(&state), ["x"]);
}

#[test]
fn what_takes_two_steps_is_decided_by_the_last() {
    for order in [[0, 1], [1, 0]] {
        let mut state = reviewing();
        all(&mut state, [operate("o", None, &[&["x"], &["x"]]), done("o", order[0])]);
        assert_eq!((pending(&state), standing(&state, "o")), (vec!["x", "y", "z"], vec![]));
        all(&mut state, [done("o", order[1])]);
        assert_eq!(
            (pending(&state), standing(&state, "o")),
            (vec!["y", "z"], hunks(&["x"]))
        );
    }
}

#[test]
fn a_step_is_planned_anew_until_it_is_done() {
    let mut state = reviewing();
    let replan = |names: &[&str]| Command::Replan {
        task: task("a"),
        operation: id("o"),
        index: 0,
        step: step_of(names),
    };
    all(
        &mut state,
        [operate("o", None, &[&["x", "y"]]), replan(&["y"]), done("o", 0)],
    );
    assert_eq!(pending(&state), ["x", "z"]);
    assert!(is_refused(&state, replan(&["x"])));
}

#[test]
fn taking_back_and_taking_that_back_change_what_stands() {
    let mut state = reviewing();
    all(&mut state, [operate("o", None, &[&["x", "y"]]), done("o", 0), end("o")]);
    all(&mut state, [operate("u", Some("o"), &[&["x"]]), done("u", 0), end("u")]);
    assert_eq!(pending(&state), ["x", "z"]);
    assert_eq!(
        (standing(&state, "o"), standing(&state, "u")),
        (hunks(&["y"]), hunks(&["x"]))
    );
    assert!(!known(&state).wrote(&hunk("x")) && known(&state).wrote(&hunk("y")));
    all(&mut state, [operate("r", Some("u"), &[&["x"]]), done("r", 0), end("r")]);
    assert_eq!(pending(&state), ["z"]);
    assert_eq!(
        (standing(&state, "o"), standing(&state, "u")),
        (hunks(&["x", "y"]), vec![])
    );
    assert!(known(&state).lands(&id("o")) && !known(&state).lands(&id("u")) && known(&state).lands(&id("r")));
}

#[test]
fn what_a_landing_wrote_is_undone_and_not_brought_back() {
    let mut state = reviewing();
    let reopen = |names: &[&str]| Command::Reopen {
        task: task("a"),
        hunks: hunks(names),
    };
    all(&mut state, [operate("o", None, &[&["x"]]), done("o", 0), end("o")]);
    all(
        &mut state,
        [decide(Decision::Accept, &["y"]), decide(Decision::Reject, &["z"])],
    );
    assert!(matches!(
        shown(&state, "a"),
        TaskState::Landed {
            accepted: 2,
            rejected: 1
        }
    ));
    assert!(is_refused(&state, reopen(&["x", "z"])));
    all(&mut state, [reopen(&["y", "z"])]);
    assert_eq!(
        pending(&state),
        ["y", "z"],
        "what was there already was not written by anyone"
    );
    assert_eq!(step(&mut state, reopen(&["y"])).unwrap(), []);
}

#[test]
fn hunks_of_another_round_are_taken_back_without_a_decision() {
    let mut state = reviewing();
    all(&mut state, [operate("o", None, &[&["x"]]), done("o", 0), end("o")]);
    let back = Command::SendBack {
        task: task("a"),
        remark: "again".to_owned(),
    };
    all(&mut state, [back]);
    assert!(
        is_refused(&state, decide(Decision::Reject, &["y"])),
        "it is at work again"
    );
    let next = AttemptEnd::Finished {
        summary: String::new(),
        proposed: match finished(&["y", "w"]) {
            AttemptEnd::Finished { proposed, .. } => proposed,
            _ => None,
        },
        verify: false,
    };
    let attempt = known(&state).attempt.clone().unwrap();
    all(&mut state, [Command::Ended { attempt, end: next }]);
    assert_eq!((pending(&state), known(&state).round), (vec!["y", "w"], 2));
    let events = state.decide(operate("u", Some("o"), &[&["x"]])).unwrap();
    events.iter().for_each(|event| state.apply(event, 7));
    let events = state.decide(done("u", 0)).unwrap();
    assert!(matches!(&events[..], [Event::StepDone { .. }]), "{events:?}");
    events.iter().for_each(|event| state.apply(event, 7));
    assert_eq!(standing(&state, "o"), []);
}

#[test]
fn an_operation_under_way_keeps_the_task_from_going_back() {
    let mut state = reviewing();
    all(&mut state, [operate("o", None, &[&["x"]])]);
    let back = || Command::SendBack {
        task: task("a"),
        remark: "again".to_owned(),
    };
    assert!(is_refused(&state, back()));
    assert!(is_refused(&state, operate("o", None, &[&["y"]])), "names are used once");
    assert!(matches!(
        state.decide(operate("u", Some("other"), &[])),
        Err(Error::NotFound(_))
    ));
    all(&mut state, [end("o"), back()]);
}

#[test]
fn hunks_are_cut_joined_and_amended_while_they_are_open() {
    let mut state = reviewing();
    let regroup = |names: &[&str]| Command::Regroup {
        task: task("a"),
        path: "a".to_owned(),
        hunks: hunks(names),
        spans: vec![Span::new(0..1, 0..2)],
        from: Vec::new(),
    };
    let amend = |name: &str, text: Option<&str>| Command::Amend {
        task: task("a"),
        hunk: hunk(name),
        text: text.map(str::to_owned),
    };
    all(
        &mut state,
        [decide(Decision::Reject, &["z"]), regroup(&["x1", "x2", "y", "z"])],
    );
    assert_eq!(pending(&state), ["x1", "x2", "y"]);
    assert_eq!(known(&state).spans["a"].len(), 1);
    assert!(
        is_refused(&state, regroup(&["x1", "x2", "y"])),
        "a decided hunk is neither cut nor joined"
    );
    all(&mut state, [amend("y", Some("text"))]);
    assert_eq!(known(&state).amended[&hunk("y")], "text");
    assert_eq!(state.decide(amend("y", Some("text"))).unwrap(), []);
    all(&mut state, [amend("y", None)]);
    assert!(known(&state).amended.is_empty());
    assert!(is_refused(&state, amend("z", Some("text"))));
    assert!(matches!(state.decide(amend("x", None)), Err(Error::NotFound(_))));
}

#[test]
fn a_new_hunk_has_the_reason_of_those_it_comes_from_and_a_persons_own_has_none() {
    let reason = |why: &str| Reason {
        why: why.to_owned(),
        verified: true,
        calls: Vec::new(),
    };
    let mut end = finished(&["x", "y"]);
    if let AttemptEnd::Finished {
        proposed: Some(proposed),
        ..
    } = &mut end
    {
        proposed.reasons = BTreeMap::from([(hunk("x"), reason("x")), (hunk("y"), reason("y"))]);
    }
    let mut state = state(1);
    all(&mut state, run_up("a"));
    all(&mut state, [ended("a", end)]);
    let from = [("y1", "y"), ("y2", "y")].map(|(new, was)| (hunk(new), hunk(was)));
    let cut = Command::Regroup {
        task: task("a"),
        path: "a".to_owned(),
        hunks: hunks(&["x", "own", "y1", "y2"]),
        spans: vec![Span::new(0..1, 0..2)],
        from: from.to_vec(),
    };
    all(&mut state, [cut]);
    let reasons = &known(&state).proposed.as_ref().unwrap().reasons;
    let why = ["x", "own", "y1", "y2"].map(|name| reasons.get(&hunk(name)).map(|reason| reason.why.as_str()));
    assert_eq!(why, [Some("x"), None, Some("y"), Some("y")]);
}

#[test]
fn an_edit_amends_adds_and_brings_back_hunks_in_one_step() {
    let mut state = reviewing();
    let edit = |names: &[&str], reopened: &[&str], amended: &[(&str, &str)]| {
        let text = |(name, text): &(&str, &str)| (hunk(name), Some((*text).to_owned()), Some("over".to_owned()));
        Command::Edit(Edit {
            task: task("a"),
            path: "a".to_owned(),
            hunks: hunks(names),
            spans: vec![Span::new(0..1, 0..2)],
            from: Vec::new(),
            reopened: hunks(reopened),
            amended: amended.iter().map(text).collect(),
        })
    };
    all(&mut state, [decide(Decision::Reject, &["z"])]);
    assert!(is_refused(&state, edit(&["x", "y"], &[], &[])), "a decided hunk stays");
    all(
        &mut state,
        [edit(&["x", "own", "z2"], &["z"], &[("x", "text"), ("own", "mine")])],
    );
    assert_eq!(pending(&state), ["x", "own", "z2"]);
    assert_eq!(known(&state).amended[&hunk("own")], "mine");
    assert_eq!(known(&state).over[&hunk("x")], "over");
    assert_eq!(
        state
            .decide(edit(&["x", "own", "z2"], &[], &[("x", "text"), ("own", "mine")]))
            .unwrap(),
        [],
        "the same again is nothing"
    );
    all(&mut state, [edit(&["x"], &[], &[("x", "text")])]);
    assert_eq!(known(&state).amended.len(), 1, "what is gone is forgotten");
}

#[test]
fn the_texts_that_landed_are_known_as_long_as_they_stand() {
    let mut state = reviewing();
    let mut landing = step_of(&["x"]);
    landing.landed = BTreeMap::from([(hunk("x"), "merged".to_owned())]);
    let operation = Operation {
        id: id("o"),
        undoes: None,
        steps: vec![landing],
    };
    let plan = Command::Operate {
        task: task("a"),
        operation,
    };
    all(&mut state, [plan, done("o", 0), end("o")]);
    assert_eq!(known(&state).landed[&hunk("x")], "merged");
    all(&mut state, [operate("u", Some("o"), &[&["x"]]), done("u", 0)]);
    assert!(known(&state).landed.is_empty());
}
