//! `aca doctor`: tests everything aca needs and says how to mend what is missing.

mod checks;
mod parts;
mod space;

use ratatui::style::Stylize as _;
use serde::Serialize;
use serde_json::json;

use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::terminal::{harmless, paint};

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    /// What was looked at.
    pub(crate) name: &'static str,
    /// How it is.
    pub(crate) state: State,
    /// What was found.
    pub(crate) found: String,
    /// How to mend it; nothing where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mend: Option<String>,
}

/// How a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// As it should be.
    Good,
    /// It works, but not as well as it could.
    Warning,
    /// No task can run like this.
    Missing,
}

impl Check {
    fn good(name: &'static str, found: impl Into<String>) -> Self {
        Self {
            name,
            state: State::Good,
            found: found.into(),
            mend: None,
        }
    }

    fn warning(name: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            name,
            state: State::Warning,
            found: found.into(),
            mend: Some(mend.into()),
        }
    }

    fn missing(name: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            name,
            state: State::Missing,
            found: found.into(),
            mend: Some(mend.into()),
        }
    }
}

/// Runs every check. The exit code says whether a task can run.
pub(crate) async fn run(context: &Context) -> Result<Exit, Failure> {
    let mut all = Vec::new();
    let settings = checks::settings(context, &mut all);
    all.push(checks::data_directory(&context.data_dir));
    all.push(space::kept(&context.data_dir, &settings.cleanup));
    all.push(checks::daemon(context).await);
    all.push(checks::git().await);
    all.push(checks::watches());
    parts::all(context, &settings, &mut all).await;
    all.extend(space::strays(&context.data_dir, &settings).await);
    for check in &all {
        context.screen.say(&line(check));
    }
    let ok = all.iter().all(|check| check.state != State::Missing);
    let result = json!({ "version": env!("CARGO_PKG_VERSION"), "ok": ok, "checks": all });
    context.screen.result(&result)?;
    if !ok {
        context
            .screen
            .note("Something that a task needs is missing; the lines above say how to mend it.");
    }
    Ok(if ok { Exit::Done } else { Exit::Unavailable })
}

fn line(check: &Check) -> String {
    let mark = match check.state {
        State::Good => paint("✓".green()),
        State::Warning => paint("!".yellow()),
        State::Missing => paint("✗".red()),
    };
    let mut text = format!("{mark} {:<15} {}", check.name, harmless(&check.found));
    if let Some(mend) = &check.mend {
        text.push_str(&format!("\n{:18}→ {}", "", harmless(mend)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_and_how_to_mend() {
        assert_eq!(line(&Check::good("git", "2.39")), "✓ git             2.39");
        let missing = line(&Check::missing("git", "not found", "Install git."));
        assert_eq!(missing, "✗ git             not found\n                  → Install git.");
    }
}
