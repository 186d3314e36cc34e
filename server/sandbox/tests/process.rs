//! Processes confined without an engine, on the real kernel.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests are tests")]

mod common;

use std::sync::Arc;

use aca_sandbox::{Process, ProcessConfig};
use common::{Lab, Make, checks};

/// Makes a backend with a state directory of its own, which lasts as long as the test.
fn process() -> (tempfile::TempDir, Make) {
    let state = tempfile::tempdir().unwrap();
    let config = ProcessConfig {
        state_dir: state.path().to_owned(),
        agent: common::agent(),
        unconfined_ok: false,
    };
    (state, Arc::new(move || Box::new(Process::new(config.clone()))))
}

macro_rules! checks {
    ($($name:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $name() {
                let (_state, make) = process();
                checks::$name(&make).await;
            }
        )+
    };
}

checks!(
    privileges,
    files,
    host_files,
    network,
    system_calls,
    everyday_work,
    process_limit,
    starts_once,
    names_are_kept,
    found_and_removed,
    stops_at_once,
    connects,
    connects_only_to_the_running,
    missing_program,
    bad_specification,
    flood,
    the_agent,
);

#[tokio::test]
async fn the_records_are_out_of_its_reach() {
    let (state, make) = process();
    let mut lab = Lab::new(&make);
    let log = lab.run(&format!("ls {}; echo ok", state.path().display())).await;
    assert!(log.contains("No such file") && log.contains("ok"), "{log}");
}

#[tokio::test]
async fn a_socket_that_is_a_link_is_not_followed() {
    let (_state, make) = process();
    let mut lab = Lab::new(&make);
    let host = lab.dir.path().join("host.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&host).unwrap();
    lab.script(&format!(
        "ln -s {} /aca/out/agent.sock; echo linked; sleep 1",
        host.display()
    ));
    lab.start().await;
    lab.wrote("linked").await;
    assert!(lab.backend.connect(&lab.spec.name, &lab.spec.out).await.is_err());
}

#[tokio::test]
async fn a_start_that_fails_can_be_tried_again() {
    let (_state, make) = process();
    let mut lab = Lab::new(&make);
    lab.spec.command = vec!["/nowhere/at/all".into()];
    assert!(lab.backend.start(&lab.spec).await.is_err());
    assert_eq!(lab.run("echo now").await, "now\n");
}

#[tokio::test]
async fn where_nothing_can_be_confined_nothing_is_started() {
    // Inside a sandbox further namespaces are refused, as on a locked-down machine.
    let (_state, make) = process();
    let log = Lab::new(&make)
        .run(
            "mkdir /tmp/state; /aca/bin/aca-agent confine supervise --state /tmp/state --user 7 --group 7 --pids 9 --tmp 99 \
             --dir /tmp --rw /tmp /tmp -- /bin/touch /aca/out/ran; echo $?; ls /tmp/state /aca/out",
        )
        .await;
    assert!(
        log.contains("failed: Making a user namespace failed") && log.contains("or use Docker"),
        "{log}"
    );
    assert!(
        log.contains("\n70\n") && !log.contains("ran\n") && !log.contains("supervisor.json"),
        "{log}"
    );
}

#[tokio::test]
async fn a_killed_supervisor_takes_the_sandbox_along() {
    let (state, make) = process();
    let mut lab = Lab::new(&make);
    lab.script("echo begun; while :; do sleep 1; done");
    lab.start().await;
    lab.wrote("begun").await;
    let pid = |record: &str| -> i32 {
        let text = std::fs::read(state.path().join(&lab.spec.name).join(record)).unwrap();
        let record: serde_json::Value = serde_json::from_slice(&text).unwrap();
        record["pid"].as_i64().and_then(|pid| pid.try_into().ok()).unwrap()
    };
    let init = rustix::process::Pid::from_raw(pid("init.json")).unwrap();
    let init = rustix::process::pidfd_open(init, rustix::process::PidfdFlags::empty()).unwrap();
    let supervisor = rustix::process::Pid::from_raw(pid("supervisor.json")).unwrap();
    rustix::process::kill_process(supervisor, rustix::process::Signal::KILL).unwrap();
    assert_eq!(lab.exited().await, 137);
    #[expect(
        deprecated,
        reason = "its unsafe successor guards against handles that change; an owned one does not"
    )]
    let ended = tokio::io::unix::AsyncFd::new(init).unwrap();
    let ended = tokio::time::timeout(std::time::Duration::from_secs(5), ended.readable()).await;
    assert!(matches!(ended, Ok(Ok(_))), "process 1 of the sandbox still runs");
}
