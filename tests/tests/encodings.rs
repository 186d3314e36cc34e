//! Encodings and line endings, byte for byte: files that are open in a real Neovim after it has saved them, and closed
//! files on disk.

use aca_tests::scenario::one_command;
use aca_tests::{TestEnv, Workspace, nvim::Nvim};

/// What every file says at first.
const TEXT: &str = "eins é\ntwo\nthree ü\nfour\nfive\n";

/// The one that Neovim cannot take an edit for: it leaves the carriage return out of every line that an edit brings, and
/// has no line ending of its own for a file that mixes them.
const MIXED: &str = "mixed.txt";

/// How a file writes a text.
type Encode = fn(&str) -> Vec<u8>;

const FILES: [(&str, Encode); 8] = [
    ("plain.txt", |text| text.into()),
    ("mark.txt", |text| format!("\u{feff}{text}").into_bytes()),
    ("latin1.txt", latin1),
    ("utf16le.txt", |text| utf16(text, u16::to_le_bytes)),
    ("utf16be.txt", |text| utf16(text, u16::to_be_bytes)),
    ("dos.txt", |text| text.replace('\n', "\r\n").into_bytes()),
    (MIXED, |text| {
        let first = text.replacen('\n', "\r\n", 1);
        first.replace("four\n", "four\r\n").into_bytes()
    }),
    ("open-ended.txt", |text| text.trim_end_matches('\n').into()),
];

/// What the agent does to all of them: two lines change, the first one included.
const CHANGES: &str = "export LC_ALL=C; change='s/eins/EINS/; s/two/TWO/'; \
    for e in LE BE; do f=utf16${e,,}.txt; iconv -f UTF-16$e -t UTF-8 $f | sed \"$change\" | iconv -f UTF-8 -t UTF-16$e > t; \
    cat t > $f; rm t; done; for f in plain mark latin1 dos mixed open-ended; do sed -i \"$change\" $f.txt; done";

fn latin1(text: &str) -> Vec<u8> {
    text.chars()
        .map(|c| u8::try_from(u32::from(c)).expect("the text fits into Latin-1"))
        .collect()
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let marked = format!("\u{feff}{text}");
    marked.encode_utf16().flat_map(bytes).collect()
}

/// The text with a user's line in it.
fn typed(text: &str) -> String {
    text.replace("four\n", "typed ß\nfour\n")
}

fn workspace(env: &TestEnv) -> Workspace {
    let workspace = env.workspace("//- /README.md\n# Encodings\n");
    for (file, bytes) in FILES {
        std::fs::write(workspace.path(file), bytes(TEXT)).unwrap();
    }
    env.script(&one_command(CHANGES));
    workspace
}

fn aca(env: &TestEnv, workspace: &Workspace, arguments: &[&str]) {
    let finished = env.run(workspace, arguments);
    assert_eq!(finished.code, Some(0), "{finished:#?}");
}

#[track_caller]
fn assert_landed(workspace: &Workspace, files: &[(&str, Encode)]) {
    let expected = typed(&TEXT.replace("eins", "EINS").replace("two", "TWO"));
    for (file, bytes) in files {
        let found = std::fs::read(workspace.path(file)).unwrap();
        let (found, expected) = (found.escape_ascii(), bytes(&expected));
        assert_eq!(found.to_string(), expected.escape_ascii().to_string(), "{file}");
    }
}

#[test]
fn open_files_are_saved_by_neovim_as_they_were() {
    let env = TestEnv::new();
    let workspace = workspace(&env);
    let open: Vec<_> = FILES.into_iter().filter(|(file, _)| *file != MIXED).collect();
    // Otherwise Neovim itself ends every file that it saves with a line ending.
    let nvim = Nvim::open_set_up(&env, &workspace, FILES[0].0, "vim.o.fixendofline = false");
    for (file, _) in &open {
        nvim.edit(file);
    }
    aca(&env, &workspace, &["run", "shout"]);
    for (file, _) in &open {
        nvim.edit(file);
        nvim.type_above("four", "typed ß");
    }
    aca(&env, &workspace, &["review", "--accept", "all"]);
    for (file, bytes) in &open {
        let disk = std::fs::read(workspace.path(file)).unwrap();
        assert_eq!(disk, bytes(TEXT), "{file} is open and was written");
    }
    nvim.lua("vim.cmd('silent wall')");
    assert_landed(&workspace, &open);
    nvim.careful_edits();
}

#[test]
fn closed_files_are_written_as_they_were() {
    let env = TestEnv::new();
    let workspace = workspace(&env);
    aca(&env, &workspace, &["run", "shout"]);
    for (file, bytes) in FILES {
        std::fs::write(workspace.path(file), bytes(&typed(TEXT))).unwrap();
    }
    aca(&env, &workspace, &["review", "--accept", "all"]);
    assert_landed(&workspace, &FILES);
}
