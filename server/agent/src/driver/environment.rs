//! The environment of programs inside the sandbox.

use std::ffi::OsString;

use super::Context;

/// Variables with these beginnings are never passed on: they belong to this program or to the driven one.
const WITHHELD: [&str; 4] = ["ANTHROPIC_", "CLAUDE", "ACA_", "AI_AGENT"];

/// Where programs are found if the sandbox does not say.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Returns the complete environment for a program of the run.
///
/// It is the sandbox's own, because toolchains of the image are found through it, with a home and a temporary
/// directory that are certainly writable.
pub(super) fn environment(context: &Context) -> Vec<(OsString, OsString)> {
    let mut variables = passed_on(std::env::vars_os());
    if !variables.iter().any(|(name, _)| name == "PATH") {
        variables.push(("PATH".into(), DEFAULT_PATH.into()));
    }
    variables.push(("HOME".into(), context.home().into()));
    variables.push(("TMPDIR".into(), context.temporary().into()));
    variables
}

fn passed_on(variables: impl Iterator<Item = (OsString, OsString)>) -> Vec<(OsString, OsString)> {
    let ours = |name: &OsString| WITHHELD.iter().any(|prefix| name.to_string_lossy().starts_with(prefix));
    variables.filter(|(name, _)| !ours(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn withholds_what_is_not_the_images() {
        let given = [
            "PATH",
            "ANTHROPIC_API_KEY",
            "CLAUDECODE",
            "CLAUDE_CONFIG_DIR",
            "ACA_CLAUDE",
            "CARGO_HOME",
        ];
        let passed = passed_on(given.iter().map(|name| (OsString::from(name), OsString::from("v"))));
        let names: Vec<_> = passed.iter().map(|(name, _)| name.to_str().unwrap()).collect();
        assert_eq!(names, ["PATH", "CARGO_HOME"]);
    }
}
