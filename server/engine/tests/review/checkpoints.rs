//! Going back to checkpoints, with real files: what landed goes and comes, what was typed stays.

use std::path::Path;

use aca_engine::Error;
use aca_engine::core::Event;
use aca_protocol::methods::TasksParams;
use aca_protocol::proposal::{Decision, HunkState};
use aca_protocol::session::{
    CheckpointParams, CheckpointReason, CheckpointView, CreateCheckpointParams, FileDifference, RestoreCheckpointResult,
};
use aca_protocol::task::{Origin, TaskState};
use aca_protocol::{CheckpointId, TaskId};

use crate::fixture::{Fixture, wait};

const BASE: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";
const RESULT: &str = "one\nTWO\nthree\nfour\nfive\nSIX\nseven\n";

async fn fixture() -> Fixture {
    Fixture::new(&[("a.txt", BASE)], &[("a.txt", RESULT)]).await
}

fn params(fixture: &Fixture, checkpoint: &CheckpointId) -> CheckpointParams {
    CheckpointParams {
        workspace: fixture.root.clone(),
        checkpoint: checkpoint.clone(),
    }
}

async fn make(fixture: &Fixture, name: &str) -> CheckpointView {
    let params = CreateCheckpointParams {
        workspace: fixture.root.clone(),
        name: Some(name.to_owned()),
    };
    wait(fixture.engine.create_checkpoint(params)).await.unwrap()
}

async fn restore(fixture: &Fixture, checkpoint: &CheckpointId) -> RestoreCheckpointResult {
    let params = params(fixture, checkpoint);
    wait(fixture.engine.restore_checkpoint(params)).await.unwrap()
}

async fn diff(fixture: &Fixture, checkpoint: &CheckpointId) -> Vec<FileDifference> {
    let params = params(fixture, checkpoint);
    wait(fixture.engine.diff_checkpoint(params)).await.unwrap().files
}

async fn all(fixture: &Fixture) -> Vec<CheckpointView> {
    let params = TasksParams {
        workspace: fixture.root.clone(),
    };
    wait(fixture.engine.checkpoints(params)).await.unwrap().checkpoints
}

#[tokio::test]
async fn back_takes_landings_out_and_forward_puts_them_in_and_what_was_typed_stays() {
    let mut fixture = fixture().await;
    let start = make(&fixture, "start").await;
    fixture.accept_all().await;
    fixture.write("a.txt", &format!("typed\n{}", RESULT.replace("four", "4")));
    let back = restore(&fixture, &start.id).await;
    assert_eq!(
        (back.taken_back.len(), &back.refused[..], &back.landed_again[..]),
        (2, &[][..], &[][..])
    );
    let typed = |text: &str| format!("typed\n{}", text.replace("four", "4"));
    assert_eq!(fixture.read("a.txt"), typed(BASE));
    assert!(matches!(fixture.state(), TaskState::Ready { pending: 2, .. }));
    assert_eq!(fixture.states(), [HunkState::Moved, HunkState::Moved]);
    fixture.restart().await;
    assert!(matches!(fixture.state(), TaskState::Ready { pending: 2, .. }));
    let forth = restore(&fixture, &back.before).await;
    assert_eq!(
        (forth.landed_again.len(), &forth.refused[..], &forth.taken_back[..]),
        (2, &[][..], &[][..])
    );
    assert_eq!(fixture.read("a.txt"), typed(RESULT));
    assert!(matches!(fixture.state(), TaskState::Landed { accepted: 2, .. }));
    // And once more the other way, by way of what was done to files on the way.
    assert_eq!(restore(&fixture, &start.id).await.taken_back.len(), 2);
    assert_eq!(fixture.read("a.txt"), typed(BASE));
}

#[tokio::test]
async fn a_hunk_that_a_person_wrote_over_stays_and_is_said_to() {
    let fixture = fixture().await;
    let start = make(&fixture, "start").await;
    fixture.accept_all().await;
    let mine = RESULT.replace("SIX", "six, and more");
    fixture.write("a.txt", &mine);
    let back = restore(&fixture, &start.id).await;
    assert_eq!((back.taken_back.len(), back.refused.len()), (1, 1), "{back:?}");
    assert_eq!(fixture.read("a.txt"), mine.replace("TWO", "two"));
    assert!(matches!(fixture.state(), TaskState::Ready { pending: 1, .. }));
    let note = &fixture.proposal().note;
    assert!(
        note.starts_with("1 of its hunks had not landed at the checkpoint"),
        "{note}"
    );
    // The landing of it is there to be taken back when that can be done.
    assert_eq!(fixture.operations().await[0].hunks.len(), 1);
}

#[tokio::test]
async fn what_a_person_took_out_by_hand_is_as_it_was() {
    let fixture = fixture().await;
    let start = make(&fixture, "start").await;
    fixture.accept_all().await;
    fixture.write("a.txt", BASE);
    let back = restore(&fixture, &start.id).await;
    assert_eq!(back.refused, []);
    assert!(matches!(fixture.state(), TaskState::Ready { pending: 2, .. }));
    assert_eq!(fixture.read("a.txt"), BASE);
}

#[tokio::test]
async fn an_open_document_goes_back_through_its_editor() {
    let fixture = fixture().await;
    let mut editor = fixture.open("a.txt", BASE);
    let start = make(&fixture, "start").await;
    let (decided, _) = tokio::join!(fixture.accept_all(), editor.obey());
    assert_eq!(decided.refused, []);
    let (back, asked) = tokio::join!(restore(&fixture, &start.id), editor.obey());
    assert_eq!((back.taken_back.len(), asked.as_str()), (2, BASE));
    assert_eq!(fixture.read("a.txt"), BASE, "nothing was saved");
}

#[tokio::test]
async fn tasks_made_since_are_set_aside_and_come_back() {
    let before = fixture().await;
    let start = make(&before, "start").await;
    let mut events = before.events().await;
    let later = TaskId::new("later");
    for event in [
        Event::TaskCreated {
            task: later.clone(),
            title: "a later task".to_owned(),
            origin: Origin::Text {
                text: "later".to_owned(),
            },
        },
        Event::StopAsked { task: later.clone() },
    ] {
        events.push(serde_json::to_vec(&event).unwrap());
    }
    let mut fixture = Fixture::after(&events, &before, &[("a.txt", BASE.as_bytes())]).await;
    let ids = |tasks: Vec<aca_protocol::task::TaskView>| -> Vec<String> {
        tasks.into_iter().map(|task| task.id.to_string()).collect()
    };
    let back = restore(&fixture, &start.id).await;
    assert_eq!(ids(back.tasks), ["t"]);
    assert!(fixture.engine.task(&later).is_none());
    fixture.restart().await;
    assert!(fixture.engine.task(&later).is_none(), "it stays aside");
    let forth = restore(&fixture, &back.before).await;
    assert_eq!(ids(forth.tasks), ["t", "later"]);
    assert_eq!(fixture.engine.task(&later).unwrap().state, TaskState::Stopped);
}

#[tokio::test]
async fn what_happens_makes_checkpoints_of_its_own() {
    let fixture = fixture().await;
    fixture.accept_all().await;
    // The worker does one thing after the other, so what follows the landing is made by now.
    let asked = make(&fixture, "mine").await;
    fixture.undo(None, None).await;
    let last = make(&fixture, "last").await;
    let made = all(&fixture).await;
    let told: Vec<(CheckpointReason, &str)> = made.iter().map(|made| (made.why, made.about.as_str())).collect();
    assert!(
        told.contains(&(CheckpointReason::Transition, "landed: a task")),
        "{told:?}"
    );
    assert!(
        told.contains(&(CheckpointReason::Transition, "taken back: a task")),
        "{told:?}"
    );
    let named = |name: &str| made.iter().find(|made| made.name.as_deref() == Some(name)).cloned();
    assert_eq!((named("mine"), named("last")), (Some(asked.clone()), Some(last)));
    assert_eq!((asked.tasks.ready, asked.tasks.settled), (0, 1));
    let ids: Vec<String> = made.iter().map(|made| made.id.to_string()).collect();
    let expected: Vec<String> = (1..=made.len()).map(|n| format!("c-{n}")).collect();
    assert_eq!(ids, expected);
}

#[tokio::test]
async fn many_files_are_accepted_after_a_checkpoint() {
    let fixture = Fixture::new(&[("a", "a\n"), ("b", "b\n")], &[("a", "A\n"), ("b", "B\n")]).await;
    fixture.accept_all().await;
    let made = all(&fixture).await;
    let before = made.iter().find(|made| made.why == CheckpointReason::Before).unwrap();
    assert_eq!(before.about, "before accepting hunks of 2 files: a task");
    restore(&fixture, &before.id).await;
    assert_eq!(
        (fixture.read("a"), fixture.read("b")),
        ("a\n".to_owned(), "b\n".to_owned())
    );
}

#[tokio::test]
async fn a_difference_is_of_the_files_as_they_are_unsaved_documents_included() {
    let fixture = fixture().await;
    fixture.write("gone.txt", "gone\n");
    std::fs::write(fixture.path("binary"), b"\0\x01").unwrap();
    let start = make(&fixture, "start").await;
    assert_eq!(diff(&fixture, &start.id).await, []);
    std::fs::remove_file(fixture.path("gone.txt")).unwrap();
    std::fs::write(fixture.path("binary"), b"\0\x02").unwrap();
    let _editor = fixture.open("a.txt", &BASE.replace("four", "4"));
    let differences = diff(&fixture, &start.id).await;
    let said: Vec<(&str, &str)> = differences
        .iter()
        .map(|file| (file.path.as_str(), file.change.as_str()))
        .collect();
    assert_eq!(
        said,
        [("a.txt", "changed"), ("binary", "changed"), ("gone.txt", "removed")]
    );
    assert!(differences[0].diff.as_ref().unwrap().contains("-four\n+4\n"));
    assert_eq!(
        (&differences[1].diff, differences[1].note.as_deref()),
        (&None, Some("it is not text"))
    );
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_a_name_is_one_line_and_no_identifier() {
    let fixture = fixture().await;
    let unknown = params(&fixture, &CheckpointId::new("c-99"));
    let answers = [
        wait(fixture.engine.diff_checkpoint(unknown.clone())).await.err(),
        wait(fixture.engine.restore_checkpoint(unknown)).await.err(),
    ];
    for answer in answers {
        assert!(matches!(answer, Some(Error::NotFound(_))), "{answer:?}");
    }
    for name in ["two\nlines", "c-7"] {
        let params = CreateCheckpointParams {
            workspace: fixture.root.clone(),
            name: Some(name.to_owned()),
        };
        let refused = wait(fixture.engine.create_checkpoint(params)).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
    let elsewhere = TasksParams {
        workspace: Path::new("/").join("nowhere"),
    };
    assert!(wait(fixture.engine.checkpoints(elsewhere)).await.is_err());
}

/// Whatever is accepted, rejected, taken back and gone back to in whatever order: every line that was typed is there.
#[tokio::test]
async fn no_typed_line_is_ever_lost() {
    for seed in 0..4 {
        let mut dice = fastrand::Rng::with_seed(seed);
        let fixture = fixture().await;
        let mut typed: Vec<String> = Vec::new();
        for step in 0..12 {
            match dice.u32(0..6) {
                0 | 1 => {
                    let line = format!("typed {step}");
                    let text = fixture.read("a.txt");
                    let mut lines: Vec<&str> = text.lines().collect();
                    lines.insert(dice.usize(0..=lines.len()), &line);
                    fixture.write("a.txt", &format!("{}\n", lines.join("\n")));
                    typed.push(line);
                }
                2 => drop(fixture.decide_nth(Decision::Accept, dice.usize(0..2)).await),
                3 if !fixture.operations().await.is_empty() => {
                    let operations = fixture.operations().await;
                    let chosen = dice.choice(&operations).unwrap().id.clone();
                    fixture.undo(Some(chosen), None).await;
                }
                4 => drop(make(&fixture, "one").await),
                _ => {
                    let made = all(&fixture).await;
                    if let Some(chosen) = dice.choice(&made) {
                        restore(&fixture, &chosen.id).await;
                    }
                }
            }
            let text = fixture.read("a.txt");
            for line in &typed {
                assert_eq!(
                    text.lines().filter(|known| known == line).count(),
                    1,
                    "seed {seed}, step {step}:\n{text}"
                );
            }
        }
    }
}
