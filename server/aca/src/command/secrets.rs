//! `aca secrets`: the key that sessions are sealed with, and where things are kept.

use std::io::IsTerminal as _;

use aca_engine::config;
use aca_gateway::STORED_KEY;
use aca_secrets::{MasterKey, MasterState, Place, RecoveryKey, Vault};
use serde_json::{Value, json};

use super::login::{blocking, placed, read_stdin, say_fallback};
use crate::cli::SecretsCommand;
use crate::context::Context;
use crate::exit::{Exit, Failure};

/// Carries out one of them.
pub(crate) async fn run(context: &Context, command: SecretsCommand) -> Result<Exit, Failure> {
    match command {
        SecretsCommand::Status => status(context).await,
        SecretsCommand::Enable(args) => enable(context, args.file_only).await,
        SecretsCommand::Recover(args) => recover(context, args.file_only).await,
    }
}

async fn status(context: &Context) -> Result<Exit, Failure> {
    let settings = context.settings();
    let data_dir = context.data_dir.clone();
    let (stored, keyring, master) = blocking(move || {
        let stored = Vault::new(&data_dir).place(STORED_KEY)?;
        Ok((stored, Vault::test_keyring(), MasterKey::state(&data_dir)?))
    })
    .await?;
    let screen = context.screen;
    let keyring = keyring.map_err(|error| error.to_string());
    match &keyring {
        Ok(()) => screen.say("Keyring: it answers and keeps what is put into it."),
        Err(reason) => screen.say(&format!(
            "Keyring: none. {reason} Files that only you can read stand in for it."
        )),
    }
    screen.say(&match &stored {
        Some(place) => format!("API key: stored in {place}."),
        None => "API key: none is stored; `aca login` stores one.".to_owned(),
    });
    screen.say(&match &master {
        MasterState::None => "Sealing: no key yet; `aca secrets enable` makes one.".to_owned(),
        MasterState::There(place) => format!("Sealing: its key is in {place}."),
        MasterState::Missing(_, reason) => format!("Sealing: {reason}"),
    });
    let seals = settings.secrets.seal_sessions;
    screen.say(&match (seals, &master) {
        (true, _) => "Sessions: sealed, as secrets.seal_sessions says.".to_owned(),
        (false, MasterState::None) => "Sessions: not sealed.".to_owned(),
        (false, _) => format!("Sessions: new ones are not sealed. {}", how_to_seal()),
    });
    screen.result(&json!({
        "keyring": { "answers": keyring.is_ok(), "problem": keyring.err() },
        "apiKey": stored.as_ref().map(place_value),
        "sealing": match &master {
            MasterState::None => Value::Null,
            MasterState::There(place) => place_value(place),
            MasterState::Missing(place, problem) => with(place_value(place), "problem", problem),
        },
        "sealSessions": seals,
    }))?;
    Ok(match master {
        MasterState::Missing(..) => Exit::Unavailable,
        _ => Exit::Done,
    })
}

async fn enable(context: &Context, file_only: bool) -> Result<Exit, Failure> {
    let data_dir = context.data_dir.clone();
    let (_, recovery, kept) = blocking(move || MasterKey::create(&data_dir, file_only)).await?;
    let data_dir = context.data_dir.clone();
    let shown = recovery.show();
    let screen = context.screen;
    let seen = screen.say_line(&format!(
        "The key to seal sessions with is in {}.\n\nThis is its recovery key. It is shown once and kept nowhere: \
         write it down.\n\n    {}\n\nIf the key is ever lost, `aca secrets recover` takes the recovery key. Without \
         both, sealed sessions cannot be read again.\n\n{}",
        kept.place,
        *shown,
        how_to_seal()
    ));
    say_fallback(context, &kept);
    let seen = screen.result_line(&with(placed(&kept), "recoveryKey", &shown))? && seen;
    if !seen {
        blocking(move || MasterKey::take_back(&data_dir)).await?;
        let message = "The recovery key could not be shown, so no key was made. Run `aca secrets enable` where its \
                       output can be seen.";
        return Err(Failure::new(Exit::Failed, message));
    }
    Ok(Exit::Done)
}

async fn recover(context: &Context, file_only: bool) -> Result<Exit, Failure> {
    let typed = if std::io::stdin().is_terminal() {
        rpassword::prompt_password("Recovery key (it is not shown): ")
            .map_err(|error| Failure::while_doing("The recovery key cannot be read from the terminal", error))?
    } else {
        read_stdin()?
    };
    let recovery = RecoveryKey::parse(&typed).map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
    let data_dir = context.data_dir.clone();
    let kept = blocking(move || MasterKey::recover(&data_dir, &recovery, file_only)).await?;
    let screen = context.screen;
    screen.say(&format!(
        "The key of sealed sessions is back, in {}. They open again.",
        kept.place
    ));
    say_fallback(context, &kept);
    screen.result(&placed(&kept))?;
    Ok(Exit::Done)
}

fn how_to_seal() -> String {
    let file = config::user_file();
    format!(
        "Sessions are sealed once {} says:\n\n    [secrets]\n    seal_sessions = true",
        file.display()
    )
}

/// Adds a text to an object.
fn with(mut object: Value, name: &str, text: &str) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), text.into());
    }
    object
}

fn place_value(place: &Place) -> Value {
    match place {
        Place::Keyring => json!({ "place": "keyring" }),
        Place::File(path) => json!({ "place": "file", "path": path }),
    }
}
