//! Nothing is emitted that the client did not declare, and what it did declare is: over every lens and every action.

use std::collections::BTreeSet;
use std::sync::Arc;

use aca_protocol::HunkId;
use aca_protocol::methods::CheckCommandResult;
use aca_protocol::proposal::{FileChange, HunkState, Reason};
use aca_protocol::session::Recovery;
use aca_protocol::task::{TaskState, TaskView};
use lsp_types::{Command, Position, Range};
use serde_json::{Value, json};

use super::{ClientCommand, FrontEnd, icons};
use crate::board::{FileBoard, Hunk, Review, WorkspaceBoard};
use crate::capabilities::ClientFlags;
use crate::commands::NAMES;
use crate::documents::Encoding;
use crate::life::fixture::{rust_document, todo_task};
use crate::review::fixture::{conflict, failed_check, hunk, review as proposal};
use crate::{life, review, selection};

const TEXT: &str = "one\n// TODO sort $(them)\nthree\nfour\n";

fn states() -> Vec<TaskState> {
    let reason = || "No $(engine) answers.".to_owned();
    vec![
        TaskState::Queued,
        TaskState::Preparing { step: reason() },
        TaskState::Running {
            activity: reason(),
            since_ms: 0,
        },
        TaskState::Paused,
        TaskState::Verifying { since_ms: 0 },
        TaskState::Stopping,
        TaskState::Stopped,
        TaskState::Ready {
            pending: 2,
            conflicts: 1,
        },
        TaskState::NothingToDo { summary: reason() },
        TaskState::Landed {
            accepted: 1,
            rejected: 1,
        },
        TaskState::Rejected,
        TaskState::Failed { reason: reason() },
        TaskState::Lost { reason: reason() },
    ]
}

/// The task in each state, with and without ways to go on.
fn tasks() -> Vec<TaskView> {
    let text = rust_document(TEXT).todos()[0].text.clone();
    let ways = [vec![], vec![Recovery::Again, Recovery::Continue, Recovery::Take]];
    let of_state = |state: TaskState| {
        let text = text.clone();
        ways.clone().map(|recovery| TaskView {
            state: state.clone(),
            recovery,
            ..todo_task("t", "a.rs", 1, &text)
        })
    };
    states().into_iter().flat_map(of_state).collect()
}

/// A hunk in each state and of each kind, on the TODO's line.
fn hunks() -> Vec<Arc<Hunk>> {
    let states = [
        HunkState::Clean,
        HunkState::Moved,
        HunkState::AlreadyThere,
        HunkState::Touched { merged: String::new() },
        HunkState::Gone { reason: String::new() },
        conflict(),
    ];
    let changes = [
        FileChange::Modify,
        FileChange::Create,
        FileChange::Unsupported { reason: String::new() },
    ];
    let mut hunks = Vec::new();
    for state in &states {
        for change in &changes {
            let mut made = hunk("t", "h", 1, 1, state.clone());
            made.change = change.clone();
            made.review = Arc::new(Review {
                check: Some(failed_check("h")),
                redo: vec![HunkId::new("h")],
                ..proposal("t")
            });
            made.view.reason = Some(Reason {
                why: "It was $(wrong).".to_owned(),
                verified: true,
                calls: Vec::new(),
            });
            hunks.push(Arc::new(made));
        }
    }
    hunks
}

/// Everything that a client is sent of itself or when it asks: the commands of lenses and those of actions.
fn emitted(flags: &ClientFlags) -> (Vec<Command>, Vec<Command>) {
    let front_end = &flags.front_end;
    let document = rust_document(TEXT);
    let workspace = WorkspaceBoard {
        check: Some(CheckCommandResult {
            command: Some("make".to_owned()),
            from: None,
            confirmed: true,
        }),
        ..WorkspaceBoard::default()
    };
    let selected = Range::new(Position::new(0, 0), Position::new(3, 1));
    let (mut lenses, mut actions) = (life::lenses(&document, &[], 42_000, front_end), Vec::new());
    for task in tasks() {
        let at_work = [task.clone()];
        let task = Arc::new(task);
        lenses.extend(life::lenses(&document, &[Arc::clone(&task)], 42_000, front_end));
        let file = FileBoard {
            tasks: vec![task],
            ..FileBoard::default()
        };
        actions.extend(life::actions(&life::Context {
            document: &document,
            file: &file,
            at_work: &at_work,
            selected,
            front_end,
        }));
        actions.extend(life::beside(document.file.as_ref().unwrap(), &at_work, front_end));
    }
    let file = FileBoard {
        pending: hunks(),
        rejected: vec![Arc::new(hunk("t", "r", 2, 1, HunkState::Rejected))],
        ..FileBoard::default()
    };
    lenses.extend(review::lenses(&document, &file.pending, flags));
    actions.extend(review::actions(&review::Context {
        document: &document,
        file: &file,
        workspace: &workspace,
        selected,
        diagnostics: &[],
        encoding: Encoding::Utf16,
        front_end,
    }));
    actions.extend(selection::actions(&document, selected, Encoding::Utf16, front_end));
    (
        lenses.into_iter().filter_map(|lens| lens.command).collect(),
        actions.into_iter().filter_map(|action| action.command).collect(),
    )
}

fn flags(declared: &Value) -> ClientFlags {
    let capabilities = json!({ "experimental": { "aca": declared } });
    ClientFlags::new(&serde_json::from_value(capabilities).unwrap(), None)
}

/// Returns the commands among some that are not the server's own.
fn foreign<'a>(commands: impl IntoIterator<Item = &'a Command>) -> BTreeSet<&'a str> {
    let names = commands.into_iter().map(|command| command.command.as_str());
    names.filter(|name| !name.is_empty() && !NAMES.contains(name)).collect()
}

#[test]
fn exactly_the_declared_commands_are_emitted() {
    for subset in 0..1_u32 << ClientCommand::ALL.len() {
        let all = ClientCommand::ALL.into_iter().enumerate();
        let declared: BTreeSet<_> = all
            .filter(|(bit, _)| subset & (1 << bit) != 0)
            .map(|(_, command)| command.name())
            .collect();
        let (lenses, actions) = emitted(&flags(&json!({ "commands": declared })));
        assert_eq!(foreign(lenses.iter().chain(&actions)), declared);
        let in_lenses = foreign(&lenses);
        for name in ["aca.review", "aca.showTranscript"] {
            assert_eq!(
                in_lenses.contains(name),
                declared.contains(name),
                "{name} in {in_lenses:?}"
            );
        }
    }
}

#[test]
fn codicons_are_for_those_who_draw_them() {
    let (lenses, actions) = emitted(&ClientFlags::default());
    let has_icon = |command: &&Command| {
        let title = command.title.replace("\\$(", "");
        title.contains("$(")
    };
    // What somebody else wrote stays as it is, in an icon's clothes or not.
    let of_us = |commands: &[Command]| -> Vec<String> {
        let ours = commands.iter().filter(|command| has_icon(command));
        let ours = ours.filter(|command| {
            !["$(engine)", "$(them)", "$(wrong)"]
                .iter()
                .any(|words| command.title.contains(words))
        });
        ours.map(|command| command.title.clone()).collect()
    };
    assert_eq!(of_us(&lenses), Vec::<String>::new());
    assert_eq!(of_us(&actions), Vec::<String>::new());

    let (lenses, actions) = emitted(&flags(&json!({ "codicons": true })));
    assert_eq!(of_us(&actions), Vec::<String>::new());
    let icons::Icons {
        play,
        working,
        done,
        refused,
    } = icons::CODICONS;
    let used = |icon: &str| lenses.iter().any(|lens| lens.title.contains(icon));
    assert!([play, working, done, refused].into_iter().all(used), "{lenses:#?}");
    for lens in &lenses {
        let icons = [play, working, done, refused];
        let rest = icons
            .iter()
            .fold(lens.title.clone(), |title, icon| title.replace(icon, ""));
        assert!(!rest.replace("\\$(", "").contains("$("), "{rest}");
        assert!(!lens.title.contains(['▶', '⟳', '✓', '✗']), "{}", lens.title);
    }
}

#[test]
fn who_draws_hunks_is_sent_none_and_can_decide_them_all_the_same() {
    let (document, pending) = (rust_document(TEXT), hunks());
    let sent = |flags: &ClientFlags| {
        [
            !review::diagnostics(&pending, Some(&document), flags).is_empty(),
            !review::diagnostics(&pending, None, flags).is_empty(),
            review::hover(&document, &pending, Position::new(1, 1), flags).is_some(),
            !review::lenses(&document, &pending, flags).is_empty(),
        ]
    };
    assert_eq!(sent(&ClientFlags::default()), [true; 4]);
    assert_eq!(
        sent(&flags(&json!({ "codicons": true, "commands": ["aca.review"] }))),
        [true; 4]
    );
    let drawing = flags(&json!({ "inlineReview": true }));
    assert_eq!(sent(&drawing), [false; 4]);
    let (_, actions) = emitted(&drawing);
    assert_eq!(actions, emitted(&ClientFlags::default()).1);
}

#[test]
fn what_a_command_is_given_is_what_it_says() {
    let all: Vec<_> = ClientCommand::ALL.iter().map(|command| command.name()).collect();
    let (lenses, actions) = emitted(&flags(&json!({ "commands": all })));
    let arguments = |commands: &[Command], name: &str, title: &str| {
        let found = commands
            .iter()
            .find(|command| command.command == name && command.title == title);
        found
            .unwrap_or_else(|| panic!("{title}: {commands:#?}"))
            .arguments
            .clone()
            .unwrap()
    };
    let task = json!({ "task": "t" });
    let hunks = json!({ "task": "t", "hunks": ["h"] });
    let hunk = json!({ "task": "t", "hunk": "h" });
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 3, "character": 1 } });
    let selection = json!({ "uri": "file:///w/a.rs", "range": range, "version": 7 });
    for (name, title, expected) in [
        ("aca.review", "Review the changes", &task),
        ("aca.review", "Review this hunk", &hunk),
        ("aca.tell", "Tell it something…", &task),
        ("aca.tell", "Tell “TODO sort $(them)” something…", &task),
        ("aca.sendBack", "Send back with a remark…", &task),
        ("aca.showTranscript", "Show transcript", &task),
        ("aca.runSelection", "Do this…", &selection),
    ] {
        assert_eq!(
            arguments(&actions, name, title),
            std::slice::from_ref(expected),
            "{title}"
        );
    }
    let of_hunk = actions.iter().filter(|action| action.command == "aca.sendBack");
    assert!(
        of_hunk
            .filter_map(|action| action.arguments.as_deref())
            .any(|sent| sent == [hunks.clone()])
    );
    for (name, title) in [
        ("aca.review", "✓ 2 hunks (1 conflict): review"),
        ("aca.showTranscript", "transcript"),
    ] {
        assert_eq!(arguments(&lenses, name, title), std::slice::from_ref(&task), "{title}");
    }
}

#[test]
fn a_guess_stands_beside_the_question_if_it_guesses_something() {
    let all = Range::new(Position::new(0, 0), Position::new(9, 0));
    let asking = FrontEnd::new(&json!({ "commands": ["aca.runSelection"] }));
    for (text, expected) in [
        ("fn a() {}\n", &["Do this…"][..]),
        ("// Sort them.\nfn a() {}\n", &["Do this…", "Do this… (Sort them.)"]),
    ] {
        let found = selection::actions(&rust_document(text), all, Encoding::Utf16, &asking);
        let titles: Vec<_> = found.iter().map(|action| action.title.as_str()).collect();
        assert_eq!(titles, expected);
    }
}

#[test]
fn what_is_malformed_is_not_declared() {
    for declared in [
        json!(true),
        json!({}),
        json!({ "codicons": "yes", "inlineReview": 1, "commands": "aca.review" }),
        json!({ "commands": ["aca.server.run", "editor.action.rename", 7, null] }),
    ] {
        assert_eq!(FrontEnd::new(&declared), FrontEnd::default(), "{declared}");
    }
}
