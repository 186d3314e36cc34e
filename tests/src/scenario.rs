//! The project most tests work on, and what the scripted model does to it.

use std::time::Duration;

use aca_protocol::proposal::{HunkState, ProposalView};
use aca_protocol::task::TaskView;
use serde_json::{Value, json};

use crate::lsp::Editor;
use crate::model::{Script, tool};
use crate::{Workspace, wait};

/// The titles of code actions, as an editor shows them.
pub mod titles {
    /// On a TODO.
    pub const DO_THIS: &str = "Do this";
    /// On a hunk.
    pub const ACCEPT: &str = "Accept this hunk";
    /// On a hunk that is a whole new file.
    pub const ACCEPT_NEW: &str = "Accept the new file";
    /// On a hunk.
    pub const REJECT: &str = "Reject this hunk";
    /// On a hunk.
    pub const ACCEPT_FILE: &str = "Accept all";
}

/// A small project with one TODO.
pub const SHOP: &str = r#"
//- /src/user.rs
//! Users of the shop.

/// A user.
pub struct User {
    name: String,
}

impl User {
    // TODO: reject empty names
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned() }
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Greets the user.
    pub fn greeting(&self) -> String {
        format!("Hello {}", self.name)
    }
}
//- /README.md
# Shop
"#;

/// The comment of the TODO.
pub const TODO: &str = "// TODO: reject empty names";

/// A text that only the first hunk brings.
pub const FIRST_HUNK: &str = "assert!(!name.is_empty()";

/// A text that only the second hunk brings.
pub const SECOND_HUNK: &str = "Welcome back, {}";

/// What the model does about the TODO: it reads the file and makes two changes that are apart from each other.
pub fn two_hunks(workspace: &Workspace) -> Script {
    let path = workspace.path("src/user.rs");
    let edit = |old: &str, new: &str| {
        tool(
            "Edit",
            json!({ "file_path": path, "old_string": old, "new_string": new }),
        )
    };
    Script::new()
        .tools([tool("Read", json!({ "file_path": path }))])
        .tools([edit(
            "    // TODO: reject empty names\n    pub fn new(name: &str) -> Self {\n",
            "    pub fn new(name: &str) -> Self {\n        assert!(!name.is_empty(), \"a user has a name\");\n",
        )])
        .tools([edit("Hello {}", "Welcome back, {}")])
        .text("Empty names are rejected now, and the greeting is warmer.")
}

/// What the model does when it only runs one shell command and then ends.
pub fn one_command(command: &str) -> Script {
    Script::new()
        .tools([tool("Bash", json!({ "command": command, "description": "as asked" }))])
        .text("Done.")
}

/// States that a task does not leave by itself.
const ENDED: [&str; 5] = ["failed", "lost", "stopped", "nothingToDo", "rejected"];

impl Editor {
    /// Returns the newest task of the workspace.
    pub fn task(&mut self, workspace: &Workspace) -> Option<TaskView> {
        let result = self
            .client()
            .call("aca/tasks", json!({ "workspace": workspace.root() }));
        let mut tasks: Vec<TaskView> = serde_json::from_value(result["tasks"].clone()).expect("tasks as documented");
        tasks.pop()
    }

    /// Serves the editor until the newest task's state is one that `wanted` accepts, and returns the task.
    pub fn await_task(
        &mut self,
        workspace: &Workspace,
        what: &str,
        limit: Duration,
        wanted: impl Fn(&TaskView) -> bool,
    ) -> TaskView {
        let mut found = None;
        self.serve_until(what, limit, |editor| {
            let task = editor.task(workspace);
            if let Some(task) = &task {
                let word = state_name(task);
                let ended = ENDED.contains(&word.as_str()) && !wanted(task);
                assert!(
                    !ended,
                    "the task ended otherwise, while waiting for {what}: {:?}",
                    task.state
                );
            }
            found = task.filter(&wanted);
            found.is_some()
        });
        found.expect("it was found")
    }

    /// Serves the editor until the newest task is ready for review.
    pub fn await_ready(&mut self, workspace: &Workspace) -> TaskView {
        self.await_task(workspace, "a proposal", wait::LONG, |task| state_name(task) == "ready")
    }

    /// Starts a task from free text.
    pub fn run_text(&mut self, workspace: &Workspace, text: &str) -> TaskView {
        let params = json!({ "workspace": workspace.root(), "origin": { "kind": "text", "text": text } });
        serde_json::from_value(self.client().call("aca/run", params)).expect("a task as documented")
    }

    /// Returns a task's proposal.
    pub fn proposal(&mut self, task: &TaskView) -> ProposalView {
        let result = self.client().call("aca/proposal", json!({ "task": task.id }));
        serde_json::from_value(result).expect("a proposal as documented")
    }

    /// Decides a selection of a task's hunks, serving the server's edits meanwhile. Returns the result as it came.
    pub fn decide(&mut self, task: &TaskView, decision: &str, selection: Value) -> Value {
        let params = json!({ "task": task.id, "decision": decision, "selection": selection });
        self.call_serving("aca/decide", params, wait::SHORT)
    }
}

/// Returns the word for a task's state.
pub fn state_name(task: &TaskView) -> String {
    let state = serde_json::to_value(&task.state).unwrap();
    state["name"].as_str().expect("a state has a name").to_owned()
}

/// Returns the states of all hunks of a proposal as words, in order.
pub fn hunk_states(proposal: &ProposalView) -> Vec<&'static str> {
    let hunks = proposal.files.iter().flat_map(|file| &file.hunks);
    hunks
        .map(|hunk| match hunk.state {
            HunkState::Clean => "clean",
            HunkState::Moved => "moved",
            HunkState::Touched { .. } => "touched",
            HunkState::Overlapping { .. } => "overlapping",
            HunkState::Gone { .. } => "gone",
            HunkState::AlreadyThere => "alreadyThere",
            HunkState::Landed => "landed",
            HunkState::Rejected => "rejected",
        })
        .collect()
}
