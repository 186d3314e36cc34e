//! A real VS Code with the packed extension: from a TODO to one hunk accepted and one rejected, in a real container with
//! the real Claude Code.

use aca_tests::scenario::{FIRST_HUNK, SECOND_HUNK, SHOP, TODO, two_hunks};
use aca_tests::vscode::{Package, VsCode, Wishes};
use aca_tests::{TestEnv, wait};

#[test]
fn a_todo_becomes_hunks_that_are_accepted_and_rejected() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    env.model().hold_after(2);
    let before = workspace.read("src/user.rs");
    let wishes = Wishes {
        package: Package::Platform,
        ..Wishes::of(&workspace)
    };
    let mut code = VsCode::play(&env, "todo", &wishes);
    code.await_step("at work");
    env.model().await_requests(2, wait::LONG);
    env.model().go_on();
    code.go_on();
    let ready = code.pass("ready");
    assert_eq!(
        ready["text"], before,
        "a proposal entered the buffer before anyone decided"
    );
    assert_eq!(ready["keyboard"], true, "something took the keyboard from the text");
    assert_eq!(
        workspace.read("src/user.rs"),
        before,
        "a proposal entered the tree before anyone decided"
    );

    code.pass("accepted");
    let decided = code.pass("decided");
    let decided = decided.as_str().expect("a text");
    assert!(decided.contains(FIRST_HUNK) && !decided.contains(TODO), "{decided}");
    assert!(!decided.contains(SECOND_HUNK), "{decided}");
    assert_eq!(
        workspace.read("src/user.rs"),
        before,
        "an open file was written behind the editor's back"
    );
    code.end();
    assert_eq!(workspace.read("src/user.rs"), decided);
}
