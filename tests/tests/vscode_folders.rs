//! What VS Code opens is not always one folder that its user trusts.

use std::path::Path;

use aca_tests::TestEnv;
use aca_tests::model::{Script, tool};
use aca_tests::scenario::SHOP;
use aca_tests::vscode::{VsCode, Wishes};
use serde_json::json;

const WAREHOUSE: &str = "
//- /src/stock.rs
//! What is in stock.

// TODO: count boxes
pub fn count() {}
";

#[test]
fn a_workspace_of_two_folders_and_a_file_outside_of_them() {
    let env = TestEnv::new();
    let shop = env.workspace(SHOP);
    let warehouse = env.workspace_at("warehouse", WAREHOUSE);
    let outside = env.workspace_at("notes", "\n//- /notes.py\n# TODO: sort these\n");
    let file = env.folder().join("both.code-workspace");
    let folders = json!({ "folders": [{ "path": shop.root() }, { "path": warehouse.root() }] });
    std::fs::write(&file, folders.to_string()).expect("it can be written");
    let (stock, notes) = (warehouse.path("src/stock.rs"), outside.path("notes.py"));
    let edit = |path: &Path, old: &str, new: &str| {
        tool(
            "Edit",
            json!({ "file_path": path, "old_string": old, "new_string": new }),
        )
    };
    env.script(
        &Script::new()
            .only_for("sort these")
            .tools([tool("Read", json!({ "file_path": notes }))])
            .tools([edit(&notes, "# TODO: sort these", "# Sorted.")])
            .text("They are sorted.")
            .only_for("count boxes")
            .tools([tool("Read", json!({ "file_path": stock }))])
            .tools([edit(&stock, "count() {}", "count() -> u32 {\n    0\n}")])
            .text("Boxes are counted."),
    );
    let run = env.run(&outside, &["run", "--todo", "notes.py:1"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    let wishes = Wishes {
        folder: file,
        more: json!({ "outside": outside.path("notes.py") }),
        ..Wishes::of(&shop)
    };
    let mut code = VsCode::play(&env, "folders", &wishes);
    let asked = code.pass("outside");
    assert_eq!(asked["lenses"], 0, "{asked}");
    let said = asked["said"].as_str().expect("a text");
    assert!(said.contains(&outside.path("notes.py").display().to_string()), "{said}");
    assert!(!said.contains("file:") && !said.contains("Show Log"), "{said}");
    let decided = code.pass("decided");
    assert_eq!(
        decided,
        warehouse
            .read("src/stock.rs")
            .replace("count() {}", "count() -> u32 {\n    0\n}")
    );
    code.end();
}

#[test]
fn nothing_runs_in_a_folder_that_is_not_trusted() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    let wishes = Wishes::of(&workspace)
        .set("security.workspace.trust.enabled", true)
        .set("security.workspace.trust.startupPrompt", "never");
    let mut code = VsCode::play(&env, "untrusted", &wishes);
    let restricted = code.await_step("restricted");
    assert_eq!(restricted, json!({ "commands": [], "items": 0, "lenses": 0 }));
    assert!(env.daemons().is_empty(), "aca was started");
    code.go_on();
    code.end();
    assert_eq!(
        env.daemons().len(),
        1,
        "aca was not started once the folder was trusted"
    );
}
