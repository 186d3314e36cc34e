//! One session of a workspace is the one it opens; another one takes its place, or it goes to the trash.

use aca_engine::Change;
use aca_engine::core::{AttemptEnd, Event};
use aca_protocol::methods::DecideParams;
use aca_protocol::proposal::{Decision, HunkState, Selection};
use aca_protocol::session::{DeleteSessionParams, SessionParams};
use aca_protocol::{SessionId, TaskId};

use crate::fixture::{Made, World, wait};

fn of(session: &str) -> SessionParams {
    SessionParams {
        session: SessionId::new(session),
    }
}

fn delete(session: &str, force: bool) -> DeleteSessionParams {
    DeleteSessionParams {
        session: SessionId::new(session),
        force,
    }
}

fn pair(id: &str, state: &str) -> (String, String) {
    (id.to_owned(), state.to_owned())
}

#[tokio::test]
async fn a_workspace_opens_the_session_that_was_chosen() {
    let mut world = World::new();
    let root = world.workspace("w", "one\ntwo\n");
    let mut first = Made::new(&world, "aaaa", &root, 1_000);
    first.task("t1", "first");
    first.finished("t1", "one\n2\n");
    drop(first);
    let mut second = Made::new(&world, "bbbb", &root, 9_000);
    second.task("t2", "second");
    second.finished("t2", "1\ntwo\n");
    drop(second);
    // The one that changed last, until another one is chosen.
    assert_eq!(wait(world.engine.open(&root)).await.unwrap().as_str(), "bbbb");
    assert_eq!(world.tasks(&root), [pair("t2", "ready")]);
    let mut changes = world.engine.subscribe();
    let used = wait(world.engine.use_session(of("aaaa"))).await.unwrap();
    assert!(used.current && used.open);
    assert_eq!(world.tasks(&root), [pair("t1", "ready")]);
    assert_eq!(world.engine.proposals(&root).len(), 1);
    assert!(
        world.engine.proposal(&TaskId::new("t2")).is_err(),
        "the other one's proposal is shown"
    );
    loop {
        if let Change::Session(changed) = wait(changes.recv()).await.unwrap() {
            assert_eq!(changed, root);
            break;
        }
    }
    // What is reviewed in the one lands; the other one comes back as it was, also after a restart.
    let params = DecideParams {
        task: TaskId::new("t1"),
        decision: Decision::Accept,
        selection: Selection::All,
        resolution: None,
        seen: None,
    };
    wait(world.engine.decide(params)).await.unwrap();
    assert_eq!(std::fs::read_to_string(root.join("a.txt")).unwrap(), "one\n2\n");
    world.restart().await;
    assert_eq!(wait(world.engine.open(&root)).await.unwrap().as_str(), "aaaa");
    assert_eq!(world.tasks(&root), [pair("t1", "landed")]);
    wait(world.engine.use_session(of("bbbb"))).await.unwrap();
    wait(world.engine.use_session(of("bbbb"))).await.unwrap();
    let proposal = wait(world.engine.refresh(&TaskId::new("t2"))).await.unwrap();
    let state = &proposal.files[0].hunks[0].state;
    assert!(matches!(state, HunkState::Touched { .. }), "{state:?}");
    assert!(wait(world.engine.use_session(of("cccc"))).await.is_err());
}

#[tokio::test]
async fn a_session_at_work_is_neither_closed_nor_deleted() {
    let world = World::new();
    let root = world.workspace("w", "one\n");
    Made::new(&world, "aaaa", &root, 1_000).task("t1", "first");
    let mut busy = Made::new(&world, "bbbb", &root, 9_000);
    busy.task("t2", "being checked");
    busy.finished("t2", "two\n");
    busy.attempt("t3");
    drop(busy);
    let other = world.workspace("other", "one\n");
    Made::new(&world, "cccc", &other, 9_000).attempt("t4");
    // An attempt without a task is at work for nobody; one of a closed session still may be at work.
    let refused = wait(world.engine.delete_session(delete("cccc", true))).await;
    assert!(refused.is_ok(), "{refused:?}");
    let mut closed = Made::new(&world, "dddd", &other, 9_000);
    closed.task("t5", "may be at work");
    closed.attempt("t5");
    drop(closed);
    let refused = wait(world.engine.delete_session(delete("dddd", true)))
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("t5 (may be at work)"), "{refused}");
    assert!(world.data().join("sessions/dddd/state.db").exists());
}

#[tokio::test]
async fn a_deleted_session_can_be_brought_back() {
    let mut world = World::new();
    let root = world.workspace("w", "one\n");
    let mut only = Made::new(&world, "aaaa", &root, 1_000);
    only.task("t1", "first");
    only.finished("t1", "two\n");
    only.task("t2", "second");
    let lost = only.attempt("t2");
    let end = AttemptEnd::Lost {
        reason: "gone".to_owned(),
        salvaged: None,
    };
    only.event(&Event::AttemptEnded { attempt: lost, end });
    drop(only);
    wait(world.engine.open(&root)).await.unwrap();
    let refused = wait(world.engine.delete_session(delete("aaaa", false)))
        .await
        .unwrap_err();
    for words in ["t1 (first) waits for review", "t2 (second) is lost", "--force"] {
        assert!(refused.to_string().contains(words), "{refused}");
    }
    let deleted = wait(world.engine.delete_session(delete("aaaa", true))).await.unwrap();
    assert!(deleted.trash.starts_with(world.data().join("trash")) && deleted.trash.join("state.db").exists());
    // The workspace has a new one at once.
    let new = world.engine.tasks(&root).unwrap();
    assert!(new.tasks.is_empty() && new.session.as_str() != "aaaa");
    assert!(world.engine.proposal(&TaskId::new("t1")).is_err());
    assert!(wait(world.engine.undelete_session(of("b"))).await.is_err());
    let back = wait(world.engine.undelete_session(of("aa"))).await.unwrap();
    assert!(!back.open && back.tasks.ready == 1);
    assert!(
        wait(world.engine.undelete_session(of("aaaa"))).await.is_err(),
        "it is back already"
    );
    wait(world.engine.use_session(of("aaaa"))).await.unwrap();
    world.restart().await;
    wait(world.engine.open(&root)).await.unwrap();
    assert_eq!(world.tasks(&root), [pair("t1", "ready"), pair("t2", "lost")]);
}
