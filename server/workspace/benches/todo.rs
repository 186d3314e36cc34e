//! Times the TODO scanner on a document of 5,000 lines.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use aca_workspace::todo::{Keywords, Language, TodoIndex, changed_lines, language_for, scan_text};
use ropey::Rope;

fn main() {
    divan::main();
}

fn rust() -> &'static Language {
    match language_for(Path::new("a.rs"), None, "") {
        Some(language) => language,
        None => unreachable!("Rust is a known language"),
    }
}

fn document() -> String {
    let mut text = String::new();
    for line in 0..5_000 {
        let _ = match line % 50 {
            0 => writeln!(text, "    // TODO: handle case {line}"),
            1 => writeln!(text, "    // and the one after it"),
            2..9 => writeln!(text, "    /// Says \"{line}\"."),
            _ => writeln!(text, "    let value_{line} = compute(\"text {line}\", 'c');"),
        };
    }
    text
}

#[divan::bench]
fn full_scan(bencher: divan::Bencher<'_, '_>) {
    let text = document();
    bencher.bench_local(|| scan_text(rust(), &Keywords::default(), &text));
}

#[divan::bench]
fn open_document(bencher: divan::Bencher<'_, '_>) {
    let text = Rope::from_str(&document());
    bencher.bench_local(|| TodoIndex::new(rust(), Arc::default(), &text));
}

/// Types a character into a line in the middle and takes it away again, each time applying and following the edit.
#[divan::bench(args = ["code", "in a TODO", "opens a comment", "new line"])]
fn edit_twice(bencher: divan::Bencher<'_, '_>, what: &str) {
    let mut text = Rope::from_str(&document());
    let mut index = TodoIndex::new(rust(), Arc::default(), &text);
    let (line, typed) = match what {
        "code" => (2_530, "x"),
        "in a TODO" => (2_500, "x"),
        "opens a comment" => (2_530, "/*"),
        _ => (2_530, "\n"),
    };
    let at = text.line_to_char(line) + 4;
    let length = typed.chars().count();
    bencher.bench_local(|| {
        let before = text.clone();
        text.insert(at, typed);
        let (replaced, new_lines) = changed_lines(&before, &text, at..at, length);
        index.edit(&text, replaced, new_lines);
        let before = text.clone();
        text.remove(at..at + length);
        let (replaced, new_lines) = changed_lines(&before, &text, at..at + length, 0);
        index.edit(&text, replaced, new_lines);
    });
}
