//! `aca login`, `aca logout`: the API key is stored, or removed again.

use std::io::{IsTerminal as _, Read as _};

use aca_engine::config::Upstream;
use aca_gateway::STORED_KEY;
use aca_secrets::{Kept, Place, Secret, Vault};
use serde_json::json;

use crate::cli::LoginArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};

/// More than any key has, in bytes.
const MAX_BYTES: u64 = 16 << 10;

/// How keys of the default upstream begin.
const ANTHROPIC: (&str, &str) = ("https://api.anthropic.com", "sk-ant-");

/// Reads a key and stores it, in the place of one that was stored before.
pub(crate) async fn login(context: &Context, args: LoginArgs) -> Result<Exit, Failure> {
    let settings = context.settings();
    let key = read_key(args.stdin)?;
    let key = Secret::parse(&key).map_err(|reason| {
        let message = format!("This cannot be an API key: it is {reason}. Nothing was stored.");
        Failure::new(Exit::Usage, message)
    })?;
    let (address, beginning) = ANTHROPIC;
    let anthropic = settings.gateway.upstream == Upstream::Http(address.to_owned());
    if anthropic && !key.expose().starts_with(beginning) {
        let message = format!(
            "This is no key of {address}: those begin with `{beginning}`. Nothing was stored. If it is for another \
             service, name that as gateway.upstream in your settings first."
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    let vault = Vault::new(&context.data_dir);
    let kept = blocking(move || vault.put(STORED_KEY, &key, args.file_only)).await?;
    context.screen.say(&format!("The API key is stored in {}.", kept.place));
    say_fallback(context, &kept);
    let variable = &settings.gateway.api_key_env;
    if std::env::var_os(variable).is_some_and(|value| !value.is_empty()) {
        context.screen.note(&format!(
            "The environment variable {variable} is set and comes first; the stored key counts where it is not set."
        ));
    } else if let Some(file) = &settings.gateway.api_key_file {
        let file = file.display();
        context.screen.note(&format!(
            "Your settings name {file} as gateway.api_key_file, which comes first; take that out to use the stored key."
        ));
    }
    context.screen.result(&placed(&kept))?;
    Ok(Exit::Done)
}

/// Removes the stored key.
pub(crate) async fn logout(context: &Context) -> Result<Exit, Failure> {
    let vault = Vault::new(&context.data_dir);
    let removed = blocking(move || vault.remove(STORED_KEY)).await?;
    context.screen.say(if removed {
        "The stored API key is removed."
    } else {
        "No API key was stored."
    });
    context.screen.result(&json!({ "removed": removed }))?;
    Ok(if removed { Exit::Done } else { Exit::Nothing })
}

/// Says that a file had to do where a keyring was meant.
pub(super) fn say_fallback(context: &Context, kept: &Kept) {
    if let Some(reason) = &kept.fallback {
        context.screen.note(&format!(
            "{reason} So it is in a file that only your user can read, not encrypted; whoever can read your files or \
             your backups can read it."
        ));
    }
}

/// Where something was put, as JSON.
pub(super) fn placed(kept: &Kept) -> serde_json::Value {
    let fallback = kept.fallback.as_ref().map(ToString::to_string);
    match &kept.place {
        Place::Keyring => json!({ "place": "keyring" }),
        Place::File(path) => json!({ "place": "file", "path": path, "fallback": fallback }),
    }
}

/// Does something that may wait for a keyring.
pub(super) async fn blocking<T: Send + 'static>(
    act: impl FnOnce() -> Result<T, aca_secrets::Error> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(act).await;
    let done = done.map_err(|error| Failure::while_doing("The keyring cannot be used", error))?;
    done.map_err(|error| Failure::new(Exit::Failed, error.to_string()))
}

/// Reads all of stdin, within bounds.
pub(super) fn read_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().take(MAX_BYTES + 1).read_to_string(&mut text);
    read.map_err(|error| Failure::while_doing("Stdin cannot be read", error))?;
    Ok(text)
}

fn read_key(stdin: bool) -> Result<String, Failure> {
    if stdin {
        return read_stdin();
    }
    if !std::io::stdin().is_terminal() {
        let message = "There is no terminal to ask for the key. Give it on stdin: aca login --stdin < FILE";
        return Err(Failure::new(Exit::Usage, message));
    }
    rpassword::prompt_password("API key (it is not shown): ")
        .map_err(|error| Failure::while_doing("The key cannot be read from the terminal", error))
}
