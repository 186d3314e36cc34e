//! What the commands take.

use serde_json::json;

use super::*;

/// Checks a decision on the task `t1`.
#[track_caller]
fn decides(
    name: &str,
    argument: Value,
    decision: Decision,
    selection: Selection,
    resolution: Option<Resolution>,
    seen: Option<u64>,
) {
    let expected = Command::Decide {
        task: TaskId::new("t1"),
        decision,
        selection,
        resolution,
        seen,
    };
    assert_eq!(Command::parse(name, vec![argument]).unwrap(), expected);
}

#[test]
fn decisions_are_read_with_what_was_looked_at() {
    let hunk = || Selection::Hunks {
        ids: vec![HunkId::new("h")],
    };
    let file = Selection::File {
        path: "a.rs".to_owned(),
    };
    let one = json!({"task": "t1", "hunk": "h", "seen": 7});
    decides(ACCEPT, one.clone(), Decision::Accept, hunk(), None, Some(7));
    decides(REJECT, one, Decision::Reject, hunk(), None, Some(7));
    let of_file = json!({"task": "t1", "path": "a.rs"});
    decides(REJECT_FILE, of_file, Decision::Reject, file, None, None);
    let all = json!({"task": "t1", "seen": 1});
    decides(ACCEPT_ALL, all, Decision::Accept, Selection::All, None, Some(1));
    let both = json!({"task": "t1", "hunk": "h", "resolution": "both"});
    decides(RESOLVE, both, Decision::Accept, hunk(), Some(Resolution::Both), None);
}

#[test]
fn commands_are_read_with_their_arguments() {
    let task = TaskId::new("t1");
    let (about, hunks) = (
        TaskArgs { task: task.clone() },
        HunksArgs {
            task: task.clone(),
            hunks: None,
        },
    );
    let redo = SendBackArgs {
        task: task.clone(),
        remark: String::new(),
        redo: vec![HunkId::new("h")],
    };
    let split = SplitArgs {
        task,
        hunk: HunkId::new("h"),
        start: 1,
        end: 2,
        accept: true,
    };
    let recover = RecoverArgs {
        task: TaskId::new("t1"),
        how: aca_protocol::session::Recovery::Continue,
    };
    let undo = UndoArgs {
        workspace: "/w".into(),
        operation: None,
        hunks: None,
    };
    let cases = [
        (STOP, json!({"task": "t1"}), Command::Stop(about.clone())),
        (PAUSE, json!({"task": "t1"}), Command::Pause(about.clone())),
        (RESUME, json!({"task": "t1"}), Command::Resume(about.clone())),
        (SHOW_PROPOSAL, json!({"task": "t1"}), Command::ShowProposal(about)),
        (
            RECOVER,
            json!({"task": "t1", "how": "continue"}),
            Command::Recover(recover),
        ),
        (REOPEN, json!({"task": "t1"}), Command::Reopen(hunks.clone())),
        (CHECK, json!({"task": "t1"}), Command::Check(hunks)),
        (REDO, json!({"task": "t1", "hunks": ["h"]}), Command::SendBack(redo)),
        (
            SPLIT,
            json!({"task": "t1", "hunk": "h", "start": 1, "end": 2, "accept": true}),
            Command::Split(split),
        ),
        (UNDO, json!({"workspace": "/w"}), Command::Undo(undo)),
    ];
    for (name, argument, expected) in cases {
        assert_eq!(Command::parse(name, vec![argument]).unwrap(), expected);
    }
}

#[test]
fn malformed_arguments_say_what_is_wrong() {
    let cases = [
        (RUN, vec![], "takes one argument"),
        (RUN, vec![json!({}), json!({})], "it got 2"),
        (RUN, vec![json!({})], "missing field `uri`"),
        (
            RUN,
            vec![json!({"uri": "file:///a", "lien": 3})],
            "unknown field `lien`",
        ),
        (STOP, vec![json!({"task": 7})], "invalid type"),
        (ACCEPT, vec![json!("t1")], "invalid type"),
        (
            RECOVER,
            vec![json!({"task": "t1", "how": "somehow"})],
            "unknown variant",
        ),
        (TELL, vec![json!({"task": "t1"})], "missing field `text`"),
        (
            RESOLVE,
            vec![json!({"task": "t1", "hunk": "h", "resolution": "mine"})],
            "unknown variant `mine`",
        ),
        ("aca.server.nothing", vec![], "aca has no command `aca.server.nothing`"),
    ];
    for (name, arguments, expected) in cases {
        let error = Command::parse(name, arguments).unwrap_err();
        assert_eq!(error.code.code(), -32602);
        assert!(error.message.contains(expected), "{}", error.message);
    }
}

#[test]
fn every_announced_command_is_known() {
    for name in NAMES {
        let error = Command::parse(name, vec![]).unwrap_err();
        assert!(!error.message.contains("has no command"), "{name}");
    }
}
