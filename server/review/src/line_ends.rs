//! Line ends of a text that came back from a person: an editor may have made all of them the same.

use crate::diff::{Lines, changes};

/// Returns `text` with line ends of a file: those of lines that `like`, a part of it, has too are as they are there, any
/// other line gets the one that most lines of the `file` have. A last line without one stays so.
pub fn with_line_ends_of(file: &str, like: &str, text: &str) -> String {
    let (plain_like, plain) = (with_line_feeds(like), with_line_feeds(text));
    let found = changes(&plain_like, &plain);
    let (like, lines) = (Lines::new(like), Lines::new(&plain));
    let both = file.matches("\r\n").count();
    let usual = if 2 * both > file.matches('\n').count() {
        "\r\n"
    } else {
        "\n"
    };
    let mut done = String::with_capacity(text.len());
    let mut kept = 0;
    for change in found {
        done.push_str(like.text(kept..change.before.start));
        for line in lines.slice(change.after) {
            match line.strip_suffix('\n') {
                Some(line) => done.extend([line, usual]),
                None => done.push_str(line),
            }
        }
        kept = change.before.end;
    }
    done.push_str(like.text(kept..like.len().max(kept)));
    done
}

/// Returns a text whose lines all end with a line feed alone.
pub fn with_line_feeds(text: &str) -> String {
    text.replace("\r\n", "\n")
}
