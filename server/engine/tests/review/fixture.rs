//! A session whose one task has a finished attempt, made from two states of a directory.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aca_engine::config::Config;
use aca_engine::core::{AttemptEnd, Event, Landing, Proposed};
use aca_engine::{Change, ClaudeSource, EditorId, EditorReply, EditorRequest, Engine, EngineConfig, hunks_between};
use aca_protocol::agent::Driver;
use aca_protocol::methods::{DecideParams, DecideResult};
use aca_protocol::proposal::{Decision, HunkState, ProposalView, Selection};
use aca_protocol::task::{Origin, TaskState};
use aca_protocol::{AttemptId, HunkId, SessionId, TaskId};
use aca_store::{NewEvent, Store};
use aca_workspace::objects::Objects;
use async_trait::async_trait;
use ropey::Rope;
use tempfile::TempDir;
use tokio::sync::mpsc;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A file by path and text; executable ones end in `.sh` or begin with `#!`.
type Files = [(&'static str, &'static str)];

/// A workspace, its session, and an engine on both.
pub(crate) struct Fixture {
    home: TempDir,
    pub(crate) root: PathBuf,
    pub(crate) engine: Engine,
    pub(crate) task: TaskId,
}

impl Fixture {
    /// Makes a session in which an attempt turned `base` into `result`, and a workspace that says `base`.
    pub(crate) async fn new(base: &Files, result: &Files) -> Self {
        Self::with_landing(base, result, None).await
    }

    /// As [`Fixture::new`], with a landing that was begun and never recorded as done.
    pub(crate) async fn with_landing(base: &Files, result: &Files, landing: Option<Landing>) -> Self {
        let home = TempDir::new().unwrap();
        let root = home.path().canonicalize().unwrap().join("project");
        let data = home.path().join("data");
        seed(&data, &root, base, result, landing);
        let engine = start(&data);
        let fixture = Self {
            engine,
            root,
            task: TaskId::new("t"),
            home,
        };
        fixture.opened().await;
        fixture
    }

    /// Starts a second engine on the same data, as after a crash of the first.
    pub(crate) async fn restart(&mut self) {
        self.engine.shutdown().await;
        self.engine = start(&self.home.path().join("data"));
        self.opened().await;
    }

    async fn opened(&self) {
        wait(self.engine.open(&self.root)).await.unwrap();
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        write(&self.root, path, text);
    }

    pub(crate) fn proposal(&self) -> Arc<ProposalView> {
        self.engine.proposal(&self.task).unwrap()
    }

    /// The proposal's hunks: path, identifier, state.
    pub(crate) fn hunks(&self) -> Vec<(String, HunkId, HunkState)> {
        let proposal = self.proposal();
        let of = |file: &aca_protocol::proposal::FileView| {
            let path = file.path.clone();
            file.hunks
                .iter()
                .map(move |hunk| (path.clone(), hunk.id.clone(), hunk.state.clone()))
                .collect::<Vec<_>>()
        };
        proposal.files.iter().flat_map(of).collect()
    }

    pub(crate) fn states(&self) -> Vec<HunkState> {
        self.hunks().into_iter().map(|(_, _, state)| state).collect()
    }

    pub(crate) fn state(&self) -> TaskState {
        self.engine.task(&self.task).unwrap().state
    }

    pub(crate) async fn decide(&self, decision: Decision, selection: Selection) -> DecideResult {
        let params = DecideParams {
            task: self.task.clone(),
            decision,
            selection,
        };
        wait(self.engine.decide(params)).await.unwrap()
    }

    pub(crate) async fn accept_all(&self) -> DecideResult {
        self.decide(Decision::Accept, Selection::All).await
    }

    pub(crate) async fn decide_nth(&self, decision: Decision, n: usize) -> DecideResult {
        let ids = vec![self.hunks()[n].1.clone()];
        self.decide(decision, Selection::Hunks { ids }).await
    }

    /// Waits until the proposal satisfies a condition.
    pub(crate) async fn until(&self, holds: impl Fn(&[HunkState]) -> bool) {
        let mut changes = self.engine.subscribe();
        while !holds(&self.states()) {
            loop {
                if matches!(wait(changes.recv()).await.unwrap(), Change::Proposal { .. }) {
                    break;
                }
            }
        }
    }

    /// Opens a document in a new editor that does what it is asked.
    pub(crate) fn open(&self, path: &str, text: &str) -> Editor {
        let (requests, inbox) = mpsc::unbounded_channel();
        let id = self.engine.buffers().connect(requests);
        let editor = Editor {
            id,
            engine: self.engine.clone(),
            path: self.path(path),
            inbox,
        };
        editor.say(1, text);
        editor
    }
}

/// An editor with one document.
pub(crate) struct Editor {
    id: EditorId,
    engine: Engine,
    path: PathBuf,
    inbox: mpsc::UnboundedReceiver<EditorRequest>,
}

impl Editor {
    /// Changes the document's text.
    pub(crate) fn say(&self, version: i32, text: &str) {
        self.engine
            .buffers()
            .set(self.id, &self.path, version, Rope::from_str(text));
    }

    /// Waits for a request, checks what it was computed for, and answers it.
    pub(crate) async fn answer(&mut self, answer: impl FnOnce(&Self, &EditorRequest) -> EditorReply) -> String {
        let request = wait(self.inbox.recv()).await.unwrap();
        assert_eq!(request.path, self.path);
        let reply = answer(self, &request);
        let after = request.after.clone();
        request.reply.send(reply).unwrap();
        after
    }

    /// Does what is asked, as an editor does: the text changes, then it says so.
    pub(crate) async fn obey(&mut self) -> String {
        self.answer(|editor, request| {
            editor.say(request.version + 1, &request.after);
            EditorReply::Landed
        })
        .await
    }

    /// Says whether nothing was asked.
    pub(crate) fn was_left_alone(&mut self) -> bool {
        self.inbox.try_recv().is_err()
    }
}

struct NoClaude;

#[async_trait]
impl ClaudeSource for NoClaude {
    async fn locate(&self, _: &Config, _: &mut (dyn FnMut(String) + Send)) -> Result<PathBuf, String> {
        Err("No attempt is run here.".to_owned())
    }
}

fn start(data: &Path) -> Engine {
    Engine::start(EngineConfig {
        data_dir: data.to_owned(),
        agent: PathBuf::from("/nowhere"),
        claude: Arc::new(NoClaude),
        version: "test".to_owned(),
    })
}

fn seed(data: &Path, root: &Path, base: &Files, result: &Files, landing: Option<Landing>) {
    let session = SessionId::new("0123456789abcdef");
    let dir = data.join("sessions").join(session.as_str());
    std::fs::create_dir_all(root).unwrap();
    let mut store = Store::create(&dir, root, &session).unwrap();
    let objects = Objects::open(&dir.join("objects.git")).unwrap();
    let tree = |files: &Files| {
        for entry in std::fs::read_dir(root).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                std::fs::remove_dir_all(path).unwrap()
            } else {
                std::fs::remove_file(path).unwrap()
            }
        }
        files.iter().for_each(|(path, text)| write(root, path, text));
        objects.snapshot(root, &[]).unwrap()
    };
    let result = tree(result);
    let base = tree(base);
    let (task, attempt) = (TaskId::new("t"), AttemptId::new("a"));
    let hunks = hunks_between(&objects, &base, &result).unwrap();
    let proposed = Proposed {
        base: base.as_str().to_owned(),
        result: result.as_str().to_owned(),
        hunks,
    };
    let mut events = vec![
        Event::TaskCreated {
            task: task.clone(),
            title: "a task".to_owned(),
            origin: Origin::Text {
                text: "a task".to_owned(),
            },
        },
        Event::AttemptPlanned {
            task: task.clone(),
            attempt: attempt.clone(),
        },
        Event::SnapshotTaken {
            attempt: attempt.clone(),
            base: base.as_str().to_owned(),
        },
        Event::SandboxStarting {
            attempt: attempt.clone(),
            nonce: "n".to_owned(),
            backend: "process".to_owned(),
            driver: Driver::Direct,
        },
        Event::SandboxStarted {
            attempt: attempt.clone(),
        },
        Event::AttemptEnded {
            attempt,
            end: AttemptEnd::Finished {
                summary: "done".to_owned(),
                proposed: Some(proposed),
            },
        },
    ];
    events.extend(landing.map(|landing| Event::LandingPlanned { task, landing }));
    for event in events {
        let body = serde_json::to_vec(&event).unwrap();
        let event = NewEvent {
            kind: "seeded",
            ts_ms: 1,
            task: None,
            attempt: None,
            body: &body,
        };
        store.append(&[event], &[]).unwrap();
    }
}

fn write(root: &Path, path: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let file = root.join(path);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, text).unwrap();
    let mode = if path.ends_with(".sh") || text.starts_with("#!") {
        0o755
    } else {
        0o644
    };
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Waits for something that must come.
pub(crate) async fn wait<T>(coming: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, coming)
        .await
        .expect("what was waited for did not come")
}
