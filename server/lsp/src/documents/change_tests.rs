//! Edits against the same edits on a plain string, and TODOs against a scan of the whole text.

use std::sync::Arc;

use lsp_types::{Position, Range, TextDocumentContentChangeEvent, Url};
use proptest::prelude::*;

use super::{Document, Encoding};
use crate::documents::WorkspaceFile;
use crate::workspaces::Root;

fn document(text: &str) -> Document {
    let root = Arc::new(Root::for_test("/w"));
    let file = WorkspaceFile {
        path: root.canonical.join("a.rs"),
        relative: "a.rs".to_owned(),
        root,
    };
    let uri = Url::parse("file:///w/a.rs").unwrap();
    Document::open(uri, "rust", 1, text, Some(file))
}

fn change(range: Option<(u32, u32, u32, u32)>, text: &str) -> TextDocumentContentChangeEvent {
    let range = range.map(|(sl, sc, el, ec)| Range {
        start: Position::new(sl, sc),
        end: Position::new(el, ec),
    });
    TextDocumentContentChangeEvent {
        range,
        range_length: None,
        text: text.to_owned(),
    }
}

#[test]
fn changes_apply_one_after_the_other() {
    let mut document = document("fn a() {}\nfn b() {}\n");
    for change in [
        change(Some((0, 3, 0, 4)), "first"),
        change(Some((0, 0, 0, 0)), "// TODO name it\n"),
        change(Some((2, 0, 99, 0)), ""),
    ] {
        document.apply(&change, Encoding::Utf16);
    }
    assert_eq!(document.text, "// TODO name it\nfn first() {}\n");
    assert_eq!(document.todos().len(), 1);
    document.apply(&change(None, "nothing"), Encoding::Utf16);
    assert_eq!(
        (document.text.to_string().as_str(), document.todos().len()),
        ("nothing", 0)
    );
}

#[test]
fn the_lines_of_a_hunk_are_clamped_to_the_text() {
    let document = document("one\ntwo 😀\n");
    let cases = [
        ((0, 1), (0, 0, 0, 3)),
        ((0, 2), (0, 0, 1, 6)),
        ((1, 0), (1, 0, 1, 0)),
        ((9, 4), (2, 0, 2, 0)),
    ];
    for ((line, lines), (sl, sc, el, ec)) in cases {
        let expected = Range {
            start: Position::new(sl, sc),
            end: Position::new(el, ec),
        };
        assert_eq!(document.lines(line, lines, Encoding::Utf16), expected, "{line} {lines}");
    }
}

#[test]
fn a_todo_is_found_again_by_its_text_nearest_to_its_line() {
    let document = document("// TODO x\n\n// TODO y\n\n// TODO x\n");
    for (line, expected) in [(0, Some(0)), (1, Some(0)), (3, Some(4)), (90, Some(4))] {
        assert_eq!(
            document.find_todo(line, "TODO x").map(|todo| todo.line),
            expected,
            "{line}"
        );
    }
    assert!(document.find_todo(0, "TODO z").is_none());
}

/// Pieces of source text in which comments, strings and line ends begin and end.
fn sources() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("// TODO "),
        Just("/* FIXME "),
        Just("*/"),
        Just("\""),
        Just("x"),
        Just(" 测"),
        Just("😀"),
        Just("\n"),
        Just("\r\n"),
        Just("\r")
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn edits_give_the_text_and_the_todos_of_a_fresh_document(
        start in sources(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), sources()), 1..8),
    ) {
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            let mut document = document(&start);
            let mut plain = start.clone();
            for (from, to, text) in &edits {
                let from = encoding.to_position(&document.text, from.index(plain.len() + 1));
                let to = encoding.to_position(&document.text, to.index(plain.len() + 1));
                let range = Range { start: from.min(to), end: from.max(to) };
                let bytes = encoding.to_bytes(&document.text, range);
                plain.replace_range(bytes, text);
                document.apply(&TextDocumentContentChangeEvent { range: Some(range), range_length: None, text: text.clone() }, encoding);
                prop_assert_eq!(document.text.to_string(), plain.clone());
            }
            let fresh = self::document(&plain);
            prop_assert_eq!(document.todos(), fresh.todos());
        }
    }
}
