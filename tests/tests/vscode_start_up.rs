//! What the extension costs every start of VS Code, beside extensions that VS Code brings itself.

use aca_tests::TestEnv;
use aca_tests::scenario::SHOP;
use aca_tests::vscode::{VsCode, Wishes};

/// How long it may take on a loaded machine. It takes some ten milliseconds.
const LIMIT_MS: u64 = 1_000;

#[test]
fn the_extension_starts_in_no_time() {
    let env = TestEnv::new();
    // A JSON file has VS Code start its own client of a language server.
    let workspace = env.workspace(&format!("{SHOP}//- /package.json\n{{}}\n"));
    let wishes = Wishes {
        size: (1400, 1800),
        ..Wishes::of(&workspace)
    };
    let outcome = VsCode::play(&env, "start_up", &wishes).end();
    println!("milliseconds to start: {:#}", outcome["milliseconds"]);
    let own = outcome["milliseconds"]["aca"].as_u64();
    assert!(own.is_some_and(|own| own < LIMIT_MS), "{outcome:#}");
}
