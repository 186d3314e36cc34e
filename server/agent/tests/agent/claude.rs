//! The `claude-code` driver with programs that break: what Claude Code itself never does. The real one is driven in
//! the end-to-end tests.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use aca_protocol::agent::{Driver, End, RecordBody};

use crate::daemon::{Attempt, Daemon, exit_code, processes_with};

/// Answers `initialize` and takes the prompt.
pub(crate) const BEGIN: &str = r#"read init; echo '{"type":"control_response","response":{"subtype":"success","request_id":"aca-initialize"}}'; read prompt
"#;

pub(crate) fn program(attempt: &Attempt, script: &str) -> std::path::PathBuf {
    let path = attempt.dir.path().join("claude");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

async fn run(script: &str) -> (Attempt, End) {
    let attempt = Attempt::new(Driver::ClaudeCode);
    let path = program(&attempt, script);
    run_program(attempt, &path).await
}

pub(crate) async fn run_program(attempt: Attempt, path: &Path) -> (Attempt, End) {
    let mut agent = attempt.run_with(|command| _ = command.env("ACA_CLAUDE", path));
    assert_eq!(exit_code(&mut agent).await, Some(0));
    let end = attempt.outcome().end;
    (attempt, end)
}

pub(crate) fn reason(end: End) -> String {
    match end {
        End::Failed { reason } => reason,
        end => panic!("{end:?} is no failure"),
    }
}

#[tokio::test]
async fn broken_programs_fail_with_what_was_seen_of_them() {
    let cases = [
        ("exit 0", "exit code 0"),
        ("echo 'No suitable shell found' >&2; exit 1", "No suitable shell found"),
        ("echo garbage; echo '[1]'; echo '{\"type\":'; exit 2", "garbage"),
        ("kill -9 $$", "signal 9"),
        ("exec >&-; exit 4", "exit code 4"),
        ("sleep 603 & exit 5", "exit code 5"),
    ];
    for (script, want) in cases {
        for begin in ["", BEGIN] {
            let (_attempt, end) = run(&format!("{begin}{script}")).await;
            let reason = reason(end);
            assert!(reason.contains(want), "{script}: {reason}");
        }
    }
}

#[tokio::test]
async fn a_missing_program_is_named() {
    let attempt = Attempt::new(Driver::ClaudeCode);
    let (_attempt, end) = run_program(attempt, Path::new("/nonexistent/claude")).await;
    assert!(reason(end).contains("/nonexistent/claude"));
}

#[tokio::test]
async fn garbage_between_frames_is_noise_and_not_death() {
    let result = r#"echo '{"type":"result","subtype":"success","is_error":false,"result":"Done."}'"#;
    let idle = r#"echo '{"type":"system","subtype":"session_state_changed","state":"idle"}'"#;
    let long = "head -c 3000000 /dev/zero | tr '\\0' x";
    let frame = format!(
        r#"printf '{{"type":"assistant","message":{{"content":[{{"type":"text","text":"'; {long}; echo '"}}]}}}}'"#
    );
    let (attempt, end) = run(&format!(
        "{BEGIN}echo garbage\nprintf '\\377\\n'\n{frame}\n{result}\n{idle}\nread eof\nexit 0"
    ))
    .await;
    assert_eq!(end, End::Finished);
    assert_eq!(attempt.outcome().summary, "Done.");
    let noise = attempt
        .events()
        .into_iter()
        .filter(|event| matches!(event, RecordBody::Noise { .. }))
        .count();
    assert_eq!(noise, 2);
    let long = attempt
        .events()
        .into_iter()
        .any(|event| matches!(event, RecordBody::Said { text } if text.len() == 3_000_000));
    assert!(long, "a frame of any length is kept whole");
}

#[tokio::test]
async fn every_question_about_a_tool_is_answered_with_yes() {
    let ask = r#"echo '{"type":"control_request","request_id":"q1","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{"command":"ls"}}}'; read answer; echo "$answer" > answer"#;
    let result = r#"echo '{"type":"result","subtype":"success","is_error":false,"result":""}'"#;
    let idle = r#"echo '{"type":"system","subtype":"session_state_changed","state":"idle"}'"#;
    let (attempt, end) = run(&format!("{BEGIN}{ask}\n{result}\n{idle}\nread eof")).await;
    assert_eq!(end, End::Finished);
    let answer: serde_json::Value =
        serde_json::from_slice(&std::fs::read(attempt.spec.workspace.join("answer")).unwrap()).unwrap();
    assert_eq!(answer["response"]["request_id"], "q1");
    assert_eq!(
        answer["response"]["response"],
        serde_json::json!({"behavior": "allow", "updatedInput": {"command": "ls"}})
    );
}

#[tokio::test]
async fn a_stop_ends_a_program_that_does_not_listen() {
    let attempt = Attempt::new(Driver::ClaudeCode);
    let marker = format!("602.{}", std::process::id());
    let path = program(
        &attempt,
        &format!("trap '' TERM INT\n{BEGIN}setsid sleep {marker} &\nsleep {marker}"),
    );
    let mut agent = attempt.run_with(|command| _ = command.env("ACA_CLAUDE", &path));
    let daemon = Daemon::connect(&attempt).await;
    let mut journal = daemon.journal(0).await;
    journal.event(|event| matches!(event, RecordBody::Prompted)).await;
    let began = Instant::now();
    daemon.stop().await;
    journal.rest().await;
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "it took {:?}",
        began.elapsed()
    );
    assert_eq!(processes_with(&marker), Vec::<u32>::new());
    assert_eq!(attempt.outcome().end, End::Stopped);
    assert_eq!(exit_code(&mut agent).await, Some(0));
}
