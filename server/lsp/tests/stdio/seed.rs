//! A session whose one task has a finished attempt: a real store, real objects, and a workspace that says the base.

use std::collections::BTreeMap;
use std::path::Path;

use aca_engine::core::{AttemptEnd, Event, Proposed};
use aca_engine::hunks_between;
use aca_protocol::agent::Driver;
use aca_protocol::task::Origin;
use aca_protocol::{AttemptId, SessionId, TaskId};
use aca_store::{NewEvent, Store};
use aca_workspace::objects::Objects;

/// The task.
pub(crate) const TASK: &str = "t";

/// Files by path and text.
pub(crate) type Files<'a> = [(&'a str, &'a str)];

/// Makes the session in the data directory: an attempt turned `base` into `result`, and the workspace at `root` says
/// `base`. Both have the same files.
pub(crate) fn seed(data: &Path, root: &Path, base: &Files<'_>, result: &Files<'_>) {
    let session = SessionId::new("0123456789abcdef");
    let dir = data.join("sessions").join(session.as_str());
    std::fs::create_dir_all(root).unwrap();
    let root = root.canonicalize().unwrap();
    let mut store = Store::create(&dir, &root, &session, None).unwrap();
    let objects = Objects::open(&dir.join("objects.git")).unwrap();
    let tree = |files: &Files<'_>| {
        for (path, text) in files {
            std::fs::write(root.join(path), text).unwrap();
        }
        objects.snapshot(&root, &[]).unwrap()
    };
    let result = tree(result);
    let base = tree(base);
    let (task, attempt) = (TaskId::new(TASK), AttemptId::new("a"));
    let proposed = Proposed {
        base: base.as_str().to_owned(),
        result: result.as_str().to_owned(),
        hunks: hunks_between(&objects, &base, &result).unwrap(),
        reasons: BTreeMap::new(),
    };
    let events = [
        Event::TaskCreated {
            task: task.clone(),
            title: "a task".to_owned(),
            origin: Origin::Text {
                text: "a task".to_owned(),
            },
        },
        Event::AttemptPlanned {
            task,
            attempt: attempt.clone(),
            continues: None,
        },
        Event::SnapshotTaken {
            attempt: attempt.clone(),
            base: base.as_str().to_owned(),
            start: None,
        },
        Event::SandboxStarting {
            attempt: attempt.clone(),
            nonce: "n".to_owned(),
            backend: "process".to_owned(),
            driver: Driver::Direct,
            image: None,
            spec: None,
        },
        Event::SandboxStarted {
            attempt: attempt.clone(),
        },
        Event::AttemptEnded {
            attempt,
            end: AttemptEnd::Finished {
                summary: "done".to_owned(),
                proposed: Some(proposed),
                verify: false,
            },
        },
    ];
    for event in events {
        let body = serde_json::to_vec(&event).unwrap();
        let event = NewEvent {
            kind: "seeded",
            ts_ms: 1,
            task: None,
            attempt: None,
            who: None,
            body: &body,
        };
        store.append(&[event], &[]).unwrap();
    }
}
