//! The command line alone: from a TODO to landed and rejected hunks, with exit codes a script can rely on.

use aca_tests::scenario::{FIRST_HUNK, SECOND_HUNK, SHOP, one_command, two_hunks};
use aca_tests::{Finished, Settings, TestEnv, Workspace};
use serde_json::{Value, json};

fn json(finished: &Finished) -> Value {
    serde_json::from_str(&finished.out).unwrap_or_else(|error| panic!("{error}: {finished:#?}"))
}

fn hunks(env: &TestEnv, workspace: &Workspace) -> Vec<(String, String)> {
    let list = env.run(workspace, &["review", "--list", "--json"]);
    assert_eq!(list.code, Some(0), "{list:#?}");
    let proposal = json(&list);
    let files = proposal["files"].as_array().expect("a proposal has files").iter();
    let hunks = files.flat_map(|file| file["hunks"].as_array().expect("a file has hunks"));
    let word = |value: &Value| value.as_str().expect("text").to_owned();
    hunks
        .map(|hunk| (word(&hunk["id"]), word(&hunk["state"]["name"])))
        .collect()
}

#[test]
fn a_todo_is_run_reviewed_and_landed() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let before = workspace.read("src/user.rs");
    let line = workspace.line_of("src/user.rs", "TODO") + 1;

    let run = env.run(&workspace, &["run", "--json", "--todo", &format!("src/user.rs:{line}")]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    let task = json(&run);
    assert_eq!(task["state"]["name"], "ready", "{run:#?}");
    assert_eq!(task["title"], "TODO: reject empty names");
    assert_eq!(
        workspace.read("src/user.rs"),
        before,
        "a proposal entered the tree before anyone decided"
    );

    let status = env.run(&workspace, &["status", "--json"]);
    assert_eq!(status.code, Some(0), "{status:#?}");
    assert_eq!(json(&status)["tasks"][0]["id"], task["id"], "{status:#?}");

    let found = hunks(&env, &workspace);
    assert_eq!(found.len(), 2, "{found:?}");
    let accept = env.run(&workspace, &["review", "--accept", &found[0].0]);
    assert_eq!(accept.code, Some(0), "{accept:#?}");
    let reject = env.run(&workspace, &["review", "--reject", &found[1].0]);
    assert_eq!(reject.code, Some(0), "{reject:#?}");
    let text = workspace.read("src/user.rs");
    assert!(text.contains(FIRST_HUNK) && !text.contains(SECOND_HUNK), "{text}");

    let status = json(&env.run(&workspace, &["status", "--json"]));
    let expected = serde_json::json!({ "name": "landed", "accepted": 1, "rejected": 1 });
    assert_eq!(status["tasks"][0]["state"], expected);
    let nothing_left = env.run(&workspace, &["review", "--accept", "all"]);
    assert_eq!(nothing_left.code, Some(4), "{nothing_left:#?}");
}

#[test]
fn a_conflict_has_an_exit_code_and_is_not_written() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let run = env.run(&workspace, &["run", "be warmer"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    workspace.write(
        "src/user.rs",
        &workspace.read("src/user.rs").replace("Hello {}", "Good day {}"),
    );
    let accept = env.run(&workspace, &["review", "--accept", "all"]);
    assert_eq!(accept.code, Some(5), "{accept:#?}");
    let text = workspace.read("src/user.rs");
    assert!(
        text.contains(FIRST_HUNK) && text.contains("Good day {}") && !text.contains(SECOND_HUNK),
        "{text}"
    );
}

#[test]
fn an_agent_that_changes_nothing_has_an_exit_code() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&one_command("true"));
    let run = env.run(&workspace, &["run", "--json", "look around"]);
    assert_eq!(run.code, Some(4), "{run:#?}");
    assert_eq!(json(&run)["state"]["name"], "nothingToDo", "{run:#?}");
}

#[test]
fn wrong_command_lines_say_what_is_wrong() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    for (line, code, says) in [
        ("dance", 2, "dance"),
        ("run", 2, "--todo"),
        ("run --todo src/user.rs", 2, "FILE:LINE"),
        ("run --todo src/user.rs:2", 4, "TODO"),
        ("run --todo nowhere.rs:2", 2, "nowhere.rs"),
        ("run --todo ../outside.rs:1", 2, "outside"),
        ("review no-such-task --accept all", 4, "no-such-task"),
        ("stop no-such-task", 4, "no-such-task"),
        ("status --workspace /no/such/folder", 2, "/no/such/folder"),
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        let finished = env.run(&workspace, &arguments);
        assert_eq!(finished.code, Some(code), "aca {line}: {finished:#?}");
        assert!(finished.err.contains(says), "aca {line}: {finished:#?}");
    }
    assert!(env.containers().is_empty(), "a wrong command line started a container");
}

#[test]
fn settings_are_printed_with_their_origin_and_broken_ones_name_the_key() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    workspace.write("aca.toml", "[session]\nmax_parallel = 2\n");
    let config = env.run(&workspace, &["config"]);
    assert_eq!(config.code, Some(0), "{config:#?}");
    assert!(
        config.out.contains("max_parallel") && config.out.contains("aca.toml"),
        "{config:#?}"
    );
    workspace.write("aca.toml", "[session]\nmax_paralel = 2\n");
    let broken = env.run(&workspace, &["run", "anything"]);
    assert_eq!(broken.code, Some(2), "{broken:#?}");
    assert!(
        broken.err.contains("max_paralel") && broken.err.contains("max_parallel"),
        "{broken:#?}"
    );
}

#[test]
fn the_doctor_finds_a_whole_machine_well() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&one_command("true"));
    let built = env.run(&workspace, &["image", "build"]);
    assert_eq!(built.code, Some(0), "{built:#?}");
    let doctor = env.run(&workspace, &["doctor"]);
    assert_eq!(doctor.code, Some(0), "{doctor:#?}");
    assert!(!doctor.out.contains(env.api_key()), "the doctor prints the key");
}

/// What a front end shows of it: `aca help doctor` documents the fields and the names.
#[test]
fn the_doctor_tells_programs_each_check_with_its_state_and_what_mends_it() {
    let env = TestEnv::with(Settings {
        docker_host: Some("unix:///nowhere/docker.sock".to_owned()),
        ..Settings::default()
    });
    let workspace = env.workspace(SHOP);
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let help = words(&env.run(&workspace, &["help", "doctor"]).out);
    let names = help.split("Names are").nth(1).expect("the names are documented");
    let doctor = env.run(&workspace, &["doctor", "--json"]);
    assert_eq!(doctor.code, Some(3), "{doctor:#?}");
    let result = json(&doctor);
    assert_eq!(
        (&result["version"], &result["ok"]),
        (&json!(env!("CARGO_PKG_VERSION")), &json!(false))
    );
    let checks = result["checks"].as_array().unwrap();
    for check in checks {
        let (name, found) = (check["name"].as_str().unwrap(), check["found"].as_str().unwrap());
        assert!(names.contains(name), "{name} is not documented");
        assert!(!found.is_empty(), "{check}");
        let mends = check["mend"].as_str().is_some_and(|mend| !mend.is_empty());
        match check["state"].as_str().unwrap() {
            "good" => assert!(!mends, "{check}"),
            "warning" | "missing" => assert!(mends, "{check}"),
            other => panic!("there is no state {other}"),
        }
    }
    let engine = checks.iter().find(|check| check["name"] == "engine").unwrap();
    assert_eq!(engine["state"], "missing", "{engine}");
}
