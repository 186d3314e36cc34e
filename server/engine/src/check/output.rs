//! What a command printed, as text that can be shown. It was written by a program in a sandbox.

use std::io::Read as _;
use std::path::Path;

use crate::staging;

/// How much output is read, in bytes.
const MAX_READ: u64 = 2 << 20;

/// How much of the beginning and of the end is kept, in bytes.
const HEAD: usize = 4 << 10;
const TAIL: usize = 12 << 10;

/// Reads an output. One that is not there is empty.
///
/// # Errors
///
/// A sentence, if it is there and cannot be read.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    match staging::open_regular(path).and_then(|file| file.take(MAX_READ).read_to_end(&mut bytes)) {
        Ok(_) => Ok(plain(&bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(format!("The output {} cannot be read: {error}.", path.display())),
    }
}

/// Returns an output as text without escape sequences and control characters. Of a line that was written over, the last
/// text is left.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = anstream::adapter::strip_str(&text).to_string();
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        let line = line.trim_end_matches('\r');
        let last = line.rsplit('\r').next().unwrap_or(line);
        out.extend(last.chars().filter(|c| *c == '\t' || !c.is_control()));
        out.push_str(end);
    }
    out
}

/// Returns the beginning and the end of a long text, whole lines where lines are short.
pub(super) fn shorten(text: &str) -> String {
    if text.len() <= HEAD + TAIL {
        return text.to_owned();
    }
    let head = text.get(..text.floor_char_boundary(HEAD)).unwrap_or_default();
    let head = head.rfind('\n').and_then(|end| head.get(..=end)).unwrap_or(head);
    format!("{head}… the middle is left out …\n{}", end_of(text, TAIL))
}

/// Returns about the last `max` bytes of a text, whole lines where lines are short.
pub(super) fn end_of(text: &str, max: usize) -> &str {
    let from = text.ceil_char_boundary(text.len().saturating_sub(max));
    let tail = text.get(from..).unwrap_or_default();
    if from == 0 {
        return tail;
    }
    let after = tail.find('\n').and_then(|end| tail.get(end + 1..));
    after.filter(|rest| !rest.is_empty()).unwrap_or(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_do_is_not_in_the_text() {
        let cases: [(&[u8], &str); 6] = [
            (b"plain\n\ttext\n", "plain\n\ttext\n"),
            (b"\x1b[31merror\x1b[0m: x\n", "error: x\n"),
            (b"\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b\x1b]8;;\x1b\\\n", "ab\n"),
            (b"10%\r50%\r100%\r\nnext\r\n", "100%\nnext\n"),
            (b"a\x00b\x08c\xff", "abc\u{fffd}"),
            (b"", ""),
        ];
        for (bytes, want) in cases {
            assert_eq!(plain(bytes), want, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn much_keeps_whole_lines_of_its_beginning_and_end() {
        let text: String = (0..5000).map(|n| format!("line {n}\n")).collect();
        let short = shorten(&text);
        assert!(short.starts_with("line 0\n") && short.ends_with("line 4999\n"));
        assert!(short.len() < HEAD + TAIL + 100);
        let whole = |line: &str| line.starts_with("line ") || line.starts_with('…');
        assert!(short.lines().all(whole), "{short}");
        assert_eq!(shorten("short"), "short");
        assert_eq!(end_of(&"ä".repeat(100), 5).chars().count(), 2);
    }
}
