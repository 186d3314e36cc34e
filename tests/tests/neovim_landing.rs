//! Landing in a real Neovim without a plugin: nothing typed is lost, and what is said to have landed is there.

use aca_tests::scenario::{FIRST_HUNK, SECOND_HUNK, SHOP, TODO, one_command, titles, two_hunks};
use aca_tests::{TestEnv, Workspace, nvim::Nvim, wait};

/// Lets the agent do what the script says, started by the command line while Neovim serves.
fn propose(env: &TestEnv, workspace: &Workspace) {
    let run = env.run(workspace, &["run", "as the script says"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
}

/// The text of the shop's user with some of the proposal in it.
fn landed(text: &str, first: bool, second: bool) -> String {
    let text = if first {
        text.replace("    // TODO: reject empty names\n", "").replace(
            "(name: &str) -> Self {\n",
            "(name: &str) -> Self {\n        assert!(!name.is_empty(), \"a user has a name\");\n",
        )
    } else {
        text.to_owned()
    };
    if second {
        text.replace("Hello {}", "Welcome back, {}")
    } else {
        text
    }
}

#[test]
fn two_open_files_whose_versions_are_stale_lose_nothing_typed() {
    let env = TestEnv::new();
    let workspace =
        env.workspace("//- /a.txt\none\ntwo\nthree\nfour\nfive\nsix\n//- /b.txt\none\ntwo\nthree\nfour\nfive\nsix\n");
    env.script(&one_command("sed -i 's/five/FIVE/' a.txt b.txt"));
    // A line is typed at the top of each document after the server has sent its edit and before it is applied.
    let typed = "
        local typed = {}
        _G.before_edit = function(edit)
          local buffer = vim.uri_to_bufnr(edit.documentChanges[1].textDocument.uri)
          if typed[buffer] then return end
          typed[buffer] = true
          vim.api.nvim_buf_set_lines(buffer, 0, 0, true, { 'first' })
        end";
    let nvim = Nvim::open_set_up(&env, &workspace, "a.txt", typed);
    nvim.edit("b.txt");
    propose(&env, &workspace);
    nvim.await_hunks(1, wait::SHORT);
    let accept = env.run(&workspace, &["review", "--accept", "all"]);
    assert_eq!(accept.code, Some(0), "{accept:#?}");
    let expected = "first\none\ntwo\nthree\nfour\nFIVE\nsix\n";
    assert_eq!(nvim.text(), expected);
    nvim.edit("a.txt");
    assert_eq!(nvim.text(), expected);
    // Each document was asked for at least twice: once in vain.
    let edits = nvim.careful_edits().len();
    assert!(edits >= 4, "no edit was stale: {edits}");
    for file in ["a.txt", "b.txt"] {
        assert!(!workspace.read(file).contains("FIVE"), "an open file was written");
    }
}

#[test]
fn a_new_file_does_not_replace_a_document_that_is_not_saved_yet() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&one_command(
        "echo of the agent > notes.txt; echo of the agent > more.txt",
    ));
    let nvim = Nvim::open(&env, &workspace, "src/user.rs");
    propose(&env, &workspace);
    nvim.edit("notes.txt");
    nvim.lua("vim.api.nvim_buf_set_lines(0, 0, -1, true, { 'of the user' })");
    // An empty document could take the new file.
    nvim.flush();
    workspace.write("more.txt", "of the user\n");
    let accept = env.run(&workspace, &["review", "--accept", "all"]);
    assert_eq!(accept.code, Some(5), "{accept:#?}");
    assert_eq!(nvim.text(), "of the user\n");
    assert!(!workspace.has("notes.txt"), "the user's document was overtaken on disk");
    assert_eq!(workspace.read("more.txt"), "of the user\n");
    nvim.save();
    assert_eq!(workspace.read("notes.txt"), "of the user\n");
    assert!(nvim.careful_edits().is_empty(), "the editor was asked to make a file");
}

#[test]
fn a_closed_file_lands_on_disk_and_is_not_opened() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&one_command(
        "sed -i 's/Hello/Good day/' src/user.rs; echo more >> README.md",
    ));
    let nvim = Nvim::open(&env, &workspace, "src/user.rs");
    propose(&env, &workspace);
    nvim.await_hunks(1, wait::SHORT);
    let accept = env.run(&workspace, &["review", "--accept", "all"]);
    assert_eq!(accept.code, Some(0), "{accept:#?}");
    assert_eq!(workspace.read("README.md"), "# Shop\nmore\n");
    assert!(nvim.text().contains("Good day {}"));
    let loaded = "return #vim.tbl_filter(vim.api.nvim_buf_is_loaded, vim.api.nvim_list_bufs())";
    assert_eq!(nvim.lua(loaded), 1, "the closed file was opened");
    assert_eq!(nvim.careful_edits().len(), 1);
}

#[test]
fn each_landing_is_one_step_of_the_undo_history() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let nvim = Nvim::open(&env, &workspace, "src/user.rs");
    nvim.type_above("/// A user.", "// typed before");
    let typed = nvim.text();
    nvim.go_to(TODO);
    nvim.choose(titles::DO_THIS);
    nvim.await_hunks(2, wait::LONG);
    let accept = env.run(&workspace, &["review", "--accept", "all"]);
    assert_eq!(accept.code, Some(0), "{accept:#?}");
    assert_eq!(nvim.text(), landed(&typed, true, true));
    nvim.lua("vim.cmd('silent undo')");
    assert_eq!(
        nvim.text(),
        typed,
        "both hunks of the file are one step, and what was typed is another"
    );
    nvim.lua("vim.cmd('silent redo')");
    assert_eq!(nvim.text(), landed(&typed, true, true));
    nvim.careful_edits();
}

#[test]
fn automatic_saving_decides_nothing_and_keeps_what_landed() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let saving = "vim.api.nvim_create_autocmd('TextChanged', { command = 'silent! write', nested = true })";
    let nvim = Nvim::open_set_up(&env, &workspace, "src/user.rs", saving);
    nvim.type_above("/// A user.", "// typed before");
    let before = nvim.text();
    wait::until_true("the automatic save", wait::SHORT, || {
        workspace.read("src/user.rs") == before
    });
    nvim.go_to(TODO);
    nvim.choose(titles::DO_THIS);
    nvim.await_hunks(2, wait::LONG);
    nvim.type_above("/// Greets", "    // typed beside");
    let typed = nvim.text();
    wait::until_true("the automatic save", wait::SHORT, || {
        workspace.read("src/user.rs") == typed
    });
    nvim.await_hunks(2, wait::SHORT);
    nvim.go_to(TODO);
    nvim.choose(titles::ACCEPT);
    nvim.await_hunks(1, wait::SHORT);
    let one = landed(&typed, true, false);
    assert_eq!(nvim.text(), one);
    wait::until_true("the automatic save", wait::SHORT, || {
        workspace.read("src/user.rs") == one
    });
    nvim.go_to("Hello {}");
    nvim.choose(titles::ACCEPT);
    nvim.await_hunks(0, wait::SHORT);
    let both = landed(&typed, true, true);
    assert_eq!(nvim.text(), both);
    wait::until_true("the automatic save", wait::SHORT, || {
        workspace.read("src/user.rs") == both
    });
    nvim.careful_edits();
}

#[test]
fn a_formatter_that_runs_at_each_save_does_not_undo_or_double_a_landing() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    // Saves by itself and rewrites the whole buffer first, the lines of the hunks included: the text that the server
    // sees after its edit is never exactly the one it asked for.
    let formatting = "
        vim.api.nvim_create_autocmd('BufWritePre', { callback = function()
          for n, line in ipairs(vim.api.nvim_buf_get_lines(0, 0, -1, true)) do
            local formatted = line:gsub('^    ', '\\t'):gsub('\\t    ', '\\t\\t')
            if formatted ~= line then vim.api.nvim_buf_set_lines(0, n - 1, n, true, { formatted }) end
          end
        end })
        vim.api.nvim_create_autocmd('TextChanged', { command = 'silent! write', nested = true })";
    let nvim = Nvim::open_set_up(&env, &workspace, "src/user.rs", formatting);
    nvim.go_to(TODO);
    nvim.choose(titles::DO_THIS);
    nvim.await_hunks(2, wait::LONG);
    nvim.go_to(TODO);
    nvim.choose(titles::ACCEPT);
    nvim.await_hunks(1, wait::SHORT);
    let text = nvim.text();
    assert_eq!(text.matches(FIRST_HUNK).count(), 1, "{text}");
    assert!(!text.contains(TODO) && !text.contains(SECOND_HUNK), "{text}");
    let plain = |text: &str| text.replace('\t', "    ");
    assert_eq!(plain(&text), landed(&workspace_text(), true, false));
    wait::until_true("the formatted save", wait::SHORT, || {
        let disk = workspace.read("src/user.rs");
        disk.contains("\t\tassert!") && plain(&disk) == plain(&text)
    });
    let listed = env.run(&workspace, &["review", "--list", "--json"]);
    let proposal: serde_json::Value = serde_json::from_str(&listed.out).expect("JSON");
    let states: Vec<_> = proposal["files"][0]["hunks"]
        .as_array()
        .expect("hunks")
        .iter()
        .map(|hunk| hunk["state"]["name"].as_str().expect("a state").to_owned())
        .collect();
    assert_eq!(states[0], "landed", "{listed:#?}");
    nvim.careful_edits();
}

/// The text of the shop's user before anyone touched it.
fn workspace_text() -> String {
    let files = aca_tests::fixture::parse(SHOP);
    files
        .into_iter()
        .find(|(path, _)| *path == "src/user.rs")
        .expect("the shop has it")
        .1
}
