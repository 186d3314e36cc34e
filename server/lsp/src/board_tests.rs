//! What the board says of a file as tasks and proposals change.

use std::path::Path;

use aca_protocol::proposal::{FileChange, FileView, HunkState, HunkView, ProposalView};
use aca_protocol::{HunkId, TaskId};

use super::Board;
use crate::life::fixture::todo_task;

fn proposal(revision: u64, files: &[(&str, FileChange, &[HunkState])]) -> ProposalView {
    let file = |(path, change, states): &(&str, FileChange, &[HunkState])| {
        let hunk = |(number, state): (usize, &HunkState)| {
            let id = HunkId::new(number.to_string());
            HunkView::new(id, state.clone(), 0, 1, String::new(), String::new())
        };
        let hunks = states.iter().enumerate().map(hunk).collect();
        FileView {
            path: (*path).to_owned(),
            change: change.clone(),
            hunks,
        }
    };
    let files = files.iter().map(file).collect();
    ProposalView::new(TaskId::new("t"), files, revision)
}

fn pending(board: &Board, path: &str) -> Vec<String> {
    board
        .file(Path::new(path))
        .pending
        .iter()
        .map(|pending| pending.hunk.id.to_string())
        .collect()
}

#[test]
fn only_undecided_hunks_wait() {
    let board = Board::default();
    let task = todo_task("t", "a.rs", 0, "TODO x");
    let states = [
        HunkState::Clean,
        HunkState::Landed,
        HunkState::Rejected,
        HunkState::AlreadyThere,
    ];
    let dirty = board.set_proposal(&task, &proposal(1, &[("a.rs", FileChange::Modify, &states)]));
    assert!(dirty.contains(Path::new("/w/a.rs")));
    assert_eq!(pending(&board, "/w/a.rs"), ["0", "3"]);
}

#[test]
fn a_decided_file_is_cleared_and_told_of() {
    let board = Board::default();
    let task = todo_task("t", "a.rs", 0, "TODO x");
    board.set_proposal(
        &task,
        &proposal(1, &[("a.rs", FileChange::Modify, &[HunkState::Clean])]),
    );
    let dirty = board.set_proposal(
        &task,
        &proposal(2, &[("a.rs", FileChange::Modify, &[HunkState::Landed])]),
    );
    assert!(dirty.contains(Path::new("/w/a.rs")));
    assert!(pending(&board, "/w/a.rs").is_empty() && board.touched(&task.id).is_empty());
}

#[test]
fn an_older_view_changes_nothing() {
    let board = Board::default();
    let task = todo_task("t", "a.rs", 0, "TODO x");
    board.set_proposal(
        &task,
        &proposal(5, &[("a.rs", FileChange::Modify, &[HunkState::Clean])]),
    );
    let dirty = board.set_proposal(&task, &proposal(4, &[]));
    assert!(dirty.is_empty());
    assert_eq!(pending(&board, "/w/a.rs"), ["0"]);
    let mut newer = task.clone();
    newer.revision = 3;
    assert!(board.set_task(&newer));
    assert!(!board.set_task(&task));
}

#[test]
fn a_file_to_be_renamed_is_where_it_was() {
    let board = Board::default();
    let task = todo_task("t", "a.rs", 0, "TODO x");
    let change = FileChange::Rename {
        from: "old.rs".to_owned(),
    };
    board.set_proposal(&task, &proposal(1, &[("new.rs", change, &[HunkState::Clean])]));
    assert_eq!(pending(&board, "/w/old.rs"), ["0"]);
    assert_eq!(board.file(Path::new("/w/old.rs")).pending[0].path, "new.rs");
}

#[test]
fn the_newest_task_of_a_file_comes_first() {
    let board = Board::default();
    for (id, created_ms) in [("a", 1), ("c", 3), ("b", 2)] {
        let mut task = todo_task(id, "a.rs", 0, "TODO x");
        task.created_ms = created_ms;
        board.set_task(&task);
    }
    let tasks = board.file(Path::new("/w/a.rs")).tasks;
    assert_eq!(
        tasks.iter().map(|task| task.id.as_str()).collect::<Vec<_>>(),
        ["c", "b", "a"]
    );
}

#[test]
fn a_workspace_that_is_left_is_forgotten_and_can_come_back() {
    let board = Board::default();
    let task = todo_task("t", "a.rs", 0, "TODO x");
    let mut other = todo_task("o", "a.rs", 0, "TODO x");
    other.workspace = "/other".into();
    board.set_task(&task);
    board.set_task(&other);
    let pending_one = proposal(1, &[("a.rs", FileChange::Modify, &[HunkState::Clean])]);
    board.set_proposal(&task, &pending_one);
    let (tasks, dirty) = board.forget(Path::new("/w"));
    assert_eq!(tasks, std::slice::from_ref(&task.id));
    assert!(dirty.contains(Path::new("/w/a.rs")) && dirty.len() == 1);
    assert!(pending(&board, "/w/a.rs").is_empty() && board.file(Path::new("/w/a.rs")).tasks.is_empty());
    assert_eq!(board.file(Path::new("/other/a.rs")).tasks.len(), 1);
    board.set_proposal(&task, &pending_one);
    assert_eq!(pending(&board, "/w/a.rs"), ["0"]);
}
