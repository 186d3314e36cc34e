//! The demo shows the whole loop without a key and without a network: with containers and Claude Code where an engine
//! answers, with the embedded pair where none does.

use aca_tests::{Settings, TestEnv};

#[test]
fn with_an_engine_the_demo_uses_a_container_and_claude_code() {
    let env = TestEnv::new();
    let workspace = env.workspace("//- /README.md\n# Any\n");
    let demo = env.run(&workspace, &["demo"]);
    assert_eq!(demo.code, Some(0), "{demo:#?}");
    let told = format!("{}{}", demo.out, demo.err);
    assert!(told.contains("container") && told.contains("Claude Code"), "{told}");
    assert!(env.containers().is_empty(), "the demo left a container");
}

#[test]
fn without_an_engine_the_demo_uses_the_embedded_pair_and_says_so() {
    let dead = "unix:///nonexistent/docker.sock".to_owned();
    let env = TestEnv::with(Settings {
        docker_host: Some(dead),
        ..Settings::default()
    });
    let workspace = env.workspace("//- /README.md\n# Any\n");
    let demo = env.run(&workspace, &["demo"]);
    assert_eq!(demo.code, Some(0), "{demo:#?}");
    let told = format!("{}{}", demo.out, demo.err);
    assert!(told.to_lowercase().contains("embedded pair"), "{told}");
    assert!(
        told.contains("Docker"),
        "the demo does not say how to get the other form: {told}"
    );
}
