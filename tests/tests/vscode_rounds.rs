//! A review in VS Code without lenses: a remark in a thread brings a second round, whose text is edited and accepted.

use aca_tests::TestEnv;
use aca_tests::model::tool;
use aca_tests::scenario::{FIRST_HUNK, SHOP, two_hunks};
use aca_tests::vscode::{VsCode, Wishes};
use serde_json::json;

/// What the model does about the remark.
const LATER: &str = "Welcome to the shop, {}";
const WELCOME: &str = "//! How users are welcome.\n";

#[test]
fn a_remark_brings_a_second_round_whose_text_is_edited_and_accepted() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    let edit = tool(
        "Edit",
        json!({ "file_path": workspace.path("src/user.rs"), "old_string": "Welcome back, {}", "new_string": LATER }),
    );
    // The second round changes a file that the first one did not.
    let welcome = tool(
        "Write",
        json!({ "file_path": workspace.path("src/welcome.rs"), "content": WELCOME }),
    );
    // Claude Code is asked for its reasons in between, which is one more answer of the conversation.
    let script = two_hunks(&workspace)
        .text("[]")
        .tools([edit, welcome])
        .text("They are greeted by the shop.");
    env.script(&script);
    let before = workspace.read("src/user.rs");
    // Only what is to be seen has threads.
    let wishes = Wishes {
        size: (1400, 1300),
        ..Wishes::of(&workspace)
    };
    let mut code = VsCode::play(&env, "rounds", &wishes);
    code.pass("sent back");
    let decided = code.pass("decided");
    assert_eq!(decided, before.replace("Hello {}", "Welcome to our shop, {}"));
    assert!(!decided.as_str().expect("a text").contains(FIRST_HUNK));
    assert_eq!(workspace.read("src/welcome.rs"), WELCOME);
    let asked = env.model().requests();
    let told = asked.iter().any(|request| {
        let body = String::from_utf8_lossy(&request.body);
        body.contains("Greet them by the shop.")
    });
    assert!(told, "the remark did not reach the agent");
    code.end();
}
