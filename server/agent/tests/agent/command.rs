//! The `command` driver in the real program: what it runs, what it leaves, and what ends it.

use std::time::{Duration, Instant};

use aca_protocol::agent::{Driver, End, Outcome, RecordBody, files};
use serde_json::json;

use crate::daemon::{Attempt, Daemon, exit_code, processes_with, within};

fn attempt(command: &str) -> Attempt {
    let mut attempt = Attempt::new(Driver::Command);
    attempt.spec.prompt = command.to_owned();
    attempt
}

/// Runs a command to its end.
async fn ran(attempt: &Attempt) -> Outcome {
    let mut agent = attempt.run_with(|command| {
        command.env("ANTHROPIC_API_KEY", "secret").env("LANG", "C.UTF-8");
    });
    assert_eq!(exit_code(&mut agent).await, Some(0));
    attempt.outcome()
}

fn output(attempt: &Attempt) -> Vec<u8> {
    std::fs::read(attempt.out().join(files::OUTPUT)).unwrap()
}

#[tokio::test]
async fn a_command_leaves_its_exit_code_its_output_and_a_transcript() {
    let attempt = attempt("cat a.txt\necho oops >&2; printf '\\377'; exit 3");
    std::fs::write(attempt.spec.workspace.join("a.txt"), "one\n").unwrap();
    let outcome = ran(&attempt).await;
    assert_eq!((outcome.end, outcome.exit_code), (End::Finished, Some(3)));
    assert_eq!(
        output(&attempt),
        b"one\noops\n\xff",
        "both streams in their order, as they are"
    );
    let events = attempt.events();
    let names: Vec<String> = events
        .iter()
        .map(|event| json!(event)["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["started", "tool-use", "tool-result"]);
    assert!(matches!(&events[1], RecordBody::ToolUse { about, .. } if about == "cat a.txt"));
    assert!(matches!(&events[2], RecordBody::ToolResult { ok: false, text, .. } if text.starts_with("one\noops")));
}

#[tokio::test]
async fn a_command_has_the_environment_of_the_sandbox_and_no_secret() {
    let attempt = attempt("env; pwd; cat");
    let outcome = ran(&attempt).await;
    assert_eq!(outcome.exit_code, Some(0));
    let text = String::from_utf8(output(&attempt)).unwrap();
    let home = format!("HOME={}\n", attempt.out().join(files::HOME).display());
    assert!(
        text.contains(&home) && text.contains("PATH=/usr/local/bin:/usr/bin:/bin\n"),
        "{text}"
    );
    assert!(text.contains("LANG=C.UTF-8\n") && !text.contains("ANTHROPIC"), "{text}");
    assert!(
        text.contains(&format!("{}\n", attempt.spec.workspace.display())),
        "{text}"
    );
}

#[tokio::test]
async fn much_output_keeps_its_beginning_and_its_end() {
    let attempt = attempt("echo begin; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo end");
    assert_eq!(ran(&attempt).await.exit_code, Some(0));
    let text = String::from_utf8(output(&attempt)).unwrap();
    assert!(text.starts_with("begin\n") && text.ends_with("\nend\n") && text.len() < 600_000);
    assert!(text.contains("bytes are left out here"));
}

#[tokio::test]
async fn the_time_limit_ends_a_command_with_its_children_and_keeps_what_it_printed() {
    let marker = format!("603.{}", std::process::id());
    let mut attempt = attempt(&format!("echo begun; setsid sleep {marker} & sleep {marker}"));
    attempt.spec.limits.total_secs = 1;
    let outcome = ran(&attempt).await;
    assert_eq!((outcome.end, outcome.exit_code), (End::Finished, None));
    assert!(outcome.summary.contains("longer than 1 s"), "{}", outcome.summary);
    assert_eq!(output(&attempt), b"begun\n");
    assert_eq!(processes_with(&marker), Vec::<u32>::new());
}

#[tokio::test]
async fn a_signal_is_no_exit_code() {
    let outcome = ran(&attempt("kill -9 $$")).await;
    assert_eq!((outcome.end, outcome.exit_code), (End::Finished, None));
    assert!(outcome.summary.contains("signal: 9"), "{}", outcome.summary);
}

#[tokio::test]
async fn a_stop_ends_a_command_that_does_not_end_by_itself() {
    let marker = format!("604.{}", std::process::id());
    let attempt = attempt(&format!("sleep {marker} & setsid sleep {marker}"));
    let mut agent = attempt.run();
    let daemon = Daemon::connect(&attempt).await;
    let mut journal = daemon.journal(0).await;
    journal.event(|event| matches!(event, RecordBody::ToolUse { .. })).await;
    within(async {
        while processes_with(&marker).len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
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
