//! Processes confined without an engine, on the real kernel.

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
