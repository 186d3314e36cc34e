//! The pictures of VS Code.

use std::path::Path;

use aca_tests::scenario::{SHOP, two_hunks};
use aca_tests::vscode::{VsCode, Wishes, pictures};
use aca_tests::{TestEnv, wait};

/// What the model answers when it is asked for its reasons.
const REASONS: &str = "[[turn]]\nmatch.user = \"why each change is there\"\nreply.text = '''[{\"path\": \"src/user.rs\", \"lines\": \"assert!(!name.is_empty()\", \"why\": \"A user without a name cannot be greeted.\"},{\"path\": \"src/user.rs\", \"lines\": \"Welcome back\", \"why\": \"The greeting is warmer.\"}]'''\n";

const SCENARIO: &str = "pictures";

/// Makes the pictures anew, in a folder.
pub(crate) fn draw(folder: &Path) {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace).raw(REASONS));
    env.model().hold_after(3);
    let wishes = Wishes {
        size: (1200, 760),
        ..Wishes::of(&workspace)
    };
    let mut code = VsCode::play(&env, SCENARIO, &wishes.set("diffEditor.codeLens", true));
    code.await_step("at work");
    env.model().await_requests(3, wait::LONG);
    code.go_on();
    code.await_step("shown");
    env.model().go_on();
    code.go_on();
    code.end();
    std::fs::create_dir_all(folder).expect("the folder can be made");
    for name in ["running.png", "review.png"] {
        std::fs::copy(pictures(SCENARIO).join(name), folder.join(name)).expect("the picture is there");
    }
}
