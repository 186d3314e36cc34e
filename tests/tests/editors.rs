//! What the front ends must keep to, looked at without an editor. Each rule is seen to fail on something that breaks it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use aca_protocol::methods::{NOTIFICATIONS, REQUESTS};
use aca_tests::{TestEnv, parts};
use serde_json::{Map, Value, json};

/// The menus that an extension may contribute to without a proposed API, as far as aca could want them.
const STABLE_MENUS: &[&str] = &[
    "commandPalette",
    "comments/comment/context",
    "comments/comment/title",
    "comments/commentThread/context",
    "comments/commentThread/title",
    "editor/context",
    "editor/lineNumber/context",
    "editor/title",
    "editor/title/context",
    "explorer/context",
    "scm/change/title",
    "scm/resourceState/context",
    "scm/title",
    "view/item/context",
    "view/title",
];

fn read(path: &str) -> String {
    fs::read_to_string(parts::checkout().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn manifest() -> Value {
    serde_json::from_str(&read("editors/vscode/package.json")).unwrap()
}

/// Returns what in a manifest no stable VS Code offers.
fn proposed(manifest: &Value) -> Vec<String> {
    let proposals = manifest
        .get("enabledApiProposals")
        .map(|_| "enabledApiProposals".to_owned());
    let menus = manifest["contributes"]["menus"].as_object().unwrap().keys();
    let unstable = menus.filter(|menu| !STABLE_MENUS.contains(&menu.as_str()));
    proposals.into_iter().chain(unstable.cloned()).collect()
}

#[test]
fn the_extension_needs_no_proposed_api() {
    let mut manifest = manifest();
    assert_eq!(proposed(&manifest), Vec::<String>::new());
    manifest["enabledApiProposals"] = json!(["contribDiffEditorGutterToolBarMenus"]);
    manifest["contributes"]["menus"]["diffEditor/gutter/hunk"] = json!([]);
    assert_eq!(proposed(&manifest), ["enabledApiProposals", "diffEditor/gutter/hunk"]);
}

/// Returns the commands that a manifest declares.
fn declared(manifest: &Value) -> Vec<&str> {
    let commands = manifest["contributes"]["commands"].as_array().unwrap();
    commands
        .iter()
        .map(|command| command["command"].as_str().unwrap())
        .collect()
}

/// Returns the commands of aca that a manifest uses, and the texts that it names.
fn used(manifest: &Value, folder: &Path) -> BTreeSet<String> {
    let contributes = &manifest["contributes"];
    let mut used = BTreeSet::new();
    let menus = contributes["menus"].as_object().unwrap().values();
    let items = menus
        .chain([&contributes["keybindings"]])
        .flat_map(|items| items.as_array().unwrap());
    for item in items {
        used.extend(
            ["command", "alt"]
                .into_iter()
                .filter_map(|name| item.get(name)?.as_str().map(str::to_owned)),
        );
    }
    used.extend(links(&contributes["viewsWelcome"].to_string()));
    for walkthrough in contributes["walkthroughs"].as_array().unwrap() {
        used.extend(links(&walkthrough.to_string()));
        for step in walkthrough["steps"].as_array().unwrap() {
            if let Some(text) = step["media"]["markdown"].as_str() {
                used.extend(links(&fs::read_to_string(folder.join(text)).unwrap()));
            }
        }
    }
    // Those of VS Code itself are not for us to declare.
    used.retain(|command| command.starts_with("aca."));
    used
}

/// Returns the commands that a text links to, and those whose use completes a step.
fn links(text: &str) -> impl Iterator<Item = String> {
    let begin = ["(command:", "onCommand:"];
    let rest = begin.into_iter().flat_map(|begin| text.split(begin).skip(1));
    let name = |rest: &str| -> String { rest.chars().take_while(|c| c.is_alphanumeric() || *c == '.').collect() };
    rest.map(name)
        // The client registers the server's own commands.
        .filter(|name| !name.starts_with("aca.server."))
        .collect::<Vec<_>>()
        .into_iter()
}

#[test]
fn every_command_that_is_used_is_declared() {
    let folder = parts::checkout().join("editors/vscode");
    let undeclared = |manifest: &Value| -> Vec<String> {
        let declared = declared(manifest);
        let used = used(manifest, &folder).into_iter();
        used.filter(|command| !declared.contains(&command.as_str())).collect()
    };
    let whole = manifest();
    assert_eq!(undeclared(&whole), Vec::<String>::new());
    let without = |which: &str| {
        let mut manifest = whole.clone();
        let commands = manifest["contributes"]["commands"].as_array_mut().unwrap();
        commands.retain(|command| command["command"] != which);
        undeclared(&manifest)
    };
    // One of a menu, one of a key, one of the walkthrough, one of an empty view.
    for which in ["aca.undo", "aca.acceptHunk", "aca.runDoctor", "aca.restartServer"] {
        assert_eq!(without(which), [which]);
    }
}

/// Returns what is wrong with the names of commands: those of the server are registered by the client, and a second
/// registration of one name ends an extension's start.
fn misnamed(manifest: &Value) -> Vec<&str> {
    let declared = declared(manifest);
    let is_odd = |(at, name): (usize, &&str)| {
        let is_ours = name.starts_with("aca.") && !name.starts_with("aca.server.");
        !is_ours || declared.iter().take(at).any(|earlier| earlier == name)
    };
    let odd = declared.iter().enumerate().filter(|(at, name)| is_odd((*at, name)));
    odd.map(|(_, name)| *name).collect()
}

#[test]
fn no_command_of_the_extension_is_one_of_the_server() {
    let mut manifest = manifest();
    assert_eq!(misnamed(&manifest), Vec::<&str>::new());
    let commands = manifest["contributes"]["commands"].as_array_mut().unwrap();
    commands.extend(["aca.server.run", "aca.review", "other.run"].map(|name| json!({ "command": name })));
    assert_eq!(misnamed(&manifest), ["aca.server.run", "aca.review", "other.run"]);
}

/// Returns the settings between the markers of a manifest.
fn generated(manifest: &str) -> Map<String, Value> {
    let after = manifest
        .split("\"$generated-start\": {},")
        .nth(1)
        .expect("there is a first marker");
    let between = after.split("\"$generated-end\"").next().unwrap();
    serde_json::from_str(&format!("{{{}}}", between.trim().trim_end_matches(','))).unwrap()
}

#[test]
fn the_extension_has_the_settings_of_the_server() {
    let env = TestEnv::new();
    let workspace = env.workspace("");
    let schema = env.run(&workspace, &["config", "--schema"]);
    assert_eq!(schema.code, Some(0), "{schema:#?}");
    let schema: Map<String, Value> = serde_json::from_str(&schema.out).unwrap();
    let text = read("editors/vscode/package.json");
    assert!(
        generated(&text) == schema,
        "editors/vscode/package.json has other settings than the server. Run `cargo xtask vscode-settings`."
    );
    assert_ne!(generated(&text.replace("\"maximum\": 64", "\"maximum\": 65")), schema);
    // A repository's settings are text from whoever wrote the repository.
    for key in [
        "agent.model",
        "agent.max_turns",
        "session.max_parallel",
        "sandbox.memory_mb",
    ] {
        assert_eq!(schema[&format!("aca.{key}")]["scope"], "machine", "{key}");
    }
    let forbidden = ["gateway", "secrets", "daemon", "logging", "cleanup", "claude_code"];
    let is_forbidden = |key: &&String| {
        forbidden
            .iter()
            .any(|section| key.starts_with(&format!("aca.{section}.")))
    };
    assert_eq!(schema.keys().find(is_forbidden), None);
}

/// Returns a number that stands for the wire types: their text without comments and white space.
fn hash_of_types(sources: impl IntoIterator<Item = String>) -> u64 {
    let code = |source: String| -> Vec<u8> {
        let lines = source.lines().map(str::trim).filter(|line| !line.starts_with("//"));
        lines
            .flat_map(str::bytes)
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect()
    };
    // FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    sources.into_iter().flat_map(code).fold(0xcbf2_9ce4_8422_2325, step)
}

#[test]
fn the_extensions_mirror_of_the_protocol_was_looked_at_when_the_protocol_changed() {
    let mirror = read("editors/vscode/src/protocol.ts");
    let sources = || {
        ["ids", "methods", "proposal", "session", "settings", "task"]
            .map(|name| read(&format!("protocol/src/{name}.rs")))
    };
    let hash = hash_of_types(sources());
    let line = format!("// protocol/src: {hash:016x}\n");
    assert!(
        mirror.contains(&line),
        "The types in protocol/src have changed. See that editors/vscode/src/protocol.ts says the same, then write this \
         into it:\n{line}"
    );
    let changed = sources().map(|source| source.replace("pub seen: u64", "pub seen: u32"));
    assert_ne!(hash_of_types(changed), hash);
    let commented = sources().map(|source| format!("//! More words.\n{source}"));
    assert_eq!(hash_of_types(commented), hash);

    let known: BTreeSet<&str> = REQUESTS.iter().chain(NOTIFICATIONS).copied().collect();
    let mut named: BTreeSet<&str> = mirror.split('\'').filter(|text| text.starts_with("aca/")).collect();
    let unknown = |named: &BTreeSet<&str>| named.difference(&known).count();
    assert_eq!(unknown(&named), 0, "{:?}", named.difference(&known));
    assert!(NOTIFICATIONS.iter().all(|method| named.contains(method)), "{named:?}");
    named.insert("aca/nothing");
    assert_eq!(unknown(&named), 1);
}

/// Returns what in Neovim's configuration keeps it from nvim-lspconfig: <https://github.com/neovim/nvim-lspconfig>,
/// `CONTRIBUTING.md`.
fn against_lspconfig(config: &str) -> Vec<&'static str> {
    let lines: Vec<&str> = config.lines().collect();
    let before_return = lines
        .iter()
        .position(|line| line.starts_with("return {"))
        .and_then(|at| at.checked_sub(1));
    let mut found = Vec::new();
    if lines.first() != Some(&"---@brief") {
        found.push("the first line is not `---@brief`");
    }
    if before_return.and_then(|at| lines.get(at)) != Some(&"---@type vim.lsp.Config") {
        found.push("`---@type vim.lsp.Config` does not stand right above `return {`");
    }
    if config.contains("require") {
        found.push("it needs more than Neovim");
    }
    found
}

#[test]
fn the_configuration_for_neovim_can_be_proposed_to_lspconfig() {
    let config = read("editors/nvim/lsp/aca.lua");
    assert_eq!(against_lspconfig(&config), Vec::<&str>::new());
    assert_eq!(against_lspconfig(&format!("\n{config}")).len(), 1);
    assert_eq!(against_lspconfig(&config.replace("return {", "\nreturn {")).len(), 1);
    assert_eq!(against_lspconfig(&format!("{config}\nrequire('aca')")).len(), 1);
}
