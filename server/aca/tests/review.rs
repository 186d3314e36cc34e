//! The review on a terminal: the real program on a real pseudo-terminal, keys in, pictures out.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what fails here fails the test"
)]

mod common;
mod terminal;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use common::World;
use terminal::Terminal;

/// What the agent does: one line changes, three are new, one more changes.
const SCRIPT: &str = r#"
[[turn]]
[turn.match]
turn = 0
[turn.reply]
text = "I shout."
[[turn.reply.tool]]
name = "shell"
input = { command = "sed -i -e 's/^line 3$/LINE three/' -e '12a new one\\nnew two\\nnew three' -e 's/^line 30$/LINE thirty/' poem.txt" }

[[turn]]
[turn.match]
turn = 1
[turn.reply]
text = "Done: it is louder now."
"#;

/// A workspace in which a task waits for review, with three hunks in `poem.txt`.
fn shouted() -> World {
    let world = World::new();
    let lines: Vec<String> = (1..=40).map(|number| format!("line {number}\n")).collect();
    fs::write(world.workspace().join("poem.txt"), lines.concat()).unwrap();
    fs::write(world.path("script.toml"), SCRIPT).unwrap();
    let run = world.run(&["run", "shout", "--json"]);
    assert_eq!(run.exit(), 0, "{}", run.stderr());
    assert_eq!(run.json()["state"]["pending"], 3, "{}", run.stdout());
    world
}

fn poem(world: &World) -> String {
    fs::read_to_string(world.workspace().join("poem.txt")).unwrap()
}

/// A program that stands for an editor: it runs a shell script on the file.
fn editor(world: &World, script: &str) -> String {
    let path = world.path("editor.sh");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

fn hunks(world: &World) -> Vec<(String, String)> {
    let proposal = world.run(&["review", "--list", "--json"]).json();
    let hunks = proposal["files"][0]["hunks"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    hunks
        .map(|hunk| (text(&hunk["id"]), text(&hunk["state"]["name"])))
        .collect()
}

#[test]
fn hunks_are_accepted_rejected_undone_and_brought_back() {
    let world = shouted();
    let mut terminal = Terminal::start(&world, &["review"], &[]);
    let first = terminal.wait_for(&["shout", "poem.txt", "1/3", "- line 3", "+ LINE three", "accept"]);
    assert!(first.contains("    2   line 2"), "no numbered surroundings:\n{first}");
    terminal.press("a");
    terminal.wait_for(&["1 hunk landed", "2/3", "+ new two"]);
    assert!(poem(&world).contains("LINE three\n"));
    terminal.press("u");
    terminal.wait_for(&["1 hunk taken back", "3 left"]);
    assert!(!poem(&world).contains("LINE three\n"));
    terminal.press("U");
    terminal.wait_for(&["1 hunk landed again", "2 left"]);
    assert!(poem(&world).contains("LINE three\n"));
    terminal.press("r");
    terminal.wait_for(&["1 hunk rejected", "3/3", "LINE thirty"]);
    terminal.press("ka");
    terminal.wait_for(&["This hunk is rejected; b brings it back."]);
    terminal.press("b");
    terminal.wait_for(&["1 hunk brought back", "2 left"]);
    terminal.press("A");
    terminal.wait_for(&["2 hunks landed", "Every hunk is decided"]);
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    let text = poem(&world);
    assert!(
        text.contains("new one\nnew two\nnew three\n") && text.contains("LINE thirty\n"),
        "{text}"
    );
}

#[test]
fn a_terminal_that_goes_away_decides_nothing() {
    let world = shouted();
    assert_ne!(terminal::hung_up(&world, &["review"], "LINE three"), 0);
    assert!(hunks(&world).iter().all(|(_, state)| state == "clean"));
}

#[test]
fn hunks_are_edited_split_joined_and_searched() {
    let world = shouted();
    let editor = editor(
        &world,
        "case \"$1\" in *.txt) sed -i 's/LINE/Line/' \"$1\";; *) exit 1;; esac",
    );
    let mut terminal = Terminal::start(&world, &["review"], &[("EDITOR", &editor)]);
    terminal.wait_for(&["1/3"]);
    terminal.press("e");
    terminal.wait_for(&["The hunk has your text now", "+ Line three", "changed by you"]);
    terminal.press("e");
    terminal.wait_for(&["Nothing was changed."]);
    terminal.press("a");
    terminal.wait_for(&["1 hunk landed", "2/3"]);
    assert!(poem(&world).contains("\nLine three\n"));
    terminal.press("s");
    terminal.wait_for(&["Cut out line 1 of 3", "▌+ new one"]);
    terminal.press("2\r");
    terminal.wait_for(&["a hunk of their own", "2/5"]);
    terminal.press("J");
    terminal.wait_for(&["one hunk now", "2/4"]);
    terminal.press("/THIRTY\r");
    terminal.wait_for(&["No hunk has `THIRTY`"]);
    terminal.press("/thirty\r");
    terminal.wait_for(&["4/4", "+ LINE thirty"]);
    terminal.press("kk");
    terminal.wait_for(&["2/4"]);
    terminal.press("n");
    terminal.wait_for(&["4/4"]);
    terminal.press("?");
    terminal.wait_for(&["Decide", "accept, reject this hunk"]);
    terminal.press("xq");
    assert_eq!(terminal.end(), 0);
    assert!(
        terminal.text().contains("3 hunks left; they wait."),
        "{}",
        terminal.text()
    );
}

#[test]
fn a_conflict_is_answered_by_mine_theirs_or_both() {
    for (key, said, expected) in [
        ("m", "1 hunk rejected", "line 2\nmine\nline 4\n"),
        ("t", "1 hunk landed", "line 2\nLINE three\nline 4\n"),
        ("o", "1 hunk landed", "line 2\nmine\nLINE three\nline 4\n"),
    ] {
        let world = shouted();
        let changed = poem(&world).replace("line 3\n", "mine\n");
        fs::write(world.workspace().join("poem.txt"), changed).unwrap();
        let mut terminal = Terminal::start(&world, &["review"], &[]);
        terminal.wait_for(&["conflict", "! mine", "+ LINE three", "m mine"]);
        terminal.press("a");
        terminal.wait_for(&["You changed the same lines: m keeps yours"]);
        terminal.press(key);
        terminal.wait_for(&[said, "2 left"]);
        terminal.press("q");
        assert_eq!(terminal.end(), 0);
        assert!(poem(&world).contains(expected), "{key}: {}", poem(&world));
    }
}

#[test]
fn a_review_is_suspended_as_a_shells_job_and_comes_back() {
    let world = shouted();
    let mut terminal = Terminal::shell(&world);
    terminal.press(&format!("{} review\r", env!("CARGO_BIN_EXE_aca")));
    terminal.wait_for(&["1/3", "+ LINE three"]);
    terminal.press("\u{1a}");
    terminal.wait_for(&["Stopped"]);
    assert!(!terminal.is_full_screen());
    terminal.press("fg\r");
    terminal.wait_for(&["1/3", "+ LINE three"]);
    terminal.press("a");
    terminal.wait_for(&["1 hunk landed", "2/3"]);
    terminal.press("q");
    terminal.wait_for(&["2 hunks"]);
    assert!(!terminal.is_full_screen());
    terminal.press("exit\r");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn what_others_decide_and_type_shows_without_losing_the_place() {
    let world = shouted();
    let mut terminal = Terminal::start(&world, &["review"], &[]);
    terminal.press("j");
    terminal.wait_for(&["2/3", "new two"]);
    let known = hunks(&world);
    let other = world.run(&["review", "--accept", &known[0].0]);
    assert_eq!(other.exit(), 0, "{}", other.stderr());
    terminal.wait_for(&["Decided elsewhere: 1 landed, 0 rejected.", "2/3", "2 left"]);
    // Somebody removes the lines around the second hunk: it says something else now.
    let without: String = poem(&world)
        .lines()
        .filter(|line| !["line 12", "line 13"].contains(line))
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(world.workspace().join("poem.txt"), without).unwrap();
    terminal.wait_for(&["2/3", "the place of this change is gone"]);
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn narrow_and_colourless_terminals_are_served_and_given_back() {
    let world = shouted();
    let mut terminal = Terminal::start(&world, &["review"], &[("NO_COLOR", "1")]);
    terminal.wait_for(&["1/3", "+ LINE three"]);
    terminal.resize(40, 12);
    let narrow = terminal.wait_for(&["1/3", "+ LINE three", "a accept"]);
    assert!(narrow.lines().all(|line| line.chars().count() <= 40), "{narrow}");
    assert!(!terminal.has_colours(), "colours in spite of NO_COLOR");
    assert!(terminal.is_full_screen());
    terminal.press("\u{3}");
    assert_eq!(terminal.end(), 130);
    assert!(!terminal.is_full_screen(), "the screen was not given back");
    assert!(
        terminal.text().contains("what was decided stays decided"),
        "{}",
        terminal.text()
    );
}

#[test]
fn pasted_text_decides_nothing() {
    let world = shouted();
    let mut terminal = Terminal::start(&world, &["review"], &[]);
    terminal.wait_for(&["1/3"]);
    terminal.press("\u{1b}[200~AaRr\u{1b}[201~\u{1b}[B");
    terminal.wait_for(&["2/3", "3 left"]);
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    assert!(hunks(&world).iter().all(|(_, state)| state == "clean"));
}

#[test]
fn decisions_without_a_terminal() {
    let world = shouted();
    let known = hunks(&world);
    let first = known[0].0.as_str();
    for (args, exit, said) in [
        (&["review", "--accept", first, "--seen", "0"][..], 5, "stays as it was"),
        (&["review", "--reject", first], 0, "1 hunk rejected."),
        (&["review", "--reopen", "--all"], 0, "1 hunk brought back."),
        (&["review", "--accept", first], 0, "1 hunk landed."),
        (&["undo", "--list"], 0, "landed  poem.txt"),
        (&["undo", "--hunk", "none"], 4, "There is no hunk `none`"),
        (&["undo"], 0, "1 hunk taken back."),
        (&["undo"], 4, "Nothing that landed"),
        (&["review", "--accept", "--all"], 0, "3 hunks landed."),
        (&["tell", "x", "y"], 4, "There is no task `x`"),
        (&["pause"], 4, "No agent is running"),
        (&["resume"], 4, "Nothing waits to go on"),
        (&["check"], 4, "No task waits for review"),
    ] {
        let answer = world.run(args);
        let words = answer.stdout() + &answer.stderr();
        assert!(words.contains(said), "{args:?}: {words}");
        assert_eq!(answer.exit(), exit, "{args:?}: {words}");
    }
    assert!(poem(&world).contains("LINE three\n"));
}

#[test]
fn a_signal_gives_the_terminal_back() {
    let world = shouted();
    let mut terminal = Terminal::start(&world, &["review"], &[]);
    terminal.wait_for(&["1/3"]);
    assert!(terminal.is_full_screen());
    terminal.signal(rustix::process::Signal::TERM);
    assert_eq!(terminal.end(), 130);
    assert!(!terminal.is_full_screen());
}
