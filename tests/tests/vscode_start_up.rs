//! What the extension costs every start of VS Code, beside extensions that VS Code brings itself.

use aca_tests::TestEnv;
use aca_tests::scenario::SHOP;
use aca_tests::vscode::{VsCode, Wishes};

#[test]
fn nothing_waits_for_the_extension() {
    let env = TestEnv::new();
    // A JSON file has VS Code start its own client of a language server.
    let workspace = env.workspace(&format!("{SHOP}//- /package.json\n{{}}\n"));
    let wishes = Wishes {
        size: (1400, 1800),
        ..Wishes::of(&workspace)
    };
    let outcome = VsCode::play(&env, "start_up", &wishes).end();
    println!("milliseconds to start: {:#}", outcome["milliseconds"]);
    assert!(outcome["milliseconds"]["aca"].is_u64(), "{outcome:#}");
    let waited_for = outcome["waitedFor"].as_array().expect("a list of names");
    assert!(!waited_for.contains(&"aca".into()), "{outcome:#}");
}
