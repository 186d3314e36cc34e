//! What to do, read from a file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::exit::{Exit, Failure};

/// The longest instruction, in bytes.
const MAX: u64 = 256 << 10;

/// Endings of files that describe tasks in a language of their own.
const TASK_FILES: [&str; 3] = [".aca.toml", ".aca.md", ".aca.json"];

/// Reads an instruction from a file; `-` is the standard input.
///
/// # Errors
///
/// When it cannot be read, is no text, is too long, or is a task file.
pub(super) fn read(file: &Path) -> Result<String, Failure> {
    if file == Path::new("-") {
        return text(io::stdin().lock(), "The standard input");
    }
    must_be_plain(&file.to_string_lossy())?;
    let name = file.display().to_string();
    let opened = File::open(file).map_err(|error| usage(format!("{name} cannot be read: {error}.")))?;
    text(opened, &name)
}

/// Refuses the name of a task file: its words would be taken for an instruction, and their meaning lost.
///
/// # Errors
///
/// Then.
pub(super) fn must_be_plain(name: &str) -> Result<(), Failure> {
    let is_name = !name.contains(char::is_whitespace);
    if is_name && TASK_FILES.iter().any(|ending| name.ends_with(ending)) {
        return Err(usage(format!(
            "{name} is a task file, which aca does not understand yet. Say what to do in plain text: aca run --file FILE."
        )));
    }
    Ok(())
}

fn text(from: impl Read, name: &str) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    from.take(MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| usage(format!("{name} cannot be read: {error}.")))?;
    if bytes.len() as u64 > MAX {
        return Err(usage(format!(
            "{name} is longer than {} KiB, which is too long for an instruction.",
            MAX >> 10
        )));
    }
    String::from_utf8(bytes).map_err(|_| usage(format!("{name} is no text.")))
}

fn usage(message: String) -> Failure {
    Failure::new(Exit::Usage, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_is_text_of_a_bounded_length() {
        let dir = tempfile::tempdir().unwrap();
        let said = |name: &str, content: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, content).unwrap();
            read(&path).map_err(|failure| failure.message)
        };
        assert_eq!(said("a.txt", b"make it so\n").unwrap(), "make it so\n");
        for (name, content, problem) in [
            ("b.txt", &b"\xff"[..], "is no text."),
            ("c.txt", &vec![b'a'; 256 * 1024 + 1], "longer than 256 KiB"),
            ("plan.aca.toml", b"", "is a task file"),
        ] {
            let message = said(name, content).unwrap_err();
            assert!(message.contains(problem), "{message}");
        }
        assert!(
            read(&dir.path().join("none"))
                .unwrap_err()
                .message
                .contains("cannot be read")
        );
        assert!(must_be_plain("explain plan.aca.toml").is_ok());
    }
}
