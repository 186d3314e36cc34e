//! Neovim's plugin beside the review: its commands and what they say, tasks, transcript, quickfix list, status line,
//! health, help, the handshake, and the edits that it applies for the server.

use std::process::Command;

use aca_tests::scenario::{FIRST_HUNK, SHOP, TODO, two_hunks};
use aca_tests::{TestEnv, nvim::Nvim, parts, wait};
use serde_json::{Value, json};

#[test]
fn nothing_is_mapped_and_every_command_says_why_it_does_nothing() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    let nvim = Nvim::open_plugin(&env, &workspace, "src/user.rs");
    let declared = nvim.lua("return vim.lsp.get_clients({ name = 'aca' })[1].capabilities.experimental.aca");
    assert_eq!(
        declared,
        json!({
            "version": "0.1.0", "inlineReview": true, "codicons": false,
            "commands": ["aca.review", "aca.runSelection", "aca.sendBack", "aca.showTranscript", "aca.tell"],
        })
    );
    let mapped = "return vim.tbl_filter(function(map) return (map.desc or ''):find('^aca: ') and not map.lhs:find('^<Plug>') end,
        vim.list_extend(vim.api.nvim_get_keymap(''), vim.api.nvim_buf_get_keymap(0, '')))";
    assert_eq!(
        nvim.lua(&format!("return #(function() {mapped} end)()")),
        0,
        "something is mapped by default"
    );
    assert_eq!(
        nvim.lua("return vim.fn.maparg('<Plug>(aca-accept-all)', 'n') ~= ''"),
        true
    );

    let completed = |line: &str| nvim.lua(&format!("return vim.fn.getcompletion([[{line}]], 'cmdline')"));
    assert_eq!(completed("Aca re"), json!(["reopen", "restart", "resume", "review"]));
    assert_eq!(completed("Aca review "), json!(["diff"]));
    assert_eq!(completed("Aca tasks "), json!([]));
    let all = completed("Aca ");
    for name in [
        "do", "run", "tell", "sendback", "pause", "stop", "continue", "undo", "check", "usage", "doctor",
    ] {
        assert!(
            all.as_array().unwrap().contains(&json!(name)),
            "{name} is missing in {all}"
        );
    }

    nvim.go_to("A user.");
    for (command, expected) in [
        ("Aca do", "there is no TODO at the cursor"),
        ("Aca review", "no task waits for review"),
        ("Aca review aside", "takes nothing, or `diff`"),
        ("Aca transcript", "there is no task yet"),
        ("Aca tell hello", "no agent is at work"),
        ("Aca sendback no", "there is no proposal to send back"),
        ("Aca reopen", "there is no proposal of which anything was rejected"),
        ("Aca pause", "no agent is at work"),
        ("Aca resume", "no task is paused"),
        ("Aca stop", "no task is at work"),
        ("Aca continue", "no task has stopped"),
        ("Aca check", "nothing to check"),
        ("Aca quickfix", "there is no undecided hunk"),
        ("Aca undo", "There is no landing to undo"),
        ("Aca dance", "does not exist"),
    ] {
        nvim.lua("_G.told = {}");
        nvim.command(command);
        nvim.await_told(expected, wait::SHORT);
    }
    nvim.lua("_G.told = {}; vim.cmd([[execute \"normal \\<Plug>(aca-accept)\"]])");
    nvim.await_told("no review is open", wait::SHORT);
    assert_eq!(nvim.lua("return require('aca').statusline()"), "");
    nvim.command("Aca tasks");
    nvim.await_screen(&["There is no task yet."], wait::SHORT);
}

#[test]
fn a_run_is_seen_in_the_task_tree_the_transcript_and_the_status_line() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    env.model().hold_after(2);
    let nvim = Nvim::open_plugin(&env, &workspace, "src/user.rs");
    nvim.go_to(TODO);
    nvim.command("Aca do");
    env.model().await_requests(2, wait::LONG);
    nvim.command("Aca tasks");
    nvim.await_screen(
        &["shop  1 task", "⟳ TODO: reject empty names", "<CR> open"],
        wait::SHORT,
    );
    nvim.await_state("running", wait::SHORT);
    assert_eq!(
        nvim.lua("return (require('aca').statusline():gsub(' [$<].*', ''))"),
        "aca ⟳ 1"
    );

    // Keys of the tree act on the task under the cursor.
    nvim.press("p");
    nvim.await_screen(&["‖ TODO: reject empty names  paused"], wait::SHORT);
    nvim.keep_screen("tasks-paused");
    nvim.press("p");
    nvim.await_state("running", wait::SHORT);
    nvim.answer(&["Be brief."]);
    nvim.press("m");
    nvim.await_told("the agent reads it as its next message", wait::SHORT);

    nvim.press("t");
    nvim.await_screen(&["── attempt 1", "▸ Read", "> Be brief."], wait::SHORT);
    let screen = nvim.keep_screen("transcript");
    assert!(screen.contains("┆"), "what a tool answered is not folded:\n{screen}");
    // It follows the end where the cursor is at the end, and stays where it is not.
    let at_end = "return vim.fn.line('.') == vim.fn.line('$')";
    assert_eq!(nvim.lua(at_end), true);
    let before = nvim.lua("return vim.fn.line('$')");
    env.model().go_on();
    nvim.await_screen(&["Empty names are rejected now"], wait::LONG);
    assert_eq!(nvim.lua(at_end), true, "the window did not follow");
    assert!(nvim.lua("return vim.fn.line('$')").as_u64() > before.as_u64());
    nvim.press("gg");
    nvim.press("q");
    nvim.look(
        "the transcript to close",
        wait::SHORT,
        "return vim.bo.filetype == 'acatasks'",
    );

    nvim.await_screen(&["✓ TODO: reject empty names  review 2 hunks"], wait::LONG);
    nvim.keep_screen("tasks-ready");
    nvim.await_event("AcaReady", wait::SHORT);
    nvim.await_told("2 hunks. :Aca review", wait::SHORT);
    let line = nvim.lua("return require('aca').statusline()");
    assert_eq!(line, "aca ✓ 1");
    nvim.lua("vim.o.laststatus = 2; vim.o.statusline = \"%f %= %{v:lua.require'aca'.statusline()}\"");
    nvim.await_screen(&["aca ✓ 1"], wait::SHORT);

    nvim.command("Aca quickfix");
    nvim.await_screen(
        &["src/user.rs|9 col 1 info|", "src/user.rs|21 col 1 info|"],
        wait::SHORT,
    );
    nvim.keep_screen("quickfix");
    // From the tree into the review; the list follows what is decided.
    nvim.lua("vim.api.nvim_set_current_win(vim.fn.bufwinid('aca://tasks'))");
    nvim.press("<CR>");
    nvim.await_screen(&["▴ aca 1/2  a accept"], wait::SHORT);
    nvim.press("a");
    nvim.look("one item", wait::SHORT, "return #vim.fn.getqflist() == 1");
    nvim.keep_screen("all-at-once");
    nvim.press("q");
    nvim.await_event("AcaReviewClosed", wait::SHORT);
    nvim.lua("vim.api.nvim_win_close(vim.fn.bufwinid('aca://tasks'), true)");
    assert_eq!(
        nvim.lua("return vim.fn.exists('#aca.tree')"),
        0,
        "a closed tree is drawn on"
    );
}

#[test]
fn a_selection_is_done_as_a_person_says_and_a_run_is_stopped_and_continued() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    env.model().hold_after(1);
    let nvim = Nvim::open_plugin(&env, &workspace, "src/user.rs");
    nvim.answer(&["greet more warmly"]);
    nvim.command("20,22Aca do");
    env.model().await_requests(1, wait::LONG);
    let origin = nvim.lua("return require('aca').tasks()[1].origin");
    assert_eq!(origin["instruction"], "greet more warmly", "{origin}");
    assert_eq!(
        (&origin["startLine"], &origin["endLine"]),
        (&json!(19), &json!(21)),
        "{origin}"
    );
    assert!(
        origin["code"].as_str().is_some_and(|code| code.contains("Hello {}")),
        "{origin}"
    );
    // The code action on a selection asks the same way.
    nvim.answer(&["shorter"]);
    nvim.lua(
        "vim.lsp.buf.code_action({ apply = true, range = { start = { 20, 0 }, ['end'] = { 22, 5 } },
        filter = function(action) return action.title == 'Do this…' end })",
    );
    nvim.look("the second task", wait::SHORT, "return #require('aca').tasks() == 2");
    assert_eq!(
        nvim.lua("return require('aca').tasks()[2].origin.instruction"),
        "shorter"
    );
    nvim.answer(&["shorter"]);
    nvim.command("Aca stop");
    nvim.look(
        "the second to stop",
        wait::SHORT,
        "return require('aca').tasks()[2].state.name == 'stopped'",
    );
    // Only one is left that can be stopped, so nobody is asked.
    nvim.command("Aca stop");
    nvim.look(
        "both to stop",
        wait::SHORT,
        "return vim.iter(require('aca').tasks()):all(function(task) return task.state.name == 'stopped' end)",
    );
    env.model().go_on();
    nvim.answer(&["greet more", "again"]);
    nvim.command("Aca continue");
    nvim.look(
        "the first to go on",
        wait::LONG,
        "return require('aca').tasks()[1].state.name ~= 'stopped'",
    );
}

#[test]
fn edits_are_applied_to_all_documents_or_to_none() {
    let env = TestEnv::new();
    let workspace = env.workspace("//- /one.txt\none\n//- /two.txt\ntwo\n");
    let nvim = Nvim::open_plugin(&env, &workspace, "one.txt");
    nvim.edit("two.txt");
    nvim.lua("vim.api.nvim_buf_set_lines(0, 0, -1, true, { 'newer' }); vim.api.nvim_buf_set_lines(0, 0, -1, true, { 'two' })");
    nvim.flush();
    let uri = |name: &str| format!("file://{}", workspace.path(name).display());
    let document = |name: &str, version: Value| {
        json!({
            "textDocument": { "uri": uri(name), "version": version },
            "edits": [{ "newText": "new ", "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } } }],
        })
    };
    let apply = |edit: Value| {
        let edit = serde_json::to_string(&edit).unwrap();
        nvim.lua(&format!(
            "local client = vim.lsp.get_clients({{ name = 'aca' }})[1]
             return client.handlers['workspace/applyEdit'](nil, {{ edit = vim.json.decode([==[{edit}]==]) }}, {{ client_id = client.id }})"
        ))
    };
    let texts = || {
        let text = |name: &str| {
            nvim.lua(&format!(
                "return vim.api.nvim_buf_get_lines(vim.fn.bufadd('{name}'), 0, -1, true)[1]"
            ))
        };
        (text("one.txt"), text("two.txt"))
    };
    // The second document is stale: nothing happens, and the answer says so.
    let refused = apply(json!({ "documentChanges": [document("one.txt", json!(1)), document("two.txt", json!(1))] }));
    assert_eq!(
        (&refused["applied"], &refused["failedChange"]),
        (&json!(false), &json!(1)),
        "{refused}"
    );
    assert!(
        refused["failureReason"]
            .as_str()
            .is_some_and(|reason| reason.contains("two.txt has changed since")),
        "{refused}"
    );
    assert_eq!(texts(), (json!("one"), json!("two")));
    let file = apply(
        json!({ "documentChanges": [document("one.txt", json!(1)), { "kind": "create", "uri": uri("three.txt") }] }),
    );
    assert_eq!(file["applied"], false, "{file}");
    assert_eq!(texts(), (json!("one"), json!("two")));
    nvim.lua("vim.bo[vim.fn.bufadd('one.txt')].modifiable = false");
    let locked = apply(json!({ "changes": { uri("one.txt"): document("one.txt", Value::Null)["edits"] } }));
    assert!(
        locked["failureReason"]
            .as_str()
            .is_some_and(|reason| reason.contains("'modifiable' is off")),
        "{locked}"
    );
    nvim.lua("vim.bo[vim.fn.bufadd('one.txt')].modifiable = true");
    let version = nvim.lua("return vim.lsp.util.buf_versions[0]");
    let applied = apply(json!({ "documentChanges": [document("one.txt", json!(1)), document("two.txt", version)] }));
    assert_eq!(applied["applied"], true, "{applied}");
    assert_eq!(texts(), (json!("new one"), json!("new two")));
}

#[test]
fn health_and_help_are_complete() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    let nvim = Nvim::open_plugin(&env, &workspace, "src/user.rs");
    nvim.command("checkhealth aca");
    let report = nvim.text();
    for expected in [
        "OK Neovim 0.11",
        "OK A server is attached to",
        "OK aca 0.1.0 at ",
        "aca: doctor",
        "git: ",
        "engine: ",
        "credential: ",
    ] {
        assert!(report.contains(expected), "{expected:?} is missing in:\n{report}");
    }
    assert!(!report.contains(env.api_key()), "the credential is shown:\n{report}");
    nvim.keep_screen("health");
    nvim.command("bwipeout!");

    // Help is found by its tags, which are made as a plugin manager does.
    let help = env.folder().join("help");
    std::fs::create_dir_all(help.join("doc")).unwrap();
    std::fs::copy(
        parts::checkout().join("editors/nvim/doc/aca.txt"),
        help.join("doc/aca.txt"),
    )
    .unwrap();
    nvim.lua(&format!(
        "vim.cmd.helptags([[{0}/doc]]); vim.opt.runtimepath:prepend([[{0}]])",
        help.display()
    ));
    for tag in [
        "aca",
        ":Aca",
        "aca.setup()",
        "aca-review",
        "<Plug>(aca-accept)",
        "aca-events",
        "hl-AcaAdd",
        "aca.statusline()",
    ] {
        nvim.lua(&format!("vim.cmd.help({{ args = {{ [[{tag}]] }} }})"));
        assert_eq!(nvim.lua("return vim.fn.expand('%:t')"), "aca.txt", "no help on {tag}");
    }
    let text = std::fs::read_to_string(help.join("doc/aca.txt")).unwrap();
    let names = nvim.lua("return vim.tbl_keys(require('aca.command').subcommands)");
    for name in names.as_array().unwrap() {
        let name = name.as_str().unwrap();
        assert!(
            text.contains(&format!("*:Aca-{name}*")),
            ":Aca {name} is not in the help"
        );
    }
    let maps = nvim.lua("return vim.tbl_map(function(map) return map.lhs end, vim.tbl_filter(function(map) return vim.startswith(map.lhs, '<Plug>(aca-') end, vim.api.nvim_get_keymap('n')))");
    for map in maps.as_array().unwrap() {
        assert!(
            text.contains(&format!("*{}*", map.as_str().unwrap())),
            "{map} is not in the help"
        );
    }
    let long = text.lines().find(|line| line.chars().count() > 79);
    assert_eq!(long, None, "a line of the help is too wide");
}

#[test]
fn lua_is_formatted_as_stylua_does_it() {
    let checkout = parts::checkout();
    let output = Command::new(parts::node())
        .arg(checkout.join("tests/nvim/stylua.cjs"))
        .arg(checkout.join("editors/nvim"))
        .env_clear()
        .output()
        .expect("node runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_hunk_is_accepted_by_a_plug_map_and_keys_can_be_others() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let own = "vim.keymap.set('n', '<Space>a', '<Plug>(aca-accept)')
        require('aca').setup({ keys = { accept = '<Space>y', close = false }, notify = false })";
    let nvim = Nvim::open_plugin_set_up(&env, &workspace, "src/user.rs", own);
    nvim.go_to(TODO);
    nvim.command("Aca do");
    nvim.await_state("ready", wait::LONG);
    nvim.command("Aca review");
    let screen = nvim.await_screen(&["▴ aca 1/2  <Space>y accept"], wait::SHORT);
    assert!(!screen.contains("close"), "{screen}");
    nvim.press("<Space>a");
    nvim.await_screen(&["▴ aca 1/1"], wait::SHORT);
    assert!(nvim.text().contains(FIRST_HUNK));
    assert!(
        nvim.told().iter().all(|told| !told.contains("is ready")),
        "{:?}",
        nvim.told()
    );
    assert_eq!(
        nvim.lua("return vim.fn.maparg('a', 'n')"),
        "",
        "a key that was changed is mapped"
    );
}
