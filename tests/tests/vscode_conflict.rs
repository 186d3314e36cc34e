//! The user types in VS Code while the agent works: what is beside a hunk is merged with it, what is on it is a conflict
//! with three choices, and each landing can be undone.

use aca_tests::scenario::{FIRST_HUNK, SECOND_HUNK, SHOP, TODO, two_hunks};
use aca_tests::vscode::{VsCode, Wishes};
use aca_tests::{TestEnv, wait};
use serde_json::Value;

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[test]
fn typing_during_a_run_is_merged_and_a_conflict_has_three_choices() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    env.model().hold_after(3);
    let before = workspace.read("src/user.rs");
    let wishes = Wishes::of(&workspace).set("diffEditor.codeLens", true);
    let mut code = VsCode::play(&env, "conflict", &wishes);
    code.await_step("at work");
    env.model().await_requests(3, wait::LONG);
    code.go_on();

    let typed = before
        .replace("/// A user.", "// typed meanwhile\n/// A user.")
        .replace("Hello {}", "Good day {}");
    assert_eq!(text(&code.await_step("typed")), typed);
    env.model().go_on();
    code.go_on();

    let both = code.pass("both");
    assert!(
        text(&both).contains("Good day {}") && text(&both).contains(SECOND_HUNK),
        "{both}"
    );
    assert!(text(&both).contains(TODO), "{both}");
    let agents = code.pass("agents");
    assert_eq!(text(&agents), typed.replace("Good day {}", SECOND_HUNK));
    let mine = code.pass("mine");
    assert_eq!(text(&mine), typed);
    let accepted = code.pass("accepted");
    assert!(
        text(&accepted).contains(FIRST_HUNK) && !text(&accepted).contains(TODO),
        "{accepted}"
    );
    assert!(text(&accepted).contains("Good day {}"), "{accepted}");
    assert_eq!(workspace.read("src/user.rs"), before, "nobody has saved");
    code.end();
}
