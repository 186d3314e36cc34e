//! Telling, holding, resuming and asking for reasons, with both drivers.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use aca_protocol::agent::{ClaimedReason, ControlReply, ControlRequest, Driver, End, RecordBody, files};
use serde_json::{Value, json};

use crate::daemon::{Attempt, Daemon, exit_code, processes_with, within};

async fn ask(daemon: &Daemon, request: &ControlRequest) -> ControlReply {
    daemon.control(&serde_json::to_string(request).unwrap()).await
}

async fn tell(daemon: &Daemon, id: &str, text: &str) -> ControlReply {
    let (id, text) = (id.to_owned(), text.to_owned());
    ask(daemon, &ControlRequest::Tell { id, text }).await
}

fn last_message(body: &Value) -> &Value {
    body["messages"].as_array().unwrap().last().unwrap()
}

fn told(events: &[RecordBody]) -> Vec<&str> {
    let texts = events.iter().filter_map(|event| match event {
        RecordBody::Told { text } => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// The processes with this mark, each with its state in the process table.
fn states(marker: &str) -> Vec<char> {
    let state = |pid: u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(") ")?.1.chars().next()
    };
    processes_with(marker).into_iter().filter_map(state).collect()
}

async fn until(wanted: impl Fn() -> bool) {
    within(async {
        while !wanted() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_direct_driver_hears_in_the_next_request_and_in_its_last_moment() {
    let attempt = Attempt::new(Driver::Direct);
    let mut agent = attempt.run();
    let mut daemon = Daemon::connect(&attempt).await;
    let request = daemon.request().await;
    assert_eq!(tell(&daemon, "id-1", "Use tabs.").await, ControlReply::Done);
    assert_eq!(tell(&daemon, "id-1", "Use tabs.").await, ControlReply::Done);
    request.tool("list_dir", json!({}));
    let request = daemon.request().await;
    let messages = request.body["messages"].as_array().unwrap();
    let heard = messages
        .iter()
        .filter(|message| message["content"] == "Use tabs.")
        .count();
    assert_eq!(heard, 1, "{messages:#?}");
    // It is about to end when it is told something more.
    assert_eq!(tell(&daemon, "id-2", "And a test.").await, ControlReply::Done);
    request.done("Done.");
    let request = daemon.request().await;
    assert_eq!(last_message(&request.body)["content"], "And a test.");
    request.done("Done with a test.");
    assert_eq!(exit_code(&mut agent).await, Some(0));
    assert_eq!(told(&attempt.events()), ["Use tabs.", "And a test."]);
    assert_eq!(attempt.outcome().summary, "Done with a test.");
}

#[tokio::test]
async fn a_held_run_does_nothing_and_no_time_passes_for_it() {
    let mut attempt = Attempt::new(Driver::Direct);
    attempt.spec.limits.total_secs = 3;
    let mut agent = attempt.run();
    let mut daemon = Daemon::connect(&attempt).await;
    let mut journal = daemon.journal(0).await;
    let marker = format!("604.{}", std::process::id());
    let command = format!("setsid sleep {marker} >&- 2>&- & sleep 0.6; echo over");
    daemon
        .request()
        .await
        .tool("shell", json!({"command": command, "timeout_secs": 1}));
    until(|| states(&marker) == ['S']).await;
    for _ in 0..2 {
        assert_eq!(ask(&daemon, &ControlRequest::Pause).await, ControlReply::Done);
        assert_eq!(states(&marker), ['T']);
    }
    journal.event(|event| matches!(event, RecordBody::Paused)).await;
    // Longer than the command, and the whole attempt, may take.
    tokio::time::sleep(Duration::from_millis(3500)).await;
    assert_eq!(ask(&daemon, &ControlRequest::Ping).await, ControlReply::Done);
    for _ in 0..2 {
        assert_eq!(ask(&daemon, &ControlRequest::Resume).await, ControlReply::Done);
    }
    let request = daemon.request().await;
    assert_eq!(request.results()[0]["content"], "over\n", "the command was not ended");
    assert_ne!(states(&marker), ['T']);
    request.done("Done.");
    assert_eq!(exit_code(&mut agent).await, Some(0));
    assert_eq!(attempt.outcome().end, End::Finished);
    let held: Vec<RecordBody> = attempt
        .events()
        .into_iter()
        .filter(|event| matches!(event, RecordBody::Paused | RecordBody::Resumed))
        .collect();
    assert_eq!(held, [RecordBody::Paused, RecordBody::Resumed]);
}

#[tokio::test]
async fn a_held_run_stops() {
    let attempt = Attempt::new(Driver::Direct);
    let mut agent = attempt.run();
    let mut daemon = Daemon::connect(&attempt).await;
    let marker = format!("605.{}", std::process::id());
    let command = format!("setsid sleep {marker} & sleep {marker}");
    daemon.request().await.tool("shell", json!({"command": command}));
    until(|| states(&marker).len() == 2).await;
    assert_eq!(ask(&daemon, &ControlRequest::Pause).await, ControlReply::Done);
    let began = Instant::now();
    daemon.stop().await;
    assert_eq!(exit_code(&mut agent).await, Some(0));
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "it took {:?}",
        began.elapsed()
    );
    assert_eq!(processes_with(&marker), Vec::<u32>::new());
    assert_eq!(attempt.outcome().end, End::Stopped);
}

#[tokio::test]
async fn a_conversation_goes_on_in_a_later_attempt() {
    let first = Attempt::new(Driver::Direct);
    let mut agent = first.run();
    let mut daemon = Daemon::connect(&first).await;
    daemon.request().await.done("Done.");
    assert_eq!(exit_code(&mut agent).await, Some(0));

    for kept in [true, false] {
        let mut second = Attempt::new(Driver::Direct);
        second.spec.resume = true;
        second.spec.prompt = "Once more.".into();
        second.spec.story = "The whole story.".into();
        let name = format!("{}.json", second.spec.conversation);
        std::fs::create_dir(second.out().join(files::HOME)).unwrap();
        if kept {
            let (from, to) = (first.out().join(files::HOME), second.out().join(files::HOME));
            std::fs::copy(from.join(&name), to.join(&name)).unwrap();
        }
        let mut agent = second.run();
        let mut daemon = Daemon::connect(&second).await;
        let request = daemon.request().await;
        let words: Vec<String> = request.body["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| match &message["content"] {
                Value::String(text) => text.clone(),
                blocks => blocks[0]["text"].as_str().unwrap().to_owned(),
            })
            .collect();
        let want: &[&str] = if kept {
            &["Do it.", "Done.", "Once more."]
        } else {
            &["The whole story."]
        };
        assert_eq!(words, want);
        request.done("Done again.");
        assert_eq!(exit_code(&mut agent).await, Some(0));
        assert_eq!(second.outcome().end, End::Finished);
    }
}

#[tokio::test]
async fn reasons_are_asked_for_once_something_may_have_changed() {
    let answer = r#"Here: [{"path": "b", "lines": "x", "why": "It was missing."}]"#;
    for (writes, answer, want) in [
        (true, Some(answer), 1),
        (true, Some("No."), 0),
        (true, None, 0),
        (false, None, 0),
    ] {
        let mut attempt = Attempt::new(Driver::Direct);
        attempt.spec.ask_reasons = "Why?".into();
        let mut agent = attempt.run();
        let mut daemon = Daemon::connect(&attempt).await;
        let request = daemon.request().await;
        if writes {
            request.tool("write_file", json!({"path": "b", "content": "x"}));
        } else {
            request.tool("list_dir", json!({}));
        }
        daemon.request().await.done("Done.");
        if writes {
            let request = daemon.request().await;
            assert_eq!(last_message(&request.body)["content"], "Why?");
            assert!(
                matches!(tell(&daemon, "id-1", "One more thing.").await, ControlReply::Error { message } if message.contains("finished"))
            );
            match answer {
                Some(answer) => request.done(answer),
                None => request.answer(500, ("x-should-retry", "false"), "{}"),
            }
        }
        assert_eq!(exit_code(&mut agent).await, Some(0));
        let outcome = attempt.outcome();
        assert_eq!((outcome.end, outcome.summary.as_str()), (End::Finished, "Done."));
        assert_eq!(outcome.reasons.len(), want);
        if let Some(reason) = outcome.reasons.first() {
            let (path, lines, why) = ("b".into(), "x".into(), "It was missing.".into());
            assert_eq!(*reason, ClaimedReason { path, lines, why });
        }
    }
}

/// Runs a program in the place of Claude Code that notes what it reads.
fn claude(attempt: &Attempt, script: &str) -> std::path::PathBuf {
    let path = attempt.dir.path().join("claude");
    let begin = "note() { read line; echo \"$line\" >> heard; }\nresult() { echo '{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":\"'$1'\"}'; }\n\
                 idle() { echo '{\"type\":\"system\",\"subtype\":\"session_state_changed\",\"state\":\"idle\"}'; }\n\
                 heard() { echo '{\"type\":\"user\",\"isReplay\":true,\"uuid\":\"'$1'\"}'; }\necho \"$*\" >> arguments\n";
    let ready = r#"read init; echo '{"type":"control_response","response":{"subtype":"success","request_id":"aca-initialize"}}'"#;
    std::fs::write(&path, format!("#!/bin/sh\n{begin}{ready}\nnote\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn heard(attempt: &Attempt) -> Vec<String> {
    let text = std::fs::read_to_string(attempt.spec.workspace.join("heard")).unwrap_or_default();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .map(|line| line["message"]["content"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn claude_code_gets_a_turn_for_what_it_was_told_while_it_finished() {
    let mut attempt = Attempt::new(Driver::ClaudeCode);
    attempt.spec.ask_reasons = "Why?".into();
    let tool = r#"echo '{"type":"assistant","message":{"content":[{"type":"tool_use","id":"t1","name":"Bash","input":{"command":"ls"}}]}}'"#;
    let answer = r#"[{\"path\":\"a\",\"why\":\"x\"}]"#;
    let answer = format!(r#"echo '{{"type":"result","subtype":"success","is_error":false,"result":"{answer}"}}'"#);
    // The message is in its input when it says that it is done: it takes it afterwards.
    let script = format!(
        "{tool}\nnote\nresult first\nidle\nheard id-1\nresult second\nidle\nnote\n{answer}\nidle\nread eof\nexit 0"
    );
    let path = claude(&attempt, &script);
    let mut agent = attempt.run_with(|command| _ = command.env("ACA_CLAUDE", path));
    let daemon = Daemon::connect(&attempt).await;
    let mut journal = daemon.journal(0).await;
    journal.event(|event| matches!(event, RecordBody::ToolUse { .. })).await;
    assert_eq!(tell(&daemon, "id-1", "/etc too.").await, ControlReply::Done);
    assert_eq!(exit_code(&mut agent).await, Some(0));
    assert_eq!(heard(&attempt), ["Do it.", "Task: /etc too.", "Why?"]);
    let outcome = attempt.outcome();
    assert_eq!((outcome.end, outcome.summary.as_str()), (End::Finished, "second"));
    assert_eq!(outcome.reasons.len(), 1);
}

#[tokio::test]
async fn a_conversation_that_is_not_there_is_begun_anew() {
    let mut attempt = Attempt::new(Driver::ClaudeCode);
    attempt.spec.resume = true;
    attempt.spec.story = "The whole story.".into();
    let missing = r#"echo '{"type":"result","subtype":"error_during_execution","is_error":true,"errors":["No conversation found with session ID: x"]}'"#;
    let script = format!("case \"$*\" in *--resume*) {missing}; exit 1;; esac\nresult done\nidle\nread eof\nexit 0");
    let path = claude(&attempt, &script);
    let mut agent = attempt.run_with(|command| _ = command.env("ACA_CLAUDE", path));
    assert_eq!(exit_code(&mut agent).await, Some(0));
    assert_eq!(heard(&attempt), ["Do it.", "The whole story."]);
    let arguments = std::fs::read_to_string(attempt.spec.workspace.join("arguments")).unwrap();
    assert!(
        arguments.contains(&format!("--session-id {}", attempt.spec.conversation)),
        "{arguments}"
    );
    assert_eq!(attempt.outcome().summary, "done");
    let said = attempt
        .events()
        .into_iter()
        .any(|event| matches!(event, RecordBody::Watchdog { text } if text.contains("not found")));
    assert!(said);
}

#[tokio::test]
async fn a_stop_is_heard_in_a_flood_of_output() {
    let attempt = Attempt::new(Driver::ClaudeCode);
    let path = claude(&attempt, r#"while :; do echo '{"type":"x"}'; done"#);
    let mut agent = attempt.run_with(|command| _ = command.env("ACA_CLAUDE", path));
    let daemon = Daemon::connect(&attempt).await;
    let mut journal = daemon.journal(0).await;
    journal.event(|event| matches!(event, RecordBody::Prompted)).await;
    let began = Instant::now();
    daemon.stop().await;
    drop(journal);
    assert_eq!(exit_code(&mut agent).await, Some(0));
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "it took {:?}",
        began.elapsed()
    );
    assert_eq!(attempt.outcome().end, End::Stopped);
}
