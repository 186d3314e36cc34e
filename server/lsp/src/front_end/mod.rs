//! What a front end of ours can do that plain clients cannot, as it declares in `experimental.aca`.
//!
//! A lens or an action that uses any of it is made through [`FrontEnd`], which gives nothing that was not declared.

mod icons;
#[cfg(test)]
mod tests;

use lsp_types::Command;
use serde::Serialize;
use serde_json::Value;

pub(crate) use icons::Icons;

use crate::commands::command;

/// What a front end has declared; of a plain client, nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FrontEnd {
    /// It draws pending hunks itself, and what a check complains about in them: no diagnostic, hover or lens does.
    pub(crate) inline_review: bool,
    codicons: bool,
    commands: Vec<ClientCommand>,
}

/// A command that a front end carries out itself, most often because it asks its user for words first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientCommand {
    /// Opens a proposal: [`ReviewArgs`](crate::commands::ReviewArgs).
    Review,
    /// Asks what to tell a task: [`TaskArgs`](crate::commands::TaskArgs).
    Tell,
    /// Asks for the remark with which a proposal goes back: [`HunksArgs`](crate::commands::HunksArgs).
    SendBack,
    /// Asks what to do with a selection: [`RunArgs`](crate::commands::RunArgs) with `uri`, `range` and `version`.
    RunSelection,
    /// Opens a task's transcript: [`TaskArgs`](crate::commands::TaskArgs).
    ShowTranscript,
}

impl ClientCommand {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [
        Self::Review,
        Self::Tell,
        Self::SendBack,
        Self::RunSelection,
        Self::ShowTranscript,
    ];

    /// Returns the name by which a front end declares it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Review => "aca.review",
            Self::Tell => "aca.tell",
            Self::SendBack => "aca.sendBack",
            Self::RunSelection => "aca.runSelection",
            Self::ShowTranscript => "aca.showTranscript",
        }
    }
}

impl FrontEnd {
    /// Reads `experimental.aca`. What is absent or malformed is not declared.
    pub(crate) fn new(declared: &Value) -> Self {
        let is_true = |name: &str| declared.get(name) == Some(&Value::Bool(true));
        let commands = declared.get("commands").and_then(Value::as_array);
        let names: Vec<_> = commands.into_iter().flatten().filter_map(Value::as_str).collect();
        let is_named = |command: &ClientCommand| names.contains(&command.name());
        Self {
            inline_review: is_true("inlineReview"),
            codicons: is_true("codicons"),
            commands: ClientCommand::ALL.into_iter().filter(is_named).collect(),
        }
    }

    /// Returns one of its own commands as actions and lenses carry it, if it has declared that.
    pub(crate) fn command(
        &self,
        which: ClientCommand,
        title: impl Into<String>,
        argument: &impl Serialize,
    ) -> Option<Command> {
        let is_declared = self.commands.contains(&which);
        is_declared.then(|| command(title, which.name(), argument))
    }

    /// Returns the signs for lens titles.
    pub(crate) fn icons(&self) -> &'static Icons {
        if self.codicons { &icons::CODICONS } else { &icons::PLAIN }
    }

    /// Returns words of somebody else as a part of a lens title: what looks like an icon in them is none.
    pub(crate) fn words(&self, text: &str) -> String {
        if self.codicons {
            // https://code.visualstudio.com/api/references/icons-in-labels
            text.replace("$(", "\\$(")
        } else {
            text.to_owned()
        }
    }
}
