//! `aca-agent connect`: the bridge that a container engine's exec runs.

use std::path::Path;
use std::process::Stdio;

use aca_protocol::agent::{ControlReply, Driver, End};

use crate::daemon::{Attempt, Daemon, exit_code, within};

#[tokio::test]
async fn carries_everything_between_stdio_and_the_agent() {
    // Longer than a socket's path may be.
    let attempt = Attempt::below(Driver::Direct, &Path::new(&"long".repeat(20)).join("long".repeat(20)));
    let mut bridge = attempt
        .command("connect")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The agent may start after the bridge.
    let mut agent = attempt.run();
    let stdio = tokio::io::join(bridge.stdout.take().unwrap(), bridge.stdin.take().unwrap());
    let mut daemon = Daemon::over(stdio);
    let mut journal = daemon.journal(0).await;
    assert_eq!(daemon.control(r#"{"ask":"ping"}"#).await, ControlReply::Done);
    let words = "long ".repeat(400_000);
    daemon.request().await.done(&words);
    assert_eq!(journal.rest().await, attempt.journal());
    assert_eq!(attempt.outcome().end, End::Finished);
    assert_eq!(exit_code(&mut agent).await, Some(0));
    assert_eq!(exit_code(&mut bridge).await, Some(0));

    let late = attempt
        .command("connect")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let late = within(late.wait_with_output()).await.unwrap();
    assert_eq!(late.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&late.stderr).contains("the attempt has ended"));
}
