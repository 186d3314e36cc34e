//! All sessions are listed, quickly, whatever is wrong with one of them.

use aca_engine::core::{AttemptEnd, Event};
use aca_protocol::SessionId;
use aca_protocol::session::{RenameSessionParams, SessionParams, TaskCounts};

use crate::fixture::{Made, World, wait};

#[tokio::test]
async fn a_list_says_how_each_session_stands() {
    let world = World::new();
    let root = world.workspace("w", "one\n");
    let mut old = Made::new(&world, "aaaa", &root, 1_000);
    old.task("t1", "first");
    let lost = old.attempt("t1");
    let end = AttemptEnd::Lost {
        reason: "gone".to_owned(),
        salvaged: None,
    };
    old.event(&Event::AttemptEnded { attempt: lost, end });
    old.event(&Event::SessionNamed {
        name: Some("old".to_owned()),
    });
    let mut new = Made::new(&world, "bbbb", &root, 9_000);
    new.task("t2", "second");
    new.finished("t2", "two\n");
    drop((old, new));
    let elsewhere = world.workspace("other", "");
    Made::new(&world, "cccc", &elsewhere, 5_000).task("t3", "third");
    let broken = world.data().join("sessions/dddd");
    std::fs::create_dir_all(&broken).unwrap();
    std::fs::write(broken.join("state.db"), "no database").unwrap();
    std::fs::create_dir_all(world.data().join("sessions/.import-1-x")).unwrap();

    let all = world.sessions().await;
    let shown: Vec<_> = all
        .iter()
        .map(|info| (info.id.as_str(), info.current, info.open, info.problem.is_some()))
        .collect();
    assert_eq!(
        shown,
        [
            ("bbbb", true, false, false),
            ("cccc", true, false, false),
            ("aaaa", false, false, false),
            ("dddd", false, false, true)
        ]
    );
    let (bbbb, aaaa) = (&all[0], &all[2]);
    let counts = |working, ready, lost| TaskCounts {
        working,
        ready,
        lost,
        settled: 0,
    };
    assert_eq!((bbbb.tasks, aaaa.tasks), (counts(0, 1, 0), counts(0, 0, 1)));
    assert_eq!((bbbb.usage.cost_micros, aaaa.name.as_deref()), (100, Some("old")));
    assert!(bbbb.created_ms >= 9_000 && bbbb.bytes > 10_000, "{bbbb:?}");

    // Looking at a session opens none, and leaves its owner what it has.
    let session = SessionId::new("bbbb");
    let detail = wait(world.engine.session(SessionParams { session })).await.unwrap();
    assert_eq!((detail.tasks.len(), detail.attempts.len(), detail.events), (1, 1, 7));
    assert_eq!(detail.attempts[0].end.as_deref(), Some("finished"));
    assert!(world.engine.tasks(&root).is_err(), "it was opened");
    for unknown in ["eeee", "dddd"] {
        let session = SessionId::new(unknown);
        assert!(wait(world.engine.session(SessionParams { session })).await.is_err());
    }
}

#[tokio::test]
async fn a_name_is_kept_and_nobody_elses() {
    let mut world = World::new();
    let root = world.workspace("w", "one\n");
    Made::new(&world, "aaaa", &root, 1_000).task("t1", "first");
    Made::new(&world, "bbbb", &root, 2_000).task("t2", "second");
    wait(world.engine.open(&root)).await.unwrap();
    let rename = async |world: &World, session: &str, name: &str| {
        let params = RenameSessionParams {
            session: SessionId::new(session),
            name: name.to_owned(),
        };
        let renamed = wait(world.engine.rename_session(params)).await;
        renamed.map(|info| info.name)
    };
    // One is open and the other is not.
    assert_eq!(
        rename(&world, "bbbb", " greetings ").await.unwrap().as_deref(),
        Some("greetings")
    );
    assert_eq!(rename(&world, "aaaa", "names").await.unwrap().as_deref(), Some("names"));
    for (session, name) in [
        ("aaaa", "greetings"),
        ("aaaa", "two\nlines"),
        ("cccc", "x"),
        ("aaaa", &"x".repeat(81)),
    ] {
        assert!(rename(&world, session, name).await.is_err(), "{session} {name:?}");
    }
    assert!(!world.info("aaaa").await.open, "naming it opened it");
    world.restart().await;
    assert_eq!(world.info("aaaa").await.name.as_deref(), Some("names"));
    assert_eq!(world.info("bbbb").await.name.as_deref(), Some("greetings"));
    assert_eq!(rename(&world, "aaaa", "").await.unwrap(), None);
}

#[tokio::test]
async fn two_hundred_sessions_are_listed() {
    let world = World::new();
    let root = world.workspace("w", "one\n");
    let template = world.data().join("sessions/s000");
    let mut made = Made::new(&world, "s000", &root, 1_000);
    for n in 0..20 {
        made.task(&format!("t{n}"), "something");
        made.finished(&format!("t{n}"), &format!("{n}\n"));
    }
    drop(made);
    for n in 1..200 {
        let copied = std::process::Command::new("cp")
            .arg("-r")
            .arg(&template)
            .arg(world.data().join(format!("sessions/s{n:03}")))
            .status();
        assert!(copied.unwrap().success());
    }
    let listed = world.sessions().await;
    assert_eq!(listed.len(), 200);
    // What is remembered of them by now changes nothing.
    assert_eq!(world.sessions().await, listed);
}
