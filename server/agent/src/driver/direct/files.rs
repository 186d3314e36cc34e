//! The tools that work on files. They block; call them where that is allowed.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::paths::Workspace;
use super::tools::Output;
use crate::text::clip;

/// The largest file that is read or edited, in bytes.
const MAX_FILE: u64 = 8 * 1024 * 1024;

/// How much of a file or a listing one call returns, in bytes.
const MAX_TEXT: usize = 100 * 1024;

/// How many lines a search returns, and how much of each, in bytes.
const MAX_HITS: usize = 200;
const MAX_HIT: usize = 300;

/// The largest file that is searched, in bytes.
const MAX_SEARCHED: u64 = 2 * 1024 * 1024;

/// Reads a file, or `limit` lines of it from line `offset` (counted from one) on.
pub(super) fn read_file(workspace: &Workspace, path: &str, offset: usize, limit: usize) -> Output {
    let text = match text_of(workspace, path) {
        Ok(text) => text,
        Err(output) => return output,
    };
    let part: String = text
        .split_inclusive('\n')
        .skip(offset.saturating_sub(1))
        .take(limit)
        .collect();
    if part.len() > MAX_TEXT {
        let part = clip(&part, MAX_TEXT);
        return Output::done(format!("{part}\n(There is more; read on with a larger offset.)"));
    }
    Output::done(part)
}

/// Writes a whole file, and the directories it is in.
pub(super) fn write_file(workspace: &Workspace, path: &str, content: &str) -> Output {
    let real = match workspace.resolve(path) {
        Ok(real) => real,
        Err(error) => return Output::failed(error.to_string()),
    };
    let written = real
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(&real, content));
    match written {
        Ok(()) => Output::done(format!("Wrote {} bytes to {path}.", content.len())),
        Err(error) => Output::failed(format!("{path} cannot be written: {error}.")),
    }
}

/// Replaces text in a file that occurs there exactly once.
pub(super) fn edit_file(workspace: &Workspace, path: &str, old: &str, new: &str) -> Output {
    let text = match text_of(workspace, path) {
        Ok(text) => text,
        Err(output) => return output,
    };
    match text.matches(old).count() {
        _ if old.is_empty() => Output::failed("old_text is empty; use write_file to write a whole file."),
        0 => Output::failed(format!(
            "old_text does not occur in {path}. Read the file and copy the text exactly."
        )),
        1 => write_file(workspace, path, &text.replacen(old, new, 1)),
        count => Output::failed(format!(
            "old_text occurs {count} times in {path}. Give more of the text around it, so that it is unique."
        )),
    }
}

/// Lists a directory: one name a line, directories with a slash.
pub(super) fn list_dir(workspace: &Workspace, path: &str) -> Output {
    let real = match workspace.resolve(path) {
        Ok(real) => real,
        Err(error) => return Output::failed(error.to_string()),
    };
    let entries = match fs::read_dir(&real) {
        Ok(entries) => entries,
        Err(error) => return Output::failed(format!("{path} cannot be listed: {error}.")),
    };
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| {
            let slash = if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                "/"
            } else {
                ""
            };
            format!("{}{slash}", entry.file_name().to_string_lossy())
        })
        .collect();
    names.sort_unstable();
    Output::done(clip(&names.join("\n"), MAX_TEXT))
}

/// Finds lines that hold `text`, in all text files below `path`; `.git` and links are left out.
pub(super) fn search(workspace: &Workspace, path: &str, text: &str) -> Output {
    let start = match workspace.resolve(path) {
        Ok(start) => start,
        Err(error) => return Output::failed(error.to_string()),
    };
    if text.is_empty() {
        return Output::failed("text is empty; give what to search for.");
    }
    let mut found = String::new();
    let mut hits = 0;
    let mut waiting = vec![start];
    while let Some(path) = waiting.pop() {
        let Ok(metadata) = path.symlink_metadata() else {
            continue;
        };
        if metadata.is_dir() {
            waiting.extend(children(&path));
        } else if metadata.is_file() && metadata.len() <= MAX_SEARCHED {
            hits += search_file(workspace, &path, text, MAX_HITS - hits, &mut found);
            if hits >= MAX_HITS {
                found.push_str("(There are more; search for something longer, or below one directory.)\n");
                return Output::done(found);
            }
        }
    }
    Output::done(if hits == 0 {
        "Nothing was found.".to_owned()
    } else {
        found
    })
}

/// Returns what is in a directory, last names first, so that a stack gives the first ones first.
fn children(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries
        .filter(|entry| entry.file_name() != ".git")
        .map(|entry| entry.path())
        .collect();
    paths.sort_unstable_by(|a, b| b.cmp(a));
    paths
}

fn search_file(workspace: &Workspace, path: &Path, text: &str, most: usize, found: &mut String) -> usize {
    let bytes = fs::read(path).unwrap_or_default();
    if bytes.contains(&0) {
        return 0;
    }
    let content = String::from_utf8_lossy(&bytes);
    let name = path.strip_prefix(workspace.root()).unwrap_or(path).display();
    let lines = content
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains(text))
        .take(most);
    let mut hits = 0;
    for (index, line) in lines {
        hits += 1;
        // Writing to a string cannot fail.
        let _ = writeln!(found, "{name}:{}: {}", index + 1, clip(line.trim(), MAX_HIT));
    }
    hits
}

fn text_of(workspace: &Workspace, path: &str) -> Result<String, Output> {
    let real = workspace
        .resolve(path)
        .map_err(|error| Output::failed(error.to_string()))?;
    let unreadable = |error: std::io::Error| Output::failed(format!("{path} cannot be read: {error}."));
    let metadata = fs::metadata(&real).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Output::failed(format!("{path} is not a file.")));
    }
    if metadata.len() > MAX_FILE {
        return Err(Output::failed(format!(
            "{path} has {} bytes, which is too large.",
            metadata.len()
        )));
    }
    let bytes = fs::read(&real).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|_| Output::failed(format!("{path} is not UTF-8 text.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture() -> (tempfile::TempDir, Workspace) {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("src")).unwrap();
        fs::create_dir_all(dir.path().join(".git")).unwrap();
        fs::write(dir.path().join("a.txt"), "one\ntwo\r\ntwo\nlast").unwrap();
        fs::write(dir.path().join("src/b.rs"), "fn two() {}\n").unwrap();
        fs::write(dir.path().join(".git/x"), "two").unwrap();
        fs::write(dir.path().join("bin"), b"two\0").unwrap();
        let workspace = Workspace::new(dir.path()).unwrap();
        (dir, workspace)
    }

    #[test]
    fn reads_whole_files_and_parts() {
        let (_dir, ws) = fixture();
        assert_eq!(read_file(&ws, "a.txt", 1, usize::MAX).text, "one\ntwo\r\ntwo\nlast");
        assert_eq!(read_file(&ws, "a.txt", 2, 1).text, "two\r\n");
        assert_eq!(read_file(&ws, "a.txt", 9, 1).text, "");
        for path in ["none", "src", "../x", ""] {
            assert!(!read_file(&ws, path, 1, 1).ok, "{path}");
        }
    }

    #[test]
    fn edits_only_what_is_unique() {
        let (dir, ws) = fixture();
        assert!(edit_file(&ws, "a.txt", "one", "1").ok);
        assert_eq!(
            fs::read_to_string(dir.path().join("a.txt")).unwrap(),
            "1\ntwo\r\ntwo\nlast"
        );
        for (old, want) in [("two", "2 times"), ("none", "does not occur"), ("", "empty")] {
            let output = edit_file(&ws, "a.txt", old, "x");
            assert!(!output.ok && output.text.contains(want), "{old:?}: {}", output.text);
        }
        assert_eq!(
            fs::read_to_string(dir.path().join("a.txt")).unwrap(),
            "1\ntwo\r\ntwo\nlast"
        );
    }

    #[test]
    fn writes_new_files_in_new_directories() {
        let (dir, ws) = fixture();
        assert!(write_file(&ws, "x/y/z", "text").ok);
        assert_eq!(fs::read_to_string(dir.path().join("x/y/z")).unwrap(), "text");
        assert!(!write_file(&ws, "../out", "text").ok);
        assert!(!write_file(&ws, "src", "text").ok);
    }

    #[test]
    fn lists_and_searches() {
        let (_dir, ws) = fixture();
        assert_eq!(list_dir(&ws, ".").text, ".git/\na.txt\nbin\nsrc/");
        assert_eq!(
            search(&ws, ".", "two").text,
            "a.txt:2: two\na.txt:3: two\nsrc/b.rs:1: fn two() {}\n"
        );
        assert_eq!(search(&ws, "src", "two").text, "src/b.rs:1: fn two() {}\n");
        assert_eq!(search(&ws, ".", "nowhere").text, "Nothing was found.");
        assert!(!search(&ws, "..", "two").ok);
    }

    #[test]
    fn a_search_is_bounded() {
        let (dir, ws) = fixture();
        fs::write(dir.path().join("many"), "needle\n".repeat(10_000)).unwrap();
        let output = search(&ws, ".", "needle");
        assert_eq!(output.text.lines().count(), MAX_HITS + 1);
    }
}
