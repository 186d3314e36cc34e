//! Takes a snapshot of a workspace: what is on disk, overlaid with what is not saved yet.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;
use std::sync::PoisonError;

use super::seed::Repository;
use super::tree::{Changes, Entry, Mode};
use super::{Error, Objects, Tree, git};
use crate::paths;

/// An open document with the text its editor shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buffer {
    /// Its path, relative to the workspace.
    pub path: String,
    /// The text, as the bytes a save would write.
    pub text: Vec<u8>,
}

impl Objects {
    /// Stores the workspace at `root`, with `buffers` in place of the files they belong to.
    ///
    /// Ignored files are left out, and so is a buffer of one. A file that cannot be read, a nested repository without
    /// a commit, a socket or a pipe is left out with a warning in the log. The user's repository is not written to.
    ///
    /// # Errors
    ///
    /// If git fails, or the disk is full.
    pub fn snapshot(&self, root: &Path, buffers: &[Buffer]) -> Result<Tree, Error> {
        let _index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let repository = Repository::find(root);
        self.write_excludes(&Repository::excludes(root, repository.as_ref()))?;
        if let (false, Some(repository)) = (self.git.index().exists(), &repository) {
            self.seed(repository)?;
        }
        self.add_all(root)?;
        let disk = self.write_tree(&self.git.index())?;
        let overlay = self.overlay(root, &disk, buffers)?;
        let tree = self.change(&disk, &overlay)?;
        self.git.sync()?;
        Ok(tree)
    }

    fn write_excludes(&self, excludes: &[u8]) -> Result<(), Error> {
        let path = self.git.excludes();
        fs::write(&path, excludes).map_err(|error| Error::io(&path, "written", error))
    }

    fn add_all(&self, root: &Path) -> Result<(), Error> {
        let mut add = self.git.command("add");
        add.args(["--all", "--ignore-errors", "."]);
        add.env("GIT_WORK_TREE", root)
            .env("GIT_INDEX_FILE", self.git.index())
            .current_dir(root);
        let output = git::run(&mut add, b"")?;
        if output.status.success() {
            return Ok(());
        }
        let skipped = skipped(&output);
        if skipped.is_empty() {
            return Err(self.git.failure(&add, &output));
        }
        for line in skipped {
            tracing::warn!("The snapshot of {} leaves something out: {line}.", root.display());
        }
        Ok(())
    }

    /// Returns what the buffers change in the tree of the disk.
    fn overlay(&self, root: &Path, disk: &Tree, buffers: &[Buffer]) -> Result<Changes, Error> {
        let mut changes = Changes::new();
        for buffer in buffers {
            if paths::check(&buffer.path).is_err() {
                continue;
            }
            let file = root.join(&buffer.path);
            let meta = fs::symlink_metadata(&file).ok();
            let wanted = match &meta {
                Some(meta) => meta.is_file() && fs::read(&file).map_or(true, |saved| saved != buffer.text),
                None => !self.is_ignored(root, &buffer.path)?,
            };
            // What is on disk and not in the tree is ignored, or part of a nested repository.
            if !wanted || (meta.is_some() && !self.contains(disk, &buffer.path)?) {
                continue;
            }
            let executable = meta.is_some_and(|meta| meta.permissions().mode() & 0o100 != 0);
            let oid = self.git.oid(
                self.git.command("hash-object").args(["-w", "--stdin", "--no-filters"]),
                &buffer.text,
            )?;
            changes.insert(
                buffer.path.clone(),
                Some(Entry {
                    mode: Mode::file(executable),
                    oid,
                }),
            );
        }
        Ok(changes)
    }

    fn contains(&self, tree: &Tree, path: &str) -> Result<bool, Error> {
        let mut list = self.git.command("ls-tree");
        list.args(["-z", "--name-only", "--full-tree", tree.as_str(), "--"])
            .arg(path)
            .env("GIT_LITERAL_PATHSPECS", "1");
        Ok(!self.git.run(&mut list, b"")?.is_empty())
    }

    fn is_ignored(&self, root: &Path, path: &str) -> Result<bool, Error> {
        let mut check = self.git.command("check-ignore");
        check.args(["--quiet", "--stdin", "-z"]).current_dir(root);
        check.env("GIT_WORK_TREE", root).env("GIT_INDEX_FILE", self.git.index());
        Ok(git::run(&mut check, format!("{path}\0").as_bytes())?.status.success())
    }
}

/// Returns what git says of files it went past; nothing if it gave up for another reason.
fn skipped(output: &Output) -> Vec<String> {
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<String> = said.lines().map(|line| line.trim_end_matches('.').to_owned()).collect();
    let fatal = lines
        .iter()
        .any(|line| line.starts_with("fatal:") && !line.contains("adding files failed"));
    let full = said.contains("No space left on device");
    if fatal || full || output.status.code() != Some(1) {
        Vec::new()
    } else {
        lines
    }
}
