//! What of aca's is on the container engine.

use std::collections::HashMap;

use aca_protocol::{AttemptId, SessionId};
use aca_sandbox::{Belonging, BelongingKind};

use super::item::{Item, What};
use super::sessions::Standing;
use crate::config::{Backend, Config};
use crate::parts;

/// Returns everything on the container engine that carries aca's labels; nothing where containers are not used or the
/// engine does not answer.
///
/// `attempts` says of every known session how its attempts stand.
pub(super) async fn items(config: &Config, attempts: &HashMap<SessionId, HashMap<AttemptId, Standing>>) -> Vec<Item> {
    if config.sandbox.backend != Backend::Docker {
        return Vec::new();
    }
    match parts::docker(config).belongings().await {
        Ok(all) => all.into_iter().map(|belonging| item(belonging, attempts)).collect(),
        Err(error) => {
            tracing::info!(%error, "what is on the container engine is left out");
            Vec::new()
        }
    }
}

fn item(belonging: Belonging, attempts: &HashMap<SessionId, HashMap<AttemptId, Standing>>) -> Item {
    let (kind, noun) = match belonging.kind {
        BelongingKind::Container => ("container", "The sandbox"),
        BelongingKind::Volume => ("volume", "The volume"),
        BelongingKind::Image => ("image", "The image"),
    };
    let (about, kept) = match belonging.kind {
        BelongingKind::Image => about_image(&belonging),
        BelongingKind::Container | BelongingKind::Volume => about_attempt(&belonging, attempts, noun),
    };
    let what = What::Engine(belonging.kind, belonging.name.clone());
    let item = Item::new(kind, &belonging.name, about, what);
    item.measured(belonging.bytes, belonging.made_ms.unwrap_or(0))
        .resting_short()
        .kept(kept)
}

fn about_image(image: &Belonging) -> (String, Option<String>) {
    match image.in_use {
        true => (
            "The image that sandboxes are made from.".to_owned(),
            Some("It is in use.".to_owned()),
        ),
        false => ("An image that no sandbox is made from any more.".to_owned(), None),
    }
}

fn about_attempt(
    belonging: &Belonging,
    attempts: &HashMap<SessionId, HashMap<AttemptId, Standing>>,
    noun: &str,
) -> (String, Option<String>) {
    let label = |key: &str| belonging.labels.get(key).cloned().unwrap_or_default();
    let (session, attempt) = (
        SessionId::new(label("aca.session")),
        AttemptId::new(label("aca.attempt")),
    );
    let runs = belonging.in_use.then(|| "It is at work.".to_owned());
    let Some(known) = attempts.get(&session) else {
        let about = format!("{noun} of a session that is not in this data directory.");
        return (about, runs);
    };
    match known.get(&attempt) {
        Some(standing) => {
            let about = format!("{noun} of the attempt {attempt}.");
            (about, runs.or_else(|| standing.kept.clone()))
        }
        None => (format!("{noun} of an attempt that its session does not know."), runs),
    }
}
