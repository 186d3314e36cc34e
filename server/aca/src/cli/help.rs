//! The commands in groups, so that a new user finds the way: what begins work first, what keeps aca in order last.

use std::fmt::Write as _;

use clap::builder::StyledStr;
use clap::builder::styling::Styles;
use clap::{Command, CommandFactory as _};

use super::Cli;
use crate::terminal::Row;

/// How wide the list is.
const COLUMNS: usize = 80;

/// The groups with their commands.
const GROUPS: &[(&str, &[&str])] = &[
    ("Begin and steer", &["run", "tell", "pause", "resume", "stop"]),
    ("Review", &["review", "check", "send-back", "undo"]),
    (
        "Look",
        &["status", "show", "attach", "top", "usage", "audit", "exchanges"],
    ),
    ("Sessions", &["session", "checkpoint", "export", "import"]),
    (
        "Upkeep",
        &[
            "doctor",
            "demo",
            "config",
            "login",
            "logout",
            "secrets",
            "image",
            "daemon",
            "cleanup",
            "completions",
            "lsp",
        ],
    ),
];

/// Where a command of no group is listed.
const OTHERS: &str = "Others";

/// Returns the whole command line, with its commands in groups.
pub(crate) fn command() -> Command {
    let command = Cli::command();
    let mut template = StyledStr::new();
    // Writing into a string does not fail.
    let _ = write!(
        template,
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{}",
        groups(&command)
    );
    let _ = write!(
        template,
        "{header}Options:{header:#}\n{{options}}{{after-help}}",
        header = Styles::styled().get_header()
    );
    command.help_template(template)
}

fn groups(command: &Command) -> String {
    let styles = Styles::styled();
    let (header, literal) = (styles.get_header(), styles.get_literal());
    let commands = || command.get_subcommands().filter(|command| !command.is_hide_set());
    let width = commands().map(|command| command.get_name().len()).max().unwrap_or(0);
    let mut text = String::new();
    for group in GROUPS.iter().map(|(title, _)| *title).chain([OTHERS]) {
        let names = GROUPS
            .iter()
            .find(|(title, _)| *title == group)
            .map(|(_, names)| *names);
        let mut listed: Vec<&Command> = match names {
            Some(names) => names
                .iter()
                .filter_map(|name| commands().find(|one| one.get_name() == *name))
                .collect(),
            None => commands().filter(|one| group_of(one.get_name()).is_none()).collect(),
        };
        // `help` is clap's own.
        listed.retain(|command| command.get_name() != "help");
        if listed.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{header}{group}:{header:#}");
        for command in listed {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            let indent = width + 4;
            let lines = Row::plain(about).wrap(COLUMNS - indent);
            let mut lines = lines.iter().map(|line| line.to_string().trim_end().to_owned());
            let first = lines.next().unwrap_or_default();
            let _ = writeln!(text, "  {literal}{:<width$}{literal:#}  {first}", command.get_name());
            for line in lines {
                let _ = writeln!(text, "{:indent$}{line}", "");
            }
        }
        text.push('\n');
    }
    text
}

fn group_of(name: &str) -> Option<&'static str> {
    let group = GROUPS.iter().find(|(_, names)| names.contains(&name));
    group.map(|(title, _)| *title)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn every_command_is_in_a_group() {
        let help = command().render_help().to_string();
        for known in Cli::command().get_subcommands().filter(|known| !known.is_hide_set()) {
            let name = known.get_name();
            assert!(group_of(name).is_some(), "{name} is in no group");
            assert!(help.contains(&format!("\n  {name} ")), "{name} is missing in:\n{help}");
        }
        assert!(help.contains("--json") && help.contains("Exit codes:"), "{help}");
        assert!(!help.contains(OTHERS), "{help}");
    }

    /// Every command that is shown, groups included, with the words that name it.
    fn all(command: &Command, name: &str, found: &mut Vec<(String, Command)>) {
        for known in command.get_subcommands().filter(|known| !known.is_hide_set()) {
            let name = format!("{name} {}", known.get_name());
            all(known, &name, found);
            found.push((name, known.clone()));
        }
    }

    /// The words of an example: without what it does, and without what the shell does with it.
    fn words(example: &str) -> Vec<String> {
        let mut said = example.trim().split("  ").next().unwrap_or_default();
        for shell in [" | ", " > ", " < "] {
            said = said.split(shell).next().unwrap_or_default();
        }
        let parts = said.split('"').enumerate();
        let words = parts.flat_map(|(index, part)| match index % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        });
        words.collect()
    }

    #[test]
    fn every_command_has_examples_that_can_be_said() {
        let mut found = Vec::new();
        all(&Cli::command(), "aca", &mut found);
        assert!(found.len() > 40, "{}", found.len());
        for (name, command) in found {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let examples = help.split_once("Examples:\n").map(|(_, examples)| examples);
            let examples = examples.unwrap_or_else(|| panic!("{name} has no example"));
            let examples = examples.lines().filter(|line| line.starts_with("  aca "));
            let examples: Vec<Vec<String>> = examples.map(words).collect();
            assert!(
                examples.iter().any(|words| words.join(" ").starts_with(&name)) || name.starts_with("aca session"),
                "{name} is in none of its examples"
            );
            for words in examples {
                let parsed = Cli::try_parse_from(&words);
                assert!(parsed.is_ok(), "{words:?}: {parsed:?}");
            }
        }
    }
}
