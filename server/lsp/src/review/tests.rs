//! What a client is offered to do about hunks under review.

use std::sync::Arc;

use aca_protocol::methods::{CheckCommandResult, OperationView};
use aca_protocol::proposal::{FileChange, HunkState};
use aca_protocol::{HunkId, OperationId, TaskId};
use lsp_types::{CodeAction, Diagnostic, Position, Range};
use serde_json::{Value, json};

use super::fixture::{TEXT, conflict, hunk, published, review};
use super::{Context, actions};
use crate::board::{FileBoard, Hunk, Review, WorkspaceBoard};
use crate::documents::Encoding;
use crate::front_end::FrontEnd;
use crate::life::fixture::{rust_document, todo_task};

/// What a plain client knows of a file and its workspace.
#[derive(Default)]
struct Place {
    file: FileBoard,
    workspace: WorkspaceBoard,
    sent: Vec<Diagnostic>,
}

impl Place {
    fn pending(hunks: impl IntoIterator<Item = Hunk>) -> Self {
        let mut place = Self::default();
        place.file.pending = hunks.into_iter().map(Arc::new).collect();
        place
    }

    fn actions_in(&self, text: &str, range: [u32; 4]) -> Vec<CodeAction> {
        let [start_line, start, end_line, end] = range;
        let found = actions(&Context {
            document: &rust_document(text),
            file: &self.file,
            workspace: &self.workspace,
            selected: Range {
                start: Position::new(start_line, start),
                end: Position::new(end_line, end),
            },
            diagnostics: &self.sent,
            encoding: Encoding::Utf16,
            front_end: &FrontEnd::default(),
        });
        let is_complete = |action: &CodeAction| action.edit.is_none() && action.command.is_some();
        assert!(found.iter().all(is_complete), "{found:#?}");
        found
    }

    fn actions(&self, line: u32) -> Vec<CodeAction> {
        self.actions_in(TEXT, [line, 1, line, 1])
    }

    /// Checks the titles of the actions on a line.
    #[track_caller]
    fn check(&self, line: u32, expected: &[&str]) {
        let found = self.actions(line);
        assert_eq!(titles(&found), expected);
    }

    /// Returns the command and the argument of the action with a title.
    #[track_caller]
    fn command(&self, line: u32, title: &str) -> (String, Value) {
        command(&self.actions(line), title)
    }
}

fn titles(actions: &[CodeAction]) -> Vec<&str> {
    actions.iter().map(|action| action.title.as_str()).collect()
}

#[track_caller]
fn command(actions: &[CodeAction], title: &str) -> (String, Value) {
    let action = actions.iter().find(|action| action.title == title);
    let command = action.and_then(|action| action.command.clone()).unwrap();
    (command.command, command.arguments.unwrap().remove(0))
}

const ALL: [&str; 4] = [
    "Accept this hunk",
    "Reject this hunk",
    "Accept all in file",
    "Reject all in file",
];

#[test]
fn a_hunk_can_be_decided_where_it_is() {
    let place = Place::pending([hunk("t", "h", 1, 2, HunkState::Clean)]);
    place.check(0, &[]);
    place.check(1, &ALL);
    place.check(2, &ALL);
    place.check(3, &[]);
    Place::pending([hunk("t", "h", 1, 0, HunkState::Clean)]).check(1, &ALL);
    // Past the last line: at the end of the text.
    Place::pending([hunk("t", "h", 9, 0, HunkState::Clean)]).check(4, &ALL);
}

#[test]
fn a_decision_says_what_was_looked_at() {
    let place = Place::pending([hunk("t", "h", 1, 2, HunkState::Moved)]);
    let one = json!({ "task": "t", "hunk": "h", "seen": 9 });
    assert_eq!(
        place.command(1, "Accept this hunk"),
        ("aca.server.accept".to_owned(), one)
    );
    let file = json!({ "task": "t", "path": "a.rs", "seen": 9 });
    assert_eq!(
        place.command(1, "Reject all in file"),
        ("aca.server.rejectFile".to_owned(), file)
    );
}

#[test]
fn a_conflict_is_a_question_with_four_answers() {
    for state in [conflict(), HunkState::Gone { reason: String::new() }] {
        let place = Place::pending([hunk("t", "h", 1, 1, state)]);
        place.check(
            1,
            &[
                "Keep mine",
                "Take the agent's",
                "Keep both to edit",
                "Ask the agent to redo it on my version",
                "Accept all in file",
                "Reject all in file",
            ],
        );
        let one = json!({ "task": "t", "hunk": "h", "seen": 9 });
        assert_eq!(place.command(1, "Keep mine"), ("aca.server.reject".to_owned(), one));
        let both = json!({ "task": "t", "hunk": "h", "resolution": "both", "seen": 9 });
        assert_eq!(
            place.command(1, "Keep both to edit"),
            ("aca.server.resolve".to_owned(), both)
        );
        let redo = json!({ "task": "t", "hunks": ["h"] });
        assert_eq!(
            place.command(1, "Ask the agent to redo it on my version"),
            ("aca.server.redo".to_owned(), redo)
        );
    }
    let mut whole = hunk("t", "h", 0, 0, conflict());
    whole.change = FileChange::Create;
    let offered = Place::pending([whole]).actions(0);
    assert!(!titles(&offered).contains(&"Keep both to edit"));
}

#[test]
fn a_hunk_beside_typed_lines_says_so() {
    let merged = "new typed\n".to_owned();
    let place = Place::pending([hunk("t", "h", 1, 1, HunkState::Touched { merged })]);
    assert_eq!(
        place.actions(1)[0].title,
        "Accept this hunk (lines beside it were changed since)"
    );
}

#[test]
fn what_cannot_be_landed_can_be_rejected() {
    let mut unsupported = hunk("t", "h", 0, 0, HunkState::Clean);
    unsupported.change = FileChange::Unsupported {
        reason: "It is a link.".to_owned(),
    };
    let place = Place::pending([unsupported]);
    assert_eq!(place.actions(0)[0].title, "Reject this change");
}

#[test]
fn selected_lines_are_accepted_alone_where_it_is_clear_which_they_are() {
    const LINES: &str = "Accept only the selected lines";
    let offered = |new: &str, range| {
        let mut hunk = hunk("t", "h", 1, 3, HunkState::Clean);
        hunk.view.new = new.to_owned();
        let found = Place::pending([hunk]).actions_in(TEXT, range);
        let is_offered = titles(&found).contains(&LINES);
        is_offered.then(|| command(&found, LINES).1)
    };
    let part =
        |start: u32, end: u32| Some(json!({ "task": "t", "hunk": "h", "start": start, "end": end, "accept": true }));
    let as_many = "a\nb\nc\n";
    assert_eq!(offered(as_many, [2, 0, 2, 3]), part(1, 2));
    assert_eq!(offered(as_many, [0, 0, 3, 0]), part(0, 2));
    assert_eq!(offered("", [3, 0, 4, 0]), part(2, 3));
    // The whole hunk, nothing of it, a cursor, and lines that could be any of two.
    assert_eq!(offered(as_many, [1, 0, 3, 4]), None);
    assert_eq!(offered(as_many, [0, 0, 1, 0]), None);
    assert_eq!(offered(as_many, [2, 1, 2, 1]), None);
    assert_eq!(offered("a\nb\n", [2, 0, 2, 3]), None);
}

#[test]
fn a_rejected_hunk_can_be_brought_back() {
    let mut place = Place::default();
    place.file.rejected = vec![Arc::new(hunk("t", "h", 1, 1, HunkState::Rejected))];
    place.check(0, &[]);
    place.check(1, &["Bring the rejected hunk back"]);
    let one = json!({ "task": "t", "hunks": ["h"] });
    assert_eq!(
        place.command(1, "Bring the rejected hunk back"),
        ("aca.server.reopen".to_owned(), one)
    );
    assert_eq!(place.actions(1)[0].kind.as_ref().unwrap().as_str(), "refactor");
}

#[test]
fn rejected_and_conflicting_hunks_can_be_sent_back() {
    let mut sent = hunk("t", "h", 1, 1, HunkState::Clean);
    sent.review = Arc::new(Review {
        redo: vec![HunkId::new("x"), HunkId::new("y")],
        ..review("t")
    });
    let place = Place::pending([sent]);
    let words = "Send back: redo the 2 rejected and conflicting hunks";
    assert_eq!(
        place.command(1, words),
        (
            "aca.server.sendBack".to_owned(),
            json!({ "task": "t", "remark": "", "redo": ["x", "y"] })
        )
    );
}

#[test]
fn a_comment_can_be_the_remark() {
    let text = "one\ntwo\n// TODO use a map here\nfour\n// TODO the task's own\n";
    let mut place = Place::pending([hunk("t", "h", 0, 1, HunkState::Clean)]);
    let own = todo_task("t", "a.rs", 4, &rust_document(text).todos()[1].text);
    place.file.tasks = vec![Arc::new(own)];
    let words = "Send “title of t” back with this comment as the remark";
    let found = place.actions_in(text, [2, 5, 2, 5]);
    assert_eq!(titles(&found), [words]);
    let (name, argument) = command(&found, words);
    assert_eq!(name, "aca.server.sendBack");
    assert_eq!(argument, json!({ "task": "t", "remark": "TODO use a map here" }));
    assert!(place.actions_in(text, [4, 5, 4, 5]).is_empty());
}

#[test]
fn a_check_is_confirmed_before_it_is_run() {
    let mut place = Place::pending([hunk("t", "h", 1, 1, HunkState::Clean)]);
    let mut check = CheckCommandResult {
        command: Some("make check".to_owned()),
        from: Some("Makefile".to_owned()),
        confirmed: false,
    };
    place.workspace.check = Some(check.clone());
    assert_eq!(
        place.command(1, "Confirm the check command `make check`"),
        (
            "aca.server.confirmCheck".to_owned(),
            json!({ "workspace": "/w", "command": "make check" })
        )
    );
    assert_eq!(place.actions(1).len(), 5);
    assert!(place.actions(0).is_empty());
    check.confirmed = true;
    place.workspace.check = Some(check);
    let one = json!({ "task": "t", "hunks": ["h"] });
    assert_eq!(
        place.command(1, "Check this hunk"),
        ("aca.server.check".to_owned(), one)
    );
    let all = json!({ "task": "t" });
    assert_eq!(
        place.command(1, "Check all hunks of this task"),
        ("aca.server.check".to_owned(), all)
    );
}

#[test]
fn what_landed_last_in_a_file_can_be_undone_and_the_undoing_too() {
    let operation = |id: &str, undoes: Option<&str>, path: &str, stands: bool| OperationView {
        id: OperationId::new(id),
        task: TaskId::new("t"),
        undoes: undoes.map(OperationId::new),
        at_ms: 0,
        paths: vec![path.to_owned()],
        hunks: if stands { vec![HunkId::new("h")] } else { Vec::new() },
    };
    let offered = |operations: Vec<OperationView>| {
        let mut place = Place::default();
        place.workspace.operations = Arc::new(operations);
        let found = place.actions(0);
        let named = found.iter().map(|action| {
            let (_, argument) = command(&found, &action.title);
            (action.title.clone(), argument["operation"].as_str().unwrap().to_owned())
        });
        named.collect::<Vec<_>>()
    };
    let undo = |id: &str| ("Undo the last landing".to_owned(), id.to_owned());
    let back = |id: &str| ("Take back the last undo".to_owned(), id.to_owned());
    assert_eq!(offered(vec![operation("1", None, "a.rs", true)]), [undo("1")]);
    assert_eq!(
        offered(vec![
            operation("1", None, "a.rs", true),
            operation("2", None, "b.rs", true)
        ]),
        []
    );
    assert_eq!(
        offered(vec![
            operation("1", None, "a.rs", true),
            operation("2", None, "a.rs", false),
            operation("3", Some("2"), "a.rs", true),
        ]),
        [back("3"), undo("1")]
    );
}

#[test]
fn hunks_of_several_tasks_are_told_apart() {
    let place = Place::pending([
        hunk("t", "h", 0, 1, HunkState::Clean),
        hunk("u", "i", 0, 1, HunkState::Clean),
    ]);
    place.check(
        0,
        &[
            "Accept this hunk (title of t)",
            "Reject this hunk (title of t)",
            "Accept this hunk (title of u)",
            "Reject this hunk (title of u)",
            "Accept all in file (title of t)",
            "Reject all in file (title of t)",
            "Accept all in file (title of u)",
            "Reject all in file (title of u)",
        ],
    );
}

#[test]
fn an_action_names_the_diagnostic_it_resolves() {
    let hunks = [
        hunk("t", "h", 1, 1, HunkState::Clean),
        hunk("t", "i", 1, 0, HunkState::Clean),
    ];
    for keeps_data in [true, false] {
        let sent = published(&hunks, keeps_data);
        assert_eq!(sent.iter().all(|diagnostic| diagnostic.data.is_some()), keeps_data);
        let place = Place {
            sent: sent.clone(),
            ..Place::pending(hunks.clone())
        };
        let found = place.actions(1);
        assert_eq!(found[0].diagnostics.as_deref(), Some(&sent[..1]));
        assert_eq!(found[2].diagnostics.as_deref(), Some(&sent[1..]));
        assert_eq!(found[4].diagnostics, None);
    }
}
