//! The person's own editor, for a text of a few lines.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// Lets the person edit a text in `$VISUAL`, `$EDITOR` or `vi`, in a file named like `path`, so that the editor knows the
/// language. Returns the new text; nothing if the editor says that it failed.
///
/// # Errors
///
/// When the editor cannot be run or leaves something that is not text: a sentence.
pub(super) fn edit(text: &str, path: &str) -> Result<Option<String>, String> {
    let failed = |doing: &str, error: &dyn std::fmt::Display| format!("{doing}: {error}. Nothing was changed.");
    let suffix = Path::new(path).extension().and_then(OsStr::to_str);
    let suffix = suffix.map(|extension| format!(".{extension}")).unwrap_or_default();
    let mut file = tempfile::Builder::new()
        .prefix("aca-")
        .suffix(&suffix)
        .tempfile()
        .map_err(|error| failed("No temporary file can be made", &error))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.flush())
        .map_err(|error| failed("The temporary file cannot be written", &error))?;
    let editor = ["VISUAL", "EDITOR"].into_iter().filter_map(env::var_os);
    let editor = editor
        .into_iter()
        .find(|editor| !editor.is_empty())
        .unwrap_or_else(|| "vi".into());
    // The variable is a command with arguments, so a shell reads it, as git has it.
    let mut command = editor.clone();
    command.push(" \"$@\"");
    let ended = Command::new("sh")
        .arg("-c")
        .arg(command)
        .arg(&editor)
        .arg(file.path())
        .status();
    let ended = ended.map_err(|error| failed("The editor cannot be run", &error))?;
    if !ended.success() {
        return Ok(None);
    }
    // By its path: most editors put a new file in the place of the old one.
    let bytes = fs::read(file.path()).map_err(|error| failed("The edited text cannot be read", &error))?;
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|error| failed("The edited text is not UTF-8", &error))
}

/// Gives an edited text the end of its last line back, if it had one: without it the next line of the file would join it.
pub(super) fn with_last_line_end(edited: String, before: &str) -> String {
    let end = match before {
        _ if edited.is_empty() || edited.ends_with('\n') => "",
        before if before.ends_with("\r\n") => "\r\n",
        before if before.ends_with('\n') => "\n",
        _ => "",
    };
    edited + end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_keeps_its_end() {
        for (edited, before, expected) in [
            ("a", "b\n", "a\n"),
            ("a", "b\r\n", "a\r\n"),
            ("a\n", "b\n", "a\n"),
            ("a", "b", "a"),
            ("", "b\n", ""),
        ] {
            assert_eq!(with_last_line_end(edited.into(), before), expected);
        }
    }
}
