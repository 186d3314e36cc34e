//! Comments and strings of each language.

use expect_test::expect;

use super::check;
use crate::todo::language_for;
use std::path::Path;

#[test]
fn rust() {
    check(
        "rs",
        "fn f() {} // TODO: a\n/// FIXME b\n//! XXX c\n",
        expect![[r#"
        0:13-0:20 "TODO: a"
        1:4-1:11 "FIXME b"
        2:4-2:9 "XXX c"
    "#]],
    );
    check(
        "rs",
        r#"let s = "// TODO: no"; // TODO: yes"#,
        expect![[r#"
        0:26-0:35 "TODO: yes"
    "#]],
    );
    check(
        "rs",
        "let s = \"\n// TODO: no\n\\\" // TODO: no\n\"; // TODO: yes",
        expect![[r#"
            3:6-3:15 "TODO: yes"
        "#]],
    );
    check(
        "rs",
        "let s = r#\"\" // TODO: no\n\"# ; // TODO: yes",
        expect![[r#"
        1:8-1:17 "TODO: yes"
    "#]],
    );
    check(
        "rs",
        "let s = br##\"\"# // TODO: no\"##; // TODO: yes",
        expect![[r#"
        0:35-0:44 "TODO: yes"
    "#]],
    );
    check(
        "rs",
        "let r#type = 1; // TODO: yes",
        expect![[r#"
        0:19-0:28 "TODO: yes"
    "#]],
    );
    check(
        "rs",
        "bar\"// TODO: no\" // TODO: yes",
        expect![[r#"
        0:20-0:29 "TODO: yes"
    "#]],
    );
    check(
        "rs",
        "/* a /* TODO: in\n */ TODO: out */ \"TODO\"",
        expect![[r#"
        0:8-0:16 "TODO: in"
        1:4-1:13 "TODO: out"
    "#]],
    );
    check(
        "rs",
        "fn f<'a>(x: &'a str) -> &'a str { 'l: loop {} } // TODO: yes",
        expect![[r#"
            0:51-0:60 "TODO: yes"
        "#]],
    );
    check(
        "rs",
        r#"['"', '\'', '\\', b'"', '\u{22}', 'é', '/'] // TODO: yes"#,
        expect![[r#"
            0:48-0:57 "TODO: yes"
        "#]],
    );
    check("rs", "let todo = TODO; // no", expect![[""]]);
}

#[test]
fn python() {
    check(
        "py",
        "x = '# TODO: no' # TODO: yes\ny = \"\\\" # TODO: no\"",
        expect![[r#"
            0:19-0:28 "TODO: yes"
        "#]],
    );
    check(
        "py",
        "def f():\n    \"\"\"TODO: a docstring\n    # TODO: no\n    \"\"\" # TODO: yes",
        expect![[r#"
            3:10-3:19 "TODO: yes"
        "#]],
    );
    check(
        "py",
        "r'''# TODO: no\n''' # TODO: yes\nrb\"# TODO: no\"",
        expect![[r#"
        1:6-1:15 "TODO: yes"
    "#]],
    );
    check(
        "py",
        "x = 'open\n# TODO: yes, a string ends with its line",
        expect![[r#"
            1:2-1:40 "TODO: yes, a string ends with its line"
        "#]],
    );
    check(
        "py",
        "x = 'open \\\n# TODO: no' # TODO: yes",
        expect![[r#"
        1:14-1:23 "TODO: yes"
    "#]],
    );
}

#[test]
fn javascript() {
    check(
        "js",
        "x = `// TODO: no ${ y /* TODO: yes */ + `${1} // TODO: no` } // TODO: no`; // TODO: yes",
        expect![[r#"
            0:25-0:34 "TODO: yes"
            0:78-0:87 "TODO: yes"
        "#]],
    );
    check(
        "ts",
        "x = `\n${ {a: '}'} }\n// TODO: no\n`\n// TODO: yes",
        expect![[r#"
            4:3-4:12 "TODO: yes"
        "#]],
    );
    check(
        "js",
        "x = /[/'\"]\\/ TODO: no/.test(y) // TODO: yes",
        expect![[r#"
        0:34-0:43 "TODO: yes"
    "#]],
    );
    check(
        "js",
        "return /'/; // TODO: yes\na = b / c; '// TODO: no' / 2 // TODO: yes",
        expect![[r#"
            0:15-0:24 "TODO: yes"
            1:32-1:41 "TODO: yes"
        "#]],
    );
    check(
        "js",
        "x =\n/'/ // TODO: yes\n(a) / '// TODO: no'",
        expect![[r#"
        1:7-1:16 "TODO: yes"
    "#]],
    );
    check(
        "tsx",
        "<b></b> {/* TODO: yes */}\n<br /> {/* TODO: yes */}",
        expect![[r#"
            0:12-0:21 "TODO: yes"
            1:11-1:20 "TODO: yes"
        "#]],
    );
    check(
        "js",
        "x = 'a\\\n// TODO: no' // TODO: yes",
        expect![[r#"
        1:16-1:25 "TODO: yes"
    "#]],
    );
}

#[test]
fn go() {
    check(
        "go",
        "s := `\n// TODO: no \\`; c := '`' // TODO: yes\nd := '\\'' // TODO: yes",
        expect![[r#"
            1:28-1:37 "TODO: yes"
            2:13-2:22 "TODO: yes"
        "#]],
    );
    check(
        "go",
        "/* a /* TODO: in */ s := \"/* TODO: no\" // TODO: yes",
        expect![[r#"
            0:8-0:16 "TODO: in"
            0:42-0:51 "TODO: yes"
        "#]],
    );
}

#[test]
fn c_and_cpp() {
    check(
        "c",
        "#define X 1 // TODO: yes\nchar c = '\"'; // TODO: yes\nchar *s = \"/* TODO: no\";",
        expect![[r#"
            0:15-0:24 "TODO: yes"
            1:17-1:26 "TODO: yes"
        "#]],
    );
    check(
        "c",
        "// a line that \\\n   TODO: goes on\nint x;",
        expect![[r#"
        1:3-1:16 "TODO: goes on"
    "#]],
    );
    check(
        "cpp",
        "auto s = R\"x(\n// TODO: no )\" \n)x\"; // TODO: yes",
        expect![[r#"
            2:8-2:17 "TODO: yes"
        "#]],
    );
    check(
        "cpp",
        "auto s = u8R\"(// TODO: no)\" u8\"// TODO: no\"; // TODO: yes",
        expect![[r#"
            0:48-0:57 "TODO: yes"
        "#]],
    );
    check(
        "cpp",
        "int x = 1'000'000 + 0xFF'FF'FF; // TODO: yes\nauto c = u8'\"'; // TODO: yes",
        expect![[r#"
            0:35-0:44 "TODO: yes"
            1:19-1:28 "TODO: yes"
        "#]],
    );
}

#[test]
fn shell() {
    check(
        "sh",
        "echo $# ${#x} a#TODO ${x#TODO} # TODO: yes\n#TODO: yes",
        expect![[r#"
            0:33-0:42 "TODO: yes"
            1:1-1:10 "TODO: yes"
        "#]],
    );
    check(
        "sh",
        "echo 'a\n# TODO: no\n' \"\n# TODO: no \\\" # TODO: no\n\" \\' # TODO: yes",
        expect![[r#"
            4:7-4:16 "TODO: yes"
        "#]],
    );
    check(
        "sh",
        "echo \"$(cat # TODO: yes\n echo \"# TODO: no\") # TODO: no\" # TODO: yes",
        expect![[r#"
            0:14-0:23 "TODO: yes"
            1:34-1:43 "TODO: yes"
        "#]],
    );
    check(
        "sh",
        "cat <<EOF; f <<-'E F' # TODO: yes\n# TODO: no\nEOF\n# TODO: no\n\tE F\n# TODO: yes",
        expect![[r#"
            0:24-0:33 "TODO: yes"
            5:2-5:11 "TODO: yes"
        "#]],
    );
    check(
        "sh",
        "cat <<< word\n# TODO: yes\n(( x = 1 << y ))\n# TODO: yes",
        expect![[r#"
            1:2-1:11 "TODO: yes"
            3:2-3:11 "TODO: yes"
        "#]],
    );
    check(
        "sh",
        "x=\"$((1 << y)) # TODO: no\" # TODO: yes\necho $'\\'# TODO: no' # TODO: yes",
        expect![[r#"
            0:29-0:38 "TODO: yes"
            1:23-1:32 "TODO: yes"
        "#]],
    );
}

#[test]
fn further_languages_are_rows() {
    check(
        "lua",
        "--[==[ TODO: a\n]] b ]==] x = [[-- TODO: no\n]] -- TODO: yes",
        expect![[r#"
            0:7-1:4 "TODO: a\n]] b"
            2:6-2:15 "TODO: yes"
        "#]],
    );
    check(
        "java",
        "String s = \"\"\"\n// TODO: no \"\n\"\"\"; char c = '\"'; // TODO: yes",
        expect![[r#"
            2:22-2:31 "TODO: yes"
        "#]],
    );
    check(
        "toml",
        "x = '\\' # TODO: yes\ny = '''\n# TODO: no\n''' # TODO: yes",
        expect![[r#"
            0:10-0:19 "TODO: yes"
            3:6-3:15 "TODO: yes"
        "#]],
    );
}

#[test]
fn languages_are_found() {
    let name =
        |path: &str, id: Option<&str>, line: &str| language_for(Path::new(path), id, line).map(|found| found.name);
    assert_eq!(name("a/b.rs", None, ""), Some("Rust"));
    assert_eq!(name("b.h", Some("cpp"), ""), Some("C++"));
    assert_eq!(name("b.rs", Some("unheard-of"), ""), Some("Rust"));
    assert_eq!(name("run", None, "#!/usr/bin/env -S python3.12 -u"), Some("Python"));
    assert_eq!(name("run", None, "#!/bin/sh -e"), Some("Shell"));
    assert_eq!(name(".bashrc", None, ""), Some("Shell"));
    assert_eq!(name("notes.txt", None, "TODO"), None);
    assert_eq!(name("..", None, "#!"), None);
}
