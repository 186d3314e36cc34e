//! Checkpoints that are made because time has passed. The test answers the worker as the actor would.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use aca_protocol::session::CheckpointReason;
use aca_protocol::task::Origin;
use aca_protocol::{SessionId, TaskId};
use aca_workspace::objects::Objects;
use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use super::{Job, Note, Worker, interval};
use crate::actor::{Message, SessionContext};
use crate::config::Config;
use crate::core::{Command, State};
use crate::handle::Shared;
use crate::settings::Settings;
use crate::{ClaudeSource, EngineConfig};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long work goes on without a checkpoint here.
const INTERVAL: Duration = Duration::from_millis(10);

struct NoClaude;

#[async_trait]
impl ClaudeSource for NoClaude {
    async fn locate(&self, _: &Config, _: &mut (dyn FnMut(String) + Send)) -> Result<PathBuf, String> {
        Err("No attempt is made here.".to_owned())
    }
}

/// A worker, and what the actor would have.
struct Session {
    state: State,
    messages: mpsc::UnboundedReceiver<Message>,
    jobs: mpsc::UnboundedSender<Job>,
    root: PathBuf,
    /// How often the worker asked something about the state.
    reads: usize,
    _home: tempfile::TempDir,
}

impl Session {
    fn new(interval: Option<Duration>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("workspace");
        std::fs::create_dir(&root).unwrap();
        let id = SessionId::new("0123456789abcdef");
        let (inbox, messages) = mpsc::unbounded_channel();
        let config = EngineConfig {
            data_dir: home.path().to_owned(),
            agent: PathBuf::new(),
            claude: Arc::new(NoClaude),
            version: String::new(),
        };
        let (jobs, waiting) = mpsc::unbounded_channel();
        let worker = Worker {
            shared: Arc::new(Shared::new(config, inbox)),
            session: Arc::new(SessionContext {
                id: id.clone(),
                root: root.clone(),
                dir: home.path().to_owned(),
                objects: Objects::open(&home.path().join("objects.git")).unwrap(),
                fence: 1,
                snapshots: TaskTracker::new(),
            }),
            store: Weak::new(),
            review: mpsc::unbounded_channel().0,
        };
        tokio::spawn(worker.run(waiting, move || interval));
        Self {
            state: State::new(id, 0),
            messages,
            jobs,
            root,
            reads: 0,
            _home: home,
        }
    }

    /// A task waits for its turn, which counts as work.
    fn works(&mut self) {
        let text = "Do it.".to_owned();
        self.carry_out(Command::Create {
            task: TaskId::new("t"),
            title: text.clone(),
            origin: Origin::Text { text },
        });
    }

    fn carry_out(&mut self, command: Command) {
        for event in self.state.decide(command).unwrap() {
            self.state.apply(&event, 1);
        }
    }

    /// Answers the worker once.
    async fn answer(&mut self) {
        match tokio::time::timeout(PATIENCE, self.messages.recv()).await.unwrap() {
            Some(Message::Read { read, .. }) => {
                self.reads += 1;
                read(&self.state);
            }
            Some(Message::Command { command, reply, .. }) => {
                self.carry_out(command);
                let _ = reply.unwrap().send(Ok(()));
            }
            Some(Message::Problem(problem)) => panic!("{problem}"),
            _ => panic!("the worker has asked for something else"),
        }
    }

    async fn answer_until(&mut self, checkpoints: usize) {
        while self.made().len() < checkpoints {
            self.answer().await;
        }
    }

    fn made(&self) -> Vec<CheckpointReason> {
        self.state.checkpoints().map(|made| made.view.why).collect()
    }
}

fn write(root: &Path, text: &str) {
    std::fs::write(root.join("a.txt"), text).unwrap();
}

#[tokio::test]
async fn time_makes_checkpoints_while_something_is_at_work_and_files_change() {
    let mut session = Session::new(Some(INTERVAL));
    session.works();
    write(&session.root, "one");
    session.answer_until(1).await;
    // The files are the same, so time passes without another one.
    let reads = session.reads;
    while session.reads < reads + 10 {
        session.answer().await;
    }
    assert_eq!(session.made(), [CheckpointReason::Interval]);
    write(&session.root, "two");
    session.answer_until(2).await;
    assert_eq!(session.made(), [CheckpointReason::Interval; 2]);
}

#[tokio::test]
async fn time_makes_no_checkpoint_while_nothing_is_at_work() {
    let mut session = Session::new(Some(INTERVAL));
    write(&session.root, "one");
    while session.reads < 5 {
        session.answer().await;
    }
    assert_eq!(session.made(), []);
    // What happens to a task makes one all the same.
    let about = "finished".to_owned();
    session.jobs.send(Job::Noted(Note { about, tree: None })).unwrap();
    session.answer_until(1).await;
    assert_eq!(session.made(), [CheckpointReason::Transition]);
}

#[tokio::test]
async fn the_settings_say_how_long() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(
        interval(&Settings::default(), root.path()),
        Some(Duration::from_secs(15 * 60))
    );
    std::fs::write(
        root.path().join("aca.toml"),
        "[session]\ncheckpoint_interval_minutes = 2\n",
    )
    .unwrap();
    assert_eq!(
        interval(&Settings::default(), root.path()),
        Some(Duration::from_secs(120))
    );
    std::fs::write(
        root.path().join("aca.toml"),
        "[session]\ncheckpoint_interval_minutes = 0\n",
    )
    .unwrap();
    assert_eq!(interval(&Settings::default(), root.path()), None);
}
