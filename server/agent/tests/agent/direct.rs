//! The `direct` driver in the real program, with the test as daemon and model.

use std::time::{Duration, Instant};

use aca_protocol::agent::{ControlReply, Driver, End, RecordBody, StreamHeader, files};
use serde_json::json;
use tokio::io::AsyncReadExt;

use crate::daemon::{Attempt, Daemon, events, exit_code, processes_with, quiet, within};

#[tokio::test]
async fn carries_out_a_task_and_leaves_an_outcome() {
    let attempt = Attempt::new(Driver::Direct);
    std::fs::write(attempt.spec.workspace.join("a.txt"), "one\ntwo\n").unwrap();
    std::fs::write(attempt.spec.workspace.join("CLAUDE.md"), "Use tabs.").unwrap();
    let mut agent = attempt.run();
    let mut daemon = Daemon::connect(&attempt).await;
    let mut journal = daemon.journal(0).await;

    let request = daemon.request().await;
    assert_eq!(
        (request.path.as_str(), request.token.as_str()),
        ("/v1/messages", "token-1")
    );
    assert_eq!(request.body["model"], "model-1");
    assert_eq!(request.body["messages"], json!([{"role": "user", "content": "Do it."}]));
    let system = request.body["system"].as_str().unwrap();
    assert!(system.contains("Be brief.") && system.contains("Use tabs."), "{system}");
    request.tool(
        "edit_file",
        json!({"path": "a.txt", "old_text": "two", "new_text": "TWO"}),
    );
    let request = daemon.request().await;
    assert_eq!(request.results()[0]["is_error"], false);
    request.tool("shell", json!({"command": "cat a.txt; exit 3"}));
    let request = daemon.request().await;
    assert_eq!(request.results()[0]["is_error"], true);
    assert_eq!(request.results()[0]["content"], "one\nTWO\n\n(exit status: 3)");
    request.done("Changed it.");

    let journal = journal.rest().await;
    let outcome = attempt.outcome();
    assert_eq!((outcome.end, outcome.summary.as_str()), (End::Finished, "Changed it."));
    assert_eq!(
        (outcome.attempt, outcome.nonce.as_str()),
        (attempt.spec.attempt.clone(), "nonce-1")
    );
    assert_eq!(outcome.last_seq as usize, journal.lines().count());
    assert_eq!(journal, attempt.journal());
    let events = events(&journal);
    let names: Vec<String> = events
        .iter()
        .map(|event| json!(event)["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        names,
        [
            "started",
            "prompted",
            "tool-use",
            "tool-result",
            "tool-use",
            "tool-result",
            "said"
        ],
        "{journal}"
    );
    let about = RecordBody::ToolUse {
        id: "call-1".into(),
        tool: "edit_file".into(),
        about: "a.txt".into(),
    };
    assert_eq!(events[2], about);
    assert_eq!(
        std::fs::read_to_string(attempt.spec.workspace.join("a.txt")).unwrap(),
        "one\nTWO\n"
    );
    assert_eq!(exit_code(&mut agent).await, Some(0));
}

#[tokio::test]
async fn an_attempt_never_begins_twice() {
    let attempt = Attempt::new(Driver::Direct);
    std::fs::write(attempt.out().join(files::STARTED), "").unwrap();
    let mut agent = attempt.run_with(quiet);
    assert_eq!(exit_code(&mut agent).await, Some(75));
    assert!(!attempt.out().join(files::OUTCOME).exists() && !attempt.out().join(files::JOURNAL).exists());
}

#[tokio::test]
async fn bad_starts_have_exit_codes_of_their_own() {
    let attempt = Attempt::new(Driver::Direct);
    let mut command = attempt.command("run");
    quiet(&mut command);
    assert_eq!(
        exit_code(&mut command.spawn().unwrap()).await,
        Some(66),
        "no specification"
    );
    std::fs::write(attempt.out().join(files::SPEC), "{}").unwrap();
    assert_eq!(
        exit_code(&mut command.spawn().unwrap()).await,
        Some(65),
        "not a specification"
    );
    assert!(!attempt.out().join(files::STARTED).exists());
}

#[tokio::test]
async fn a_stop_leaves_no_process() {
    for by_signal in [false, true] {
        let attempt = Attempt::new(Driver::Direct);
        let mut agent = attempt.run();
        let mut daemon = Daemon::connect(&attempt).await;
        let mut journal = daemon.journal(0).await;
        let marker = format!("600.{}{}", std::process::id(), u8::from(by_signal));
        let command =
            format!("setsid sleep {marker} & (setsid sh -c 'sleep {marker} & sleep {marker}' &) ; sleep {marker}");
        daemon.request().await.tool("shell", json!({"command": command}));
        journal.event(|event| matches!(event, RecordBody::ToolUse { .. })).await;
        within(async {
            while processes_with(&marker).len() < 4 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;

        let began = Instant::now();
        if by_signal {
            let pid = rustix::process::Pid::from_raw(agent.id().unwrap() as i32).unwrap();
            rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        } else {
            daemon.stop().await;
        }
        let rest = journal.rest().await;
        let took = began.elapsed();
        assert_eq!(processes_with(&marker), Vec::<u32>::new());
        assert!(took < Duration::from_secs(5), "it took {took:?}");
        assert!(events(&rest).contains(&RecordBody::StopAsked));
        assert_eq!(attempt.outcome().end, End::Stopped);
        assert_eq!(exit_code(&mut agent).await, Some(0));
    }
}

#[tokio::test]
async fn the_run_goes_on_when_the_daemon_dies_and_comes_back() {
    let attempt = Attempt::new(Driver::Direct);
    let mut agent = attempt.run();
    let mut daemon = Daemon::connect(&attempt).await;
    let mut journal = daemon.journal(0).await;
    let mut seen = journal.line().await.unwrap() + "\n";
    drop(daemon.request().await);
    daemon.kill();

    let mut daemon = Daemon::connect(&attempt).await;
    daemon
        .request()
        .await
        .tool("write_file", json!({"path": "b", "content": "x"}));
    daemon.request().await.done("Done.");
    seen += &daemon.journal(seen.len() as u64).await.rest().await;
    assert_eq!(exit_code(&mut agent).await, Some(0));
    assert_eq!(attempt.outcome().end, End::Finished);
    assert_eq!(seen, attempt.journal(), "the journal resumes at the offset");
    assert!(
        events(&seen)
            .iter()
            .any(|event| matches!(event, RecordBody::Retry { .. }))
    );
}

#[tokio::test]
async fn the_newest_of_several_connections_carries_the_model() {
    let attempt = Attempt::new(Driver::Direct);
    let mut agent = attempt.run();
    let mut first = Daemon::connect(&attempt).await;
    let request = first.request().await;
    let mut second = Daemon::connect(&attempt).await;
    assert_eq!(second.control(r#"{"ask":"ping"}"#).await, ControlReply::Done);
    request.tool("list_dir", json!({}));
    second.request().await.tool("list_dir", json!({}));
    let request = second.request().await;
    second.kill();
    drop(request);
    first.request().await.done("Done.");
    assert_eq!(exit_code(&mut agent).await, Some(0));
    assert_eq!(attempt.outcome().end, End::Finished);
}

#[tokio::test]
async fn failures_of_the_model_say_what_to_do() {
    let cases = [
        (
            401,
            "{\"error\":{\"type\":\"authentication_error\",\"message\":\"invalid x-api-key\"}}",
            "credential",
        ),
        (400, "{\"error\":{\"message\":\"messages: wrong\"}}", "messages: wrong"),
        (200, "<html>", "the answer is no message"),
        (404, "{\"error\":{\"type\":\"not_found_error\"}}", "`model-1`"),
    ];
    for (status, body, want) in cases {
        let attempt = Attempt::new(Driver::Direct);
        let mut agent = attempt.run();
        let mut daemon = Daemon::connect(&attempt).await;
        daemon.request().await.answer(status, ("x-a", "b"), body);
        assert_eq!(exit_code(&mut agent).await, Some(0));
        match attempt.outcome().end {
            End::Failed { reason } => assert!(reason.contains(want), "{status}: {reason}"),
            end => panic!("{status}: {end:?}"),
        }
    }
}

#[tokio::test]
async fn a_busy_model_is_asked_again_after_the_time_it_names() {
    let attempt = Attempt::new(Driver::Direct);
    let mut agent = attempt.run();
    let mut daemon = Daemon::connect(&attempt).await;
    daemon.request().await.answer(429, ("retry-after", "1"), "{}");
    daemon.request().await.answer(529, ("x-a", "b"), "{}");
    daemon.request().await.done("Done.");
    assert_eq!(exit_code(&mut agent).await, Some(0));
    let delays: Vec<u64> = attempt
        .events()
        .into_iter()
        .filter_map(|event| {
            if let RecordBody::Retry { delay_ms, .. } = event {
                Some(delay_ms)
            } else {
                None
            }
        })
        .collect();
    assert_eq!(delays, [1000, 1000]);
}

#[tokio::test]
async fn turns_are_limited() {
    let mut attempt = Attempt::new(Driver::Direct);
    attempt.spec.limits.max_turns = 2;
    let mut agent = attempt.run();
    let mut daemon = Daemon::connect(&attempt).await;
    for _ in 0..2 {
        daemon.request().await.tool("list_dir", json!({}));
    }
    assert_eq!(exit_code(&mut agent).await, Some(0));
    assert!(matches!(attempt.outcome().end, End::Failed { reason } if reason.contains("2 model turns")));
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_ended_with_its_children() {
    let attempt = Attempt::new(Driver::Direct);
    let mut agent = attempt.run();
    let mut daemon = Daemon::connect(&attempt).await;
    let marker = format!("601.{}", std::process::id());
    let command = format!("echo begun; setsid sleep {marker} & sleep {marker}");
    daemon
        .request()
        .await
        .tool("shell", json!({"command": command, "timeout_secs": 1}));
    let request = daemon.request().await;
    let output = request.results()[0]["content"].as_str().unwrap().to_owned();
    assert!(
        output.starts_with("begun\n") && output.contains("longer than 1 s"),
        "{output}"
    );
    assert_eq!(processes_with(&marker), Vec::<u32>::new());
    request.done("Done.");
    assert_eq!(exit_code(&mut agent).await, Some(0));
}

#[tokio::test]
async fn watchdogs_end_a_run_that_is_silent_or_takes_too_long() {
    for (silence_secs, total_secs, want) in [(1, 60, "no sign of life for 1 s"), (60, 1, "longer than 1 s")] {
        let mut attempt = Attempt::new(Driver::Direct);
        attempt.spec.limits.silence_secs = silence_secs;
        attempt.spec.limits.total_secs = total_secs;
        let mut agent = attempt.run();
        let mut daemon = Daemon::connect(&attempt).await;
        drop(daemon.request().await);
        assert_eq!(exit_code(&mut agent).await, Some(0));
        assert!(matches!(attempt.outcome().end, End::Failed { reason } if reason.contains(want)));
        assert!(
            attempt
                .events()
                .iter()
                .any(|event| matches!(event, RecordBody::Watchdog { .. }))
        );
    }
}

#[tokio::test]
async fn what_is_not_of_the_protocol_is_refused_and_changes_nothing() {
    let attempt = Attempt::new(Driver::Direct);
    let mut agent = attempt.run();
    let mut daemon = Daemon::connect(&attempt).await;
    for request in ["{}", "stop", "[]", r#"{"ask":"dance"}"#] {
        assert!(
            matches!(daemon.control(request).await, ControlReply::Error { .. }),
            "{request}"
        );
    }
    let mut text = String::new();
    within(daemon.open(&StreamHeader::Model).await.read_to_string(&mut text))
        .await
        .unwrap();
    assert!(text.contains("opened by the agent"), "{text}");
    daemon.request().await.done("Done.");
    assert_eq!(exit_code(&mut agent).await, Some(0));
    assert_eq!(attempt.outcome().end, End::Finished);
}
