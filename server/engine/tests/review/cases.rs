//! What a person decides and what their files say then.

use aca_engine::EditorReply;
use aca_protocol::HunkId;
use aca_protocol::proposal::{Decision, FileChange, HunkState, Selection};
use aca_protocol::task::TaskState;

use crate::fixture::Fixture;

const BASE: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";
/// Two hunks: line 2 and line 6.
const RESULT: &str = "one\nTWO\nthree\nfour\nfive\nSIX\nseven\n";

async fn two_hunks() -> Fixture {
    Fixture::new(&[("a.txt", BASE)], &[("a.txt", RESULT)]).await
}

/// The file's permissions, as far as they say who may execute it.
fn executable(fixture: &Fixture, path: &str) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fixture.path(path).metadata().unwrap().permissions().mode() & 0o111
}

fn is_conflict(state: &HunkState) -> bool {
    state.is_conflict()
}

#[tokio::test]
async fn one_hunk_is_accepted_and_one_rejected() {
    let fixture = two_hunks().await;
    assert_eq!(
        fixture.state(),
        TaskState::Ready {
            pending: 2,
            conflicts: 0
        }
    );
    assert_eq!(fixture.read("a.txt"), BASE, "nothing is written before a decision");
    fixture.decide_nth(Decision::Accept, 0).await;
    fixture.decide_nth(Decision::Reject, 1).await;
    assert_eq!(fixture.read("a.txt"), BASE.replace("two", "TWO"));
    assert_eq!(fixture.states(), [HunkState::Landed, HunkState::Rejected]);
    assert_eq!(
        fixture.state(),
        TaskState::Landed {
            accepted: 1,
            rejected: 1
        }
    );
}

#[tokio::test]
async fn what_was_typed_meanwhile_stays() {
    let fixture = two_hunks().await;
    fixture.write("a.txt", &format!("zero\n{}", BASE.replace("four", "FOUR")));
    let result = fixture.accept_all().await;
    assert_eq!(result.refused, []);
    assert_eq!(fixture.read("a.txt"), "zero\none\nTWO\nthree\nFOUR\nfive\nSIX\nseven\n");
}

#[tokio::test]
async fn a_true_overlap_is_shown_and_never_written() {
    let fixture = two_hunks().await;
    let mine = BASE.replace("two", "mine");
    fixture.write("a.txt", &mine);
    fixture.until(|states| is_conflict(&states[0])).await;
    assert_eq!(
        fixture.state(),
        TaskState::Ready {
            pending: 2,
            conflicts: 1
        }
    );
    let result = fixture.accept_all().await;
    assert_eq!((result.decided.len(), result.refused.len()), (1, 1));
    assert_eq!(fixture.read("a.txt"), mine.replace("six", "SIX"));
}

#[tokio::test]
async fn the_second_same_decision_changes_nothing_and_the_opposite_one_is_refused() {
    let fixture = two_hunks().await;
    fixture.decide_nth(Decision::Accept, 0).await;
    let after = fixture.read("a.txt");
    assert_eq!(fixture.decide_nth(Decision::Accept, 0).await.refused, []);
    assert_eq!(fixture.decide_nth(Decision::Reject, 0).await.refused.len(), 1);
    fixture.decide_nth(Decision::Reject, 1).await;
    assert_eq!(fixture.decide_nth(Decision::Accept, 1).await.refused.len(), 1);
    assert_eq!(fixture.read("a.txt"), after);
}

#[tokio::test]
async fn unknown_hunks_are_refused_beside_others_and_an_unknown_file_is_an_error() {
    let fixture = two_hunks().await;
    let known = fixture.hunks()[0].1.clone();
    let ids = vec![HunkId::new("nope"), known.clone()];
    let result = fixture.decide(Decision::Accept, Selection::Hunks { ids }).await;
    assert_eq!((result.decided, result.refused.len()), (vec![known], 1));
    let params = aca_protocol::methods::DecideParams {
        task: fixture.task.clone(),
        decision: Decision::Accept,
        selection: Selection::File {
            path: "nope".to_owned(),
        },
        resolution: None,
        seen: None,
    };
    let error = fixture.engine.decide(params).await;
    assert!(matches!(error, Err(aca_engine::Error::NotFound(_))));
}

#[tokio::test]
async fn an_open_document_lands_through_its_editor_and_stays_unsaved() {
    let fixture = two_hunks().await;
    let mut editor = fixture.open("a.txt", &BASE.replace("four", "unsaved"));
    let (result, after) = tokio::join!(fixture.accept_all(), editor.obey());
    assert_eq!(result.refused, []);
    assert_eq!(after, RESULT.replace("four", "unsaved"));
    assert_eq!(fixture.read("a.txt"), BASE, "the file is the user's to save");
}

#[tokio::test]
async fn a_document_that_moved_on_is_merged_again() {
    let fixture = two_hunks().await;
    let mut editor = fixture.open("a.txt", BASE);
    let typing = async {
        editor
            .answer(|editor, _| {
                editor.say(2, &format!("typed\n{BASE}"));
                EditorReply::Stale
            })
            .await;
        editor.obey().await
    };
    let (result, after) = tokio::join!(fixture.accept_all(), typing);
    assert_eq!((result.refused, after), (Vec::new(), format!("typed\n{RESULT}")));
}

#[tokio::test]
async fn an_editor_that_refuses_leaves_the_hunks_undecided() {
    let fixture = two_hunks().await;
    let mut editor = fixture.open("a.txt", BASE);
    let refusing = editor.answer(|_, _| EditorReply::Refused("The document is read-only.".to_owned()));
    let (result, _) = tokio::join!(fixture.accept_all(), refusing);
    assert_eq!((result.decided.len(), result.refused.len()), (0, 2));
    assert_eq!(fixture.states(), [HunkState::Clean, HunkState::Clean]);
}

#[tokio::test]
async fn typing_in_an_open_document_moves_and_blocks_hunks() {
    let fixture = two_hunks().await;
    let editor = fixture.open("a.txt", &format!("a\nb\n{BASE}"));
    fixture.until(|_| fixture.proposal().files[0].hunks[0].line == 3).await;
    editor.say(2, &BASE.replace("six", "6"));
    fixture
        .until(|states| states[0] == HunkState::Clean && is_conflict(&states[1]))
        .await;
    editor.say(3, &BASE.replace("six", "SIX"));
    fixture.until(|states| states[1] == HunkState::AlreadyThere).await;
}

#[tokio::test]
async fn what_is_there_already_is_accepted_without_writing() {
    let fixture = two_hunks().await;
    let mut editor = fixture.open("a.txt", RESULT);
    assert_eq!(fixture.accept_all().await.decided.len(), 2);
    assert!(editor.was_left_alone());
}

#[tokio::test]
async fn line_endings_byte_order_marks_and_missing_newlines_are_kept() {
    for (base, result) in [
        ("a\r\nb\r\nc\r\n", "a\r\nB\r\nc\r\n"),
        ("a\r\nb\nc", "a\r\nB\nc"),
        ("a\nb", "a\nb\n"),
        ("a\nb\n", "a\nb"),
        ("\u{feff}a\nb\n", "\u{feff}a\nB\n"),
        ("", "x"),
        ("ä\n😀\n", "ä\n😀!\n"),
    ] {
        let fixture = Fixture::new(&[("f", base)], &[("f", result)]).await;
        fixture.accept_all().await;
        assert_eq!(fixture.read("f"), result);
    }
}

#[tokio::test]
async fn an_open_document_without_the_byte_order_mark_lands_without_it() {
    let fixture = Fixture::new(&[("f", "\u{feff}a\nb\nc\n")], &[("f", "\u{feff}a\nb\nC\n")]).await;
    let mut editor = fixture.open("f", "a\nb\nc\n");
    let (_, after) = tokio::join!(fixture.accept_all(), editor.obey());
    assert_eq!(after, "a\nb\nC\n");
}

#[tokio::test]
async fn new_deleted_and_renamed_files_land() {
    let long = "line\nanother line\nand a third that is long enough\n";
    let base = [("gone", "bye\n"), ("old/name", long)];
    let result = [("new/file.sh", "#!/bin/sh\n"), ("moved/name", long)];
    let fixture = Fixture::new(&base, &result).await;
    let changes: Vec<FileChange> = fixture
        .proposal()
        .files
        .iter()
        .map(|file| file.change.clone())
        .collect();
    let renamed = FileChange::Rename {
        from: "old/name".to_owned(),
    };
    assert_eq!(changes, [FileChange::Delete, renamed, FileChange::Create]);
    assert_eq!(fixture.accept_all().await.refused, []);
    assert!(!fixture.path("gone").exists() && !fixture.path("old/name").exists());
    assert_eq!(fixture.read("moved/name"), long);
    assert_eq!(fixture.read("new/file.sh"), "#!/bin/sh\n");
}

#[tokio::test]
async fn a_new_file_that_is_open_under_its_name_lands_there() {
    for blank in ["", "\n", "\r\n"] {
        let fixture = Fixture::new(&[("a", "a\n")], &[("a", "a\n"), ("new", "new\n")]).await;
        let mut editor = fixture.open("new", blank);
        fixture.until(|states| matches!(states, [HunkState::Clean])).await;
        let (result, after) = tokio::join!(fixture.accept_all(), editor.obey());
        assert_eq!((result.refused, after.as_str()), (vec![], "new\n"));
        assert!(!fixture.path("new").exists(), "saving is the person's");
    }
}

#[tokio::test]
async fn what_was_typed_into_a_new_file_is_in_the_way_of_another() {
    let fixture = Fixture::new(&[("a", "a\n")], &[("a", "a\n"), ("new", "new\n")]).await;
    let mut editor = fixture.open("new", "mine\n");
    fixture
        .until(|states| matches!(states, [HunkState::Overlapping { .. }]))
        .await;
    assert_eq!(fixture.accept_all().await.refused.len(), 1);
    assert!(editor.was_left_alone());
}

#[tokio::test]
async fn a_renamed_file_carries_what_was_typed_into_the_old_one() {
    let long = "line\nanother line\nand a third that is long enough\n";
    let fixture = Fixture::new(&[("old", long)], &[("new", long)]).await;
    fixture.write("old", &format!("typed\n{long}"));
    assert_eq!(fixture.accept_all().await.refused, []);
    assert_eq!(fixture.read("new"), format!("typed\n{long}"));
    assert!(!fixture.path("old").exists());
}

#[tokio::test]
async fn whole_file_changes_do_not_overwrite_what_appeared_or_changed_meanwhile() {
    let fixture = Fixture::new(&[("gone", "bye\n")], &[("new", "agent's\n")]).await;
    fixture.write("new", "mine\n");
    fixture.write("gone", "changed\n");
    let result = fixture.accept_all().await;
    assert_eq!((result.decided.len(), result.refused.len()), (0, 2));
    assert_eq!(
        (fixture.read("new"), fixture.read("gone")),
        ("mine\n".to_owned(), "changed\n".to_owned())
    );
}

#[tokio::test]
async fn lines_and_the_executable_bit_are_two_decisions() {
    for open in [false, true] {
        let fixture = Fixture::new(&[("tool", "a\n")], &[("tool", "#!/bin/sh\na\n")]).await;
        let mut editor = open.then(|| fixture.open("tool", "a\nunsaved\n"));
        let changes: Vec<_> = fixture
            .proposal()
            .files
            .iter()
            .map(|file| file.change.clone())
            .collect();
        assert_eq!(changes, [FileChange::Modify, FileChange::Mode { executable: true }]);
        fixture.decide_nth(Decision::Accept, 1).await;
        assert_eq!(
            (fixture.read("tool").as_str(), executable(&fixture, "tool")),
            ("a\n", 0o111)
        );
        let selection = Selection::File {
            path: "tool".to_owned(),
        };
        let accepting = fixture.decide(Decision::Accept, selection);
        match &mut editor {
            None => drop(accepting.await),
            Some(editor) => {
                let (_, after) = tokio::join!(accepting, editor.obey());
                assert_eq!(after, "#!/bin/sh\na\nunsaved\n");
            }
        }
        assert_eq!(fixture.states(), [HunkState::Landed, HunkState::Landed]);
        assert_eq!(executable(&fixture, "tool"), 0o111);
    }
}

#[tokio::test]
async fn a_mode_that_is_there_already_is_seen() {
    let fixture = Fixture::new(&[("tool", "#!x\n")], &[("tool", "x\n")]).await;
    assert_eq!(fixture.states(), [HunkState::Clean, HunkState::Clean]);
    fixture.write("tool", "x\n");
    fixture
        .until(|states| states == [HunkState::AlreadyThere, HunkState::AlreadyThere])
        .await;
}

#[tokio::test]
async fn a_file_and_a_directory_take_each_others_place() {
    for (base, result) in [
        (&[("d/a/x", "1\n"), ("f", "2\n")], &[("d", "3\n"), ("f/y", "4\n")]),
        (&[("d", "3\n"), ("f/y", "4\n")], &[("d/a/x", "1\n"), ("f", "2\n")]),
    ] {
        let fixture = Fixture::new(base, result).await;
        assert_eq!(fixture.accept_all().await.refused, []);
        for (path, text) in result {
            assert_eq!(fixture.read(path), *text);
        }
    }
}

#[tokio::test]
async fn a_directory_in_the_way_is_named() {
    let fixture = Fixture::new(&[("d/a", "1\n")], &[("d", "3\n")]).await;
    fixture.write("d/mine", "m\n");
    let refused = fixture.accept_all().await.refused;
    assert_eq!(refused.len(), 1);
    assert!(refused[0].reason.contains("d is not a plain file"), "{refused:?}");
    assert_eq!(fixture.read("d/mine"), "m\n");
}

#[tokio::test]
async fn an_unsaved_document_is_not_removed() {
    let fixture = Fixture::new(&[("f", "unsaved\n")], &[]).await;
    fixture.write("f", "on disk\n");
    let mut editor = fixture.open("f", "unsaved\n");
    let refused = fixture.accept_all().await.refused;
    assert!(refused[0].reason.contains("Save it"), "{refused:?}");
    assert_eq!(fixture.read("f"), "on disk\n");
    assert!(editor.was_left_alone());
    fixture.write("f", "unsaved\n");
    assert_eq!(fixture.accept_all().await.refused, []);
    assert!(!fixture.path("f").exists());
}

#[tokio::test]
async fn a_file_that_went_away_is_a_conflict() {
    let fixture = two_hunks().await;
    std::fs::remove_file(fixture.path("a.txt")).unwrap();
    fixture.until(|states| states.iter().all(is_conflict)).await;
    assert_eq!(fixture.accept_all().await.refused.len(), 2);
    assert!(!fixture.path("a.txt").exists());
}

#[tokio::test]
async fn a_restart_shows_the_same_proposal_and_decisions() {
    let mut fixture = two_hunks().await;
    fixture.decide_nth(Decision::Accept, 0).await;
    let before = (fixture.hunks(), fixture.state());
    fixture.restart().await;
    assert_eq!((fixture.hunks(), fixture.state()), before);
}
