//! `aca config`: the settings, each with its origin.

use aca_engine::config::{self, DEFAULT_FILE};
use serde_json::{Map, json};

use crate::cli::ConfigArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::terminal::harmless;

/// Prints the settings that count in the workspace, or the commented file of all defaults.
pub(crate) fn run(context: &Context, args: &ConfigArgs) -> Result<Exit, Failure> {
    if args.default_file {
        context.screen.say(DEFAULT_FILE.trim_end());
        context.screen.result(&json!({ "default": DEFAULT_FILE }))?;
        return Ok(Exit::Done);
    }
    let loaded = config::load(Some(&context.root()?))?;
    context.screen.say(&harmless(loaded.render_with_origins().trim_end()));
    let values: Map<_, _> = loaded
        .values()
        .map(|(key, value, origin)| (key.to_owned(), json!({ "value": value, "origin": origin.to_string() })))
        .collect();
    context.screen.result(&values)?;
    Ok(Exit::Done)
}
