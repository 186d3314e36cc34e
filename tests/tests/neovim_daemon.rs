//! Neovim and a daemon that dies: Neovim does not notice, and what others do goes on.

use aca_tests::scenario::{FIRST_HUNK, SECOND_HUNK, SHOP, TODO, titles, two_hunks};
use aca_tests::{TestEnv, nvim::Nvim, wait};
use rustix::process::Signal;
use serde_json::Value;

/// Keeps everything that Neovim tells its user.
const MESSAGES: &str = r"
_G.told = {}
vim.notify = function(text) table.insert(_G.told, text) end
for _, method in ipairs({ 'window/showMessage', 'window/showMessageRequest' }) do
  vim.lsp.handlers[method] = function(_, params) table.insert(_G.told, params.message) return vim.NIL end
end
";

/// The editor's own server goes on as the same process, and the user was told nothing of the daemon.
fn nothing_was_noticed(nvim: &Nvim, client: &Value) {
    let told = nvim.lua("return _G.told");
    // That the agent works on the same file is news of the task.
    let news = |text: &&Value| {
        !text
            .as_str()
            .is_some_and(|text| text.contains("was edited here just now"))
    };
    let told: Vec<&Value> = told.as_array().into_iter().flatten().filter(news).collect();
    assert!(told.is_empty(), "the user was told {told:?}");
    assert_eq!(nvim.lua(CLIENT), *client, "the server was started again");
}

const CLIENT: &str =
    "local all = vim.lsp.get_clients({ name = 'aca' }); return { #all, all[1].id, all[1]:is_stopped() }";

#[test]
fn a_daemon_that_is_killed_in_a_run_is_not_missed() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    env.model().hold_after(2);
    let nvim = Nvim::open_set_up(&env, &workspace, "src/user.rs", MESSAGES);
    let client = nvim.lua(CLIENT);
    nvim.go_to(TODO);
    nvim.choose(titles::DO_THIS);
    env.model().await_requests(2, wait::LONG);
    let containers = env.running_containers();
    let old = env.daemon();
    let pid = old.pid();
    nvim.type_above("/// Greets", "    // typed before");
    old.kill();
    // The user goes on as if nothing had been, beside the next daemon's start.
    nvim.type_above("/// Greets", "    // typed after");
    nvim.flush();
    assert_eq!(env.next_daemon(pid).pid(), env.daemon().pid());
    assert_eq!(
        env.running_containers(),
        containers,
        "the attempt was started again or ended"
    );
    env.model().go_on();
    nvim.await_hunks(2, wait::LONG);

    // And once more, with hunks that wait.
    let second = env.daemon();
    let pid = second.pid();
    second.kill();
    env.next_daemon(pid);
    nvim.flush();
    nvim.await_hunks(2, wait::SHORT);
    nvim.go_to(TODO);
    nvim.choose(titles::ACCEPT);
    nvim.await_hunks(1, wait::SHORT);
    let text = nvim.text();
    for expected in [FIRST_HUNK, "// typed before", "// typed after"] {
        assert!(text.contains(expected), "{expected} is missing in:\n{text}");
    }
    assert!(!text.contains(SECOND_HUNK), "{text}");
    nvim.careful_edits();
    nothing_was_noticed(&nvim, &client);
}

#[test]
fn two_neovims_and_a_terminal_share_a_session_and_one_neovim_is_killed() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    env.model().hold_after(2);
    let mut first = Nvim::open_set_up(&env, &workspace, "src/user.rs", MESSAGES);
    let second = Nvim::open_set_up(&env, &workspace, "src/user.rs", MESSAGES);
    let client = second.lua(CLIENT);
    first.go_to(TODO);
    first.choose(titles::DO_THIS);
    env.model().await_requests(2, wait::LONG);
    let daemon = env.daemon();
    first.process().signal(Signal::KILL);
    first.process().await_exit(wait::SHORT);
    assert!(daemon.is_alive());
    env.model().go_on();
    second.await_hunks(2, wait::LONG);

    let list = env.run(&workspace, &["review", "--list", "--json"]);
    let proposal: Value = serde_json::from_str(&list.out).unwrap_or_else(|error| panic!("{error}: {list:#?}"));
    let hunk = proposal["files"][0]["hunks"][0]["id"]
        .as_str()
        .expect("a hunk has an id");
    let accept = env.run(&workspace, &["review", "--accept", hunk]);
    assert_eq!(accept.code, Some(0), "{accept:#?}");
    second.await_hunks(1, wait::SHORT);
    assert!(second.text().contains(FIRST_HUNK));
    second.go_to("Hello {}");
    second.choose(titles::REJECT);
    second.await_hunks(0, wait::SHORT);
    let status = env.run(&workspace, &["status", "--json"]);
    let status: Value = serde_json::from_str(&status.out).unwrap_or_else(|error| panic!("{error}: {status:#?}"));
    assert_eq!(status["tasks"][0]["state"]["name"], "landed", "{status}");
    assert_eq!(env.daemon().pid(), daemon.pid());
    nothing_was_noticed(&second, &client);
}
