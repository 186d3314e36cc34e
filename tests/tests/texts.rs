//! Positions in UTF-8, UTF-16 and UTF-32, line endings, emoji: what lands is what was proposed, byte for byte.

use aca_tests::lsp::{Editor, Encoding, Options};
use aca_tests::scenario::one_command;
use aca_tests::{TestEnv, wait};
use serde_json::json;

const LINES: &str = "# 😀 测试 é\r\nname = \"👩‍👩‍👧\"  # TODO: greet 😀 warmly\r\ngreeting = \"héllo 😀\"; tail = 1\r\n\r\nlast = \"no newline\"";

#[test]
fn every_encoding_lands_the_same_bytes() {
    for (offered, agreed) in [
        (vec!["utf-8", "utf-16"], Encoding::Utf8),
        (vec!["utf-16"], Encoding::Utf16),
        (vec!["utf-32"], Encoding::Utf32),
        (vec![], Encoding::Utf16),
    ] {
        let env = TestEnv::new();
        let workspace = env.workspace("//- /src/greet.py\n");
        workspace.write("src/greet.py", LINES);
        env.script(&one_command(
            "sed -i -e 's/héllo 😀/bonjour 🌍/' -e 's/no newline/still none 😀/' src/greet.py",
        ));
        let options = Options {
            encodings: offered.clone(),
            ..Options::default()
        };
        let mut editor = Editor::with(&env, &workspace, &options);
        assert_eq!(editor.encoding(), agreed, "{offered:?}");
        editor.open("src/greet.py");
        editor.choose("src/greet.py", "TODO: greet", "Do this");
        editor.replace("src/greet.py", "测试 é", "测试 typed 😀é");
        let task = editor.await_ready(&workspace);
        assert_eq!(task.title, "TODO: greet 😀 warmly");
        let result = editor.decide(&task, "accept", json!({ "kind": "all" }));
        assert_eq!(result["refused"], json!([]), "{result:#}");
        let expected = LINES
            .replace("héllo 😀", "bonjour 🌍")
            .replace("no newline", "still none 😀")
            .replace("测试 é", "测试 typed 😀é");
        assert_eq!(editor.text("src/greet.py"), expected, "{offered:?}");
        assert_eq!(
            workspace.read("src/greet.py"),
            LINES,
            "an open file was written behind the editor's back"
        );
        editor.save("src/greet.py");
    }
}

#[test]
fn a_closed_file_keeps_its_line_endings_mark_and_mode() {
    let env = TestEnv::new();
    let workspace = env.workspace("//- /a.txt\n//- /run.sh\n#!/bin/sh\necho one\n");
    workspace.write("a.txt", "\u{feff}one\r\ntwo 😀\r\nthree");
    set_mode(&workspace.path("run.sh"), 0o755);
    env.script(&one_command("sed -i 's/two/TWO/' a.txt; sed -i 's/one/uno/' run.sh"));
    let mut editor = Editor::start(&env, &workspace);
    editor.run_text(&workspace, "change two words");
    let task = editor.await_ready(&workspace);
    let result = editor.decide(&task, "accept", json!({ "kind": "all" }));
    assert_eq!(result["refused"], json!([]), "{result:#}");
    assert_eq!(workspace.read("a.txt"), "\u{feff}one\r\nTWO 😀\r\nthree");
    assert_eq!(workspace.read("run.sh"), "#!/bin/sh\necho uno\n");
    assert_eq!(mode(&workspace.path("run.sh")), 0o755);
    editor.await_task(&workspace, "the end", wait::SHORT, |task| {
        aca_tests::scenario::state_name(task) == "landed"
    });
}

fn set_mode(path: &std::path::Path, mode: u32) {
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
    std::fs::set_permissions(path, permissions).unwrap();
}

fn mode(path: &std::path::Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions()) & 0o777
}
