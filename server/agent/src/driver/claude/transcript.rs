//! The conversation that Claude Code keeps, as the one that goes on with it needs it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// How much is looked at at a time, in bytes.
const CHUNK: u64 = 64 * 1024;

/// Makes the kept conversation one that can be gone on with: a line that was being written when its writer died goes,
/// because the next one would be written behind it. Returns whether there is a conversation.
pub(super) fn mend(config: &Path, conversation: &str) -> io::Result<bool> {
    let Some(path) = find(config, conversation) else {
        return Ok(false);
    };
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let len = file.metadata()?.len();
    let whole = whole_lines(&file, len)?;
    if whole < len {
        file.set_len(whole)?;
        file.sync_data()?;
    }
    Ok(whole > 0)
}

/// Every project has a folder of its own, and this one's name follows rules of Claude Code.
fn find(config: &Path, conversation: &str) -> Option<PathBuf> {
    let projects = std::fs::read_dir(config.join("projects")).ok()?;
    let name = format!("{conversation}.jsonl");
    let kept = projects.flatten().map(|project| project.path().join(&name));
    kept.into_iter().find(|path| path.is_file())
}

/// Returns how many of the first `len` bytes are whole lines.
fn whole_lines(file: &File, len: u64) -> io::Result<u64> {
    let mut end = len;
    while end > 0 {
        let begin = end.saturating_sub(CHUNK);
        let mut chunk = vec![0; usize::try_from(end - begin).unwrap_or_default()];
        file.read_exact_at(&mut chunk, begin)?;
        if let Some(last) = chunk.iter().rposition(|byte| *byte == b'\n') {
            return Ok(begin + last as u64 + 1);
        }
        end = begin;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_line_that_was_not_written_to_its_end_goes() {
        let config = tempfile::tempdir().unwrap();
        assert!(!mend(config.path(), "c").unwrap(), "there is none");
        let project = config.path().join("projects/-ws");
        std::fs::create_dir_all(&project).unwrap();
        let long = "x".repeat(150_000);
        let cases = [
            (String::new(), String::new()),
            ("{\"a\":".to_owned(), String::new()),
            ("{}\n".to_owned(), "{}\n".to_owned()),
            ("{}\n{\"b\":1".to_owned(), "{}\n".to_owned()),
            (format!("{{}}\n{{\"c\":\"{long}"), "{}\n".to_owned()),
            (format!("{long}\n"), format!("{long}\n")),
        ];
        for (before, after) in cases {
            let path = project.join("c.jsonl");
            std::fs::write(&path, &before).unwrap();
            assert_eq!(mend(config.path(), "c").unwrap(), !after.is_empty());
            assert!(std::fs::read_to_string(&path).unwrap() == after);
        }
    }
}
