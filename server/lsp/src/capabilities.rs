//! What the client can do, read once, and what the server offers.

use lsp_types::{
    ClientCapabilities, CodeActionKind, CodeActionOptions, CodeActionProviderCapability, CodeLensOptions,
    ExecuteCommandOptions, HoverProviderCapability, MarkupKind, OneOf, ResourceOperationKind, SaveOptions,
    ServerCapabilities, TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions,
    TextDocumentSyncSaveOptions, WorkDoneProgressOptions, WorkspaceFoldersServerCapabilities,
    WorkspaceServerCapabilities,
};
use serde_json::{Value, json};

use crate::commands;
use crate::documents::Encoding;
use crate::front_end::FrontEnd;

/// What the client can do, as far as the server asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ClientFlags {
    /// What positions count in.
    pub(crate) encoding: Encoding,
    /// It takes `workspace/applyEdit`.
    pub(crate) apply_edit: bool,
    /// Its edits may name versions. Clients that do resource operations take versioned edits too, by the protocol's
    /// text; Neovim 0.11 advertises only those.
    pub(crate) document_changes: bool,
    /// It takes an edit of version zero for any version: Neovim 0.11 opens documents with it and looks only at others.
    pub(crate) zero_is_any_version: bool,
    /// It takes code actions that are more than commands.
    pub(crate) code_action_literals: bool,
    /// It asks again for lenses when told to.
    pub(crate) lens_refresh: bool,
    /// It shows progress that the server begins.
    pub(crate) progress: bool,
    /// It opens documents when told to.
    pub(crate) show_document: bool,
    /// It lets its user choose an answer to a message, without taking the keyboard from them.
    pub(crate) message_choices: bool,
    /// It sends a diagnostic's data back with a code action's request.
    pub(crate) diagnostic_data: bool,
    /// It shows markdown where the pointer rests, and prefers it to plain text.
    pub(crate) hover_markdown: bool,
    /// It wants `aca/*` notifications: `experimental.aca` is `true` or an object.
    pub(crate) aca: bool,
    /// What it can do besides as a front end of ours.
    pub(crate) front_end: FrontEnd,
}

impl ClientFlags {
    /// Reads a client's capabilities. `name` is the one it gives itself.
    pub(crate) fn new(capabilities: &ClientCapabilities, name: Option<&str>) -> Self {
        let workspace = capabilities.workspace.as_ref();
        let edits = workspace.and_then(|workspace| workspace.workspace_edit.as_ref());
        let window = capabilities.window.as_ref();
        let general = capabilities.general.as_ref();
        let actions = capabilities
            .text_document
            .as_ref()
            .and_then(|document| document.code_action.as_ref());
        let offered = general.and_then(|general| general.position_encodings.as_deref());
        let document = capabilities.text_document.as_ref();
        let published = document.and_then(|document| document.publish_diagnostics.as_ref());
        let hover = document
            .and_then(|document| document.hover.as_ref())
            .and_then(|hover| hover.content_format.as_deref());
        let operations = edits
            .and_then(|edits| edits.resource_operations.as_deref())
            .unwrap_or_default();
        let aca = capabilities
            .experimental
            .as_ref()
            .and_then(|experimental| experimental.get("aca"));
        Self {
            encoding: Encoding::negotiate(offered),
            apply_edit: workspace.and_then(|workspace| workspace.apply_edit) == Some(true),
            document_changes: edits.and_then(|edits| edits.document_changes) == Some(true)
                || operations.contains(&ResourceOperationKind::Create),
            zero_is_any_version: name.is_some_and(|name| name.eq_ignore_ascii_case("neovim")),
            code_action_literals: actions.is_some_and(|actions| actions.code_action_literal_support.is_some()),
            lens_refresh: workspace
                .and_then(|workspace| workspace.code_lens.as_ref())
                .and_then(|lens| lens.refresh_support)
                == Some(true),
            progress: window.and_then(|window| window.work_done_progress) == Some(true),
            show_document: window
                .and_then(|window| window.show_document.as_ref())
                .is_some_and(|document| document.support),
            message_choices: window.is_some_and(|window| window.show_message.is_some()) && !takes_the_keyboard(name),
            diagnostic_data: published.and_then(|published| published.data_support) == Some(true),
            hover_markdown: hover.and_then(<[_]>::first) == Some(&MarkupKind::Markdown),
            aca: aca.is_some_and(|aca| matches!(aca, Value::Bool(true) | Value::Object(_))),
            front_end: aca.map(FrontEnd::new).unwrap_or_default(),
        }
    }
}

/// Says whether a client is known to ask its user in a prompt that takes whatever they are typing.
///
/// Neovim asks by `vim.ui.select`, which is an `inputlist` unless a plugin replaces it; the Emacs clients ask in the
/// minibuffer; Helix opens a menu, and so did `kak-lsp` before it was `kakoune-lsp`, which shows a sign and waits.
fn takes_the_keyboard(name: Option<&str>) -> bool {
    const PROMPTS: &[&str] = &["neovim", "emacs", "eglot", "helix", "kak-lsp"];
    name.is_some_and(|name| PROMPTS.contains(&name.to_lowercase().as_str()))
}

/// Returns what the server offers to a client with which it agreed on `encoding`.
pub(crate) fn server(encoding: Encoding) -> ServerCapabilities {
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::INCREMENTAL),
        save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions {
            include_text: Some(false),
        })),
        ..TextDocumentSyncOptions::default()
    };
    let actions = CodeActionOptions {
        code_action_kinds: Some(vec![
            CodeActionKind::QUICKFIX,
            CodeActionKind::REFACTOR,
            CodeActionKind::REFACTOR_REWRITE,
            CodeActionKind::SOURCE,
        ]),
        // Every action is complete as it is sent. One that is sent to be resolved all the same comes back unchanged.
        resolve_provider: Some(false),
        work_done_progress_options: WorkDoneProgressOptions::default(),
    };
    ServerCapabilities {
        position_encoding: Some(encoding.kind()),
        text_document_sync: Some(TextDocumentSyncCapability::Options(sync)),
        code_action_provider: Some(CodeActionProviderCapability::Options(actions)),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        code_lens_provider: Some(CodeLensOptions {
            resolve_provider: Some(false),
        }),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: commands::NAMES.iter().map(ToString::to_string).collect(),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        }),
        workspace: Some(WorkspaceServerCapabilities {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(OneOf::Left(true)),
            }),
            file_operations: None,
        }),
        experimental: Some(json!({ "aca": { "version": env!("CARGO_PKG_VERSION") } })),
        ..ServerCapabilities::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(capabilities: &str) -> ClientFlags {
        ClientFlags::new(&serde_json::from_str(capabilities).unwrap(), None)
    }

    #[test]
    fn an_empty_client_can_do_nothing() {
        assert_eq!(flags("{}"), ClientFlags::default());
    }

    #[test]
    fn neovim_takes_versioned_edits_although_it_does_not_say_so() {
        let flags = flags(
            r#"{"workspace":{"applyEdit":true,"workspaceEdit":{"resourceOperations":["rename","create","delete"]}},
                "general":{"positionEncodings":["utf-8","utf-16","utf-32"]},
                "window":{"workDoneProgress":true,"showDocument":{"support":true}}}"#,
        );
        let expected = ClientFlags {
            encoding: Encoding::Utf8,
            apply_edit: true,
            document_changes: true,
            progress: true,
            show_document: true,
            ..ClientFlags::default()
        };
        assert_eq!(flags, expected);
    }

    #[test]
    fn what_a_client_does_not_declare_it_is_not_sent() {
        let review = flags(
            r#"{"textDocument":{"publishDiagnostics":{"dataSupport":true},
                                "hover":{"contentFormat":["markdown","plaintext"]}},
                "window":{"showMessage":{"messageActionItem":{"additionalPropertiesSupport":true}}}}"#,
        );
        assert!(review.diagnostic_data && review.hover_markdown && review.message_choices);
        let plain = flags(
            r#"{"textDocument":{"publishDiagnostics":{},"hover":{"contentFormat":["plaintext","markdown"]}},"window":{}}"#,
        );
        assert_eq!(plain, ClientFlags::default());
    }

    #[test]
    fn nobody_is_asked_in_a_prompt_that_takes_the_keyboard() {
        let capabilities = serde_json::from_str(r#"{"window":{"showMessage":{}}}"#).unwrap();
        let asked = |name: Option<&str>| ClientFlags::new(&capabilities, name).message_choices;
        assert!(asked(None) && asked(Some("Visual Studio Code")));
        assert!(!asked(Some("Neovim")) && !asked(Some("Eglot")));
    }

    #[test]
    fn version_zero_protects_nothing_in_neovim() {
        let any = |name: Option<&str>| ClientFlags::new(&ClientCapabilities::default(), name).zero_is_any_version;
        assert!(any(Some("Neovim")));
        // Helix counts from zero as well, and takes no other version than the one it has.
        assert!(!any(Some("helix")) && !any(None));
    }

    #[test]
    fn aca_notifications_go_to_those_who_ask() {
        for (experimental, expected) in [
            ("{\"aca\":true}", true),
            ("{\"aca\":{\"version\":1}}", true),
            ("{\"aca\":false}", false),
            ("{}", false),
            ("null", false),
            ("[]", false),
        ] {
            assert_eq!(
                flags(&format!("{{\"experimental\":{experimental}}}")).aca,
                expected,
                "{experimental}"
            );
        }
    }
}
