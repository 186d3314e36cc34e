//! A session that is closed is left alone: nothing of it is written any more, and nothing of it stays open.

use std::path::Path;
use std::time::{Duration, Instant};

use aca_protocol::SessionId;
use aca_protocol::session::{CreateCheckpointParams, DeleteSessionParams, SessionParams};

use crate::fixture::{Made, World, files, wait};

/// So many files that a snapshot of them takes a while.
const FILES: usize = 2_000;
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Returns what this process has open below a directory.
fn open_below(dir: &Path) -> Vec<std::path::PathBuf> {
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    let open = open.filter_map(|fd| std::fs::read_link(fd.unwrap().path()).ok());
    open.filter(|path| path.starts_with(dir)).collect()
}

/// Waits until this process has nothing open below a directory.
async fn is_closed(dir: &Path) {
    let deadline = Instant::now() + PATIENCE;
    while !open_below(dir).is_empty() {
        assert!(Instant::now() < deadline, "still open: {:?}", open_below(dir));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A workspace of two sessions, of which `bbbb` is open, and a checkpoint of it that is being made.
struct Busy {
    world: World,
    checkpoint: tokio::task::JoinHandle<()>,
}

impl Busy {
    async fn new() -> Self {
        let world = World::new();
        let root = world.workspace("w", "one\n");
        for n in 0..FILES {
            std::fs::write(root.join(format!("{n}.txt")), format!("{n}\n")).unwrap();
        }
        Made::new(&world, "aaaa", &root, 1_000).task("t1", "first");
        Made::new(&world, "bbbb", &root, 9_000);
        wait(world.engine.open(&root)).await.unwrap();
        let objects = world.data().join("sessions/bbbb/objects.git");
        let before = files(&objects);
        let engine = world.engine.clone();
        let checkpoint = tokio::spawn(async move {
            let params = CreateCheckpointParams {
                workspace: root,
                name: None,
            };
            // It may be too late for it.
            let _ = engine.create_checkpoint(params).await;
        });
        let deadline = Instant::now() + PATIENCE;
        while files(&objects) == before {
            assert!(Instant::now() < deadline, "no snapshot begins");
            tokio::task::yield_now().await;
        }
        Self { world, checkpoint }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_ends_before_another_session_is_used() {
    let Busy { world, checkpoint } = Busy::new().await;
    let session = SessionId::new("aaaa");
    wait(world.engine.use_session(SessionParams { session })).await.unwrap();
    let dir = world.data().join("sessions/bbbb");
    let objects = files(&dir.join("objects.git"));
    wait(checkpoint).await.unwrap();
    assert_eq!(objects, files(&dir.join("objects.git")), "something was written later");
    is_closed(&dir).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_ends_before_its_session_goes_to_the_trash() {
    let Busy { world, checkpoint } = Busy::new().await;
    let (session, force) = (SessionId::new("bbbb"), true);
    let deleted = wait(world.engine.delete_session(DeleteSessionParams { session, force })).await;
    let dir = deleted.unwrap().trash;
    let objects = files(&dir.join("objects.git"));
    wait(checkpoint).await.unwrap();
    assert_eq!(objects, files(&dir.join("objects.git")), "something was written later");
    assert!(
        !world.data().join("sessions/bbbb").exists(),
        "it is at its old place again"
    );
    is_closed(&dir).await;
}

#[tokio::test]
async fn an_engine_that_has_ended_has_nothing_open() {
    let world = World::new();
    let root = world.workspace("w", "one\n");
    Made::new(&world, "aaaa", &root, 1_000).task("t1", "first");
    wait(world.engine.open(&root)).await.unwrap();
    let dir = world.data().join("sessions/aaaa");
    assert!(!open_below(&dir).is_empty(), "the session is not open");
    wait(world.engine.shutdown()).await;
    is_closed(&dir).await;
}
