//! Keeps the paths that tools are given inside the workspace.
//!
//! This is a guard rail for a model that errs, not a wall: the shell tool reaches whatever the sandbox allows, and
//! the sandbox is the wall.

use std::io;
use std::path::{Component, Path, PathBuf};

/// Why a path is not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum PathError {
    /// It leads out of the workspace.
    #[error("{0} is outside the workspace; only paths inside it can be used")]
    Outside(String),
    /// Something on the way cannot be read.
    #[error("{0} cannot be reached: {1}")]
    Unreachable(String, io::Error),
}

/// The workspace that paths must stay in.
#[derive(Clone)]
pub(super) struct Workspace {
    given: PathBuf,
    real: PathBuf,
}

impl Workspace {
    /// Takes the workspace's path. It must exist.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        Ok(Self {
            given: path.to_owned(),
            real: path.canonicalize()?,
        })
    }

    /// Returns the workspace's real path.
    pub(super) fn root(&self) -> &Path {
        &self.real
    }

    /// Returns the real path of `path`, relative to the workspace or absolute in it. It need not exist, but whatever
    /// exists of it must be inside the workspace, links followed.
    pub(super) fn resolve(&self, path: &str) -> Result<PathBuf, PathError> {
        let outside = || PathError::Outside(path.to_owned());
        let inner = self.inner(Path::new(path)).ok_or_else(outside)?;
        let mut real = self.real.clone();
        let mut names = inner.iter();
        for name in names.by_ref() {
            let next = real.join(name);
            match next.symlink_metadata() {
                Ok(_) => {
                    real = next
                        .canonicalize()
                        .map_err(|error| PathError::Unreachable(path.to_owned(), error))?;
                    if !real.starts_with(&self.real) {
                        return Err(outside());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    real = next;
                    break;
                }
                Err(error) => return Err(PathError::Unreachable(path.to_owned(), error)),
            }
        }
        real.extend(names);
        Ok(real)
    }

    /// Returns `path` relative to the workspace, without any `..`; `None` if it leads out.
    fn inner(&self, path: &Path) -> Option<PathBuf> {
        let relative = if path.is_absolute() {
            path.strip_prefix(&self.given)
                .or_else(|_| path.strip_prefix(&self.real))
                .ok()?
        } else {
            path
        };
        let mut inner = PathBuf::new();
        for component in relative.components() {
            match component {
                Component::Normal(name) => inner.push(name),
                Component::CurDir => {}
                Component::ParentDir => {
                    if !inner.pop() {
                        return None;
                    }
                }
                Component::RootDir | Component::Prefix(_) => return None,
            }
        }
        Some(inner)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn fixture() -> (tempfile::TempDir, Workspace) {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("ws");
        std::fs::create_dir_all(root.join("src")).unwrap();
        std::fs::write(root.join("src/a.rs"), "").unwrap();
        std::fs::write(dir.path().join("secret"), "").unwrap();
        symlink("src", root.join("inner")).unwrap();
        symlink("..", root.join("up")).unwrap();
        symlink("/etc", root.join("etc")).unwrap();
        symlink(dir.path().join("secret"), root.join("link")).unwrap();
        symlink("../new", root.join("dangling")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        let workspace = Workspace::new(&root).unwrap();
        (dir, workspace)
    }

    #[test]
    fn takes_what_is_inside() {
        let (_dir, workspace) = fixture();
        let root = workspace.root().to_owned();
        let absolute = root.join("src/a.rs");
        let cases = [
            ("src/a.rs", "src/a.rs"),
            ("./src/../src/a.rs", "src/a.rs"),
            (absolute.to_str().unwrap(), "src/a.rs"),
            ("inner/a.rs", "src/a.rs"),
            ("new/deep/file", "new/deep/file"),
            ("src/new", "src/new"),
            (".", ""),
            ("", ""),
        ];
        for (path, want) in cases {
            assert_eq!(
                workspace.resolve(path).unwrap().strip_prefix(&root).unwrap(),
                Path::new(want),
                "{path}"
            );
        }
    }

    #[test]
    fn refuses_what_leads_out() {
        let (dir, workspace) = fixture();
        let beside = format!("{}-beside/x", workspace.root().display());
        let secret = dir.path().join("secret");
        for path in [
            "..",
            "../secret",
            "src/../../secret",
            "/etc/passwd",
            "/",
            beside.as_str(),
            secret.to_str().unwrap(),
            "up/secret",
            "etc/passwd",
            "link",
            "dangling",
            "loop",
            "src/a.rs/x",
        ] {
            assert!(workspace.resolve(path).is_err(), "{path} is taken");
        }
    }
}
