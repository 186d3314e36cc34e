//! Paths of files in a workspace: relative to its root, separated by `/`, and never out of it.

use std::path::{Component, Path, PathBuf};

/// Why a path is not one of a file in a workspace.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{path:?} is not accepted as a path in a workspace: {reason}.")]
pub struct Error {
    /// The path.
    pub path: String,
    /// The rule it breaks.
    pub reason: &'static str,
}

/// Returns the path of `path` relative to `root`, if it is one of a file below it. Both are absolute; the disk is not
/// looked at.
pub fn relative(root: &Path, path: &Path) -> Option<String> {
    let rest = path.strip_prefix(root).ok()?;
    let names: Option<Vec<&str>> = rest
        .components()
        .map(|component| match component {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    let relative = names?.join("/");
    check(&relative).ok().map(|()| relative)
}

/// Returns the absolute path of the file at `relative` in the workspace at `root`. The disk is not looked at.
///
/// # Errors
///
/// If `relative` leads out of the workspace, into a repository's own files, or is no path.
pub fn resolve(root: &Path, relative: &str) -> Result<PathBuf, Error> {
    check(relative)?;
    Ok(root.join(relative))
}

/// Checks that `path` is relative, stays where it is, and means the same on every file system git supports.
///
/// # Errors
///
/// Names the rule that it breaks. The rules are git's `core.protectHFS` and `core.protectNTFS`, and a few more.
pub fn check(path: &str) -> Result<(), Error> {
    let error = |reason| Error {
        path: path.to_owned(),
        reason,
    };
    if path.len() > 4000 {
        return Err(error("it is longer than 4,000 bytes"));
    }
    path.split('/').try_for_each(|name| check_name(name).map_err(error))
}

/// Checks one component of a path; the error is the rule that it breaks.
pub(crate) fn check_name(name: &str) -> Result<(), &'static str> {
    match name {
        "" => return Err("it is absolute, empty or has an empty component"),
        "." | ".." => return Err("it has a component \".\" or \"..\""),
        _ => {}
    }
    if name.len() > 255 {
        return Err("it has a component longer than 255 bytes");
    }
    if name.contains('\0') {
        return Err("it contains a NUL");
    }
    if name.contains('\\') {
        return Err("it contains a backslash");
    }
    if is_repository(name) {
        return Err("it leads into a repository's own files");
    }
    Ok(())
}

/// Whether a file system may take `name` for `.git`: in any case, with characters that HFS+ ignores, as the short name
/// or the alternate stream of NTFS, with the dots and spaces at the end that Windows drops.
fn is_repository(name: &str) -> bool {
    let visible: String = name.chars().filter(|c| !hfs_ignores(*c)).collect();
    let stem = visible.split(':').next().unwrap_or_default();
    let stem = stem.trim_end_matches(['.', ' ']);
    stem.eq_ignore_ascii_case(".git") || stem.eq_ignore_ascii_case("git~1")
}

fn hfs_ignores(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths() {
        let relative = |path: &str| relative(Path::new("/w"), Path::new(path));
        assert_eq!(relative("/w/src/é b.rs").as_deref(), Some("src/é b.rs"));
        assert_eq!(relative("/w/./a").as_deref(), Some("a"));
        for outside in [
            "/w",
            "/w/",
            "/other/a",
            "/w2/a",
            "/w/../a",
            "/w/a/../../b",
            "w/a",
            "/w/.git/config",
        ] {
            assert_eq!(relative(outside), None, "{outside}");
        }
    }

    #[test]
    fn good_paths() {
        for path in [
            "a",
            "a/b.rs",
            ".gitignore",
            ".github/x",
            "git",
            "x.git",
            "é/日本",
            "a b",
            "..a",
            "a..",
            "gitty~1",
            "-f",
        ] {
            assert_eq!(resolve(Path::new("/w"), path), Ok(Path::new("/w").join(path)));
        }
    }

    #[test]
    fn bad_paths() {
        let long = "x".repeat(256);
        for path in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "../a",
            "a/../b",
            "a//b",
            "a/",
            "./a",
            ".git",
            "a/.git/config",
            ".GIT/x",
            ".Git",
            "git~1/x",
            "GIT~1",
            ".git.",
            ".git ",
            ".git. .",
            ".git:x",
            ".git::$INDEX_ALLOCATION/x",
            ".g\u{200c}it/x",
            ".git\u{feff}",
            "a\\b",
            "a\0b",
            &long,
        ] {
            assert!(check(path).is_err(), "{path:?}");
        }
    }
}
