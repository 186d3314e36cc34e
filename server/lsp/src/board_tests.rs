//! What the board says of a file as tasks and proposals change.

use std::path::Path;

use aca_protocol::methods::OperationView;
use aca_protocol::proposal::{FileChange, FileView, HunkState, HunkView, ProposalView};
use aca_protocol::task::{TaskState, TaskView};
use aca_protocol::{HunkId, OperationId, TaskId};

use super::Board;
use crate::life::fixture::todo_task;

/// A task whose proposal waits for decisions.
fn ready(id: &str) -> TaskView {
    TaskView {
        state: TaskState::Ready {
            pending: 1,
            conflicts: 0,
        },
        ..todo_task(id, "a.rs", 0, "TODO x")
    }
}

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
        .map(|hunk| hunk.view.id.to_string())
        .collect()
}

#[test]
fn only_undecided_hunks_wait() {
    let board = Board::default();
    let task = ready("t");
    let states = [
        HunkState::Clean,
        HunkState::Landed,
        HunkState::Rejected,
        HunkState::AlreadyThere,
    ];
    let dirty = board.set_proposal(&task, &proposal(1, &[("a.rs", FileChange::Modify, &states)]));
    assert!(dirty.contains(Path::new("/w/a.rs")));
    assert_eq!(pending(&board, "/w/a.rs"), ["0", "3"]);
    let rejected = board.file(Path::new("/w/a.rs")).rejected;
    assert_eq!(
        rejected.iter().map(|hunk| hunk.view.id.as_str()).collect::<Vec<_>>(),
        ["2"]
    );
}

#[test]
fn a_review_knows_what_the_agent_could_do_again_and_what_needs_what() {
    let board = Board::default();
    let task = ready("t");
    let conflict = HunkState::Gone { reason: String::new() };
    let mut proposal = proposal(
        4,
        &[
            ("a.rs", FileChange::Modify, &[HunkState::Clean]),
            ("b.rs", FileChange::Modify, &[conflict, HunkState::Rejected]),
        ],
    );
    for (number, hunk) in proposal.files.iter_mut().flat_map(|file| &mut file.hunks).enumerate() {
        hunk.id = HunkId::new(number.to_string());
        hunk.line = 10 * number as u32;
    }
    proposal.files[0].hunks[0].needs = vec![HunkId::new("1"), HunkId::new("gone")];
    board.set_proposal(&task, &proposal);
    let hunk = board.file(Path::new("/w/a.rs")).pending[0].clone();
    assert_eq!((hunk.review.revision, &*hunk.needs), (4, &["b.rs:11".to_owned()][..]));
    assert_eq!(hunk.review.redo, [HunkId::new("1"), HunkId::new("2")]);
}

#[test]
fn a_decided_file_is_cleared_and_told_of() {
    let board = Board::default();
    let task = ready("t");
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
    let decided = [HunkState::Landed, HunkState::Rejected];
    board.set_proposal(&task, &proposal(3, &[("a.rs", FileChange::Modify, &decided)]));
    assert!(board.file(Path::new("/w/a.rs")).rejected.is_empty());
}

#[test]
fn nothing_waits_while_the_task_is_at_work_again() {
    let board = Board::default();
    let task = ready("t");
    board.set_proposal(
        &task,
        &proposal(1, &[("a.rs", FileChange::Modify, &[HunkState::Clean])]),
    );
    board.set_task(&TaskView {
        state: TaskState::Queued,
        ..task.clone()
    });
    assert!(pending(&board, "/w/a.rs").is_empty());
    assert_eq!(board.touched(&task.id), [Path::new("/w/a.rs")]);
    board.set_task(&task);
    assert_eq!(pending(&board, "/w/a.rs"), ["0"]);
}

#[test]
fn an_earlier_list_of_operations_changes_nothing() {
    let board = Board::default();
    let root = Path::new("/w");
    let operation = |id: &str| OperationView {
        id: OperationId::new(id),
        task: TaskId::new("t"),
        undoes: None,
        at_ms: 0,
        paths: Vec::new(),
        hunks: Vec::new(),
    };
    board.set_operations(root, vec![operation("1"), operation("2")]);
    board.set_operations(root, vec![operation("1")]);
    assert_eq!(board.workspace(root).operations.len(), 2);
}

#[test]
fn an_older_view_changes_nothing() {
    let board = Board::default();
    let task = ready("t");
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
    let task = ready("t");
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
        let mut task = ready(id);
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
    let task = ready("t");
    let mut other = ready("o");
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
