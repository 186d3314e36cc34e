//! What is a TODO and what is not, language by language; and that following edits finds what a fresh scan finds.

mod grouping;
mod incremental;
mod languages;

use std::fmt::Write as _;
use std::path::Path;

use expect_test::Expect;

use super::{Keywords, language_for, scan_text};

/// Scans a file with the given name ending and compares its TODOs, one a line: `line:start-end_line:end text`.
#[track_caller]
fn check(extension: &str, text: &str, expected: Expect) {
    let language = language_for(Path::new(&format!("file.{extension}")), None, "").unwrap();
    let mut actual = String::new();
    for todo in scan_text(language, &Keywords::default(), text) {
        let _ = writeln!(
            actual,
            "{}:{}-{}:{} {:?}",
            todo.line, todo.start, todo.end_line, todo.end, todo.text
        );
    }
    expected.assert_eq(&actual);
}
