//! Taking landings back, and what was typed since.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use aca_protocol::methods::SplitParams;
use aca_protocol::proposal::{Decision, HunkState, Selection};
use aca_protocol::task::TaskState;

use crate::fixture::{Fixture, wait};

const BASE: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";
const RESULT: &str = "one\nTWO\nthree\nfour\nfive\nSIX\nseven\n";

async fn landed() -> Fixture {
    let fixture = Fixture::new(&[("a.txt", BASE)], &[("a.txt", RESULT)]).await;
    assert_eq!(fixture.accept_all().await.refused, []);
    assert_eq!(fixture.read("a.txt"), RESULT);
    fixture
}

#[tokio::test]
async fn a_landing_is_taken_back_whole_and_its_hunks_are_open_again() {
    let mut fixture = landed().await;
    fixture.restart().await;
    let undone = fixture.undo(None, None).await;
    assert_eq!((undone.hunks.len(), undone.refused.len()), (2, 0));
    assert_eq!(fixture.read("a.txt"), BASE);
    assert_eq!(fixture.states(), [HunkState::Clean, HunkState::Clean]);
    assert!(matches!(fixture.state(), TaskState::Ready { pending: 2, .. }));
    let operations = fixture.operations().await;
    let [landing, undo] = &operations[..] else {
        panic!("{operations:?}")
    };
    assert_eq!(undo.undoes.as_ref(), Some(&landing.id));
    assert_eq!((landing.hunks.len(), undo.hunks.len()), (0, 2));
    assert_eq!(landing.paths, ["a.txt"]);
    assert_eq!(fixture.accept_all().await.refused, []);
    assert_eq!(fixture.read("a.txt"), RESULT);
}

#[tokio::test]
async fn what_was_typed_since_stays() {
    let fixture = landed().await;
    fixture.write("a.txt", &format!("typed\n{}", RESULT.replace("four", "4")));
    assert_eq!(fixture.undo(None, None).await.refused, []);
    assert_eq!(fixture.read("a.txt"), format!("typed\n{}", BASE.replace("four", "4")));
}

#[tokio::test]
async fn one_hunk_of_a_landing_is_taken_back() {
    let mut fixture = landed().await;
    let [first, second] = &fixture.views()[..] else {
        panic!()
    };
    let undone = fixture.undo(None, Some(vec![first.id.clone()])).await;
    assert_eq!((&undone.hunks[..], undone.refused.len()), (&[first.id.clone()][..], 0));
    assert_eq!(fixture.read("a.txt"), RESULT.replace("TWO", "two"));
    assert_eq!(fixture.states(), [HunkState::Clean, HunkState::Landed]);
    fixture.restart().await;
    let again = fixture.undo(None, Some(vec![first.id.clone()])).await;
    assert_eq!((again.hunks.len(), again.refused.len(), again.operation), (0, 1, None));
    // What still stands of the landing is only the other hunk.
    assert_eq!(fixture.undo(None, None).await.hunks, std::slice::from_ref(&second.id));
    assert_eq!(fixture.read("a.txt"), BASE);
}

#[tokio::test]
async fn a_place_that_was_changed_since_is_left_alone() {
    let fixture = landed().await;
    let mine = RESULT.replace("TWO", "mine");
    fixture.write("a.txt", &mine);
    let undone = fixture.undo(None, None).await;
    assert_eq!((undone.hunks.len(), undone.refused.len()), (1, 1), "{undone:?}");
    assert_eq!(fixture.read("a.txt"), mine.replace("SIX", "six"));
    assert_eq!(fixture.states(), [HunkState::Landed, HunkState::Clean]);
}

#[tokio::test]
async fn an_undo_is_undone() {
    let mut fixture = landed().await;
    let [first, _] = &fixture.views()[..] else { panic!() };
    let undone = fixture.undo(None, None).await;
    fixture.restart().await;
    fixture.write("a.txt", &format!("typed\n{BASE}"));
    let redone = fixture
        .undo(undone.operation.clone(), Some(vec![first.id.clone()]))
        .await;
    assert_eq!(redone.refused, []);
    assert_eq!(fixture.read("a.txt"), format!("typed\n{}", BASE.replace("two", "TWO")));
    assert_eq!(fixture.states(), [HunkState::Landed, HunkState::Moved]);
    assert_eq!(fixture.undo(undone.operation, None).await.refused, []);
    assert_eq!(fixture.read("a.txt"), format!("typed\n{RESULT}"));
    assert_eq!(fixture.states(), [HunkState::Landed, HunkState::Landed]);
    // The landing stands again, so it is what the next undo is about.
    assert_eq!(fixture.undo(None, None).await.hunks.len(), 2);
    assert_eq!(fixture.read("a.txt"), format!("typed\n{BASE}"));
}

#[tokio::test]
async fn files_come_back_go_away_and_move_back_with_their_modes() {
    let long = "line\nanother line\nand a third that is long enough\n";
    let base = [("gone", "bye\n"), ("old/name", long), ("tool", "#!/bin/sh\n")];
    let result = [("new/file", "new\n"), ("moved/name", long), ("tool", "exit\n")];
    let mut fixture = Fixture::new(&base, &result).await;
    let before = fixture.everything();
    let permissions = |path: &str| fixture.path(path).metadata().unwrap().permissions().mode() & 0o777;
    for (path, mode) in [("gone", 0o600), ("old/name", 0o640)] {
        fs::set_permissions(fixture.path(path), Permissions::from_mode(mode)).unwrap();
    }
    assert_eq!(fixture.accept_all().await.refused, []);
    assert_eq!(permissions("moved/name"), 0o640);
    fs::write(fixture.path("moved/name"), format!("typed\n{long}")).unwrap();
    fixture.restart().await;
    let undone = fixture.undo(None, None).await;
    assert_eq!(undone.refused, []);
    assert_eq!(fixture.everything(), before);
    assert_eq!(fixture.read("old/name"), format!("typed\n{long}"));
    assert_eq!(
        (fixture.read("gone"), fixture.read("tool")),
        ("bye\n".to_owned(), "#!/bin/sh\n".to_owned())
    );
    let permissions = |path: &str| fixture.path(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((permissions("gone"), permissions("old/name")), (0o600, 0o640));
    assert_eq!(permissions("tool") & 0o111, 0o111);
    assert_eq!(fixture.undo(undone.operation, None).await.refused, []);
    assert_eq!(fixture.everything(), ["moved/name", "new/file", "tool"]);
    assert_eq!(fixture.read("moved/name"), format!("typed\n{long}"));
}

#[tokio::test]
async fn a_new_file_that_was_changed_since_is_not_removed() {
    let fixture = Fixture::new(&[], &[("new", "agent's\n")]).await;
    fixture.accept_all().await;
    fixture.write("new", "agent's\nand mine\n");
    let undone = fixture.undo(None, None).await;
    assert_eq!((undone.hunks.len(), &undone.operation), (0, &None));
    assert!(undone.refused[0].reason.contains("not removed"), "{undone:?}");
    assert_eq!(fixture.read("new"), "agent's\nand mine\n");
    assert_eq!(fixture.states(), [HunkState::Landed]);
}

#[tokio::test]
async fn an_open_document_is_taken_back_in_its_editor() {
    let fixture = Fixture::new(&[("a.txt", BASE)], &[("a.txt", RESULT)]).await;
    let mut editor = fixture.open("a.txt", BASE);
    let (_, after) = tokio::join!(fixture.accept_all(), editor.obey());
    editor.say(5, &format!("typed\n{after}"));
    let (undone, after) = tokio::join!(fixture.undo(None, None), editor.obey());
    assert_eq!((undone.refused, after), (vec![], format!("typed\n{BASE}")));
    assert_eq!(fixture.read("a.txt"), BASE, "the file is the user's to save");
    editor.close();
    fixture.write("a.txt", &format!("typed\n{BASE}"));
    assert_eq!(fixture.undo(undone.operation, None).await.refused, []);
    assert_eq!(fixture.read("a.txt"), format!("typed\n{RESULT}"));
}

#[tokio::test]
async fn without_a_landing_there_is_nothing_to_undo() {
    let fixture = Fixture::new(&[("a.txt", BASE)], &[("a.txt", RESULT)]).await;
    fixture.decide(Decision::Reject, Selection::All).await;
    let params = |operation| aca_protocol::methods::UndoParams {
        workspace: fixture.root.clone(),
        operation,
        hunks: None,
    };
    let nothing = fixture.engine.undo(params(None)).await;
    assert!(matches!(nothing, Err(aca_engine::Error::Invalid(_))));
    let unknown = fixture
        .engine
        .undo(params(Some(aca_protocol::OperationId::new("x"))))
        .await;
    assert!(matches!(unknown, Err(aca_engine::Error::NotFound(_))));
    assert_eq!(fixture.operations().await, []);
}

#[tokio::test]
async fn a_landing_of_an_earlier_round_is_taken_back() {
    let base: &[(&str, &[u8])] = &[("a.txt", BASE.as_bytes())];
    let first: &[(&str, &[u8])] = &[("a.txt", RESULT.as_bytes())];
    let fixture = Fixture::of(base, first).await;
    fixture.decide_nth(Decision::Accept, 0).await;
    let landed = fixture.read("a.txt");
    let mut events = fixture.events().await;
    // The next round brings something else; its own hunks are the proposal from now on.
    let second = Fixture::rounds(base, &[first, &[("a.txt", b"one\ntwo\nthree\nfour\nfive\nsix\n7\n")]]).await;
    events.extend(second.events().await.into_iter().skip(6));
    let later = Fixture::after(&events, &second, &[("a.txt", landed.as_bytes())]).await;
    later.copy_objects(&fixture);
    assert_eq!(later.proposal().round, 2);
    let undone = later.undo(None, None).await;
    assert_eq!((undone.hunks.len(), undone.refused.len()), (1, 0));
    assert_eq!(later.read("a.txt"), BASE);
    assert_eq!(later.states(), [HunkState::Clean]);
}

#[tokio::test]
async fn hunks_that_cannot_be_told_apart_are_taken_back_together() {
    let result = BASE.replace("two\nthree", "TWO\nTHREE");
    let fixture = Fixture::new(&[("a.txt", BASE)], &[("a.txt", &result)]).await;
    let params = SplitParams {
        task: fixture.task.clone(),
        hunk: fixture.hunks()[0].1.clone(),
        start: 0,
        end: 1,
    };
    wait(fixture.engine.split(params)).await.unwrap();
    assert_eq!(fixture.accept_all().await.decided.len(), 2);
    // As recorded of a landing where it was not known which lines are whose.
    let events: Vec<Vec<u8>> = fixture
        .events()
        .await
        .iter()
        .map(|event| without_spans(event))
        .collect();
    let after = Fixture::after(&events, &fixture, &[("a.txt", result.as_bytes())]).await;
    assert_eq!(after.states(), [HunkState::Landed, HunkState::Landed]);
    let one = after.undo(None, Some(vec![after.hunks()[0].1.clone()])).await;
    assert_eq!((one.hunks.len(), one.refused.len()), (0, 1));
    let undone = after.undo(None, None).await;
    assert_eq!((undone.hunks.len(), undone.refused.len()), (2, 0), "{undone:?}");
    assert_eq!(after.read("a.txt"), BASE);
    assert_eq!(after.states(), [HunkState::Clean, HunkState::Clean]);
    let redone = after.undo(undone.operation, None).await;
    assert_eq!((redone.hunks.len(), redone.refused.len()), (2, 0), "{redone:?}");
    assert_eq!(after.read("a.txt"), result);
    after.write("a.txt", &result.replace("TWO", "mine"));
    let refused = after.undo(None, None).await;
    assert_eq!((refused.hunks.len(), refused.refused.len()), (0, 2), "{refused:?}");
    assert_eq!(after.read("a.txt"), result.replace("TWO", "mine"));
}

fn without_spans(event: &[u8]) -> Vec<u8> {
    let mut event: serde_json::Value = serde_json::from_slice(event).unwrap();
    if let Some(steps) = event
        .pointer_mut("/operation/steps")
        .and_then(|steps| steps.as_array_mut())
    {
        steps
            .iter_mut()
            .for_each(|step| drop(step.as_object_mut().unwrap().remove("spans")));
    }
    serde_json::to_vec(&event).unwrap()
}
