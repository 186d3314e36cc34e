//! The replay upstream, as an agent meets it through the gateway.

use serde_json::{Value, json};

use crate::support::{Setup, question, replay_service};

const TOOLS: &str = r#"
[[turn]]
name = "write"
match = { turn = 0, user = "note" }
reply.text = "I write it."
[[turn.reply.tool]]
any_of = [
    { name = "write_file", input = { path = "note.txt", content = "h\u00e9llo\n" } },
    { name = "Write", input = { file_path = "{{workspace}}/note.txt", content = "h\u00e9llo\n" } },
]

[[turn]]
name = "done"
match = { tool_result = ["Write", "write_file"] }
reply.text = "Done."
"#;

/// Puts a stream's events together again, as an agent does.
fn assemble(stream: &str) -> (Vec<Value>, String) {
    let (mut blocks, mut partial, mut stop) = (Vec::<Value>::new(), String::new(), String::new());
    for line in stream.lines().filter_map(|line| line.strip_prefix("data: ")) {
        let event: Value = serde_json::from_str(line).unwrap();
        match event["type"].as_str().unwrap() {
            "content_block_start" => blocks.push(event["content_block"].clone()),
            "content_block_delta" => {
                let delta = &event["delta"];
                partial.push_str(delta["text"].as_str().or(delta["partial_json"].as_str()).unwrap());
            }
            "content_block_stop" => {
                let block = blocks.last_mut().unwrap();
                let text = std::mem::take(&mut partial);
                if block["type"] == "text" {
                    block["text"] = json!(text);
                } else {
                    block["input"] = serde_json::from_str(&text).unwrap();
                }
            }
            "message_delta" => stop = event["delta"]["stop_reason"].as_str().unwrap().to_owned(),
            _ => {}
        }
    }
    (blocks, stop)
}

#[tokio::test]
async fn a_tool_is_called_by_the_name_that_is_offered() {
    for (offered, input) in [
        ("Write", json!({"file_path": "/ws/note.txt", "content": "h\u{e9}llo\n"})),
        ("write_file", json!({"path": "note.txt", "content": "h\u{e9}llo\n"})),
    ] {
        let sandbox = Setup::replay(TOOLS).start();
        let mut ask = question("a note please", true);
        ask["tools"] = json!([{"name": offered}]);
        let (streamed, stop) = assemble(&sandbox.post("/v1/messages", &ask).await.body);
        assert_eq!(
            (streamed[0]["text"].as_str(), stop.as_str()),
            (Some("I write it."), "tool_use")
        );
        assert_eq!((&streamed[1]["name"], &streamed[1]["input"]), (&json!(offered), &input));
        ask["stream"] = json!(false);
        let whole = sandbox.post("/v1/messages", &ask).await.json();
        assert_eq!(
            (&whole["content"][1]["input"], &whole["stop_reason"]),
            (&input, &json!("tool_use"))
        );

        let id = whole["content"][1]["id"].clone();
        let messages = ask["messages"].as_array_mut().unwrap();
        messages.push(json!({"role": "assistant", "content": whole["content"]}));
        messages
            .push(json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": id, "content": "ok"}]}));
        let done = sandbox.post("/v1/messages", &ask).await.json();
        assert_eq!(
            (&done["content"][0]["text"], &done["stop_reason"]),
            (&json!("Done."), &json!("end_turn"))
        );
        let turns: Vec<_> = sandbox
            .gateway
            .replay_requests()
            .into_iter()
            .map(|request| request.turn.unwrap())
            .collect();
        assert_eq!(turns, ["write", "write", "done"]);
    }
}

#[tokio::test]
async fn what_the_script_does_not_foresee_fails_loudly() {
    let sandbox = Setup::replay(TOOLS).start();
    let answer = sandbox.ask("something else", true).await;
    let (kind, message) = answer.error();
    assert_eq!((answer.status, kind.as_str()), (500, "api_error"));
    assert!(
        message.contains("something else") && message.contains("No turn"),
        "{message}"
    );
    assert_eq!(answer.header("x-should-retry"), Some("false"));
    let mut ask = question("a note please", true);
    ask["tools"] = json!([{"name": "Read"}]);
    let answer = sandbox.post("/v1/messages", &ask).await;
    let (_, message) = answer.error();
    assert!(
        message.contains("Turn `write`") && message.contains("write_file, Write") && message.contains("Read"),
        "{message}"
    );
}

#[tokio::test]
async fn a_dropped_stream_is_whole_when_asked_again() {
    let script = "[[turn]]\ntimes = 1\nreply = { text = 'whole', drop_after_chunks = 3 }\n";
    let (url, _replay) = replay_service(script).await;
    for setup in [Setup::http(&url), Setup::replay(script)] {
        let sandbox = setup.start();
        let dropped = sandbox.ask("hello", true).await;
        assert!(
            dropped.broken && dropped.body.matches("event: ").count() <= 3,
            "{dropped:?}"
        );
        let whole = sandbox.ask("hello", false).await;
        assert_eq!((whole.status, whole.broken), (200, false));
        assert_eq!(whole.json()["content"][0]["text"], "whole");
        assert_eq!(sandbox.ask("hello", false).await.status, 500, "the turn is used up");
    }
}

#[tokio::test]
async fn errors_come_as_often_as_they_are_meant_to() {
    let script = "
[[turn]]
times = 2
reply.error = { status = 529, message = 'Overloaded', retry_after = 1 }
[[turn]]
times = 1
reply.error = { status = 400, type = 'odd_error', message = 'no', should_retry = true }
[[turn]]
reply.text = 'x'
";
    let sandbox = Setup::replay(script).start();
    for _ in 0..2 {
        let answer = sandbox.ask("hello", true).await;
        assert_eq!((answer.status, answer.header("retry-after")), (529, Some("1")));
        assert_eq!(answer.error(), ("overloaded_error".into(), "Overloaded".into()));
    }
    let answer = sandbox.ask("hello", true).await;
    assert_eq!(
        (answer.error().0.as_str(), answer.header("x-should-retry")),
        ("odd_error", Some("true"))
    );
    assert_eq!(sandbox.ask("hello", true).await.status, 200);
}

#[tokio::test]
async fn hanging_and_garbage_are_met_by_the_gateway() {
    for (reply, status) in [
        ("hang = true", 504),
        ("text = 'x'\nhang_after_chunks = 0", 504),
        ("garbage = '<html>'", 502),
    ] {
        let sandbox = Setup::replay(&format!("[[turn]]\n[turn.reply]\n{reply}\n"))
            .impatient()
            .start();
        assert_eq!(sandbox.ask("hello", true).await.status, status, "{reply}");
    }
    let sandbox = Setup::replay("[[turn]]\nreply = { text = 'x', hang_after_chunks = 1 }\n")
        .impatient()
        .start();
    let answer = sandbox.ask("hello", true).await;
    assert_eq!((answer.status, answer.broken), (200, true));
}

#[tokio::test]
async fn delays_delay() {
    let sandbox = Setup::replay("[[turn]]\nreply = { text = 'x', delay_ms = 30, chunk_delay_ms = 10 }\n").start();
    let begun = std::time::Instant::now();
    let answer = sandbox.ask("hello", true).await;
    let events = answer.body.matches("event: ").count() as u128;
    assert!(
        begun.elapsed().as_millis() >= 30 + 10 * (events - 1),
        "{events} events in {:?}",
        begun.elapsed()
    );
}
