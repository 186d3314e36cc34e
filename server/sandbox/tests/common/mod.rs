//! A place to start real sandboxes in, and the checks that every backend has to pass.
//!
//! Programs inside are shell and Perl, which Debian's smallest system has; Perl can make any system call.

pub(crate) mod checks;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use aca_sandbox::{Backend, Limits, SandboxSpec, Status, sandbox_user};
use tempfile::TempDir;

/// How long anything in a sandbox may take before a test fails.
const DEADLINE: Duration = Duration::from_secs(60);

/// Makes backends that all see the same sandboxes, as a daemon does before and after a crash.
pub(crate) type Make = Arc<dyn Fn() -> Box<dyn Backend> + Send + Sync>;

/// One sandbox's directories on the host. Removes the sandbox when dropped, also when the test fails.
pub(crate) struct Lab {
    pub(crate) backend: Box<dyn Backend>,
    pub(crate) make: Make,
    pub(crate) spec: SandboxSpec,
    pub(crate) dir: TempDir,
}

impl Lab {
    pub(crate) fn new(make: &Make) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let dir = tempfile::Builder::new().prefix("aca-sandbox-test").tempdir().unwrap();
        open_to_all(dir.path());
        let (uid, gid) = sandbox_user();
        for sub in ["work", "out"] {
            let path = dir.path().join(sub);
            std::fs::create_dir(&path).unwrap();
            std::os::unix::fs::chown(&path, Some(uid), Some(gid)).unwrap();
        }
        let name = format!(
            "aca-test-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let labels = [("aca.test", "1"), ("aca.attempt", name.as_str())];
        let spec = SandboxSpec {
            labels: BTreeMap::from(labels.map(|(k, v)| (k.to_owned(), v.to_owned()))),
            name,
            workspace_source: dir.path().join("work"),
            workspace: "/home/someone/a project".into(),
            out: dir.path().join("out"),
            agent: agent(),
            claude: None,
            read_only: vec![],
            limits: Limits {
                memory_bytes: 256 << 20,
                cpus: 1.0,
                pids: 64,
                tmp_bytes: 16 << 20,
            },
            command: vec![],
        };
        Self {
            backend: make(),
            make: Arc::clone(make),
            spec,
            dir,
        }
    }

    /// Makes the sandbox run `script`, whose output goes to a file of the attempt.
    pub(crate) fn script(&mut self, script: &str) {
        let script = format!("exec >>/aca/out/log 2>&1\n{script}");
        self.spec.command = ["/bin/sh", "-c", &script].map(String::from).to_vec();
    }

    /// What the script has written so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.spec.out.join("log")).unwrap_or_default()
    }

    pub(crate) async fn start(&self) {
        self.backend.start(&self.spec).await.unwrap_or_else(|e| panic!("{e}"));
    }

    pub(crate) async fn status(&self) -> Status {
        self.backend
            .inspect(&self.spec.name)
            .await
            .unwrap_or_else(|e| panic!("{e}"))
    }

    /// Runs `script` to its end and returns what it wrote.
    pub(crate) async fn run(&mut self, script: &str) -> String {
        self.script(script);
        self.start().await;
        self.exited().await;
        self.log()
    }

    /// Waits until the sandbox has ended, and returns its exit code.
    pub(crate) async fn exited(&self) -> i64 {
        let begun = Instant::now();
        loop {
            match self.status().await {
                Status::Exited { code, .. } => return code,
                status => assert!(begun.elapsed() < DEADLINE, "it is still {status:?}: {}", self.log()),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until the script has written `text`.
    pub(crate) async fn wrote(&self, text: &str) {
        let begun = Instant::now();
        while !self.log().contains(text) {
            assert!(begun.elapsed() < DEADLINE, "{text:?} is not in {:?}", self.log());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let (make, name) = (Arc::clone(&self.make), self.spec.name.clone());
        let removed = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async { make().remove(&name).await })
        });
        if let Ok(Err(e)) = removed.join() {
            eprintln!("The sandbox is left behind: {e}");
        }
    }
}

/// Lets the sandbox's user pass through a directory that only its owner could.
pub(crate) fn open_to_all(path: &Path) {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(path, mode).unwrap();
}

/// Returns the path of the agent: `ACA_TEST_AGENT`, or what is built now.
pub(crate) fn agent() -> PathBuf {
    static AGENT: OnceLock<PathBuf> = OnceLock::new();
    if let Some(agent) = std::env::var_os("ACA_TEST_AGENT") {
        return agent.into();
    }
    AGENT
        .get_or_init(|| {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let built = Command::new(cargo)
                .args(["build", "--quiet", "--package", "aca-agent"])
                .status()
                .unwrap();
            assert!(built.success(), "aca-agent was not built");
            let exe = std::env::current_exe().unwrap();
            exe.ancestors().nth(2).unwrap().join("aca-agent")
        })
        .clone()
}
