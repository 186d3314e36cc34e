//! Random texts.

use proptest::prelude::*;

/// Lines over a small alphabet, so that they repeat, with all kinds of endings and perhaps none at the end.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just(""),
        Just("a"),
        Just("b"),
        Just("}"),
        Just("é"),
        Just("😀 c"),
        Just("a\rb")
    ];
    let line = (word, prop_oneof![3 => Just("\n"), 1 => Just("\r\n")]).prop_map(|(word, end)| format!("{word}{end}"));
    (
        proptest::collection::vec(line, 0..20),
        prop_oneof![Just(""), Just("end"), Just("\r")],
    )
        .prop_map(|(lines, last)| lines.concat() + last)
}
