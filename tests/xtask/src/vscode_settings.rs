//! The server's settings in the manifest of the extension for VS Code, between two markers, as the server describes them.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::shell::{checkout, read, say};
use crate::suite::cargo;

/// The manifest, in the checkout.
const MANIFEST: &str = "editors/vscode/package.json";
/// What stands before and after the generated properties, each on a line of its own.
const MARKERS: [&str; 2] = ["\"$generated-start\": {}", "\"$generated-end\": {}"];

/// Writes the settings into the manifest; with `--check`, says whether they are up to date.
///
/// # Errors
///
/// When the server cannot be built, the manifest has no markers, or `--check` finds a difference.
pub(crate) fn write(arguments: &[String]) -> Result<ExitCode> {
    let is_check = match arguments {
        [] => false,
        [check] if check == "--check" => true,
        _ => bail!("vscode-settings takes no argument but --check."),
    };
    let schema = read(cargo().args(["run", "--quiet", "--package", "aca", "--", "config", "--schema"]))?;
    let path = checkout().join(MANIFEST);
    let manifest = fs::read_to_string(&path).with_context(|| format!("{MANIFEST} cannot be read"))?;
    let generated = spliced(&manifest, &schema)?;
    if generated == manifest {
        say(&format!("The settings in {MANIFEST} are up to date."));
    } else if is_check {
        bail!("The settings in {MANIFEST} are not those of the server. Run `cargo xtask vscode-settings`.");
    } else {
        fs::write(&path, generated)?;
        say(&format!("{MANIFEST} has the settings of the server."));
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns a manifest with the members of a JSON object between its markers.
fn spliced(manifest: &str, schema: &str) -> Result<String> {
    let lines: Vec<&str> = manifest.split_inclusive('\n').collect();
    let [start, end] = MARKERS.map(|marker| lines.iter().position(|line| line.trim_start().starts_with(marker)));
    let (Some(start), Some(end)) = (start, end) else {
        bail!("{MANIFEST} has no lines {} and {}.", MARKERS[0], MARKERS[1]);
    };
    if end <= start {
        bail!("In {MANIFEST}, {} does not come after {}.", MARKERS[1], MARKERS[0]);
    }
    let marker = lines.get(start).copied().unwrap_or_default();
    let indent = marker.len() - marker.trim_start().len();
    let members = schema.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let members = members.context("The server did not describe its settings by a JSON object.")?;
    let mut out: String = lines.iter().take(start + 1).copied().collect();
    for line in members.trim_matches('\n').lines() {
        // The object's own members are indented by two.
        out.push_str(&" ".repeat(indent.saturating_sub(2)));
        out.push_str(line);
        out.push('\n');
    }
    if out.ends_with("}\n") {
        out.insert(out.len() - 1, ',');
    }
    out.extend(lines.iter().skip(end).copied());
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = r#"{
  "properties": {
    "aca.own": {},
    "$generated-start": {},
    "aca.old": {},
    "$generated-end": {}
  }
}
"#;

    #[test]
    fn what_is_between_the_markers_is_replaced() {
        let schema = "{\n  \"aca.a\": {\n    \"type\": \"boolean\"\n  },\n  \"aca.b\": {}\n}\n";
        let expected = r#"{
  "properties": {
    "aca.own": {},
    "$generated-start": {},
    "aca.a": {
      "type": "boolean"
    },
    "aca.b": {},
    "$generated-end": {}
  }
}
"#;
        let after = spliced(BEFORE, schema).unwrap();
        assert_eq!(after, expected);
        assert_eq!(spliced(&after, schema).unwrap(), after);
    }

    #[test]
    fn a_manifest_without_markers_is_an_error() {
        for manifest in ["{}\n", "{\n\"$generated-end\": {},\n\"$generated-start\": {}\n}\n"] {
            assert!(spliced(manifest, "{}").is_err(), "{manifest}");
        }
        assert!(spliced(BEFORE, "[]").is_err());
    }
}
