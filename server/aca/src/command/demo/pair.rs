//! What the demo runs in: a container with Claude Code where an engine answers, else the embedded pair.

use std::path::PathBuf;

use aca_engine::ClaudeSource as _;
use aca_engine::config::{self, Config};
use aca_engine::parts::docker;
use aca_sandbox::Backend as _;

use crate::cli::DemoArgs;
use crate::context::Context;
use crate::exit::Failure;

/// A sandbox backend with a driver.
pub(super) enum Pair {
    /// Docker and Claude Code.
    Container {
        /// The engine's name and version.
        engine: String,
        /// The native program.
        claude: PathBuf,
        /// The person's settings, for where the engine and the image are.
        config: Box<Config>,
    },
    /// A confined process and aca's own loop.
    Embedded {
        /// Why not the other, as the end of a sentence.
        why: String,
    },
}

impl Pair {
    pub(super) fn backend_name(&self) -> &'static str {
        match self {
            Self::Container { .. } => "docker",
            Self::Embedded { .. } => "process",
        }
    }

    pub(super) fn driver_name(&self) -> &'static str {
        match self {
            Self::Container { .. } => "claude-code",
            Self::Embedded { .. } => "direct",
        }
    }
}

/// Takes the container where it can be had, image and Claude Code included.
///
/// # Errors
///
/// When the person's settings are wrong.
pub(super) async fn choose(context: &Context, args: &DemoArgs) -> Result<Pair, Failure> {
    if args.embedded {
        return Ok(Pair::Embedded {
            why: "--embedded asks for it.".into(),
        });
    }
    let config = config::load(None)?.config;
    Ok(match container(context, config).await {
        Ok(pair) => pair,
        Err(why) => Pair::Embedded { why },
    })
}

async fn container(context: &Context, config: Config) -> Result<Pair, String> {
    let docker = docker(&config);
    let found = docker.diagnose().await.map_err(|error| error.to_string())?;
    let mut progress = context.screen.progress();
    if !found.image_present {
        progress.show("building the sandbox image (once, a minute or two; this needs the package mirror)");
    }
    docker
        .prepare(&mut |line| progress.show(&line))
        .await
        .map_err(|error| error.to_string())?;
    let claude = context
        .provisioner()
        .locate(&config, &mut |line| progress.show(&line))
        .await?;
    Ok(Pair::Container {
        engine: format!("Docker {}", found.version),
        claude,
        config: Box::new(config),
    })
}
