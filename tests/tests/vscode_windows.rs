//! VS Code's windows come and go, and so do the servers behind them; the task goes on.

use aca_tests::scenario::{FIRST_HUNK, SECOND_HUNK, SHOP, two_hunks};
use aca_tests::vscode::{VsCode, Wishes};
use aca_tests::{TestEnv, wait};

#[test]
fn a_window_is_loaded_again_in_a_run_and_a_second_one_sees_the_same() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    env.model().hold_after(2);
    let mut code = VsCode::play(&env, "reload", &Wishes::of(&workspace));
    code.await_step("at work");
    env.model().await_requests(2, wait::LONG);
    code.go_on();
    code.await_step("two windows");
    assert_eq!(
        env.running_containers().len(),
        1,
        "the attempt was started again or ended"
    );
    env.model().go_on();
    code.go_on();

    let before = workspace.read("src/user.rs");
    let landed = code.pass("landed");
    let [first, second] = [&landed[0], &landed[1]].map(|text| text.as_str().expect("a text"));
    assert!(first.contains(FIRST_HUNK) && !first.contains(SECOND_HUNK), "{first}");
    assert_eq!(
        second, before,
        "the hunk landed in another window than the one of the decision"
    );
    assert_eq!(workspace.read("src/user.rs"), before, "nobody has saved");

    let saved = code.pass("saved");
    assert_eq!(workspace.read("src/user.rs"), first);
    assert_eq!(saved, first, "the second window");
    code.end();
}

#[test]
fn a_daemon_that_is_killed_and_a_server_that_is_restarted_lose_nothing() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    env.model().hold_after(2);
    let wishes = Wishes::of(&workspace).set("diffEditor.codeLens", true);
    let mut code = VsCode::play(&env, "restart", &wishes);
    code.await_step("at work");
    env.model().await_requests(2, wait::LONG);
    let containers = env.running_containers();
    let kill = || {
        let daemon = env.daemon();
        let pid = daemon.pid();
        daemon.kill();
        env.next_daemon(pid);
    };
    kill();
    assert_eq!(
        env.running_containers(),
        containers,
        "the attempt was started again or ended"
    );
    env.model().go_on();
    code.go_on();

    code.pass("ready");
    code.await_step("reviewing");
    kill();
    code.go_on();
    let decided = code.pass("decided");
    let decided = decided.as_str().expect("a text");
    assert!(
        decided.contains(FIRST_HUNK) && decided.contains(SECOND_HUNK),
        "{decided}"
    );
    code.end();
}
