//! A data directory with sessions in it, made event by event, and an engine on it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aca_engine::config::Config;
use aca_engine::core::{AttemptEnd, Event, Proposed, State};
use aca_engine::{ClaudeSource, Engine, EngineConfig, hunks_between};
use aca_protocol::agent::{AgentLimits, AttemptSpec, Driver, End, Outcome};
use aca_protocol::session::{NoParams, SessionInfo};
use aca_protocol::task::{Origin, Usage};
use aca_protocol::{AttemptId, SessionId, TaskId};
use aca_store::{NewEvent, Store};
use aca_workspace::objects::Objects;
use async_trait::async_trait;
use tempfile::TempDir;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A data directory with an engine on it, and the directories of workspaces.
pub(crate) struct World {
    dir: TempDir,
    pub(crate) engine: Engine,
}

impl World {
    pub(crate) fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let engine = engine(&dir.path().join("data"));
        Self { dir, engine }
    }

    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(path)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Makes a workspace whose file says `text`.
    pub(crate) fn workspace(&self, name: &str, text: &str) -> PathBuf {
        let root = self.at(name);
        std::fs::create_dir_all(&root).unwrap();
        std::fs::write(root.join("a.txt"), text).unwrap();
        root
    }

    /// Ends the engine and starts another one.
    pub(crate) async fn restart(&mut self) {
        self.engine.shutdown().await;
        self.engine = engine(&self.data());
    }

    pub(crate) async fn sessions(&self) -> Vec<SessionInfo> {
        wait(self.engine.sessions(NoParams {})).await.unwrap().sessions
    }

    pub(crate) async fn info(&self, session: &str) -> SessionInfo {
        let all = self.sessions().await;
        all.into_iter()
            .find(|info| info.id.as_str() == session)
            .expect("the session is listed")
    }

    /// The tasks that a workspace shows, with the names of their states.
    pub(crate) fn tasks(&self, root: &Path) -> Vec<(String, String)> {
        let result = self.engine.tasks(root).unwrap();
        let of = |task: aca_protocol::task::TaskView| {
            let state = serde_json::to_value(&task.state).unwrap();
            (task.id.to_string(), state["name"].as_str().unwrap().to_owned())
        };
        result.tasks.into_iter().map(of).collect()
    }

    /// Every file below the data directory, sorted, but those that a database has while somebody looks at it.
    pub(crate) fn everything(&self) -> Vec<String> {
        let mut found = files(&self.data());
        found.retain(|path| !path.ends_with("-wal") && !path.ends_with("-shm"));
        found
    }
}

/// Returns the paths of all files below a directory, sorted.
pub(crate) fn files(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(at) = dirs.pop() {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                dirs.push(path);
            } else {
                found.push(path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// A session that is being made.
pub(crate) struct Made {
    store: Store,
    state: State,
    dir: PathBuf,
    root: PathBuf,
    pub(crate) objects: Objects,
    now_ms: u64,
}

impl Made {
    /// Makes a session of a workspace, whose events happen from `now_ms` on.
    pub(crate) fn new(world: &World, id: &str, root: &Path, now_ms: u64) -> Self {
        let dir = world.data().join("sessions").join(id);
        let session = SessionId::new(id);
        let store = Store::create(&dir, root, &session, None).unwrap();
        Self {
            store,
            state: State::new(session, 1),
            objects: Objects::open(&dir.join("objects.git")).unwrap(),
            dir,
            root: root.to_owned(),
            now_ms,
        }
    }

    /// Records an event as the engine does.
    pub(crate) fn event(&mut self, event: &Event) {
        self.now_ms += 1;
        self.state.apply(event, self.now_ms);
        let body = serde_json::to_vec(event).unwrap();
        let kind = serde_json::to_value(event).unwrap()["event"]
            .as_str()
            .unwrap()
            .to_owned();
        let task = self.state.task_of(event);
        let new = NewEvent {
            kind: &kind,
            ts_ms: self.now_ms,
            task: task.as_ref(),
            attempt: event.attempt(),
            who: Some("a test"),
            body: &body,
        };
        self.store.append(&[new], &[]).unwrap();
    }

    pub(crate) fn task(&mut self, task: &str, text: &str) {
        self.event(&Event::TaskCreated {
            task: TaskId::new(task),
            title: text.to_owned(),
            origin: Origin::Text { text: text.to_owned() },
        });
    }

    /// Begins an attempt up to the start of its sandbox, and returns its name.
    pub(crate) fn attempt(&mut self, task: &str) -> AttemptId {
        let attempt = AttemptId::new(format!("aca-{task}-1"));
        let base = self.objects.snapshot(&self.root, &[]).unwrap().as_str().to_owned();
        let of = attempt.clone();
        self.event(&Event::AttemptPlanned {
            task: TaskId::new(task),
            attempt: of.clone(),
            continues: None,
        });
        self.event(&Event::SnapshotTaken {
            attempt: of.clone(),
            base,
            start: None,
        });
        self.event(&Event::SandboxStarting {
            attempt: of.clone(),
            nonce: "n".to_owned(),
            backend: "process".to_owned(),
            driver: Driver::ClaudeCode,
            image: None,
            spec: None,
        });
        self.event(&Event::SandboxStarted { attempt: of });
        attempt
    }

    /// Finishes a task's first attempt with `result` as the text of the workspace's file.
    pub(crate) fn finished(&mut self, task: &str, result: &str) -> AttemptId {
        let attempt = self.attempt(task);
        let file = self.root.join("a.txt");
        let before = std::fs::read(&file).unwrap();
        let base = self.objects.snapshot(&self.root, &[]).unwrap();
        std::fs::write(&file, result).unwrap();
        let changed = self.objects.snapshot(&self.root, &[]).unwrap();
        std::fs::write(&file, before).unwrap();
        let proposed = Proposed {
            base: base.as_str().to_owned(),
            result: changed.as_str().to_owned(),
            hunks: hunks_between(&self.objects, &base, &changed).unwrap(),
            reasons: BTreeMap::new(),
        };
        self.event(&Event::ModelUsed {
            attempt: attempt.clone(),
            usage: Usage {
                requests: 1,
                input_tokens: 10,
                output_tokens: 5,
                cost_micros: 100,
                ..Usage::default()
            },
            model: Some("claude-test".to_owned()),
            request: None,
        });
        self.event(&Event::AttemptEnded {
            attempt: attempt.clone(),
            end: AttemptEnd::Finished {
                summary: "done".to_owned(),
                proposed: Some(proposed),
                verify: false,
            },
        });
        attempt
    }

    pub(crate) fn attempt_dir(&self, attempt: &AttemptId) -> PathBuf {
        self.dir.join("attempts").join(attempt.as_str())
    }

    /// Puts what an attempt leaves behind into its directory, with `journal` as its only record.
    pub(crate) fn leave(&self, attempt: &AttemptId, journal: &str) {
        let dir = self.attempt_dir(attempt);
        let slug = self
            .root
            .to_str()
            .unwrap()
            .replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let project = dir.join("out/home/.claude/projects").join(slug);
        std::fs::create_dir_all(&project).unwrap();
        let spec = AttemptSpec {
            attempt: attempt.clone(),
            nonce: "n".to_owned(),
            driver: Driver::ClaudeCode,
            workspace: self.root.clone(),
            prompt: "do it".to_owned(),
            system: String::new(),
            model: "m".to_owned(),
            conversation: "0f0f".to_owned(),
            resume: false,
            story: String::new(),
            ask_reasons: String::new(),
            gateway_token: "gateway-token-0123456789".to_owned(),
            limits: AgentLimits {
                silence_secs: 1,
                total_secs: 1,
                max_turns: 1,
            },
        };
        std::fs::write(dir.join("spec.json"), serde_json::to_vec(&spec).unwrap()).unwrap();
        let outcome = Outcome {
            attempt: attempt.clone(),
            nonce: "n".to_owned(),
            end: End::Finished,
            summary: "done".to_owned(),
            reasons: Vec::new(),
            exit_code: Some(0),
            ended_ms: 1,
            last_seq: 1,
        };
        std::fs::write(dir.join("out/outcome.json"), serde_json::to_vec(&outcome).unwrap()).unwrap();
        std::fs::write(dir.join("out/started"), b"").unwrap();
        std::fs::write(dir.join("out/journal.ndjson"), journal).unwrap();
        let said = serde_json::json!({ "type": "user", "cwd": self.root, "message": format!("in {}/a.txt", self.root.display()) });
        std::fs::write(project.join("0f0f.jsonl"), format!("{said}\n")).unwrap();
    }
}

struct NoClaude;

#[async_trait]
impl ClaudeSource for NoClaude {
    async fn locate(&self, _: &Config, _: &mut (dyn FnMut(String) + Send)) -> Result<PathBuf, String> {
        Err("No attempt is run here.".to_owned())
    }
}

fn engine(data: &Path) -> Engine {
    Engine::start(EngineConfig {
        data_dir: data.to_owned(),
        agent: PathBuf::from("/nowhere"),
        claude: Arc::new(NoClaude),
        version: "test".to_owned(),
    })
}

/// Waits for something that must come.
pub(crate) async fn wait<T>(coming: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, coming)
        .await
        .expect("what was waited for did not come")
}
