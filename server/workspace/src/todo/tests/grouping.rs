//! Which lines belong to one TODO, and how its text is cleaned.

use expect_test::expect;

use super::{Keywords, check, scan_text};
use crate::todo::language_for;
use std::path::Path;

#[test]
fn line_comments() {
    check(
        "rs",
        "// TODO: one\n// two\n//   three\nfn f() {}\n// four",
        expect![[r#"
            0:3-2:10 "TODO: one\ntwo\nthree"
        "#]],
    );
    check(
        "rs",
        "// TODO: one\n//\n// not",
        expect![[r#"
        0:3-0:12 "TODO: one"
    "#]],
    );
    check(
        "rs",
        "// TODO: one\n// -----\n// not",
        expect![[r#"
        0:3-0:12 "TODO: one"
    "#]],
    );
    check(
        "rs",
        "// TODO: one\n// FIXME: two\n// three, as the HACK above",
        expect![[r#"
            0:3-0:12 "TODO: one"
            1:3-2:27 "FIXME: two\nthree, as the HACK above"
        "#]],
    );
    check(
        "rs",
        "// TODO: one\n/// not\n    // not",
        expect![[r#"
        0:3-0:12 "TODO: one"
    "#]],
    );
    check(
        "rs",
        "x; // TODO: one\n   // two\n// not",
        expect![[r#"
        0:6-1:9 "TODO: one\ntwo"
    "#]],
    );
    check(
        "rs",
        "// TODO: one\ny; // not\n\n// not",
        expect![[r#"
        0:3-0:12 "TODO: one"
    "#]],
    );
    check(
        "rs",
        "// before\n// see TODO(ann): here\n// after",
        expect![[r#"
        1:7-2:8 "TODO(ann): here\nafter"
    "#]],
    );
    check(
        "sh",
        "## TODO - one\r\n## two\r\n# not\r\n",
        expect![[r#"
        0:3-1:6 "TODO - one\ntwo"
    "#]],
    );
}

#[test]
fn block_comments() {
    check(
        "c",
        "/*\n * TODO: one\n *   two\n *\n * not\n */",
        expect![[r#"
        1:3-2:8 "TODO: one\ntwo"
    "#]],
    );
    check(
        "c",
        "/** TODO: one **/ x; /* FIXME: two */ // XXX: three",
        expect![[r#"
            0:4-0:13 "TODO: one"
            0:24-0:34 "FIXME: two"
            0:41-0:51 "XXX: three"
        "#]],
    );
    check(
        "c",
        "/* TODO: one\n\n not */",
        expect![[r#"
        0:3-0:12 "TODO: one"
    "#]],
    );
    check(
        "c",
        "/* TODO: one\n   two */ /* not */\n/* not */",
        expect![[r#"
        0:3-1:6 "TODO: one\ntwo"
    "#]],
    );
    check(
        "c",
        "/* TODO *strong* one\n *strong* two",
        expect![[r#"
        0:3-1:13 "TODO *strong* one\n*strong* two"
    "#]],
    );
}

#[test]
fn whole_words_in_capitals() {
    check(
        "rs",
        "// TODOS todo Todo MY_TODO TODO1 ATODO\n// @TODO yes\n// (TODO)",
        expect![[r#"
            1:4-2:9 "TODO yes\n(TODO)"
        "#]],
    );
    check(
        "rs",
        "// é😀 TODO: ä😀\n",
        expect![[r#"
        0:10-0:22 "TODO: ä😀"
    "#]],
    );
}

#[test]
fn keywords_can_be_chosen() {
    let rust = language_for(Path::new("a.rs"), None, "").unwrap();
    let found = scan_text(rust, &Keywords::new(["SPÄTER", ""]), "// TODO: no\n\n// SPÄTER: yes");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].keyword, "SPÄTER");
}

#[test]
fn hostile_text_is_bounded() {
    let rust = language_for(Path::new("a.rs"), None, "").unwrap();
    let javascript = language_for(Path::new("a.js"), None, "").unwrap();
    let long = format!("{}// TODO: x", "a/'\"".repeat(500_000));
    scan_text(rust, &Keywords::default(), &long);
    scan_text(javascript, &Keywords::default(), &"`${".repeat(300_000));
    scan_text(
        javascript,
        &Keywords::default(),
        &format!("// TODO\n{}", "`${\n".repeat(100_000)),
    );
    scan_text(
        rust,
        &Keywords::default(),
        &format!("// TODO\n{}", "/*".repeat(500_000)),
    );
    scan_text(
        rust,
        &Keywords::default(),
        &format!("// TODO\n{}", "r#".repeat(500_000)),
    );
    scan_text(
        javascript,
        &Keywords::default(),
        &format!("// TODO\n{}", "=/[".repeat(300_000)),
    );
}
