//! The sandboxes of attempts at work, with what they take of the machine.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use aca_protocol::session::{SandboxInfo, SandboxesResult};
use aca_protocol::{AttemptId, SessionId};
use aca_sandbox::Load;
use tokio::task::JoinSet;

use crate::core::{Attempt, Stage};
use crate::handle::Shared;
use crate::parts;

/// The processor time of each sandbox at the last look, in nanoseconds: how much it takes is a difference.
#[derive(Debug, Default)]
pub(super) struct Looks(Mutex<HashMap<AttemptId, (Instant, u64)>>);

/// Lists the sandboxes that run for attempts of open sessions. How much of a processor one takes is known from the
/// second look on.
pub(crate) async fn at_work(shared: &Arc<Shared>) -> SandboxesResult {
    let sessions: Vec<(SessionId, std::path::PathBuf)> = {
        let views = shared.views.read().unwrap_or_else(PoisonError::into_inner);
        let views = views.sessions.iter();
        views.map(|(root, view)| (view.session.clone(), root.clone())).collect()
    };
    let mut looks = JoinSet::new();
    for (session, root) in sessions {
        let read = shared.read(&session, |state| {
            let running = state.attempts().filter(|attempt| attempt.stage == Stage::Started);
            running.cloned().collect::<Vec<Attempt>>()
        });
        for attempt in read.await.unwrap_or_default() {
            let (shared, root) = (Arc::clone(shared), root.clone());
            looks.spawn(async move {
                // One that cannot be looked at, or has just ended, is left out.
                let backend = parts::backend_of(&shared, &root, &attempt).ok()?;
                let load = backend.load(attempt.id.as_str()).await.ok()??;
                Some((attempt, backend.name(), load))
            });
        }
    }
    let mut found: Vec<(Attempt, &str, Load)> = looks.join_all().await.into_iter().flatten().collect();
    found.sort_by(|(a, ..), (b, ..)| a.id.cmp(&b.id));
    let percents = shared.house.looks.compare(&found, Instant::now());
    let info = |((attempt, backend, load), cpu_percent): ((Attempt, &str, Load), Option<f64>)| SandboxInfo {
        attempt: attempt.id,
        task: attempt.task,
        backend: backend.to_owned(),
        memory_bytes: load.memory_bytes,
        cpu_percent,
        processes: load.processes,
    };
    SandboxesResult {
        sandboxes: found.into_iter().zip(percents).map(info).collect(),
    }
}

impl Looks {
    /// Returns how much of a processor each sandbox took since the last look, and remembers this one.
    fn compare(&self, found: &[(Attempt, &str, Load)], now: Instant) -> Vec<Option<f64>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut percents = Vec::with_capacity(found.len());
        let mut next = HashMap::new();
        for (attempt, _, load) in found {
            let before = known.get(&attempt.id).copied();
            percents.push(
                load.cpu_ns
                    .zip(before)
                    .and_then(|(cpu_ns, before)| percent(before, (now, cpu_ns))),
            );
            next.extend(load.cpu_ns.map(|cpu_ns| (attempt.id.clone(), (now, cpu_ns))));
        }
        *known = next;
        percents
    }
}

/// Returns hundredths of one processor between two looks.
#[expect(clippy::cast_precision_loss, reason = "it is shown with one digit")]
fn percent((then, before): (Instant, u64), (now, after): (Instant, u64)) -> Option<f64> {
    let passed = now.duration_since(then).as_nanos();
    (passed > 0).then(|| after.saturating_sub(before) as f64 * 100.0 / passed as f64)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn how_much_of_a_processor_is_a_difference() {
        let then = Instant::now();
        let now = then + Duration::from_secs(2);
        assert_eq!(percent((then, 5), (now, 5 + 1_000_000_000)), Some(50.0));
        assert_eq!(percent((then, 5), (now, 4)), Some(0.0));
        assert_eq!(percent((then, 5), (then, 9)), None);
    }
}
