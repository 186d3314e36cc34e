//! The user's credential is looked for everywhere it must not be: in the container, in every process of it, in every
//! file, log and event, in what editors and agents are told.

use std::path::Path;

use aca_tests::lsp::Editor;
use aca_tests::model::tool;
use aca_tests::scenario::{SHOP, two_hunks};
use aca_tests::{Settings, TestEnv, engine, wait};
use serde_json::json;

#[test]
fn the_credential_is_nowhere_but_upstream() {
    let key = format!("sk-ant-made-up-{}", "7f3a9c".repeat(8));
    let env = TestEnv::with(Settings {
        api_key: key.clone(),
        ..Settings::default()
    });
    let workspace = env.workspace(SHOP);
    let search = "(env; cat /proc/*/environ /proc/*/cmdline | tr '\\0' '\\n'; \
                  grep -rsIh made-up /aca/out /tmp \"$HOME\" . | cut -c 1-2000) | tr -cd '\\n\\40-\\176'";
    let script = aca_tests::model::Script::new()
        .tools([tool(
            "Bash",
            json!({ "command": format!("{search} > found.txt"), "description": "search" }),
        )])
        .text("Searched.");
    env.script(&script);
    env.model().hold_after(1);
    let mut editor = Editor::start(&env, &workspace);
    let task = editor.run_text(&workspace, "look for the key");
    env.model().await_requests(1, wait::LONG);
    let sent = env.model().requests();
    assert_eq!(
        sent[0].header("x-api-key"),
        Some(key.as_str()),
        "the upstream must get the credential"
    );

    let containers = env.running_containers();
    assert_eq!(containers.len(), 1);
    wait::until_true("the agent's processes", wait::LONG, || {
        engine::processes(&containers[0]).len() > 1
    });
    assert_absent(
        &key,
        "`docker inspect`",
        engine::inspect(&containers[0]).to_string().as_bytes(),
    );
    let logs = engine::docker(&["logs", &containers[0]]).unwrap_or_default();
    assert_absent(&key, "`docker logs`", logs.as_bytes());
    for process in engine::processes(&containers[0]) {
        for file in ["environ", "cmdline"] {
            let bytes = std::fs::read(format!("/proc/{process}/{file}")).unwrap_or_default();
            assert_absent(&key, &format!("{file} of a process in the container"), &bytes);
        }
    }
    env.model().go_on();

    let ready = editor.await_ready(&workspace);
    let proposal = editor.proposal(&ready);
    let found = &proposal
        .files
        .iter()
        .find(|file| file.path == "found.txt")
        .expect("the search wrote a file")
        .hunks[0];
    assert!(
        found.new.contains("PATH="),
        "the search saw no environment: {}",
        found.new
    );
    assert_absent(&key, "what the agent could find", found.new.as_bytes());
    let transcript = editor.client().call("aca/transcript", json!({ "task": task.id }));
    assert_absent(&key, "the transcript", transcript.to_string().as_bytes());
    let exchanges = editor.client().call("aca/exchanges", json!({ "task": task.id }));
    let exchanges = exchanges["exchanges"].as_array().expect("a list of exchanges").clone();
    assert!(exchanges.len() >= 2, "{exchanges:?}");
    for exchange in exchanges {
        let params = json!({ "task": task.id, "attempt": exchange["attempt"], "number": exchange["number"] });
        let record = editor.client().call("aca/exchange", params);
        assert!(
            record["request"]["path"]
                .as_str()
                .is_some_and(|path| path.starts_with("/v1/"))
        );
        assert_absent(&key, "a kept model exchange", record.to_string().as_bytes());
    }
    for message in editor.client().traffic() {
        assert_absent(&key, "the LSP traffic", message.as_bytes());
    }
    for request in env.model().requests() {
        assert_absent(&key, "the body of a model request", &request.body);
    }
    let files = search_files(&env.data_dir(), &key) + search_files(workspace.root(), &key);
    assert!(files > 10, "only {files} files were searched");
    search_objects(&env, &key);
}

#[test]
fn the_token_of_a_sandbox_is_worth_nothing_upstream() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let mut editor = Editor::start(&env, &workspace);
    editor.run_text(&workspace, "reject empty names");
    editor.await_ready(&workspace);
    for request in env.model().requests() {
        assert_eq!(request.header("x-api-key"), Some(env.api_key()));
        assert_eq!(
            request.header("authorization"),
            None,
            "the sandbox's token went upstream"
        );
    }
}

/// Looks into every file below a folder. Returns how many there were.
fn search_files(folder: &Path, key: &str) -> usize {
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            count += search_files(&entry.path(), key);
        } else if kind.is_file() {
            assert_absent(
                key,
                &entry.path().display().to_string(),
                &std::fs::read(entry.path()).unwrap(),
            );
            count += 1;
        }
    }
    count
}

/// Looks into the content of every git object; the files on disk are compressed.
fn search_objects(env: &TestEnv, key: &str) {
    for session in env.sessions() {
        let store = env.data_dir().join("sessions").join(session).join("objects.git");
        let mut command = env.command("git");
        command
            .arg("--git-dir")
            .arg(&store)
            .args(["cat-file", "--batch-all-objects", "--batch", "--buffer"]);
        let output = command.output().unwrap();
        assert!(output.status.success() && !output.stdout.is_empty(), "{output:?}");
        assert_absent(key, "the object store", &output.stdout);
    }
}

fn assert_absent(key: &str, place: &str, bytes: &[u8]) {
    let found = bytes.windows(key.len()).any(|window| window == key.as_bytes());
    assert!(!found, "the credential is in {place}");
}
