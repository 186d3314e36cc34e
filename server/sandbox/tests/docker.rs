//! Containers on a real engine. Without one these tests fail: they would prove nothing.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests are tests")]

mod common;

use std::sync::Arc;

use aca_sandbox::{Backend, Docker, DockerConfig, Error};
use common::{Make, checks};

/// Debian's smallest system, imported into the engine by the test set-up.
const BASE: &str = "aca-base:bookworm";

fn config() -> DockerConfig {
    let labels = [("aca.test".to_owned(), "1".to_owned())];
    DockerConfig {
        image: Some(BASE.into()),
        extra_labels: labels.into(),
        ..DockerConfig::default()
    }
}

/// Makes the backend after the engine has answered.
async fn docker() -> Make {
    let mut lines = Vec::new();
    let ready = Docker::new(config()).prepare(&mut |line| lines.push(line)).await;
    ready.unwrap_or_else(|e| panic!("these tests need a container engine with the image {BASE}: {e}"));
    Arc::new(|| Box::new(Docker::new(config())))
}

macro_rules! checks {
    ($($name:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $name() {
                checks::$name(&docker().await).await;
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
async fn memory_is_limited() {
    let mut lab = common::Lab::new(&docker().await);
    lab.spec.limits.memory_bytes = 64 << 20;
    let log = lab
        .run("perl -e '$x = \"a\" x (512 << 20); print \"had it\\n\"'; echo $?")
        .await;
    assert_eq!(log.lines().last(), Some("137"), "{log}");
}

#[tokio::test]
async fn an_image_is_built_once_and_serves() {
    docker().await;
    let config = || DockerConfig {
        image: None,
        base: Some(BASE.into()),
        ..config()
    };
    let mut lines = Vec::new();
    let docker = Docker::new(config());
    docker
        .prepare(&mut |line| lines.push(line))
        .await
        .unwrap_or_else(|e| panic!("{e}"));
    let built = docker.diagnose().await.unwrap();
    assert!(built.image_present && !built.image_stale, "{built:?}");
    assert!(
        !built.version.is_empty() && !built.storage.is_empty() && built.seccomp,
        "{built:?}"
    );
    lines.clear();
    docker.prepare(&mut |line| lines.push(line)).await.unwrap();
    assert!(lines.is_empty(), "{lines:?}");
    let make: Make = Arc::new(move || Box::new(Docker::new(config())));
    let log = common::Lab::new(&make)
        .run("git init -q && git --version && rg --version && make --version")
        .await;
    assert!(log.contains("git version") && log.contains("ripgrep"), "{log}");
}

#[tokio::test]
async fn a_build_that_fails_shows_the_step() {
    docker().await;
    let config = DockerConfig {
        image: None,
        base: Some("aca-test-no-such-image:1".into()),
        ..config()
    };
    let failed = Docker::new(config).prepare(&mut |_| ()).await.unwrap_err();
    assert!(
        matches!(&failed, Error::Build { step, .. } if step.contains("FROM")),
        "{failed}"
    );
}

#[tokio::test]
async fn a_missing_image_is_said() {
    docker().await;
    let config = DockerConfig {
        image: Some("aca-test-no-such-image:1".into()),
        ..config()
    };
    let missing = Docker::new(config).prepare(&mut |_| ()).await.unwrap_err().to_string();
    assert!(missing.contains("docker pull aca-test-no-such-image:1"), "{missing}");
}

#[tokio::test]
async fn without_an_engine_the_error_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let deaf = dir.path().join("deaf.sock");
    drop(std::os::unix::net::UnixListener::bind(&deaf).unwrap());
    for socket in [dir.path().join("none.sock"), deaf] {
        let config = DockerConfig {
            host: Some(format!("unix://{}", socket.display())),
            ..config()
        };
        let error = Docker::new(config).prepare(&mut |_| ()).await.unwrap_err();
        assert!(matches!(error, Error::NoEngine { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("aca doctor") && text.contains("Start Docker") && text.contains("sock"),
            "{text}"
        );
    }
}
