//! Servers that die, over streams in memory, on a clock that does not wait.

use std::sync::{Arc, Mutex};

use futures::SinkExt as _;
use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio_util::codec::{FramedRead, FramedWrite};

use super::*;
use crate::transport::Codec;

/// Gives out the servers of a list, then none.
struct Servers {
    list: std::vec::IntoIter<Result<DuplexStream, String>>,
    wanted: Arc<Mutex<Vec<Want>>>,
}

impl Connector for Servers {
    type Stream = DuplexStream;

    async fn connect(&mut self, want: Want) -> Result<Option<DuplexStream>, String> {
        self.wanted.lock().unwrap().push(want);
        match self.list.next() {
            Some(found) => found.map(Some),
            None if want == Want::IfThere => Ok(None),
            None => std::future::pending().await,
        }
    }
}

/// One end of a conversation.
struct End {
    read: FramedRead<ReadHalf<DuplexStream>, Frames>,
    write: FramedWrite<tokio::io::WriteHalf<DuplexStream>, Codec>,
}

impl End {
    fn new(stream: DuplexStream) -> Self {
        let (read, write) = tokio::io::split(stream);
        Self {
            read: FramedRead::new(read, Frames::default()),
            write: FramedWrite::new(write, Codec::default()),
        }
    }

    async fn say(&mut self, message: Value) {
        let mut message = message;
        message["jsonrpc"] = "2.0".into();
        self.write.send(message).await.unwrap();
    }

    /// Returns the next message; null at the end.
    async fn hear(&mut self) -> Value {
        match self.read.next().await {
            Some(Ok(Frame::Body(body))) => serde_json::from_slice(&body).unwrap(),
            Some(other) => panic!("{other:?}"),
            None => Value::Null,
        }
    }
}

/// Starts a relay; returns the editor's end and what comes of it.
fn start(
    servers: Vec<Result<DuplexStream, String>>,
) -> (End, Arc<Mutex<Vec<Want>>>, tokio::task::JoinHandle<RelayEnd>) {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let (input, output) = tokio::io::split(theirs);
    let wanted = Arc::new(Mutex::new(Vec::new()));
    let servers = Servers {
        list: servers.into_iter(),
        wanted: Arc::clone(&wanted),
    };
    let relay = tokio::spawn(relay(input, output, servers, RelayOptions::default()));
    (End::new(ours), wanted, relay)
}

/// An editor and its first server, introduced to each other; further servers follow it.
async fn introduced(
    more: Vec<Result<DuplexStream, String>>,
) -> (End, End, Arc<Mutex<Vec<Want>>>, tokio::task::JoinHandle<RelayEnd>) {
    let (server, stream) = tokio::io::duplex(1 << 16);
    let servers = std::iter::once(Ok(stream)).chain(more).collect();
    let (mut editor, wanted, relay) = start(servers);
    let mut server = End::new(server);
    editor
        .say(json!({ "id": 1, "method": "initialize", "params": {} }))
        .await;
    assert_eq!(server.hear().await["method"], "initialize");
    server.say(json!({ "id": 1, "result": { "capabilities": {} } })).await;
    assert_eq!(editor.hear().await["id"], 1);
    (editor, server, wanted, relay)
}

fn dead() -> Result<DuplexStream, String> {
    Ok(tokio::io::duplex(1).0)
}

#[tokio::test(start_paused = true)]
async fn servers_that_die_one_after_the_other_are_given_up_and_the_editor_is_told() {
    let (mut editor, server, wanted, relay) = introduced((0..20).map(|_| dead()).collect()).await;
    let begun = Instant::now();
    drop(server);
    let told = editor.hear().await;
    assert_eq!(told["method"], "window/showMessage", "{told}");
    let text = told["params"]["message"].as_str().unwrap();
    assert!(text.contains("ended 6 times in a row"), "{text}");
    assert_eq!(relay.await.unwrap(), RelayEnd::NoServer(text.to_owned()));
    assert_eq!(wanted.lock().unwrap().len(), 6);
    let pauses: Duration = (0..5).map(|doublings| PAUSE * 2_u32.pow(doublings)).sum();
    assert!(
        begun.elapsed() >= pauses && begun.elapsed() < 2 * pauses,
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_lived_for_long_is_replaced_at_once() {
    let (next, stream) = tokio::io::duplex(1 << 16);
    let (mut editor, server, _, relay) = introduced(vec![Ok(stream)]).await;
    tokio::time::advance(QUICK).await;
    let begun = Instant::now();
    drop(server);
    let mut next = End::new(next);
    let introduction = next.hear().await;
    assert_eq!(introduction["method"], "initialize");
    assert!(begun.elapsed() < PAUSE);
    next.say(json!({ "id": introduction["id"], "result": { "capabilities": {} } }))
        .await;
    editor.say(json!({ "id": 2, "method": "shutdown" })).await;
    assert_eq!(next.hear().await["method"], "shutdown");
    next.say(json!({ "id": 2, "result": null })).await;
    assert_eq!(editor.hear().await["id"], 2);
    editor.say(json!({ "method": "exit" })).await;
    assert_eq!(next.hear().await["method"], "exit");
    drop(next);
    assert_eq!(relay.await.unwrap(), RelayEnd::Exit { after_shutdown: true });
}

#[tokio::test(start_paused = true)]
async fn a_server_that_cannot_be_started_at_all_is_the_answer_to_the_introduction() {
    let (mut editor, _, relay) = start(vec![Err("There is no room.".to_owned())]);
    editor
        .say(json!({ "id": 1, "method": "initialize", "params": {} }))
        .await;
    // The relay may have ended before it was asked; then its process says why.
    let answer = editor.hear().await;
    assert!(
        answer.is_null() || answer["error"]["message"] == "There is no room.",
        "{answer}"
    );
    assert_eq!(relay.await.unwrap(), RelayEnd::NoServer("There is no room.".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_rests_is_looked_for_and_started_only_when_it_is_needed() {
    let (mut editor, mut server, wanted, _relay) = introduced(Vec::new()).await;
    server.say(json!({ "method": crate::serve::REST })).await;
    drop(server);
    while wanted.lock().unwrap().len() < 3 {
        tokio::task::yield_now().await;
        tokio::time::advance(GLANCE).await;
    }
    assert_eq!(wanted.lock().unwrap()[1..3], [Want::IfThere, Want::IfThere]);
    editor
        .say(json!({ "id": 2, "method": "textDocument/codeLens", "params": {} }))
        .await;
    while *wanted.lock().unwrap().last().unwrap() == Want::IfThere {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_editor_that_is_gone_ends_it() {
    let (editor, _server, _, relay) = introduced(Vec::new()).await;
    drop(editor);
    assert_eq!(relay.await.unwrap(), RelayEnd::EditorGone);
}
