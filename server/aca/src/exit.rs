//! How a command ends: its exit code, and the sentence that says why.

use std::fmt;

use aca_engine::config::ConfigError;

/// The exit codes. `--help` prints [`HELP`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// The work failed.
    Failed = 1,
    /// The command line or the settings are wrong.
    Usage = 2,
    /// The container engine, the sandbox or something else that is needed is not there.
    Unavailable = 3,
    /// There is nothing to do: no such task, no hunk to decide, no change made.
    Nothing = 4,
    /// Hunks stay undecided because someone changed the same lines.
    Conflicts = 5,
    /// Interrupted from the keyboard.
    Interrupted = 130,
}

/// The exit codes for people.
pub(crate) const HELP: &str = "\
Exit codes:
    0  done
    1  the work failed
    2  the command line or a settings file is wrong
    3  the container engine, the sandbox or another part that is needed is not there
    4  there is nothing to do: no such task, nothing to decide, or the agent changed nothing
    5  hunks stay undecided because the same lines were changed meanwhile
  130  interrupted

Environment:
  ACA_CONFIG_FILE  the user's settings file
  ACA_DATA_DIR     where sessions are kept
  NO_COLOR         no colours";

/// Why a command ends early.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) exit: Exit,
    /// A sentence: what happened, where, what to do.
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
        }
    }

    /// Something that should work did not; says what was being done.
    pub(crate) fn while_doing(doing: &str, cause: impl fmt::Display) -> Self {
        let cause = cause.to_string();
        Self::new(Exit::Failed, format!("{doing}: {}.", cause.trim_end_matches('.')))
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(Exit::Usage, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_is_a_sentence_ends_once() {
        for cause in ["no space left", "There is no space left."] {
            let failure = Failure::while_doing("The file cannot be written", cause);
            assert_eq!(
                failure.message,
                format!("The file cannot be written: {}.", cause.trim_end_matches('.'))
            );
        }
    }

    #[test]
    fn help_and_readme_list_the_same_exit_codes() {
        let readme = include_str!("../README.md");
        let codes = HELP
            .lines()
            .filter(|line| line.trim().starts_with(|c: char| c.is_ascii_digit()));
        let rows: Vec<String> = codes
            .filter_map(|line| line.trim().split_once("  "))
            .map(|(code, meaning)| format!("| {code} | {meaning} |"))
            .collect();
        assert_eq!(rows.len(), 7);
        for row in rows {
            assert!(readme.contains(&row), "{row} is missing");
        }
    }
}
