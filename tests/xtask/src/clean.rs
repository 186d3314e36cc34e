//! Removing what a test run may leave: in the container engine, and daemons.

pub(crate) mod daemons;

use anyhow::Result;

use daemons::Which;

use crate::parts::engine::{self, Started, docker};
use crate::shell::say;

/// The label of every container, volume and network of aca.
const LABEL: &str = "label=aca.attempt";

/// Everything the engine held before a test run, so that only what the run made is removed after it.
#[derive(Debug, Default)]
pub(crate) struct Before {
    containers: Vec<String>,
    volumes: Vec<String>,
    networks: Vec<String>,
}

impl Before {
    /// Looks at the engine.
    pub(crate) fn now() -> Self {
        Self {
            containers: list(&["ps", "-aq", "--no-trunc"]),
            volumes: list(&["volume", "ls", "-q"]),
            networks: list(&["network", "ls", "-q", "--no-trunc"]),
        }
    }

    /// Removes aca's containers, volumes and networks that were not there before. Returns how many.
    pub(crate) fn restore(&self) -> usize {
        let now = Self::now();
        remove(
            &["rm", "-f", "-v"],
            labelled(&now.containers, &["ps", "-aq", "--no-trunc"]),
            &self.containers,
        ) + remove(
            &["volume", "rm", "-f"],
            labelled(&now.volumes, &["volume", "ls", "-q"]),
            &self.volumes,
        ) + remove(
            &["network", "rm"],
            labelled(&now.networks, &["network", "ls", "-q", "--no-trunc"]),
            &self.networks,
        )
    }
}

/// Removes the containers and ends the daemons that killed tests left, and stops the engine if this program started it. Containers of the
/// person's own tasks stay.
pub(crate) fn everything() -> Result<()> {
    say(&format!("ended {} daemons", daemons::end(Which::All)));
    if engine::answers() {
        let mut left = list(&["ps", "-aq", "--no-trunc", "--filter", LABEL]);
        left.retain(|container| is_of_a_test(container));
        let removed = remove(&["rm", "-f", "-v"], left, &[]);
        say(&format!("removed {removed} containers"));
    }
    if let Some(started) = Started::earlier() {
        started.stop();
        say("stopped the container engine");
    }
    Ok(())
}

/// Whether a container works on a folder of a test, which all lie in the folder for temporary files.
fn is_of_a_test(container: &str) -> bool {
    let sources = docker(&[
        "inspect",
        "--format",
        "{{range .Mounts}}{{println .Source}}{{end}}",
        container,
    ]);
    let tests = std::env::temp_dir().join("aca-");
    let beginning = tests.to_string_lossy();
    sources.is_ok_and(|sources| sources.lines().any(|source| source.starts_with(&*beginning)))
}

fn labelled(all: &[String], command: &[&str]) -> Vec<String> {
    let filtered = [command, &["--filter", LABEL]].concat();
    let with_label = list(&filtered);
    all.iter().filter(|id| with_label.contains(id)).cloned().collect()
}

fn remove(command: &[&str], found: Vec<String>, keep: &[String]) -> usize {
    let new = found.into_iter().filter(|id| !keep.contains(id));
    new.filter(|id| match docker(&[command, &[id.as_str()]].concat()) {
        Ok(_) => true,
        Err(error) => {
            say(&format!("left behind: {error:#}"));
            false
        }
    })
    .count()
}

fn list(command: &[&str]) -> Vec<String> {
    let ids = docker(command).unwrap_or_default();
    ids.lines().map(str::to_owned).collect()
}
