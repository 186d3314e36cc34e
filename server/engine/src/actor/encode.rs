//! Events as they are recorded: JSON without secrets.
//!
//! What people, agents and checks say may hold a secret, and what is recorded stays. So secrets are taken out of every
//! text of an event before it is recorded, and the state follows from what was recorded: a restart changes nothing.

use std::borrow::Cow;

use aca_redact::Redactor;

use crate::Error;
use crate::core::Event;

/// The names in events whose values stay as they are. What lands, or has landed, is the user's own content, which must
/// come back byte for byte; a path names a file; a command is compared with the one that was confirmed.
const CONTENT: &[&str] = &["landed", "path", "command"];

/// Returns an event as it is to be recorded and applied, and its JSON.
///
/// # Errors
///
/// If it cannot be written as JSON, which every event can.
pub(super) fn encode<'e>(event: &'e Event, redactor: &Redactor) -> Result<(Cow<'e, Event>, Vec<u8>), Error> {
    let body = serde_json::to_string(event).map_err(|error| Error::internal("Encoding an event", error))?;
    // Its text is what the user puts into the file.
    if matches!(event, Event::Amended { .. }) {
        return Ok((Cow::Borrowed(event), body.into_bytes()));
    }
    // A credential may be a word that events are made of, as those of model services on this machine often are. It is
    // no secret then, and the shapes of secrets are all there is to look for.
    for redactor in [redactor, &Redactor::default()] {
        let Cow::Owned(redacted) = redactor.json_except(&body, CONTENT) else {
            break;
        };
        if let Ok(event) = serde_json::from_str(&redacted) {
            return Ok((Cow::Owned(event), redacted.into_bytes()));
        }
    }
    Ok((Cow::Borrowed(event), body.into_bytes()))
}

#[cfg(test)]
mod tests {
    use aca_protocol::proposal::Decision;
    use aca_protocol::task::Origin;
    use aca_protocol::{HunkId, TaskId};

    use super::*;

    const KEY: &str = concat!("sk-ant", "-api03-a8Kd03mZq9XwB7fLr2TnV5cYh1JsG6pEu4Qo8RbN");

    fn body(event: &Event) -> String {
        let (recorded, body) = encode(event, &Redactor::default()).unwrap();
        let body = String::from_utf8(body).unwrap();
        assert_eq!(
            *recorded,
            serde_json::from_str(&body).unwrap(),
            "what is applied is what is recorded"
        );
        body
    }

    #[test]
    fn what_is_said_is_recorded_without_secrets() {
        let task = || TaskId::new("t1");
        for event in [
            Event::TaskCreated {
                task: task(),
                title: format!("use {KEY}"),
                origin: Origin::Text { text: KEY.to_owned() },
            },
            Event::Told {
                task: task(),
                id: "m1".to_owned(),
                text: format!("the key is\n\"{KEY}\""),
            },
            Event::SentBack {
                task: task(),
                remark: KEY.to_owned(),
                automatic: false,
            },
        ] {
            let body = body(&event);
            assert!(
                !body.contains(KEY) && body.contains("[redacted:anthropic-key]"),
                "{body}"
            );
        }
    }

    #[test]
    fn a_credential_that_events_are_made_of_breaks_none() {
        let event = Event::TaskCreated {
            task: TaskId::new("t1"),
            title: format!("use {KEY}"),
            origin: Origin::Text {
                text: "as it is".to_owned(),
            },
        };
        let (recorded, body) = encode(&event, &Redactor::new([&b"task_created"[..]], true)).unwrap();
        assert_eq!(*recorded, serde_json::from_slice(&body).unwrap());
        assert!(!String::from_utf8(body).unwrap().contains(KEY));
    }

    #[test]
    fn the_users_own_content_and_everything_without_secrets_stays() {
        let told = Event::Told {
            task: TaskId::new("t1"),
            id: "m1".to_owned(),
            text: "Reject \"empty\" names.".to_owned(),
        };
        assert!(matches!(
            encode(&told, &Redactor::default()).unwrap().0,
            Cow::Borrowed(_)
        ));
        let amended = Event::Amended {
            task: TaskId::new("t1"),
            hunk: HunkId::new("h1"),
            text: Some(format!("const KEY: &str = \"{KEY}\";")),
            over: None,
        };
        assert!(body(&amended).contains(KEY));
        let decided = Event::Decided {
            task: TaskId::new("t1"),
            hunks: vec![HunkId::new("h1")],
            decision: Decision::Accept,
            landed: [(HunkId::new("h1"), KEY.to_owned())].into(),
        };
        assert!(body(&decided).contains(KEY));
    }
}
