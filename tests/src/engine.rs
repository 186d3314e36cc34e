//! The container engine as tests look at it: through its own command line, independent of aca's code.

use std::process::{Command, Stdio};

use serde_json::Value;

/// Runs `docker` and returns what it prints.
///
/// # Errors
///
/// What it wrote to its standard error, when it fails.
pub fn docker(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("docker")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("`docker` cannot be started: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

/// Returns the identifiers of all containers with a label, stopped ones included.
pub fn containers(label: &str) -> Vec<String> {
    let filter = format!("label={label}");
    let list = docker(&["ps", "-aq", "--no-trunc", "--filter", &filter]).unwrap_or_default();
    list.lines().map(str::to_owned).collect()
}

/// Returns the identifiers of the running containers with a label.
pub fn running_containers(label: &str) -> Vec<String> {
    let filter = format!("label={label}");
    let list = docker(&["ps", "-q", "--no-trunc", "--filter", &filter]).unwrap_or_default();
    list.lines().map(str::to_owned).collect()
}

/// Returns everything the engine says about a container.
///
/// # Panics
///
/// When there is no such container.
pub fn inspect(container: &str) -> Value {
    let text = docker(&["inspect", container]).expect("the container exists");
    let all: Value = serde_json::from_str(&text).expect("`docker inspect` prints JSON");
    all[0].clone()
}

/// Returns the host's process ids of everything that runs in a container.
pub fn processes(container: &str) -> Vec<u32> {
    let table = docker(&["top", container, "-eo", "pid"]).unwrap_or_default();
    table
        .lines()
        .skip(1)
        .filter_map(|line| line.trim().parse().ok())
        .collect()
}

/// Removes containers, whatever state they are in.
pub fn remove(containers: &[String]) {
    for container in containers {
        // One that is gone already is what was wanted.
        let _ = docker(&["rm", "-f", "-v", container]);
    }
}
