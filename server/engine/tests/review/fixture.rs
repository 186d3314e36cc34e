//! A session whose one task has a finished attempt, made from two states of a directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aca_engine::config::Config;
use aca_engine::core::{AttemptEnd, Event, Proposed};
use aca_engine::{Change, ClaudeSource, EditorId, EditorReply, EditorRequest, Engine, EngineConfig, hunks_between};
use aca_protocol::agent::Driver;
use aca_protocol::methods::{DecideParams, DecideResult, OperationView, TasksParams, UndoParams, UndoResult};
use aca_protocol::proposal::{Decision, HunkState, HunkView, ProposalView, Resolution, Selection};
use aca_protocol::task::{Origin, TaskState};
use aca_protocol::{AttemptId, HunkId, OperationId, SessionId, TaskId};
use aca_store::{NewEvent, Store};
use aca_workspace::objects::Objects;
use async_trait::async_trait;
use ropey::Rope;
use tempfile::TempDir;
use tokio::sync::mpsc;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A file by path and text; executable ones end in `.sh` or begin with `#!`.
pub(crate) type Files<'a> = [(&'a str, &'a str)];

/// A file by path and content.
pub(crate) type Contents<'a> = [(&'a str, &'a [u8])];

/// A workspace, its session, and an engine on both.
pub(crate) struct Fixture {
    home: PathBuf,
    /// Removed with the fixture.
    _kept: Option<TempDir>,
    pub(crate) root: PathBuf,
    pub(crate) engine: Engine,
    pub(crate) task: TaskId,
}

impl Fixture {
    /// Makes a session in which an attempt turned `base` into `result`, and a workspace that says `base`.
    pub(crate) async fn new(base: &Files<'_>, result: &Files<'_>) -> Self {
        Self::of(&bytes(base), &bytes(result)).await
    }

    /// As [`Fixture::new`], for files of any content.
    pub(crate) async fn of(base: &Contents<'_>, result: &Contents<'_>) -> Self {
        Self::rounds(base, &[result]).await
    }

    /// As [`Fixture::of`], with several rounds: each turned `base` into its own result.
    pub(crate) async fn rounds(base: &Contents<'_>, results: &[&Contents<'_>]) -> Self {
        let kept = TempDir::new().unwrap();
        seed(kept.path(), base, results);
        let home = kept.path().to_owned();
        Self::at(&home, Some(kept)).await
    }

    /// Makes a session in which only these events happened, with the contents of another session and these files.
    pub(crate) async fn after(events: &[Vec<u8>], of: &Self, files: &Contents<'_>) -> Self {
        let fixture = Self::before_opening(events, of, files);
        fixture.opened().await;
        fixture
    }

    /// As [`Fixture::after`], but the session is not opened yet.
    pub(crate) fn before_opening(events: &[Vec<u8>], of: &Self, files: &Contents<'_>) -> Self {
        let kept = TempDir::new().unwrap();
        let root = root(kept.path());
        std::fs::create_dir_all(&root).unwrap();
        let dir = session_dir(kept.path());
        let mut store = Store::create(&dir, &root, &session(), None).unwrap();
        let copied = std::process::Command::new("cp")
            .arg("-r")
            .args([of.session().join("objects.git"), dir.clone()])
            .status();
        assert!(copied.unwrap().success());
        for body in events {
            append(&mut store, body);
        }
        files.iter().for_each(|(path, content)| write(&root, path, content));
        let home = kept.path().to_owned();
        Self::on(&home, Some(kept))
    }

    /// Adds the contents of another session.
    pub(crate) fn copy_objects(&self, of: &Self) {
        let from = of.session().join("objects.git/objects/.");
        let to = self.session().join("objects.git/objects");
        let copied = std::process::Command::new("cp").arg("-rn").args([from, to]).status();
        assert!(copied.unwrap().success());
    }

    /// Opens what is in `home`.
    pub(crate) async fn at(home: &Path, kept: Option<TempDir>) -> Self {
        let fixture = Self::on(home, kept);
        fixture.opened().await;
        fixture
    }

    fn on(home: &Path, kept: Option<TempDir>) -> Self {
        Self {
            engine: start(&home.join("data")),
            root: root(home),
            task: TaskId::new("t"),
            home: home.to_owned(),
            _kept: kept,
        }
    }

    /// Where the session's state is.
    pub(crate) fn session(&self) -> PathBuf {
        session_dir(&self.home)
    }

    /// Stops the engine and returns everything that has happened.
    pub(crate) async fn events(&self) -> Vec<Vec<u8>> {
        self.engine.shutdown().await;
        let store = Store::open(&self.session(), None).unwrap();
        store.events(0).map(|event| event.unwrap().body).collect()
    }

    /// Starts a second engine on the same data, as after a crash of the first.
    pub(crate) async fn restart(&mut self) {
        self.engine.shutdown().await;
        self.engine = start(&self.home.join("data"));
        self.opened().await;
    }

    /// Opens the session and waits until it is there.
    pub(crate) async fn opened(&self) {
        wait(self.engine.open(&self.root)).await.unwrap();
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap()
    }

    pub(crate) fn bytes(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.path(path)).unwrap()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        write(&self.root, path, text.as_bytes());
    }

    /// The paths of everything in the workspace that is not a directory.
    pub(crate) fn everything(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut dirs = vec![self.root.clone()];
        while let Some(dir) = dirs.pop() {
            for entry in std::fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() && !path.is_symlink() {
                    dirs.push(path);
                } else {
                    found.push(path.strip_prefix(&self.root).unwrap().display().to_string());
                }
            }
        }
        found.sort();
        found
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

    /// All hunks as they are shown.
    pub(crate) fn views(&self) -> Vec<HunkView> {
        let files = self.proposal().files.clone();
        files.into_iter().flat_map(|file| file.hunks).collect()
    }

    pub(crate) fn states(&self) -> Vec<HunkState> {
        self.hunks().into_iter().map(|(_, _, state)| state).collect()
    }

    pub(crate) fn state(&self) -> TaskState {
        self.engine.task(&self.task).unwrap().state
    }

    pub(crate) async fn decide(&self, decision: Decision, selection: Selection) -> DecideResult {
        self.decide_as(decision, selection, None, None).await
    }

    pub(crate) async fn decide_as(
        &self,
        decision: Decision,
        selection: Selection,
        resolution: Option<Resolution>,
        seen: Option<u64>,
    ) -> DecideResult {
        let params = DecideParams {
            task: self.task.clone(),
            decision,
            selection,
            resolution,
            seen,
        };
        wait(self.engine.decide(params)).await.unwrap()
    }

    /// Accepts a hunk by its number, whatever is in the way.
    pub(crate) async fn resolve_nth(&self, resolution: Resolution, n: usize) -> DecideResult {
        let ids = vec![self.hunks()[n].1.clone()];
        self.decide_as(Decision::Accept, Selection::Hunks { ids }, Some(resolution), None)
            .await
    }

    pub(crate) async fn undo(&self, operation: Option<OperationId>, hunks: Option<Vec<HunkId>>) -> UndoResult {
        let params = UndoParams {
            workspace: self.root.clone(),
            operation,
            hunks,
        };
        wait(self.engine.undo(params)).await.unwrap()
    }

    pub(crate) async fn operations(&self) -> Vec<OperationView> {
        let params = TasksParams {
            workspace: self.root.clone(),
        };
        wait(self.engine.operations(params)).await.unwrap().operations
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
        self.say_rope(version, Rope::from_str(text));
    }

    /// As [`Editor::say`], for a text that changed a little.
    pub(crate) fn say_rope(&self, version: i32, text: Rope) {
        self.engine.buffers().set(self.id, &self.path, version, text);
    }

    /// Closes the document, so that its file counts.
    pub(crate) fn close(&self) {
        self.engine.buffers().close(self.id, &self.path);
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

fn session() -> SessionId {
    SessionId::new("0123456789abcdef")
}

fn session_dir(home: &Path) -> PathBuf {
    home.join("data/sessions").join(session().as_str())
}

fn root(home: &Path) -> PathBuf {
    home.canonicalize().unwrap().join("project")
}

fn bytes<'a>(files: &Files<'a>) -> Vec<(&'a str, &'a [u8])> {
    files.iter().map(|(path, text)| (*path, text.as_bytes())).collect()
}

/// Makes, in `home`, a session of a workspace that says `base`, with a round for each result.
pub(crate) fn seed(home: &Path, base: &Contents<'_>, results: &[&Contents<'_>]) {
    let (dir, root) = (session_dir(home), root(home));
    let root = root.as_path();
    std::fs::create_dir_all(root).unwrap();
    let mut store = Store::create(&dir, root, &session(), None).unwrap();
    let objects = Objects::open(&dir.join("objects.git")).unwrap();
    let tree = |files: &Contents<'_>| {
        for entry in std::fs::read_dir(root).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                std::fs::remove_dir_all(path).unwrap()
            } else {
                std::fs::remove_file(path).unwrap()
            }
        }
        files.iter().for_each(|(path, content)| write(root, path, content));
        objects.snapshot(root, &[]).unwrap()
    };
    let results: Vec<_> = results.iter().map(|result| tree(result)).collect();
    let base = tree(base);
    let task = TaskId::new("t");
    let mut events = vec![Event::TaskCreated {
        task: task.clone(),
        title: "a task".to_owned(),
        origin: Origin::Text {
            text: "a task".to_owned(),
        },
    }];
    for (n, result) in results.iter().enumerate() {
        let attempt = AttemptId::new(format!("a{n}"));
        let proposed = Proposed {
            base: base.as_str().to_owned(),
            result: result.as_str().to_owned(),
            hunks: hunks_between(&objects, &base, result).unwrap(),
            reasons: BTreeMap::new(),
        };
        events.extend([
            Event::AttemptPlanned {
                task: task.clone(),
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
        ]);
    }
    for event in events {
        append(&mut store, &serde_json::to_vec(&event).unwrap());
    }
}

fn append(store: &mut Store, body: &[u8]) {
    let event = NewEvent {
        kind: "seeded",
        ts_ms: 1,
        task: None,
        attempt: None,
        who: None,
        body,
    };
    store.append(&[event], &[]).unwrap();
}

fn write(root: &Path, path: &str, content: &[u8]) {
    use std::os::unix::fs::PermissionsExt as _;
    let file = root.join(path);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, content).unwrap();
    let mode = if path.ends_with(".sh") || content.starts_with(b"#!") {
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
