//! Checks of what aca keeps: how much there is of it, whether it is ready for a full disk, and what belongs to nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use aca_engine::bytes_on_disk;
use aca_engine::config::{Backend, Cleanup, Config};
use aca_engine::parts::docker;
use aca_sandbox::{Belonging, BelongingKind};
use aca_store::{Ballast, Reader, Row};

use super::Check;
use crate::figures::short_bytes;
use crate::words;

/// A thousand million bytes, in which the limit is set.
const GB: u64 = 1_000_000_000;

/// The part of the limit from which on it is worth a word, in hundredths.
const EARLY: u64 = 80;

/// So many things are named.
const NAMED: usize = 3;

/// Says what the data directory takes of what it may, and whether its ballast is there.
pub(super) fn kept(data_dir: &Path, cleanup: &Cleanup) -> Check {
    let is_used = fs::read_dir(data_dir.join("sessions")).is_ok_and(|mut sessions| sessions.next().is_some());
    let ballast = Ballast::of(data_dir).is_whole();
    judge_kept(
        bytes_on_disk(data_dir),
        cleanup.max_gb.saturating_mul(GB),
        ballast,
        is_used,
    )
}

fn judge_kept(bytes: u64, limit: u64, ballast: bool, is_used: bool) -> Check {
    const NAME: &str = "data kept";
    let found = format!(
        "{} of the {} that cleanup.max_gb allows",
        short_bytes(bytes),
        short_bytes(limit)
    );
    if bytes >= limit / 100 * EARLY {
        return Check::warning(NAME, found, "See what could go, and remove it: aca cleanup");
    }
    match (ballast, is_used) {
        (true, _) => Check::good(NAME, format!("{found}; the ballast for a full disk is there")),
        (false, false) => Check::good(
            NAME,
            format!("{found}; the first task adds the ballast for a full disk"),
        ),
        (false, true) => Check::warning(
            NAME,
            format!("{found}; the ballast for a full disk was given up"),
            format!(
                "Free some space; the next task puts the {} of ballast back before it starts.",
                short_bytes(Ballast::BYTES)
            ),
        ),
    }
}

/// Says whether the container engine has something of attempts that no session of the data directory knows; nothing
/// where containers are not used, or the engine does not answer, which another check says.
pub(super) async fn strays(data_dir: &Path, config: &Config) -> Option<Check> {
    if config.sandbox.backend != Backend::Docker {
        return None;
    }
    let all = docker(config).belongings().await.ok()?;
    let mut known = BTreeMap::new();
    let strays: Vec<&Belonging> = all
        .iter()
        .filter(|belonging| belonging.kind != BelongingKind::Image)
        .filter(|belonging| {
            let label = |key: &str| belonging.labels.get(key).map(String::as_str).unwrap_or_default();
            let session = label("aca.session");
            let attempts = known
                .entry(session.to_owned())
                .or_insert_with(|| attempts(data_dir, session));
            // Of a session that cannot be read nobody can say what it knows.
            attempts
                .as_ref()
                .is_some_and(|attempts| !attempts.contains(label("aca.attempt")))
        })
        .collect();
    Some(judge_strays(&strays))
}

/// The attempts of a session: none of one that is not here; nothing of one that cannot be read.
fn attempts(data_dir: &Path, session: &str) -> Option<BTreeSet<String>> {
    let dir = data_dir.join("sessions").join(session);
    if session.is_empty() || !dir.is_dir() {
        return Some(BTreeSet::new());
    }
    // The names of attempts are readable without the key of a sealed session.
    let rows = Reader::open(&dir, None).and_then(|reader| reader.rows()).ok()?;
    let attempt = |row| match row {
        Row::Attempt { id, .. } => Some(id.to_string()),
        Row::Task { .. } => None,
    };
    Some(rows.into_iter().filter_map(attempt).collect())
}

fn judge_strays(strays: &[&Belonging]) -> Check {
    const NAME: &str = "strays";
    if strays.is_empty() {
        return Check::good(NAME, "none: every sandbox belongs to an attempt");
    }
    let named: Vec<&str> = strays.iter().take(NAMED).map(|stray| stray.name.as_str()).collect();
    let more = if strays.len() > NAMED { ", …" } else { "" };
    let found = format!(
        "{} on the container engine that no session here knows: {}{more}",
        words::count_of(strays, "thing"),
        named.join(", ")
    );
    let mend =
        "If no other data directory uses them, `aca cleanup --all` lists them and `aca cleanup NAME` removes one.";
    Check::warning(NAME, found, mend)
}

#[cfg(test)]
mod tests {
    use aca_protocol::{AttemptId, SessionId, TaskId};
    use aca_store::{NewEvent, Store};

    use super::super::State;
    use super::*;

    #[test]
    fn much_that_is_kept_and_a_missing_ballast_are_worth_a_word() {
        for (bytes, ballast, is_used, expected) in [
            (1, true, true, State::Good),
            (1, false, false, State::Good),
            (1, false, true, State::Warning),
            (80 * GB, true, true, State::Warning),
        ] {
            let check = judge_kept(bytes, 100 * GB, ballast, is_used);
            assert_eq!(check.state, expected, "{check:?}");
            assert_eq!(check.mend.is_some(), expected == State::Warning, "{check:?}");
        }
    }

    #[test]
    fn attempts_of_a_session_are_known_and_those_of_none_are_strays() {
        let data = tempfile::tempdir().unwrap();
        let dir = data.path().join("sessions/s1");
        let mut store = Store::create(&dir, Path::new("/w"), &SessionId::new("s1"), None).unwrap();
        let (task, attempt) = (TaskId::new("t"), AttemptId::new("aca-t-1"));
        let event = NewEvent {
            kind: "attempt_planned",
            ts_ms: 1,
            task: Some(&task),
            attempt: Some(&attempt),
            who: None,
            body: b"{}",
        };
        let rows = [
            Row::Task {
                id: task.clone(),
                title: "title".into(),
                state: "running".into(),
                cost_micros: 0,
            },
            Row::Attempt {
                id: attempt.clone(),
                task: task.clone(),
                state: "planned".into(),
            },
        ];
        store.append(&[event], &rows).unwrap();
        let known = attempts(data.path(), "s1").unwrap();
        assert_eq!(known.into_iter().collect::<Vec<_>>(), ["aca-t-1"]);
        assert_eq!(attempts(data.path(), "s2"), Some(BTreeSet::new()));
        fs::create_dir(data.path().join("sessions/s3")).unwrap();
        assert_eq!(attempts(data.path(), "s3"), None, "it cannot be read");

        assert_eq!(judge_strays(&[]).state, State::Good);
        let stray = Belonging {
            kind: BelongingKind::Container,
            name: "aca-x-1".into(),
            labels: BTreeMap::new(),
            bytes: 0,
            made_ms: None,
            in_use: false,
        };
        let check = judge_strays(&[&stray, &stray, &stray, &stray]);
        assert!(
            check.found.contains("4 things") && check.found.ends_with("aca-x-1, …"),
            "{check:?}"
        );
        assert!(check.mend.unwrap().contains("aca cleanup"));
    }
}
