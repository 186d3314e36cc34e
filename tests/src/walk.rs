//! The review of a proposal in an editor that has no extension of ours: code actions and diagnostics are all there is.

use std::time::Duration;

use serde_json::json;

use crate::model::{Script, tool};
use crate::scenario::{FIRST_HUNK, SECOND_HUNK, SHOP, TODO, titles, two_hunks};
use crate::{TestEnv, Workspace, wait};

/// The file that the walk is about.
const FILE: &str = "src/user.rs";

/// A file that the agent makes.
const NEW_FILE: &str = "src/error.rs";
const NEW_TEXT: &str = "/// What can go wrong.\npub enum Error {\n    NoName,\n}\n";

/// What a person types while the agent works.
const TYPED: &str = "// Names are shown to everyone.";

/// An editor that shows one file, as a person works with it.
pub trait Keyboard {
    /// How often a person takes back until a hunk that came as two edits is gone.
    const UNDO: usize = 1;

    /// Keeps what the editor shows, for people to look at.
    fn keep(&self, name: &str);
    /// Shows another file, which need not exist.
    fn show(&self, file: &str);
    /// Puts the cursor on the first line that contains a text.
    fn go_to(&self, text: &str);
    /// Goes to the next hunk.
    fn next_hunk(&self);
    /// Chooses the code action with this title where the cursor is.
    fn choose(&self, title: &str);
    /// Types a line of its own below the first one that contains `text`.
    fn type_below(&self, text: &str, line: &str);
    /// Waits until the editor shows so many undecided hunks.
    fn await_hunks(&self, count: usize, limit: Duration);
    /// Returns what the editor has of the file, saved or not.
    fn text(&self) -> String;
    /// Takes the last change back, as the editor does that.
    fn undo(&self);
    /// Saves the file.
    fn save(&self);
}

/// Makes the project of the walk, opens its file with `open`, and goes from a TODO to one hunk accepted and one rejected.
pub fn from_todo_to_hunks<E: Keyboard>(open: impl FnOnce(&TestEnv, &Workspace, &str) -> E) {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    env.model().hold_after(3);
    let on_disk = workspace.read(FILE);
    let editor = open(&env, &workspace, FILE);

    editor.go_to(TODO);
    editor.choose(titles::DO_THIS);
    env.model().await_requests(3, wait::LONG);
    editor.type_below("}", TYPED);
    let typed = on_disk.replacen("}\n", &format!("}}\n{TYPED}\n"), 1);
    assert_eq!(editor.text(), typed, "the keyboard was not the person's");
    editor.keep("running");
    env.model().go_on();

    editor.await_hunks(2, wait::LONG);
    assert_eq!(
        editor.text(),
        typed,
        "a proposal entered the editor before anyone decided"
    );

    editor.go_to(TODO);
    editor.keep("hunks");
    editor.choose(titles::ACCEPT);
    editor.await_hunks(1, wait::SHORT);
    let accepted = editor.text();
    assert!(accepted.contains(FIRST_HUNK) && accepted.contains(TYPED), "{accepted}");
    assert!(
        !accepted.contains(TODO) && !accepted.contains(SECOND_HUNK),
        "{accepted}"
    );

    editor.next_hunk();
    editor.keep("accepted");
    editor.choose(titles::REJECT);
    editor.await_hunks(0, wait::SHORT);
    assert_eq!(editor.text(), accepted, "a rejected hunk changed the text");
    assert_eq!(
        workspace.read(FILE),
        on_disk,
        "an open file was written behind the editor's back"
    );

    editor.save();
    wait::until_true("the saved file", wait::SHORT, || workspace.read(FILE) == accepted);
    for _ in 0..E::UNDO {
        editor.undo();
    }
    // Some editors are asked for the text beside the keyboard.
    wait::until_true("the landing to be taken back", wait::SHORT, || editor.text() == typed);
}

/// Goes from a TODO to a file that the agent has made, which is opened under its name and accepted there.
pub fn to_a_new_file<E: Keyboard>(open: impl FnOnce(&TestEnv, &Workspace, &str) -> E) {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    let new = workspace.path(NEW_FILE);
    env.script(
        &Script::new()
            .tools([tool("Write", json!({ "file_path": new, "content": NEW_TEXT }))])
            .text("Errors have a file of their own."),
    );
    let editor = open(&env, &workspace, FILE);
    editor.go_to(TODO);
    editor.choose(titles::DO_THIS);
    wait::until_true("the proposal", wait::LONG, || {
        env.run(&workspace, &["status", "--json"]).out.contains("\"ready\"")
    });

    editor.show(NEW_FILE);
    editor.await_hunks(1, wait::SHORT);
    editor.keep("new-file");
    editor.choose(titles::ACCEPT_NEW);
    wait::until_true("the new text", wait::SHORT, || editor.text() == NEW_TEXT);
    editor.save();
    wait::until_true("the new file", wait::SHORT, || {
        workspace.has(NEW_FILE) && workspace.read(NEW_FILE) == NEW_TEXT
    });
}
