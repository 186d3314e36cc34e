//! What an editor may set, and what it is told.

use serde_json::json;

use super::*;
use crate::config::{FILE_NAME, load_layers, render};

/// Loads settings that come from an editor and from a workspace's file, over a user's file; with what the editor is told.
fn loaded(is_ours: bool, user: &str, editor: &Json, workspace: &str) -> (Loaded, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("repository");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(folder.path().join("user.toml"), user).unwrap();
    std::fs::write(root.join(FILE_NAME), workspace).unwrap();
    let (settings, problems) = EditorSettings::read("An editor 1.0", is_ours, editor);
    let loaded = load_layers(Some(folder.path().join("user.toml")), Some(&settings), Some(&root));
    (loaded.unwrap(), problems)
}

#[test]
fn an_editor_stands_between_the_users_file_and_the_workspaces() {
    let user = "[agent]\nmax_turns = 100\nmodel = \"users\"\nreasons = false";
    let editor = json!({
        "agent": { "max_turns": 150, "model": "editors", "reasons": null },
        "todo": { "keywords": ["LATER"] },
        "sandbox": { "cpus": 1 },
        "rate_limiting": {}, "session": null,
    });
    let workspace = "[agent]\nmax_turns = 120\n[todo]\nkeywords = [\"TODO\"]";
    let (loaded, problems) = loaded(true, user, &editor, workspace);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(
        loaded.config.agent.max_turns, 120,
        "the limit that may be lowered is the editor's"
    );
    assert_eq!(loaded.config.agent.model, "editors");
    assert!(!loaded.config.agent.reasons);
    assert_eq!(loaded.config.todo.keywords, ["TODO"]);
    assert!((loaded.config.sandbox.cpus - 1.0).abs() < f64::EPSILON);
    assert_eq!(loaded.origins["agent.model"].to_string(), "editor: An editor 1.0");
    assert!(matches!(loaded.origins["agent.reasons"], Origin::User(_)));
    assert!(matches!(loaded.origins["todo.keywords"], Origin::Workspace(_)));
    assert!(render(&loaded.views()).contains("# editor: An editor 1.0\n"));
}

#[test]
fn what_is_wrong_is_named_and_the_rest_counts() {
    let reasons = json!({ "reasons": false });
    for (section, wrong, expected) in [
        (
            "todos",
            json!({}),
            "There is no setting `aca.todos`. Did you mean `aca.todo`?",
        ),
        (
            "todo",
            json!({ "keyword": ["X"] }),
            "There is no setting `aca.todo.keyword`. Did you mean `aca.todo.keywords`?",
        ),
        (
            "todo",
            json!({ "keywords": ["x"] }),
            "`aca.todo.keywords` must be 1 to 32 words",
        ),
        (
            "todo",
            json!({ "keywords": { "a": 1 } }),
            "`aca.todo.keywords` has a value of a type no setting has.",
        ),
        (
            "todo",
            json!(["TODO"]),
            "`aca.todo` is a section, an object with a member for each setting.",
        ),
        (
            "session",
            json!({ "max_parallel": 0 }),
            "`aca.session.max_parallel` must be a whole number from 1 to 64",
        ),
        (
            "session",
            json!({ "max_parallel": 2.5 }),
            "must be a whole number from 1 to 64, not 2.5.",
        ),
        (
            "review",
            json!({ "save_landed": "yes" }),
            "`aca.review.save_landed` must be true or false, not \"yes\".",
        ),
    ] {
        let (loaded, problems) = loaded(true, "", &json!({ section: wrong, "agent": reasons }), "");
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains(expected), "{problems:?}");
        assert!(!loaded.config.agent.reasons);
        assert_eq!(
            loaded
                .origins
                .values()
                .filter(|origin| matches!(origin, Origin::Editor(_)))
                .count(),
            1
        );
    }
    let (_, problems) = loaded(true, "", &json!("all"), "");
    assert_eq!(problems.len(), 1);
}

/// What decides about credentials, programs, confinement, where sandboxes are found again, and the daemon.
#[test]
fn no_editor_sets_what_is_for_the_users_file_alone() {
    for key in KEYS.iter().filter(|key| key.scope == Scope::User) {
        let default = (key.get)(&Config::default()).map_or(json!("x"), |value| json!(value));
        let editor = json!({ key.section(): { key.leaf(): default } });
        let (loaded, problems) = loaded(true, "", &editor, "");
        assert_eq!(loaded.origins[key.name], Origin::Default);
        assert!(
            problems[0].starts_with(&format!("`aca.{}` cannot be set here", key.name)),
            "{problems:?}"
        );
    }
    let of_section = |section| KEYS.iter().filter(move |key| key.section() == section);
    for section in ["claude_code", "gateway", "secrets", "logging", "daemon", "cleanup"] {
        assert!(of_section(section).all(|key| key.scope == Scope::User), "{section}");
    }
}

/// It may have read them in the repository.
#[test]
fn an_editor_that_is_not_ours_sets_what_a_repository_may() {
    let editor = json!({
        "agent": { "model": "dear", "max_turns": 201, "total_minutes": 5 },
        "gateway": { "upstream": "https://evil.example" },
        "checks": { "command": "make check" },
    });
    let (found, problems) = loaded(false, "", &editor, "");
    assert_eq!(problems.len(), 3, "{problems:?}");
    for key in [
        "`aca.agent.model` cannot",
        "`aca.agent.max_turns` can only be lowered here; it is 200.",
        "`aca.gateway.upstream` cannot",
    ] {
        assert!(
            problems.iter().any(|problem| problem.starts_with(key)),
            "{key} in {problems:?}"
        );
    }
    assert_eq!(found.config.agent.total_minutes, 5);
    assert_eq!(found.config.checks.command.as_deref(), Some("make check"));
    // The user's file has been changed since.
    let (found, _) = loaded(false, "[agent]\ntotal_minutes = 3", &editor, "");
    assert_eq!(found.config.agent.total_minutes, 3);
}
