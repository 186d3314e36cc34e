//! The process under test: an engine on a directory of its own, served over stdio.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aca_engine::config::Config;
use aca_engine::{ClaudeSource, Engine, EngineConfig};
use aca_lsp::{ServeEnd, ServeOptions, serve};
use tokio::signal::unix::{SignalKind, signal};

/// The environment variable that makes this program the server; its value is the data directory.
pub(crate) const DATA_DIR: &str = "ACA_LSP_TEST_DATA_DIR";

/// There is no Claude Code here, and no test needs one.
struct NoClaude;

#[async_trait::async_trait]
impl ClaudeSource for NoClaude {
    async fn locate(&self, _: &Config, _: &mut (dyn FnMut(String) + Send)) -> Result<PathBuf, String> {
        Err("This test has no Claude Code.".to_owned())
    }
}

/// What an engine on a directory of its own needs.
pub(crate) fn config(data_dir: PathBuf) -> EngineConfig {
    EngineConfig {
        agent: data_dir.join("no-agent"),
        data_dir,
        claude: Arc::new(NoClaude),
        version: "test".to_owned(),
    }
}

/// Serves until the connection ends, then ends the process: 0 after a proper end, 1 otherwise.
pub(crate) fn run(data_dir: PathBuf) -> ! {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let end = runtime.block_on(async {
        let engine = Engine::start(config(data_dir));
        let options = ServeOptions {
            probes: true,
            landing_timeout: Duration::from_secs(1),
            ..ServeOptions::default()
        };
        let stop = options.stop.clone();
        let mut terminated = signal(SignalKind::terminate()).unwrap();
        tokio::spawn(async move {
            terminated.recv().await;
            stop.cancel();
        });
        serve(engine, tokio::io::stdin(), tokio::io::stdout(), options).await
    });
    std::process::exit(match end {
        ServeEnd::Exit { after_shutdown: true } | ServeEnd::Stopped => 0,
        _ => 1,
    });
}
