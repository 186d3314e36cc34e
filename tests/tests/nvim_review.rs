//! The review of Neovim's plugin: hunks over an unchanged buffer, one key a decision, in a real container with the real
//! Claude Code. Each scenario leaves its screens in `target/screens/nvim`.

use aca_tests::scenario::{FIRST_HUNK, SECOND_HUNK, SHOP, TODO, titles, two_hunks};
use aca_tests::{TestEnv, Workspace, nvim::Nvim, wait};

/// A Neovim with the review of two hunks open, one replacing a TODO and one changing a word.
fn reviewed(env: &TestEnv, workspace: &Workspace) -> Nvim {
    env.script(&two_hunks(workspace));
    let nvim = Nvim::open_plugin(env, workspace, "src/user.rs");
    nvim.go_to(TODO);
    nvim.command("Aca do");
    nvim.review();
    nvim
}

/// Returns the lines of a screen from the first that contains `from`, without their numbers.
fn lines_from<'s>(screen: &'s str, from: &str, count: usize) -> Vec<&'s str> {
    screen
        .lines()
        .skip_while(|line| !line.contains(from))
        .take(count)
        .collect()
}

#[test]
fn a_todo_becomes_hunks_that_one_key_lands_rejects_and_takes_back() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    let before = workspace.read("src/user.rs");
    // What a person has on a key of the review comes back afterwards.
    env.script(&two_hunks(&workspace));
    let nvim = Nvim::open_plugin(&env, &workspace, "src/user.rs");
    nvim.lua("vim.keymap.set('n', 'x', '<Cmd>let g:mine = 1<CR>', { buffer = 0, desc = 'mine' })");
    let maps = "return vim.tbl_map(function(map) return map.lhs .. ' ' .. (map.desc or '') end, vim.api.nvim_buf_get_keymap(0, 'n'))";
    let maps_before = nvim.lua(maps);
    nvim.go_to(TODO);
    nvim.command("Aca do");
    nvim.await_state("ready", wait::LONG);
    assert_eq!(
        nvim.lua("return #vim.diagnostic.get(0)"),
        0,
        "a hunk is a diagnostic besides"
    );
    nvim.await_screen(&["✓ 2 hunks: review"], wait::SHORT);

    nvim.command("Aca review");
    nvim.await_screen(&["▴ aca 1/2", "▴ aca 2/2"], wait::SHORT);
    let screen = nvim.keep_screen("review");
    assert_eq!(
        nvim.text(),
        before,
        "a proposal entered the buffer before anyone decided"
    );
    let first = lines_from(&screen, "// TODO: reject", 6);
    assert!(first[0].starts_with("~ "), "no sign: {first:#?}");
    assert!(first[1].contains("10     pub fn new(name"), "{first:#?}");
    assert!(
        first[2].contains("pub fn new(name: &str)") && !first[2].contains("10"),
        "{first:#?}"
    );
    assert!(first[3].contains(FIRST_HUNK), "{first:#?}");
    assert!(
        first[4].contains("▴ aca 1/2  a accept  x reject  r revise  e edit  ]h next"),
        "{first:#?}"
    );
    let second = lines_from(&screen, "Hello {}", 3);
    assert!(
        second[0].starts_with("~ ") && second[1].contains(SECOND_HUNK),
        "{second:#?}"
    );
    assert!(
        second[2].ends_with("▴ aca 2/2"),
        "keys stand where the cursor is not: {second:#?}"
    );

    nvim.press("a");
    nvim.await_screen(&["▴ aca 1/1  a accept"], wait::SHORT);
    let accepted = nvim.text();
    assert!(accepted.contains(FIRST_HUNK) && !accepted.contains(TODO), "{accepted}");
    assert!(!accepted.contains(SECOND_HUNK), "{accepted}");
    assert_eq!(
        workspace.read("src/user.rs"),
        before,
        "an open file was written behind the editor's back"
    );
    nvim.keep_screen("review-accepted");

    nvim.press("U");
    nvim.await_screen(&["▴ aca 1/2", "▴ aca 2/2"], wait::SHORT);
    assert_eq!(nvim.text(), before, "the landing was not taken back");
    nvim.go_to(TODO);
    nvim.press("a");
    nvim.await_screen(&["▴ aca 1/1  a accept"], wait::SHORT);
    assert_eq!(nvim.text(), accepted);

    // The cursor went on to the next hunk by itself.
    nvim.press("x");
    nvim.await_event("AcaReviewClosed", wait::SHORT);
    nvim.await_told("every hunk is decided", wait::SHORT);
    assert_eq!(nvim.text(), accepted, "a rejected hunk changed the buffer");
    let screen = nvim.keep_screen("review-closed");
    assert!(!screen.contains("▴ aca") && !screen.contains(SECOND_HUNK), "{screen}");
    assert_eq!(nvim.lua(maps), maps_before, "the buffer's own maps did not come back");
    nvim.await_state("landed", wait::SHORT);
    nvim.lua("vim.cmd('silent undo')");
    assert_eq!(nvim.text(), before, "one undo of Neovim's own takes the hunk back");
}

#[test]
fn the_plain_configuration_beside_it_is_told_of_hunks_by_diagnostics() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let plain = "vim.g.loaded_aca = true; vim.api.nvim_create_autocmd('LspAttach', { callback = function() table.insert(_G.events, 'AcaAttached') end })";
    let nvim = Nvim::open_plugin_set_up(&env, &workspace, "src/user.rs", plain);
    nvim.go_to(TODO);
    nvim.choose(titles::DO_THIS);
    nvim.await_hunks(2, wait::LONG);
    assert_eq!(nvim.lua("return vim.fn.exists(':Aca')"), 0);
    nvim.go_to(TODO);
    nvim.choose(titles::ACCEPT);
    nvim.await_hunks(1, wait::SHORT);
    assert!(nvim.text().contains(FIRST_HUNK));
}

#[test]
fn what_is_typed_meanwhile_moves_the_hunks_and_what_overlaps_is_a_question() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    env.model().hold_after(3);
    let nvim = Nvim::open_plugin(&env, &workspace, "src/user.rs");
    nvim.go_to(TODO);
    nvim.command("Aca do");
    env.model().await_requests(3, wait::LONG);
    nvim.type_above("//! Users of the shop", "//! One each.");
    nvim.command("%s/Hello {}/Good day {}/");
    nvim.await_event("AcaConflict", wait::SHORT);
    env.model().go_on();
    nvim.review();
    nvim.go_to("Good day");
    let screen = nvim.await_screen(&["co mine  ct agent's  cb both  cr redo"], wait::SHORT);
    assert!(screen.contains("conflict: you changed the same words"), "{screen}");
    assert!(lines_from(&screen, "Good day", 1)[0].starts_with("! "), "{screen}");
    nvim.keep_screen("conflict");
    let typed = nvim.text();

    // While the review is open, typing goes on: the overlay follows, and nothing else is written.
    nvim.type_above("/// Greets", "    // typed under review");
    let moved = nvim.await_screen(&["▴ aca 2/2"], wait::SHORT);
    assert!(lines_from(&moved, "Good day", 2)[1].contains(SECOND_HUNK), "{moved}");
    nvim.go_to("Good day");
    nvim.press("a");
    nvim.await_told("this hunk is a conflict", wait::SHORT);

    nvim.press("cb");
    nvim.await_screen(&["▴ aca 1/1"], wait::SHORT);
    let both = nvim.text();
    assert!(both.contains("Good day {}") && both.contains(SECOND_HUNK), "{both}");
    nvim.press("U");
    nvim.await_screen(&["▴ aca 2/2"], wait::SHORT);
    nvim.go_to("Good day");
    nvim.press("ct");
    nvim.await_screen(&["▴ aca 1/1"], wait::SHORT);
    let agents = nvim.text();
    assert!(
        !agents.contains("Good day {}") && agents.contains(SECOND_HUNK),
        "{agents}"
    );
    nvim.press("U");
    nvim.await_screen(&["▴ aca 2/2"], wait::SHORT);
    assert!(nvim.text().contains("// typed under review"));
    nvim.go_to("Good day");
    nvim.press("co");
    nvim.await_screen(&["▴ aca 1/1"], wait::SHORT);
    assert_eq!(nvim.text().replace("    // typed under review\n", ""), typed);
    nvim.go_to(TODO);
    nvim.press("A");
    nvim.await_event("AcaReviewClosed", wait::SHORT);
    let text = nvim.text();
    for expected in [FIRST_HUNK, "//! One each.", "Good day {}", "// typed under review"] {
        assert!(text.contains(expected), "{expected} is missing in:\n{text}");
    }
}

#[test]
fn a_hunk_is_edited_before_it_lands() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    let nvim = reviewed(&env, &workspace);
    let before = nvim.text();
    let edit = || {
        nvim.press("e");
        nvim.await_screen(&["new text of the hunk in src/user.rs"], wait::SHORT);
        nvim.keep_screen("amend");
        nvim.command("%s/a user has a name/names are not empty/");
        nvim.command("write");
        nvim.await_screen(&["names are not empty", "edited by you", "E agent's text"], wait::SHORT);
        assert_eq!(nvim.text(), before, "writing the hunk's text decided something");
    };
    nvim.press("E");
    nvim.await_told("this hunk has the agent's own text", wait::SHORT);
    edit();
    nvim.keep_screen("amended");
    nvim.press("E");
    let screen = nvim.await_screen(&["a user has a name"], wait::SHORT);
    assert!(!screen.contains("edited by you"), "{screen}");
    edit();
    nvim.press("a");
    nvim.await_screen(&["▴ aca 1/1"], wait::SHORT);
    let text = nvim.text();
    assert!(
        text.contains("names are not empty") && !text.contains("a user has a name"),
        "{text}"
    );
    nvim.press("q");
    nvim.await_event("AcaReviewClosed", wait::SHORT);
    nvim.await_state("ready", wait::SHORT);
}

#[test]
fn what_is_rejected_by_file_or_by_task_comes_back() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    let nvim = reviewed(&env, &workspace);
    let before = nvim.text();
    nvim.press("X");
    nvim.await_event("AcaReviewClosed", wait::SHORT);
    nvim.await_state("rejected", wait::SHORT);
    nvim.command("Aca reopen");
    nvim.await_told("2 hunks can be decided again", wait::SHORT);
    nvim.review();
    nvim.press("x");
    nvim.await_screen(&["▴ aca 1/1  a accept"], wait::SHORT);
    nvim.press("R");
    nvim.await_screen(&["▴ aca 1/2", "▴ aca 2/2"], wait::SHORT);
    nvim.press("gX");
    nvim.await_event("AcaReviewClosed", wait::SHORT);
    nvim.await_state("rejected", wait::SHORT);
    assert_eq!(nvim.text(), before);
}

/// A new file, one that goes away, one that moves, one that is not text, and an insertion above a first line.
const FILES: &str = r"
//- /here.txt
one
two
three
four
five
six
//- /main.txt
first
second
//- /old.txt
to be deleted
";

const CHANGES: &str = "sed -i '1i zeroth' main.txt && sed -i '$a third' main.txt && mkdir -p new && \
                       printf 'fresh\\n' > new/file.txt && rm old.txt && mv here.txt there.txt && \
                       printf '\\000\\001' > data.bin";

#[test]
fn changes_of_whole_files_have_sheets_and_all_of_a_task_lands_at_once() {
    let env = TestEnv::new();
    let workspace = env.workspace(FILES);
    std::fs::write(workspace.path("data.bin"), [0, 2]).unwrap();
    env.script(&aca_tests::scenario::one_command(CHANGES));
    let nvim = Nvim::open_plugin(&env, &workspace, "main.txt");
    nvim.command("Aca run tidy up");
    nvim.review();
    // What is inserted above line 1 is visible without scrolling.
    let screen = nvim.await_screen(&["zeroth", "third"], wait::SHORT);
    let zeroth = lines_from(&screen, "zeroth", 3);
    assert!(zeroth[1].contains("▴ aca") && zeroth[2].contains("1 first"), "{screen}");
    nvim.keep_screen("above-line-1");

    let mut seen = Vec::new();
    for _ in 0..6 {
        nvim.press("]h");
        let head = nvim.await_screen(&["a accept"], wait::SHORT);
        for (text, name) in [
            ("New file new/file.txt", "created"),
            ("old.txt goes away", "deleted"),
            ("here.txt becomes there.txt", "renamed"),
            ("data.bin gets new content that is not text", "binary"),
        ] {
            if head.contains(text) {
                assert_eq!(head.contains("e edit"), name == "created", "{head}");
                nvim.keep_screen(name);
                seen.push(name);
            }
        }
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, ["binary", "created", "deleted", "renamed"]);

    // One is rejected on its sheet, the rest lands.
    nvim.lua("for _, b in ipairs(vim.api.nvim_list_bufs()) do if vim.api.nvim_buf_get_name(b):find('old.txt$') then vim.cmd.buffer(b) end end");
    nvim.await_screen(&["old.txt goes away"], wait::SHORT);
    nvim.press("x");
    nvim.look(
        "the deletion to be rejected",
        wait::SHORT,
        "local review = require('aca.review').state(); return review ~= nil and #review.entries == 5",
    );
    nvim.press("A");
    nvim.await_event("AcaReviewClosed", wait::SHORT);
    nvim.await_state("landed", wait::SHORT);
    assert_eq!(workspace.read("new/file.txt"), "fresh\n");
    assert!(workspace.has("old.txt") && workspace.has("there.txt") && !workspace.has("here.txt"));
    assert_eq!(std::fs::read(workspace.path("data.bin")).unwrap(), [0, 1]);
    let left = "return vim.tbl_filter(function(b) return vim.startswith(vim.api.nvim_buf_get_name(b), 'aca://') end, vim.api.nvim_list_bufs())";
    assert_eq!(
        nvim.lua(&format!("return #(function() {left} end)()")),
        0,
        "sheets are left"
    );
    nvim.command("buffer main.txt");
    assert_eq!(nvim.text(), "zeroth\nfirst\nsecond\nthird\n");
}
