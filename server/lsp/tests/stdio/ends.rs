//! The many ways a connection ends; each ends the process in time.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::Test;
use crate::client::Client;

pub(crate) const TESTS: &[Test] = &[
    (
        "ends::exit_ends_the_process_while_stdin_is_open",
        exit_ends_the_process_while_stdin_is_open,
    ),
    (
        "ends::exit_without_shutdown_is_an_error",
        exit_without_shutdown_is_an_error,
    ),
    (
        "ends::exit_before_initialize_ends_the_process",
        exit_before_initialize_ends_the_process,
    ),
    (
        "ends::the_end_of_input_ends_the_process_although_a_request_is_stuck",
        end_of_input_with_a_stuck_request,
    ),
    (
        "ends::what_was_asked_before_the_end_of_input_is_answered",
        answers_before_the_end_of_input,
    ),
    ("ends::a_dead_parent_ends_the_process", a_dead_parent_ends_the_process),
    (
        "ends::a_parent_that_is_gone_already_ends_the_process",
        a_parent_that_is_gone_already,
    ),
    ("ends::sigterm_ends_the_process", sigterm_ends_the_process),
    (
        "ends::a_client_that_does_not_read_delays_nothing",
        a_client_that_does_not_read,
    ),
];

/// How long an end may take on a busy machine. Editors wait two seconds before they kill; an end that waits for somebody
/// takes longer than this.
const IN_TIME: Duration = Duration::from_secs(5);

#[track_caller]
fn ends(client: &mut Client, code: i32) {
    let (status, took) = client.ended();
    assert_eq!(status.code(), Some(code));
    assert!(took < IN_TIME, "it took {took:?}");
}

fn exit_ends_the_process_while_stdin_is_open() {
    let mut client = Client::initialized(json!({}));
    client.send("aca/probe/stuck", json!({}));
    assert!(client.request("shutdown", json!(null))["result"].is_null());
    client.notify("exit", json!(null));
    ends(&mut client, 0);
}

fn exit_without_shutdown_is_an_error() {
    let mut client = Client::initialized(json!({}));
    client.notify("exit", json!(null));
    ends(&mut client, 1);
}

fn exit_before_initialize_ends_the_process() {
    let mut client = Client::start();
    client.notify("exit", json!(null));
    ends(&mut client, 1);
}

fn end_of_input_with_a_stuck_request() {
    let mut client = Client::initialized(json!({}));
    client.send("aca/probe/stuck", json!({}));
    client.close_input();
    ends(&mut client, 1);
}

fn answers_before_the_end_of_input() {
    let mut client = Client::initialized(json!({}));
    client.send("aca/probe/stuck", json!({}));
    let asked: Vec<_> = (0..50).map(|_| client.send("aca/status", json!({}))).collect();
    client.close_input();
    for id in asked {
        assert!(client.reply(id)["result"].is_object());
    }
    ends(&mut client, 1);
}

fn a_dead_parent_ends_the_process() {
    let mut parent = Command::new("cat")
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut client = Client::start();
    client.initialize(json!({ "capabilities": {}, "processId": parent.id() }));
    assert!(client.request("aca/status", json!({}))["result"].is_object());
    parent.kill().unwrap();
    ends(&mut client, 1);
    parent.wait().unwrap();
}

fn a_parent_that_is_gone_already() {
    let mut parent = Command::new("true").env_clear().spawn().unwrap();
    parent.wait().unwrap();
    let mut client = Client::start();
    // Nothing follows: the server may be gone before it could be written.
    client.send(
        "initialize",
        json!({ "capabilities": {}, "processId": parent.id(), "rootUri": null }),
    );
    ends(&mut client, 1);
}

fn sigterm_ends_the_process() {
    let mut client = Client::initialized(json!({}));
    client.send("aca/probe/stuck", json!({}));
    client.terminate();
    ends(&mut client, 0);
}

/// 3 MB of replies that nobody reads: the server goes on reading, and `exit` still counts.
fn a_client_that_does_not_read() {
    let mut client = Client::start_unread();
    client.send(
        "initialize",
        json!({ "capabilities": {}, "processId": null, "rootUri": null }),
    );
    client.notify("initialized", json!({}));
    let uri = client.open("a.rs", &"x".repeat(10_000));
    for _ in 0..300 {
        client.send("aca/probe/document", json!({ "uri": uri }));
    }
    client.send("shutdown", json!(null));
    client.notify("exit", json!(null));
    ends(&mut client, 0);
}
