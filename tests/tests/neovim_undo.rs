//! Taking a landing back in a real Neovim, after more was typed: what was typed stays.

use aca_tests::scenario::{FIRST_HUNK, SECOND_HUNK, SHOP, TODO, titles, two_hunks};
use aca_tests::{TestEnv, nvim::Nvim, wait};

#[test]
fn a_landing_is_taken_back_and_put_there_again_beside_what_was_typed_since() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let nvim = Nvim::open(&env, &workspace, "src/user.rs");
    nvim.go_to(TODO);
    nvim.choose(titles::DO_THIS);
    nvim.await_hunks(2, wait::LONG);
    let before = nvim.text();
    nvim.go_to(TODO);
    nvim.choose("Accept all in file");
    nvim.await_hunks(0, wait::SHORT);
    let landed = nvim.text();
    assert!(landed.contains(FIRST_HUNK) && landed.contains(SECOND_HUNK), "{landed}");

    let type_more = |text: &str| text.replace("/// A user.", "// typed since\n/// A user.");
    nvim.type_above("/// A user.", "// typed since");
    assert_eq!(nvim.text(), type_more(&landed));
    nvim.choose("Undo the last landing");
    nvim.await_hunks(2, wait::SHORT);
    assert_eq!(nvim.text(), type_more(&before));

    nvim.choose("Take back the last undo");
    nvim.await_hunks(0, wait::SHORT);
    assert_eq!(nvim.text(), type_more(&landed));
    nvim.save();
    assert_eq!(workspace.read("src/user.rs"), type_more(&landed));
    nvim.careful_edits();
}

#[test]
fn the_command_line_takes_back_what_the_editor_has_open() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let nvim = Nvim::open(&env, &workspace, "src/user.rs");
    nvim.go_to(TODO);
    nvim.choose(titles::DO_THIS);
    nvim.await_hunks(2, wait::LONG);
    let before = nvim.text();
    nvim.go_to("Hello {}");
    nvim.choose(titles::ACCEPT);
    nvim.await_hunks(1, wait::SHORT);
    nvim.save();
    let landed = workspace.read("src/user.rs");
    let undo = env.run(&workspace, &["undo"]);
    assert_eq!(undo.code, Some(0), "{undo:#?}");
    nvim.await_hunks(2, wait::SHORT);
    assert_eq!(nvim.text(), before);
    assert_eq!(
        workspace.read("src/user.rs"),
        landed,
        "an open file was written behind the editor's back"
    );
    nvim.careful_edits();
}
