//! `aca config`: the settings, each with its origin.

use aca_engine::config::{self, DEFAULT_FILE};
use aca_protocol::methods::{Settings, TasksParams};
use aca_protocol::settings::SettingsResult;
use serde_json::{Map, Value, json};

use crate::cli::ConfigArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::terminal::harmless;

/// Prints the settings that count in the workspace, the commented file of all defaults, or what editors may send.
pub(crate) async fn run(context: &Context, args: &ConfigArgs) -> Result<Exit, Failure> {
    if args.default_file {
        context.screen.say(DEFAULT_FILE.trim_end());
        context.screen.result(&json!({ "default": DEFAULT_FILE }))?;
        return Ok(Exit::Done);
    }
    if args.schema {
        let schema = config::schema();
        context.screen.say(&format!("{:#}", Value::Object(schema.clone())));
        context.screen.result(&schema)?;
        return Ok(Exit::Done);
    }
    let mut settings = config::load(Some(&context.root()?))?.views();
    if let Some(served) = served(context).await {
        take_editors(&mut settings, served);
    }
    context.screen.say(&harmless(config::render(&settings).trim_end()));
    let values: Map<_, _> = settings
        .settings
        .into_iter()
        .map(|view| (view.key, json!({ "value": view.value, "origin": view.origin })))
        .collect();
    context.screen.result(&values)?;
    Ok(Exit::Done)
}

/// Returns the settings that count for the process that owns the sessions. Only it knows what editors have sent; where
/// there is none, or one that does not answer, no editor's settings count.
async fn served(context: &Context) -> Option<SettingsResult> {
    let client = context.client_if_there().await.ok()??;
    let workspace = context.root().ok()?;
    client.call::<Settings>(TasksParams { workspace }).await.ok()
}

/// Takes over what comes from an editor. The rest is what this process reads: its environment may name another file.
fn take_editors(settings: &mut SettingsResult, served: SettingsResult) {
    for editors in served.settings {
        let known = settings.settings.iter_mut().find(|known| known.key == editors.key);
        if let Some(known) = known
            && editors.origin.starts_with("editor: ")
        {
            *known = editors;
        }
    }
}
