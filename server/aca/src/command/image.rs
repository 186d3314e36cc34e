//! `aca image build`: everything a sandbox is made of, before it is needed.

use aca_engine::ClaudeSource as _;
use aca_engine::parts::docker;
use serde_json::json;

use crate::context::Context;
use crate::exit::{Exit, Failure};

/// Builds the image, even if there is one, and installs Claude Code if there is none.
pub(crate) async fn build(context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    if let Some(image) = &config.docker.image {
        let message = format!(
            "docker.image names {image}, so aca builds none. Take the key out of your settings to use aca's own."
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    let docker = docker(&config);
    let mut progress = context.screen.progress();
    docker
        .build_image(true, &mut |line| progress.show(&line))
        .await
        .map_err(|error| Failure::new(Exit::Unavailable, error.to_string()))?;
    let claude = context
        .provisioner()
        .locate(&config, &mut |line| progress.show(&line))
        .await
        .map_err(|reason| Failure::new(Exit::Unavailable, reason))?;
    drop(progress);
    context.screen.say(&format!(
        "The image {} is ready.\nClaude Code is {}.",
        docker.image(),
        claude.display()
    ));
    context
        .screen
        .result(&json!({ "image": docker.image(), "claudeCode": claude }))?;
    Ok(Exit::Done)
}
