//! Settings as tables: what is said, what comes of it.

use std::fs;

use super::*;

/// Loads `user` and `workspace` as files; returns the settings or the message, with the files' folder left out.
fn load_texts(user: &str, workspace: &str) -> Result<Loaded, String> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("repository");
    fs::create_dir(&root).unwrap();
    fs::write(folder.path().join("user.toml"), user).unwrap();
    fs::write(root.join(FILE_NAME), workspace).unwrap();
    load_files(Some(folder.path().join("user.toml")), Some(&root)).map_err(|error| {
        let message = error.to_string();
        message.replace(&format!("{}/", folder.path().display()), "")
    })
}

#[test]
fn the_default_file_says_the_defaults() {
    let loaded = load_texts(DEFAULT_FILE, "").unwrap();
    assert_eq!(loaded.config, Config::default());
    assert!(
        load_texts("", DEFAULT_FILE).is_err(),
        "a workspace may not set the user's keys"
    );
}

#[test]
fn every_key_is_documented_with_its_scope() {
    for key in keys::KEYS {
        let section = DEFAULT_FILE.split(&format!("\n[{}]\n", key.section())).nth(1).unwrap();
        let section = section.split("\n[").next().unwrap();
        let lines: Vec<&str> = section.lines().collect();
        let is_key = |line: &&str| line.trim_start_matches("# ").starts_with(&format!("{} = ", key.leaf()));
        let at = lines
            .iter()
            .position(is_key)
            .unwrap_or_else(|| panic!("{} is missing", key.name));
        let scope = match key.scope {
            keys::Scope::Any => "(any)",
            keys::Scope::Lower => "(lower)",
            keys::Scope::Personal => "(personal)",
            keys::Scope::User => "(user)",
        };
        assert!(at > 0 && lines[at - 1].starts_with("# "), "{} has no comment", key.name);
        assert!(lines[at - 1].ends_with(scope), "{} is not marked {scope}", key.name);
    }
}

#[test]
fn the_nearer_file_wins_and_the_origin_says_so() {
    let loaded = load_texts(
        "[agent]\nmax_turns = 100\nmodel = \"m\"\n[session]\nmax_parallel = 3",
        "[agent]\nmax_turns = 50\ndriver = \"direct\"",
    )
    .unwrap();
    assert_eq!(loaded.config.agent.max_turns, 50);
    assert_eq!(loaded.config.agent.model, "m");
    assert_eq!(loaded.config.agent.driver, Driver::Direct);
    assert_eq!(loaded.config.session.max_parallel, 3);
    assert!(matches!(loaded.origins["agent.max_turns"], Origin::Workspace(_)));
    assert!(matches!(loaded.origins["agent.model"], Origin::User(_)));
    assert_eq!(loaded.origins["sandbox.pids"], Origin::Default);
}

#[test]
fn what_is_printed_can_be_read_back() {
    let printed = render(&Loaded::default().views());
    assert_eq!(load_texts(&printed, "").unwrap().config, Config::default());
    assert!(printed.contains("# claude_code.path is not set") || printed.contains("# path is not set"));
}

#[test]
fn a_repository_can_only_choose_what_is_its_own() {
    for (text, expected) in [
        (
            "[gateway]\nupstream = \"https://evil.example\"",
            "`gateway.upstream` cannot be set by a repository",
        ),
        (
            "[gateway]\napi_key_env = \"HOME\"",
            "`gateway.api_key_env` cannot be set by a repository",
        ),
        (
            "[gateway]\napi_key_file = \"/etc/passwd\"",
            "`gateway.api_key_file` cannot be set",
        ),
        (
            "[claude_code]\npath = \"/tmp/evil\"",
            "`claude_code.path` cannot be set",
        ),
        (
            "[claude_code]\nversion = \"1.0.0\"",
            "`claude_code.version` cannot be set",
        ),
        (
            "[docker]\nhost = \"tcp://evil.example:2375\"",
            "`docker.host` cannot be set",
        ),
        ("[docker]\nbase = \"evil\"", "`docker.base` cannot be set"),
        ("[sandbox]\nbackend = \"process\"", "`sandbox.backend` cannot be set"),
        ("[sandbox]\nunconfined = true", "`sandbox.unconfined` cannot be set"),
        ("[agent]\nmodel = \"dear\"", "`agent.model` cannot be set"),
        (
            "gateway.upstream = \"https://evil.example\"",
            "`gateway.upstream` cannot be set",
        ),
        (
            "gateway = { upstream = \"https://evil.example\" }",
            "`gateway.upstream` cannot be set",
        ),
        (
            "[session]\nmax_parallel = 5",
            "a repository can only lower `session.max_parallel`, which is 4",
        ),
        ("[checks]\nretries = 2", "can only lower `checks.retries`, which is 1"),
        (
            "[checks]\ncommand = \"a\\nb\"",
            "`checks.command` must be a string without blanks around it",
        ),
        ("[sandbox]\ncpus = 2.5", "can only lower `sandbox.cpus`, which is 2.0"),
        (
            "[sandbox]\ncpus = nan",
            "`sandbox.cpus` must be a number from 0.1 to 1024",
        ),
    ] {
        let message = load_texts("", text).unwrap_err();
        assert!(message.contains(expected), "{text}: {message}");
        assert!(message.starts_with("repository/aca.toml:"), "{message}");
    }
}

#[test]
fn a_wrong_file_is_explained_with_its_line() {
    for (text, expected) in [
        ("[session\n", "user.toml:1: this is not TOML: "),
        (
            "\n\n[sesion]\n",
            "user.toml:3: there is no setting `sesion`. Did you mean `session`?",
        ),
        (
            "[session]\n\nmax_paralel = 2",
            "user.toml:3: there is no setting `session.max_paralel`. Did you mean `session.max_parallel`?",
        ),
        (
            "[rate_limiting]\nrpm = 2",
            "user.toml:2: there is no setting `rate_limiting.rpm`.",
        ),
        (
            "session = 4",
            "user.toml:1: `session` is a section: write [session] on a line of its own.",
        ),
        (
            "[session]\nmax_parallel = 0",
            "user.toml:2: `session.max_parallel` must be a whole number from 1 to 64, not 0.",
        ),
        (
            "[session]\nmax_parallel = \"4\"",
            "must be a whole number from 1 to 64, not \"4\".",
        ),
        (
            "[session]\nmax_parallel = 4.5",
            "must be a whole number from 1 to 64, not 4.5.",
        ),
        (
            "[session]\nmax_parallel = 99999999999",
            "must be a whole number from 1 to 64",
        ),
        (
            "[session]\nmax_parallel = 1999-01-01",
            "has a value of a type no setting has.",
        ),
        ("[session.max_parallel]\nx = 1", "has a value of a type no setting has."),
        (
            "[agent]\ndriver = \"codex\"",
            "must be one of \"claude-code\", \"direct\", not \"codex\".",
        ),
        ("[agent]\nmodel = \" x\"", "must be a string without blanks around it"),
        ("[todo]\nkeywords = []", "must be 1 to 32 words"),
        ("[todo]\nkeywords = [\"todo\"]", "must be 1 to 32 words"),
        (
            "[claude_code]\npath = \"bin/claude\"",
            "must be an absolute path or begin with `~/`",
        ),
        (
            "[claude_code]\nversion = \"latest\"",
            "must be a version like \"2.1.197\"",
        ),
        ("[claude_code]\nversion = \"1.2.3 --evil\"", "must be a version like"),
        (
            "[gateway]\nupstream = \"http://api.example\"",
            "must be an https address",
        ),
        (
            "[gateway]\nupstream = \"http://localhost.evil.example\"",
            "must be an https address",
        ),
        (
            "[gateway]\nupstream = \"https://user@host\"",
            "must be an https address",
        ),
        ("[gateway]\nupstream = \"replay:\"", "must be an https address"),
        (
            "[gateway]\napi_key_env = \"A B\"",
            "must be the name of an environment variable",
        ),
        ("[sandbox]\nunconfined = 1", "must be true or false, not 1."),
    ] {
        let message = load_texts(text, "").unwrap_err();
        assert!(message.contains(expected), "{text}: {message}");
    }
}

#[test]
fn upstreams_are_understood() {
    for (text, expected) in [
        (
            "https://gateway.example/base/",
            Upstream::Http("https://gateway.example/base".into()),
        ),
        ("http://127.0.0.1:8080", Upstream::Http("http://127.0.0.1:8080".into())),
        ("http://[::1]:8080/x", Upstream::Http("http://[::1]:8080/x".into())),
        ("replay:/script.json", Upstream::Replay("/script.json".into())),
    ] {
        let loaded = load_texts(&format!("[gateway]\nupstream = \"{text}\""), "").unwrap();
        assert_eq!(loaded.config.gateway.upstream, expected);
    }
    let loaded = load_texts("[gateway]\nupstream = \"replay:script.json\"", "").unwrap();
    let Upstream::Replay(path) = loaded.config.gateway.upstream else {
        panic!("not a script")
    };
    assert!(path.is_absolute() && path.ends_with("script.json"));
}

#[test]
fn a_file_that_is_not_there_says_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let loaded = load_files(Some(folder.path().join("none.toml")), Some(folder.path())).unwrap();
    assert_eq!(loaded, Loaded::default());
    fs::create_dir(folder.path().join(FILE_NAME)).unwrap();
    let message = load_files(None, Some(folder.path())).unwrap_err().to_string();
    assert!(
        message.ends_with("it is not a regular file of at most 256 KiB."),
        "{message}"
    );
}
