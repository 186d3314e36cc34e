//! Following edits finds what a fresh scan of the text finds.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use ropey::Rope;

use crate::todo::{Keywords, TodoIndex, changed_lines, language_for, scan_text};

/// Bits of source that open and close everything.
fn source() -> impl Strategy<Value = String> {
    const BITS: &[&str] = &[
        "\n",
        "\n",
        "\n",
        "\r\n",
        "\r",
        "// TODO: a",
        "// b",
        "//",
        "/* TODO c",
        "/*",
        "*/",
        " * d\n",
        "\"",
        "'",
        "`",
        "${",
        "}",
        "r#\"",
        "\"#",
        "\\",
        "😀",
        " ",
        "x",
        "FIXME",
        "# e",
        "#",
        "<<EOF\n",
        "EOF\n",
        "(",
        ")",
        "\"\"\"",
        "/",
        "R\"x(",
        ")x\"",
        "--[[",
        "]]",
    ];
    proptest::collection::vec(proptest::sample::select(BITS), 0..12).prop_map(|bits| bits.concat())
}

fn document() -> impl Strategy<Value = String> {
    proptest::collection::vec(source(), 0..8).prop_map(|parts| parts.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn following_edits_equals_scanning(
        extension in proptest::sample::select(&["rs", "py", "ts", "go", "cpp", "sh", "lua"][..]),
        start in document(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..12, source()), 1..8),
    ) {
        let language = language_for(Path::new(&format!("a.{extension}")), None, "").unwrap();
        let keywords = Arc::new(Keywords::default());
        let mut text = Rope::from_str(&start);
        let mut index = TodoIndex::new(language, Arc::clone(&keywords), &text);
        for (at, removed, inserted) in edits {
            let at = at.index(text.len_chars() + 1);
            let end = (at + removed).min(text.len_chars());
            let before = text.clone();
            text.remove(at..end);
            text.insert(at, &inserted);
            let (replaced, new_lines) = changed_lines(&before, &text, at..end, inserted.chars().count());
            index.edit(&text, replaced, new_lines);
            let fresh = TodoIndex::new(language, Arc::clone(&keywords), &text);
            prop_assert_eq!(index.todos(), fresh.todos(), "{:?}", text);
            prop_assert_eq!(scan_text(language, &keywords, &text.to_string()), fresh.todos(), "{:?}", text);
            prop_assert!(index.same_states(&fresh));
        }
    }
}

#[test]
fn todos_of_lines() {
    let language = language_for(Path::new("a.rs"), None, "").unwrap();
    let text = Rope::from_str("x\n// TODO: a\n// b\ny\n// TODO: c");
    let index = TodoIndex::new(language, Arc::default(), &text);
    let at = |lines| index.at(lines).map(|todo| todo.line).collect::<Vec<_>>();
    assert_eq!(at(0..1), Vec::<usize>::new());
    assert_eq!(at(2..3), [1]);
    assert_eq!(at(2..5), [1, 4]);
    assert_eq!(at(3..4), Vec::<usize>::new());
}

#[test]
fn an_edit_that_does_not_fit_is_survived() {
    let language = language_for(Path::new("a.rs"), None, "").unwrap();
    let mut index = TodoIndex::new(language, Arc::default(), &Rope::from_str("// TODO: a"));
    index.edit(&Rope::from_str("\n\n// TODO: b"), 7..9, 1);
    assert_eq!(index.todos()[0].text, "TODO: b");
}
