//! Which workspace a command is about, and places in it.

use std::env;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use crate::exit::{Exit, Failure};

/// A file and a line, as it is written on the command line: `src/user.rs:12`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileLine {
    /// The file, relative to the current directory or absolute.
    pub(crate) file: PathBuf,
    /// The line, counted from zero.
    pub(crate) line: u32,
}

impl FromStr for FileLine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let hint = "write FILE:LINE with a line counted from one, for example src/user.rs:12";
        let (file, line) = text.rsplit_once(':').ok_or(hint)?;
        let line: u32 = line.parse().map_err(|_| hint)?;
        if file.is_empty() || line == 0 {
            return Err(hint.into());
        }
        Ok(Self {
            file: file.into(),
            line: line - 1,
        })
    }
}

impl FileLine {
    /// Returns the file's path relative to the workspace, with `/` between components.
    ///
    /// # Errors
    ///
    /// When there is no such file, or it lies outside the workspace.
    pub(crate) fn path_in(&self, root: &Path) -> Result<String, Failure> {
        let file = self.file.canonicalize().map_err(|error| {
            Failure::new(
                Exit::Usage,
                format!("There is no file {}: {error}.", self.file.display()),
            )
        })?;
        relative(&file, root).ok_or_else(|| {
            Failure::new(
                Exit::Usage,
                format!(
                    "{} is outside the workspace {}; name another with --workspace.",
                    file.display(),
                    root.display()
                ),
            )
        })
    }
}

/// Returns the workspace: the given directory, else the nearest git root around the current one, else the current one.
///
/// # Errors
///
/// When the directory does not exist.
pub(crate) fn root(given: Option<&Path>) -> Result<PathBuf, Failure> {
    let start = match given {
        Some(given) => given.to_path_buf(),
        None => env::current_dir().map_err(|error| Failure::while_doing("The current directory is gone", error))?,
    };
    let start = start.canonicalize().ok().filter(|dir| dir.is_dir()).ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            format!("There is no directory {} to work in.", start.display()),
        )
    })?;
    if given.is_some() {
        return Ok(start);
    }
    let is_git_root = |dir: &&Path| dir.join(".git").exists();
    Ok(start.ancestors().find(is_git_root).unwrap_or(&start).to_path_buf())
}

/// The path below `root` with `/` between components, if it is below.
fn relative(file: &Path, root: &Path) -> Option<String> {
    let rest = file.strip_prefix(root).ok()?;
    let parts: Option<Vec<&str>> = rest
        .components()
        .map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    Some(parts?.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_and_line() {
        for (text, expected) in [
            ("a.rs:1", Some(("a.rs", 0))),
            ("src/a.rs:12", Some(("src/a.rs", 11))),
            ("a:b.rs:3", Some(("a:b.rs", 2))),
            ("/x/a.rs:3", Some(("/x/a.rs", 2))),
            ("a.rs", None),
            ("a.rs:", None),
            ("a.rs:0", None),
            ("a.rs:-1", None),
            ("a.rs:x", None),
            (":3", None),
            ("a.rs:99999999999", None),
        ] {
            let parsed = text.parse::<FileLine>().ok();
            let expected = expected.map(|(file, line)| FileLine {
                file: file.into(),
                line,
            });
            assert_eq!(parsed, expected, "{text}");
        }
    }

    #[test]
    fn a_file_is_named_relative_to_its_workspace() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap().join("w");
        std::fs::create_dir_all(root.join("src")).unwrap();
        std::fs::write(root.join("src/a.rs"), "").unwrap();
        std::fs::write(root.join("../outside.rs"), "").unwrap();
        let at = |file: &str| {
            FileLine {
                file: root.join(file),
                line: 0,
            }
            .path_in(&root)
        };
        assert_eq!(at("src/a.rs").unwrap(), "src/a.rs");
        assert_eq!(at("src/../src/a.rs").unwrap(), "src/a.rs");
        assert!(
            at("../outside.rs")
                .unwrap_err()
                .message
                .contains("outside the workspace")
        );
        assert!(at("none.rs").unwrap_err().message.starts_with("There is no file"));
    }

    #[test]
    fn the_workspace_is_where_one_says() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(root(Some(dir.path())).unwrap(), dir.path().canonicalize().unwrap());
        let missing = root(Some(&dir.path().join("none"))).unwrap_err();
        assert_eq!(missing.exit, Exit::Usage);
    }
}
