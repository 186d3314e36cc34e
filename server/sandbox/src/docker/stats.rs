//! What a container takes of the machine right now.

use bollard::models::{ContainerMemoryStats, ContainerStatsResponse};
use bollard::query_parameters::StatsOptionsBuilder;
use futures::StreamExt as _;

use super::{Docker, engine};
use crate::Error;
use crate::backend::Load;

impl Docker {
    /// Returns what a container takes, as one look shows it.
    pub(super) async fn stats(&self, name: &str) -> Result<Option<Load>, Error> {
        let engine = self.engine().await?;
        // Without `one_shot` the engine waits a second to compare with.
        let options = StatsOptionsBuilder::new().stream(false).one_shot(true).build();
        match std::pin::pin!(engine.client.stats(name, Some(options))).next().await {
            Some(Ok(stats)) => Ok(Some(load(stats))),
            None => Ok(None),
            Some(Err(e)) if matches!(engine::status(&e), Some(404 | 409)) => Ok(None),
            Some(Err(e)) => Err(engine.error("measure a container", e)),
        }
    }
}

fn load(stats: ContainerStatsResponse) -> Load {
    let cpu = stats.cpu_stats.and_then(|cpu| cpu.cpu_usage);
    let processes = stats.pids_stats.and_then(|pids| pids.current);
    Load {
        cpu_ns: cpu.and_then(|cpu| cpu.total_usage),
        memory_bytes: stats.memory_stats.and_then(memory),
        processes: processes.and_then(|count| u32::try_from(count).ok()),
    }
}

/// As `docker stats` shows it: without what the kernel would give back at once.
fn memory(memory: ContainerMemoryStats) -> Option<u64> {
    let detail = memory.stats.unwrap_or_default();
    // Control groups of the second and of the first version.
    let idle = ["inactive_file", "total_inactive_file"]
        .iter()
        .find_map(|key| detail.get(*key));
    memory
        .usage
        .map(|usage| usage.saturating_sub(idle.copied().unwrap_or(0)))
}
