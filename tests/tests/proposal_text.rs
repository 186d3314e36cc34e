//! A proposal as text: a front end shows a file's proposed text, a person edits it, and what they made of it lands.

use aca_protocol::proposal::{HunkState, ProposalFileView};
use aca_protocol::task::TaskView;
use aca_tests::lsp::Editor;
use aca_tests::scenario::{one_command, state_name};
use aca_tests::{TestEnv, Workspace, wait};
use serde_json::{Value, json};

const FILES: &str = "\
//- /open.txt
one
two
three
four
five
six
seven
eight
//- /closed.txt
one
two
three
//- /old.txt
to be removed
//- /moved.txt
a file that moves
with its lines
to another place
";

const CHANGES: &str = "sed -i 's/two/TWO/; s/seven/SEVEN/' open.txt; sed -i 's/two/TWO/' closed.txt dos.txt latin1.txt; \
    printf 'new\\nfile\\n' > made.txt; rm old.txt; git mv moved.txt to.txt 2> /dev/null || mv moved.txt to.txt; \
    sed -i 's/its lines/its own lines/' to.txt; printf 'a\\000b' > binary.dat";

struct World {
    env: TestEnv,
    workspace: Workspace,
}

impl World {
    fn new() -> Self {
        let env = TestEnv::new();
        let workspace = env.workspace(FILES);
        std::fs::write(workspace.path("dos.txt"), "\u{feff}one\r\ntwo\r\nthree").unwrap();
        std::fs::write(workspace.path("latin1.txt"), b"caf\xe9\ntwo\n").unwrap();
        env.script(&one_command(CHANGES));
        Self { env, workspace }
    }

    fn ready(&self) -> (Editor, TaskView) {
        let mut editor = Editor::start(&self.env, &self.workspace);
        editor.run_text(&self.workspace, "change the files");
        let task = editor.await_ready(&self.workspace);
        (editor, task)
    }
}

fn file(editor: &mut Editor, task: &TaskView, path: &str) -> ProposalFileView {
    let found = editor
        .client()
        .call("aca/proposalFile", json!({ "task": task.id, "path": path }));
    serde_json::from_value(found).expect("a file as documented")
}

fn try_edit(
    editor: &mut Editor,
    task: &TaskView,
    path: &str,
    texts: [&str; 2],
) -> Result<ProposalFileView, (i64, String)> {
    let [base, text] = texts;
    let params = json!({ "task": task.id, "path": path, "base": base, "text": text });
    match editor.client().try_call("aca/editProposal", params) {
        Ok(found) => Ok(serde_json::from_value(found).expect("a file as documented")),
        Err(error) => Err((error.code, error.message)),
    }
}

/// Replaces a part of the proposed text.
#[track_caller]
fn edit(editor: &mut Editor, task: &TaskView, path: &str, old: &str, new: &str) -> ProposalFileView {
    let base = file(editor, task, path).proposed.expect("a text");
    assert!(base.contains(old), "{path} has no {old:?}: {base:?}");
    let text = base.replacen(old, new, 1);
    let edited = try_edit(editor, task, path, [&base, &text]).expect("it is taken over");
    assert_eq!(edited.proposed.as_deref(), Some(text.as_str()));
    edited
}

fn of_file(path: &str) -> Value {
    json!({ "kind": "file", "path": path })
}

#[test]
fn edits_of_an_open_and_of_a_closed_file_land_and_outlive_the_daemon() {
    let world = World::new();
    let (mut editor, task) = world.ready();
    editor.open("open.txt");
    let shown = file(&mut editor, &task, "open.txt");
    assert!(shown.editable && shown.hunks.len() == 2, "{shown:?}");
    assert_eq!(shown.live.as_deref(), Some(world.workspace.read("open.txt").as_str()));

    // Within a hunk, beside one, and elsewhere.
    let edited = edit(&mut editor, &task, "open.txt", "TWO\n", "zwei\n");
    assert_eq!(edited.hunks.len(), 2);
    assert_eq!(edited.hunks[0].id, shown.hunks[0].id, "an amended hunk keeps its name");
    assert!(edited.revision > shown.revision);
    edit(&mut editor, &task, "open.txt", "SEVEN\n", "SEVEN\nseven and a half\n");
    let edited = edit(&mut editor, &task, "open.txt", "four\n", "4\n");
    assert_eq!(edited.hunks.len(), 3, "a change elsewhere is a hunk: {edited:?}");
    let own = &edited.hunks[1];
    assert_eq!(
        (own.line, own.lines, own.proposed_line, own.proposed_lines),
        (3, 1, 3, 1)
    );
    let proposal = editor.proposal(&task);
    let hunks = proposal
        .files
        .iter()
        .find(|file| file.path == "open.txt")
        .map(|file| &file.hunks)
        .unwrap();
    assert!(
        hunks.iter().all(|hunk| hunk.amended && hunk.state == HunkState::Clean),
        "{hunks:#?}"
    );
    edit(&mut editor, &task, "closed.txt", "three\n", "three\nfour\n");
    assert!(
        !world.workspace.read("open.txt").contains("zwei"),
        "nothing lands unasked"
    );

    // Someone types; the edits are still there when another daemon reads them.
    editor.replace("open.txt", "one\n", "zero\none\n");
    world.env.daemon().kill();
    editor.serve_until("the next daemon", wait::LONG, |editor| {
        editor
            .client()
            .try_call("aca/proposalFile", json!({ "task": task.id, "path": "open.txt" }))
            .is_ok()
    });
    let expected = "zero\none\nzwei\nthree\n4\nfive\nsix\nSEVEN\nseven and a half\neight\n";
    editor.serve_until("the document at the next daemon", wait::LONG, |editor| {
        file(editor, &task, "open.txt").proposed.as_deref() == Some(expected)
    });
    for (path, count) in [("open.txt", 3), ("closed.txt", 2)] {
        let decided = editor.decide(&task, "accept", of_file(path));
        assert_eq!(decided["refused"], json!([]), "{decided:#}");
        assert_eq!(decided["decided"].as_array().map(Vec::len), Some(count), "{decided:#}");
    }
    assert_eq!(editor.text("open.txt"), expected);
    assert_eq!(world.workspace.read("closed.txt"), "one\nTWO\nthree\nfour\n");

    // What has landed is the file's own.
    let landed = file(&mut editor, &task, "open.txt");
    assert_eq!(
        (landed.live.as_deref(), landed.proposed.as_deref()),
        (Some(expected), Some(expected))
    );
    let changed = expected.replace("zwei", "2");
    let (code, message) = try_edit(&mut editor, &task, "open.txt", [expected, &changed]).unwrap_err();
    assert!(code == -32602 && message.contains("has landed"), "{code}: {message}");
}

#[test]
fn an_edit_of_an_older_text_is_merged_and_one_of_the_same_lines_is_refused() {
    let world = World::new();
    let (mut editor, task) = world.ready();
    editor.open("open.txt");
    let base = file(&mut editor, &task, "open.txt").proposed.unwrap();
    editor.replace("open.txt", "five\n", "five, by hand\n");
    let text = base.replace("TWO", "zwei");
    let edited = try_edit(&mut editor, &task, "open.txt", [&base, &text]).unwrap();
    let expected = text.replace("five", "five, by hand");
    assert_eq!(edited.proposed.as_deref(), Some(expected.as_str()));
    let (code, message) = try_edit(&mut editor, &task, "open.txt", [&base, &base.replace("TWO", "deux")]).unwrap_err();
    assert!(
        code == -32801 && message.contains("Look at it again"),
        "{code}: {message}"
    );

    // A conflict that a person has edited is none any more.
    editor.replace("open.txt", "two\n", "two, by hand\n");
    let conflict = editor.proposal(&task);
    assert!(
        conflict
            .files
            .iter()
            .flat_map(|file| &file.hunks)
            .any(|hunk| hunk.state.is_conflict())
    );
    edit(&mut editor, &task, "open.txt", "zwei", "zwei, by hand");
    let decided = editor.decide(&task, "accept", of_file("open.txt"));
    assert_eq!(decided["refused"], json!([]), "{decided:#}");
    assert_eq!(
        editor.text("open.txt"),
        "one\nzwei, by hand\nthree\nfour\nfive, by hand\nsix\nSEVEN\neight\n"
    );

    // Editing back to what the agent had leaves nothing amended; a hunk of one's own goes.
    edit(&mut editor, &task, "closed.txt", "three\n", "three\nmine\n");
    let back = edit(&mut editor, &task, "closed.txt", "mine\n", "");
    assert_eq!(back.hunks.len(), 1);
    let amended = editor
        .proposal(&task)
        .files
        .into_iter()
        .filter(|file| file.path == "closed.txt");
    assert!(amended.flat_map(|file| file.hunks).all(|hunk| !hunk.amended));
}

#[test]
fn files_of_every_kind_say_what_they_are() {
    let world = World::new();
    let (mut editor, task) = world.ready();

    let made = file(&mut editor, &task, "made.txt");
    assert_eq!(
        (made.live, made.proposed.as_deref(), made.editable),
        (None, Some("new\nfile\n"), true)
    );
    edit(&mut editor, &task, "made.txt", "file\n", "file, edited\n");
    let removed = file(&mut editor, &task, "old.txt");
    assert_eq!(
        (removed.live.as_deref(), removed.proposed, removed.editable),
        (Some("to be removed\n"), None, false)
    );
    let moved = file(&mut editor, &task, "to.txt");
    assert!(
        moved.editable && moved.live.as_deref() == Some(world.workspace.read("moved.txt").as_str()),
        "{moved:?}"
    );
    edit(&mut editor, &task, "to.txt", "own lines", "very own lines");
    let binary = file(&mut editor, &task, "binary.dat");
    assert_eq!((binary.live, binary.proposed, binary.editable), (None, None, false));
    assert!(binary.reason.is_some_and(|reason| reason.ends_with('.')));
    let unknown = editor
        .client()
        .try_call("aca/proposalFile", json!({ "task": task.id, "path": "no.txt" }));
    assert_eq!(unknown.unwrap_err().code, -32602);

    // An editor made all line ends the same; the file keeps its own, and its mark.
    let dos = file(&mut editor, &task, "dos.txt");
    assert_eq!(dos.proposed.as_deref(), Some("one\r\nTWO\r\nthree"));
    let edited = try_edit(
        &mut editor,
        &task,
        "dos.txt",
        ["one\nTWO\nthree", "one\nTWO\nmore\nthree"],
    )
    .unwrap();
    assert_eq!(edited.proposed.as_deref(), Some("one\r\nTWO\r\nmore\r\nthree"));

    // A character that the file cannot hold is refused at once, also by an amendment.
    let latin1 = file(&mut editor, &task, "latin1.txt");
    assert_eq!(latin1.proposed.as_deref(), Some("caf\u{e9}\nTWO\n"));
    let refused = try_edit(
        &mut editor,
        &task,
        "latin1.txt",
        ["caf\u{e9}\nTWO\n", "caf\u{e9}\n\u{20ac}\n"],
    );
    let (code, message) = refused.unwrap_err();
    assert!(code == -32602 && message.contains('\u{20ac}'), "{code}: {message}");
    let amend = |editor: &mut Editor, hunk: &aca_protocol::HunkId, text: &str| {
        let params = json!({ "task": task.id, "hunk": hunk, "text": text });
        editor.client().try_call("aca/amend", params)
    };
    let refused = amend(&mut editor, &latin1.hunks[0].id, "\u{20ac}\n").unwrap_err();
    assert!(
        refused.code == -32602 && refused.message.contains('\u{20ac}'),
        "{}",
        refused.message
    );
    amend(&mut editor, &edited.hunks[0].id, "TWO\nmore\n").unwrap();
    let dos = file(&mut editor, &task, "dos.txt").proposed;
    assert_eq!(dos.as_deref(), Some("one\r\nTWO\r\nmore\r\nthree"));

    let decided = editor.decide(&task, "accept", json!({ "kind": "all" }));
    assert_eq!(decided["refused"], json!([]), "{decided:#}");
    let bytes = |path: &str| std::fs::read(world.workspace.path(path)).unwrap();
    assert_eq!(bytes("dos.txt"), "\u{feff}one\r\nTWO\r\nmore\r\nthree".as_bytes());
    assert_eq!(bytes("latin1.txt"), b"caf\xe9\nTWO\n");
    assert_eq!(world.workspace.read("made.txt"), "new\nfile, edited\n");
    assert_eq!(
        world.workspace.read("to.txt"),
        "a file that moves\nwith its very own lines\nto another place\n"
    );
    editor.await_task(&world.workspace, "the end", wait::SHORT, |task| {
        state_name(task) == "landed"
    });
    let over = file(&mut editor, &task, "closed.txt");
    assert!(!over.editable && over.reason.is_some_and(|reason| reason.contains("decided")));
}

#[test]
fn a_proposal_that_is_made_again_is_not_edited() {
    let world = World::new();
    let (mut editor, task) = world.ready();
    let before = world.env.model().requests().len();
    world.env.model().hold_after(before);
    let sent = json!({ "task": task.id, "remark": "Again, please." });
    editor.call_serving("aca/sendBack", sent, wait::SHORT);
    let shown = file(&mut editor, &task, "closed.txt");
    assert!(
        !shown.editable
            && shown
                .reason
                .as_deref()
                .is_some_and(|reason| reason.contains("at work again"))
    );
    let base = shown.proposed.unwrap();
    let refused = try_edit(&mut editor, &task, "closed.txt", [&base, &base.replace("TWO", "2")]);
    assert_eq!(refused.unwrap_err().0, -32602);
    editor.client().call("aca/stop", json!({ "task": task.id }));
    world.env.model().go_on();
}

#[test]
fn a_decision_lands_where_it_was_made_if_that_window_shows_what_counts() {
    let world = World::new();
    let (mut first, task) = world.ready();
    let mut second = Editor::start(&world.env, &world.workspace);
    first.open("open.txt");
    second.open("open.txt");
    second.await_ready(&world.workspace);
    let accept = |hunk: &str| {
        json!({
            "task": task.id,
            "decision": "accept",
            "selection": { "kind": "hunks", "ids": [hunk] },
        })
    };
    let hunks: Vec<String> = file(&mut first, &task, "open.txt")
        .hunks
        .iter()
        .map(|hunk| hunk.id.to_string())
        .collect();
    let [upper, lower] = &hunks[..] else {
        panic!("{hunks:?}")
    };
    // The second window opened the document last, so it counted until now.
    let decided = first.call_serving("aca/decide", accept(upper), wait::LONG);
    assert_eq!(decided["refused"], json!([]), "{decided}");
    assert!(first.text("open.txt").contains("TWO"));
    assert!(!second.text("open.txt").contains("TWO"));
    // The first one has moved on: what is decided in the second lands where the text is that counts.
    let asked = second.client().request("aca/decide", accept(lower));
    first.serve_until("the second landing", wait::LONG, |first| {
        first.text("open.txt").contains("SEVEN")
    });
    let decided = second.client().await_response(asked, wait::LONG).unwrap();
    assert_eq!(decided["refused"], json!([]), "{decided}");
    assert!(first.text("open.txt").contains("TWO"));
}
