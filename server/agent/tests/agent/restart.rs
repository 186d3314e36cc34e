//! Claude Code dies in the middle of a turn: a program that does so once stands in for it.

use std::path::PathBuf;

use aca_protocol::agent::{ControlReply, ControlRequest, Driver, End, RecordBody, files};

use crate::claude::{BEGIN, program, reason, run_program};
use crate::daemon::{Attempt, Daemon, exit_code, processes_with};

const SAYS: &str = r#"echo '{"type":"assistant","message":{"content":[{"type":"text","text":"I begin."}]}}'"#;
const SPOKEN: &str =
    r#"echo '{"type":"stream_event","event":{"type":"message_delta","delta":{"stop_reason":"end_turn"}}}'"#;
const ENDS: &str = r#"echo '{"type":"result","subtype":"success","is_error":false,"result":"Done."}'
echo '{"type":"system","subtype":"session_state_changed","state":"idle"}'
read eof"#;

/// A program that keeps a conversation with a torn last line, does `first`, dies, and does `then` when it is started
/// again. Its arguments and the messages it gets at its beginning are kept in the workspace.
fn dies_once(attempt: &Attempt, first: &str, then: &str) -> PathBuf {
    let conversation = &attempt.spec.conversation;
    let script = format!(
        r#"for word in "$@"; do echo "$word"; done > args.$(ls | grep -c '^args')
{BEGIN}echo "$prompt" > prompt.$(ls | grep -c '^prompt')
if [ -e died ]; then
{then}
exit 0
fi
touch died
mkdir -p "$CLAUDE_CONFIG_DIR/projects/-ws"
printf '{{"type":"user"}}\n{{"type":"assi' > "$CLAUDE_CONFIG_DIR/projects/-ws/{conversation}.jsonl"
{first}
kill -9 $$"#
    );
    program(attempt, &script)
}

fn restarts(attempt: &Attempt) -> Vec<u32> {
    let events = attempt.events().into_iter();
    let numbers = events.filter_map(|event| match event {
        RecordBody::Interrupted { attempt, max: 3, .. } => Some(attempt),
        _ => None,
    });
    numbers.collect()
}

fn read(attempt: &Attempt, name: &str) -> String {
    std::fs::read_to_string(attempt.spec.workspace.join(name)).unwrap_or_default()
}

#[tokio::test]
async fn it_goes_on_with_its_conversation_and_all_its_flags() {
    let attempt = Attempt::new(Driver::ClaudeCode);
    let marker = format!("605.{}", std::process::id());
    let path = dies_once(&attempt, &format!("{SAYS}\nsetsid sleep {marker} &"), ENDS);
    let (attempt, end) = run_program(attempt, &path).await;
    assert_eq!(end, End::Finished);
    assert_eq!(attempt.outcome().summary, "Done.");
    assert_eq!(restarts(&attempt), [1]);
    let conversation = &attempt.spec.conversation;
    let flags = read(&attempt, "args.0");
    assert!(flags.contains(&format!("--session-id\n{conversation}\n")), "{flags}");
    assert_eq!(read(&attempt, "args.1"), flags.replace("--session-id\n", "--resume\n"));
    assert!(read(&attempt, "prompt.0").contains("Do it."));
    let message = read(&attempt, "prompt.1");
    assert!(
        message.contains("interrupted") && !message.contains("Do it."),
        "{message}"
    );
    let kept = format!("{}/.claude/projects/-ws/{conversation}.jsonl", files::HOME);
    assert_eq!(
        std::fs::read_to_string(attempt.out().join(kept)).unwrap(),
        "{\"type\":\"user\"}\n"
    );
    assert_eq!(
        processes_with(&marker),
        Vec::<u32>::new(),
        "what the dead one had started is gone"
    );
}

#[tokio::test]
async fn a_turn_whose_last_words_are_there_is_finished() {
    let attempt = Attempt::new(Driver::ClaudeCode);
    let path = dies_once(&attempt, &format!("{SAYS}\n{SPOKEN}"), ENDS);
    let (attempt, end) = run_program(attempt, &path).await;
    assert_eq!(end, End::Finished);
    assert_eq!(attempt.outcome().summary, "I begin.");
    assert_eq!(restarts(&attempt), Vec::<u32>::new());
    assert_eq!(read(&attempt, "args.1"), "", "nothing is asked of the model again");
}

#[tokio::test]
async fn one_that_dies_at_once_again_is_not_started_a_third_time() {
    let attempt = Attempt::new(Driver::ClaudeCode);
    let path = dies_once(&attempt, SAYS, "kill -9 $$");
    let (attempt, end) = run_program(attempt, &path).await;
    let reason = reason(end);
    assert!(
        reason.contains("signal 9") && reason.contains("started again once"),
        "{reason}"
    );
    assert_eq!(restarts(&attempt), [1]);
    assert_eq!(attempt.outcome().summary, "");
}

#[tokio::test]
async fn without_a_conversation_it_begins_anew_with_the_whole_task() {
    let attempt = Attempt::new(Driver::ClaudeCode);
    let path = dies_once(&attempt, "rm -r \"$CLAUDE_CONFIG_DIR/projects\"", ENDS);
    let (attempt, end) = run_program(attempt, &path).await;
    assert_eq!(end, End::Finished);
    assert_eq!(read(&attempt, "args.1"), read(&attempt, "args.0"));
    let message = read(&attempt, "prompt.1");
    assert!(
        message.contains("Do it.") && message.contains("interrupted"),
        "{message}"
    );
}

#[tokio::test]
async fn what_it_was_told_and_had_not_taken_is_told_again() {
    let attempt = Attempt::new(Driver::ClaudeCode);
    let then = format!("read told; echo \"$told\" > told\n{ENDS}");
    let path = dies_once(&attempt, &format!("read told\n{SAYS}"), &then);
    let mut agent = attempt.run_with(|command| _ = command.env("ACA_CLAUDE", &path));
    let daemon = Daemon::connect(&attempt).await;
    let mut journal = daemon.journal(0).await;
    journal.event(|event| matches!(event, RecordBody::Prompted)).await;
    let (id, text) = (
        "0d1f7e0a-5c1b-4f57-9d0e-0d2f3e6a7b8c".to_owned(),
        "Use tabs.".to_owned(),
    );
    let tell = serde_json::to_string(&ControlRequest::Tell { id: id.clone(), text }).unwrap();
    assert_eq!(daemon.control(&tell).await, ControlReply::Done);
    journal.rest().await;
    assert_eq!(exit_code(&mut agent).await, Some(0));
    assert_eq!(attempt.outcome().end, End::Finished);
    let told = read(&attempt, "told");
    assert!(told.contains("Use tabs.") && told.contains(&id), "{told}");
}
