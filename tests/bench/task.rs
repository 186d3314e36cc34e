//! The start of a task: from *Do this* to the first model request, beside what the bare engine and Claude Code need for
//! it: create a container, start it, execute the program, wait for its request.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

use aca_tests::lsp::Editor;
use aca_tests::model::Script;
use aca_tests::scenario::{SHOP, TODO, titles};
use aca_tests::{Settings, TestEnv, Workspace, engine, parts, wait};
use serde_json::{Value, json};

use crate::figures;

const ROUNDS: usize = 7;

/// Measures both in turn.
pub(crate) fn measure() {
    let env = TestEnv::with(Settings {
        level: "warn".to_owned(),
        ..Settings::default()
    });
    let workspace = env.workspace(SHOP);
    env.script(&Script::new().text("Nothing to do."));
    let mut editor = Editor::start(&env, &workspace);
    editor.open("src/user.rs");
    // The first run builds the image where it is missing.
    do_this(&env, &workspace, &mut editor);
    let (mut own, mut other) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        own.push(do_this(&env, &workspace, &mut editor));
        other.push(bare(&env, round));
    }
    let (own, other) = (figures::median(&own), figures::median(&other));
    figures::time("Do this to the first model request, median", own, other, 1.05);
    println!(
        "aca's own share of a task's start: {:.0} ms (target: 30 ms)",
        own_share(own, other)
    );
}

fn own_share(own: Duration, other: Duration) -> f64 {
    (own.as_secs_f64() - other.as_secs_f64()) * 1_000.0
}

fn do_this(env: &TestEnv, workspace: &Workspace, editor: &mut Editor) -> Duration {
    let before = env.model().request_times().len();
    let action = editor.action("src/user.rs", TODO, titles::DO_THIS);
    let begun = Instant::now();
    editor.execute(&action["command"]);
    env.model().await_requests(before + 1, wait::LONG);
    let asked = env
        .model()
        .request_times()
        .get(before)
        .copied()
        .expect("the request was recorded");
    editor.await_task(workspace, "the end", wait::LONG, |task| task.state.is_settled());
    asked - begun
}

/// Creates a container through the engine's own interface, starts it, executes Claude Code in it, and waits for its
/// request on a socket.
fn bare(env: &TestEnv, round: usize) -> Duration {
    let folder = env.folder().join(format!("bare-{round}"));
    std::fs::create_dir_all(folder.join("home")).unwrap();
    let socket = folder.join("s");
    let listener = UnixListener::bind(&socket).unwrap();
    for path in [&folder, &folder.join("home"), &socket] {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o777)).unwrap();
    }
    let begun = Instant::now();
    let container = create(&folder);
    ask(&format!("/containers/{container}/start"), &json!({}));
    let command = json!({
        "Cmd": ["/aca/bin/claude", "-p", "hello", "--model", "claude-opus-4-8", "--setting-sources", "",
                "--strict-mcp-config", "--output-format", "stream-json", "--verbose"],
        "Env": ["HOME=/aca/out/home", "ANTHROPIC_BASE_URL=http://gateway", "ANTHROPIC_UNIX_SOCKET=/aca/out/s",
                "ANTHROPIC_API_KEY=made-up", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "DISABLE_AUTOUPDATER=1",
                "PATH=/usr/bin:/bin"],
        "WorkingDir": "/tmp",
    });
    let exec = ask(&format!("/containers/{container}/exec"), &command);
    ask(
        &format!("/exec/{}/start", exec["Id"].as_str().expect("an exec")),
        &json!({ "Detach": true }),
    );
    let (mut stream, _) = listener.accept().expect("Claude Code connects");
    stream.read_exact(&mut [0; 4]).expect("Claude Code asks");
    let time = begun.elapsed();
    drop(stream);
    engine::remove(&[container]);
    time
}

fn create(folder: &Path) -> String {
    let bind = |source: &Path, target: &str, mode: &str| format!("{}:{target}:{mode}", source.display());
    let container = json!({
        "Image": parts::BASE_IMAGE,
        "Cmd": ["sleep", "60"],
        "User": "1000:1000",
        "Labels": { "aca.session": "bench", "aca.attempt": "bench" },
        "HostConfig": {
            "NetworkMode": "none",
            "ReadonlyRootfs": true,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "Tmpfs": { "/tmp": "rw,mode=1777" },
            "Init": false,
            "Binds": [bind(&parts::claude(), "/aca/bin/claude", "ro"), bind(folder, "/aca/out", "rw")],
        },
    });
    ask("/containers/create", &container)["Id"]
        .as_str()
        .expect("a container")
        .to_owned()
}

/// Posts to the engine's interface and returns what it answers.
fn ask(path: &str, body: &Value) -> Value {
    let mut stream = UnixStream::connect("/var/run/docker.sock").expect("the engine listens on its usual socket");
    let body = body.to_string();
    // HTTP/1.0, so that the answer comes in one piece and the connection ends with it.
    write!(
        stream,
        "POST {path} HTTP/1.0\r\nHost: engine\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = Vec::new();
    // The engine may reset the connection once it has said everything; an answer cut short fails below.
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert_eq!(
            error.kind(),
            std::io::ErrorKind::ConnectionReset,
            "POST {path}: {error}"
        );
    }
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
    let status = head.split(' ').nth(1).unwrap_or_default();
    assert!(status.starts_with('2'), "POST {path}: {answer}");
    serde_json::from_str(body).unwrap_or_default()
}
