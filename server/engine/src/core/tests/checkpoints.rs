//! Checkpoints, and what going back to one means for the tasks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aca_protocol::session::{CheckpointReason, TaskCounts};
use aca_protocol::{CheckpointId, OperationId};

use super::*;

fn checkpoint(state: &mut State) -> CheckpointId {
    let checkpoint = state.next_checkpoint();
    let command = Command::Checkpoint {
        checkpoint: checkpoint.clone(),
        name: None,
        why: CheckpointReason::Asked,
        about: "by hand".to_owned(),
        tree: "tree".to_owned(),
    };
    step(state, command).unwrap();
    checkpoint
}

fn restore(checkpoint: &CheckpointId, then: &State) -> Command {
    Command::Restore {
        checkpoint: checkpoint.clone(),
        then: Arc::new(then.clone()),
        by_hand: BTreeMap::new(),
    }
}

fn used(name: &str) -> Command {
    Command::Used {
        attempt: attempt(name),
        usage: Usage {
            requests: 1,
            ..Usage::default()
        },
        model: None,
        request: None,
    }
}

/// Lands a hunk, or takes back the operation that did.
fn operate(state: &mut State, name: &str, id: &str, undoes: Option<&str>) {
    let operation = Operation {
        id: OperationId::new(id),
        undoes: undoes.map(OperationId::new),
        steps: vec![Step {
            path: "a".to_owned(),
            hunks: vec![HunkId::new("x")],
            open: false,
            before: None,
            after: None,
            permissions: None,
            landed: BTreeMap::new(),
            spans: Vec::new(),
        }],
    };
    let (task, operation_id) = (task(name), operation.id.clone());
    let done = Command::StepsDone {
        task: task.clone(),
        operation: operation_id.clone(),
        indexes: BTreeSet::from([0]),
    };
    let end = Command::EndOperation {
        task: task.clone(),
        operation: operation_id,
    };
    all(state, [Command::Operate { task, operation }, done, end]);
}

fn way(state: &State, then: &State) -> Vec<(String, bool)> {
    let toggles = state.way_back(then).into_iter();
    toggles
        .map(|toggle| (toggle.operation.to_string(), toggle.lands))
        .collect()
}

#[test]
fn checkpoints_have_short_names_and_say_how_the_tasks_stood() {
    let mut state = state(1);
    assert_eq!(checkpoint(&mut state).as_str(), "c-1");
    all(&mut state, run_up("a"));
    all(&mut state, [ended("a", finished(&["x"])), create("b")]);
    let second = checkpoint(&mut state);
    assert_eq!(second.as_str(), "c-2");
    let counts = TaskCounts {
        working: 1,
        ready: 1,
        ..TaskCounts::default()
    };
    assert_eq!(state.checkpoint(&second).unwrap().view.tasks, counts);
    let twice = Command::Checkpoint {
        checkpoint: second,
        name: None,
        why: CheckpointReason::Asked,
        about: String::new(),
        tree: String::new(),
    };
    assert!(matches!(step(&mut state, twice), Err(Error::Invalid(_))));
}

#[test]
fn a_checkpoint_stands_until_a_task_changes_in_more_than_its_use() {
    let mut state = state(1);
    all(&mut state, run_up("a"));
    let made = checkpoint(&mut state);
    all(&mut state, [used("a")]);
    assert_eq!(
        state.standing_checkpoint().map(|standing| &standing.view.id),
        Some(&made)
    );
    all(&mut state, [ended("a", finished(&["x"]))]);
    assert_eq!(state.standing_checkpoint(), None);
}

#[test]
fn while_tasks_are_at_work_they_are_named_and_nothing_changes() {
    let mut state = state(1);
    let made = checkpoint(&mut state);
    let then = state.clone();
    all(&mut state, run_up("a"));
    let refused = step(&mut state, restore(&made, &then)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "The session cannot go back while tasks are at work: a (a). Wait for them, or stop them with `aca stop`."
    );
}

#[test]
fn only_the_state_of_the_checkpoint_itself_is_taken() {
    let mut state = state(1);
    let too_early = state.clone();
    let made = checkpoint(&mut state);
    assert!(matches!(
        step(&mut state, restore(&made, &too_early)),
        Err(Error::Internal(_))
    ));
}

#[test]
fn decisions_go_back_and_use_and_operations_stay() {
    let mut state = state(1);
    all(&mut state, run_up("a"));
    all(&mut state, [used("a"), ended("a", finished(&["x"]))]);
    let made = checkpoint(&mut state);
    let then = state.clone();
    let reject = Command::Decide {
        task: task("a"),
        hunks: vec![HunkId::new("x")],
        decision: Decision::Reject,
    };
    all(&mut state, [reject, create("b"), Command::Stop { task: task("b") }]);
    all(&mut state, [ended("b", AttemptEnd::Stopped { salvaged: None })]);
    let revision = state.task(&task("a")).unwrap().revision;
    let forth = checkpoint(&mut state);
    let before = state.clone();
    all(&mut state, [restore(&made, &then)]);
    assert!(matches!(shown(&state, "a"), TaskState::Ready { pending: 1, .. }));
    let known = state.task(&task("a")).unwrap();
    assert_eq!((known.usage.requests, known.revision), (1, revision + 1));
    let names = |state: &State| state.tasks().map(|task| task.id.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&state), ["a"]);
    assert_eq!(state.all_tasks().count(), 2, "what was made since is set aside");
    assert_eq!(state.attempts().count(), 2);
    all(&mut state, [restore(&forth, &before)]);
    assert_eq!(shown(&state, "a"), TaskState::Rejected);
    assert_eq!(names(&state), ["a", "b"]);
}

#[test]
fn what_was_at_work_there_stands_as_it_does_now() {
    let mut state = state(1);
    all(&mut state, run_up("a"));
    let made = checkpoint(&mut state);
    let then = state.clone();
    all(&mut state, [ended("a", finished(&["x"]))]);
    all(&mut state, [restore(&made, &then)]);
    assert!(matches!(shown(&state, "a"), TaskState::Ready { pending: 1, .. }));
}

#[test]
fn the_way_back_takes_back_what_the_files_have_more_or_less() {
    let mut state = state(1);
    all(&mut state, run_up("a"));
    all(&mut state, [ended("a", finished(&["x"]))]);
    let early = state.clone();
    operate(&mut state, "a", "o1", None);
    let landed = state.clone();
    assert_eq!(way(&state, &early), [("o1".to_owned(), false)]);
    operate(&mut state, "a", "o2", Some("o1"));
    assert_eq!(way(&state, &early), []);
    assert_eq!(way(&state, &landed), [("o2".to_owned(), true)]);
    operate(&mut state, "a", "o3", Some("o2"));
    assert_eq!(way(&state, &landed), []);
    // The newest that brought it is what is taken back, not the first.
    assert_eq!(way(&state, &early), [("o3".to_owned(), false)]);
}

#[test]
fn what_could_not_be_taken_back_stays_accepted_and_is_said_to() {
    let mut state = state(1);
    all(&mut state, run_up("a"));
    all(&mut state, [ended("a", finished(&["x"]))]);
    let made = checkpoint(&mut state);
    let then = state.clone();
    operate(&mut state, "a", "o1", None);
    all(&mut state, [restore(&made, &then)]);
    let known = state.task(&task("a")).unwrap();
    assert_eq!(known.decisions.get(&HunkId::new("x")), Some(&Decision::Accept));
    assert_eq!(
        known.note,
        "1 of its hunks had not landed at the checkpoint and could not be taken back."
    );
}

#[test]
fn what_lands_on_the_way_back_is_not_taken_for_done_by_hand_the_other_way() {
    let mut state = state(1);
    all(&mut state, run_up("a"));
    all(&mut state, [ended("a", finished(&["x"]))]);
    operate(&mut state, "a", "o1", None);
    let made = checkpoint(&mut state);
    let then = state.clone();
    operate(&mut state, "a", "o2", Some("o1"));
    assert_eq!(way(&state, &then), [("o2".to_owned(), true)]);
    // Somebody lands it before the way back gets there, which then finds it in the file.
    operate(&mut state, "a", "o3", None);
    let hunk = HunkId::new("x");
    let command = Command::Restore {
        checkpoint: made,
        then: Arc::new(then),
        by_hand: BTreeMap::from([(task("a"), BTreeSet::from([hunk.clone()]))]),
    };
    step(&mut state, command).unwrap();
    let known = state.task(&task("a")).unwrap();
    assert_eq!(known.decisions.get(&hunk), Some(&Decision::Accept));
}

#[test]
fn what_was_landed_again_is_taken_back_once() {
    let mut state = state(1);
    all(&mut state, run_up("a"));
    all(&mut state, [ended("a", finished(&["x"]))]);
    operate(&mut state, "a", "o1", None);
    operate(&mut state, "a", "o2", Some("o1"));
    operate(&mut state, "a", "o3", Some("o2"));
    let standing = |state: &State| {
        let known = state.task(&task("a")).unwrap();
        let all = ["o1", "o2", "o3", "o4"].into_iter();
        all.filter(|id| !known.standing(&OperationId::new(*id)).is_empty())
            .collect::<Vec<_>>()
    };
    assert_eq!(standing(&state), ["o1", "o3"]);
    operate(&mut state, "a", "o4", Some("o1"));
    assert_eq!(standing(&state), ["o2", "o4"]);
    assert!(!state.task(&task("a")).unwrap().wrote(&HunkId::new("x")));
}
