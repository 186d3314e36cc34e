//! A place to run `aca` in, and what it answered.

use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A home, a data directory and a workspace of one's own.
pub(crate) struct World {
    dir: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let world = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        std::fs::create_dir_all(world.workspace()).unwrap();
        std::fs::write(world.workspace().join("a.py"), "x = 1\n# TODO: say more\n").unwrap();
        std::fs::write(
            world.path("script.toml"),
            "[[turn]]\nreply = { text = \"Nothing to do.\" }\n",
        )
        .unwrap();
        world.settings("[gateway]\nupstream = \"replay:script.toml\"\n[sandbox]\nbackend = \"process\"\n[agent]\ndriver = \"direct\"\n");
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.path("workspace")
    }

    pub(crate) fn settings(&self, text: &str) {
        std::fs::write(self.path("aca.toml"), text).unwrap();
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aca"));
        command
            .args(args)
            .current_dir(self.workspace())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.path("home"))
            .env("ACA_DATA_DIR", self.path("data"))
            .env("ACA_CONFIG_FILE", self.path("aca.toml"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Answer {
        Answer(self.command(args).output().unwrap())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // Its daemon, and with it everything at work, ends with it; there may be none.
        let _ = self.command(&["stop"]).output();
        let _ = self.command(&["daemon", "stop", "--force"]).output();
    }
}

/// What a command answered.
pub(crate) struct Answer(pub(crate) Output);

impl Answer {
    pub(crate) fn exit(&self) -> i32 {
        self.0
            .status
            .code()
            .unwrap_or_else(|| 128 + self.0.status.signal().unwrap_or_default())
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.0.stdout).unwrap_or_else(|_| panic!("{} {}", self.stdout(), self.stderr()))
    }
}
