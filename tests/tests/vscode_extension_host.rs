//! The extension's own tests, inside the extension host of a real VS Code, on a task that the real Claude Code did.

use aca_tests::TestEnv;
use aca_tests::scenario::{SHOP, two_hunks};
use aca_tests::vscode::{Package, VsCode, Wishes, results};
use serde_json::Value;

#[test]
fn the_extensions_own_tests_pass() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let todo = format!("src/user.rs:{}", workspace.line_of("src/user.rs", "TODO") + 1);
    let run = env.run(&workspace, &["run", "--todo", &todo]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    let rename = env.run(&workspace, &["session", "rename", "greetings"]);
    assert_eq!(rename.code, Some(0), "{rename:#?}");

    let wishes = Wishes {
        package: Package::None,
        ..Wishes::of(&workspace)
    };
    let outcome = VsCode::play(&env, "extension_host", &wishes).end();
    let text = std::fs::read_to_string(results(&env)).unwrap_or_else(|error| panic!("{error}: {outcome:#}"));
    let results: Value = serde_json::from_str(&text).expect("results are JSON");
    let failures = results["failures"].as_array().expect("as Mocha writes them");
    let words: Vec<String> = failures
        .iter()
        .map(|failure| {
            format!(
                "{}\n{}",
                failure["fullTitle"],
                failure["err"]["stack"].as_str().unwrap_or("")
            )
        })
        .collect();
    assert!(words.is_empty(), "{} tests failed:\n{}", words.len(), words.join("\n"));
    assert!(
        results["stats"]["passes"].as_u64() > Some(0),
        "no test ran: {outcome:#}"
    );
    assert_eq!(outcome["code"], 0, "{outcome:#}");
}
