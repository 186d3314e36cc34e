//! Puts a snapshot into a fresh directory for an agent to work on, with a small repository of its own around it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, lchown};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Error, Objects, Tree};

/// What a checkout looked like when it was made, so that its result can be read without reading every file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkout {
    tree: Tree,
    files: BTreeMap<String, Stamp>,
}

/// What changes when a file does. Nobody without privileges on the host can set the change time back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    size: u64,
    inode: u64,
    /// Nanoseconds since the Unix epoch.
    modified: i128,
    /// Nanoseconds since the Unix epoch.
    changed: i128,
}

/// Longer than two files changed one after the other can have the same time, which is a tick of the kernel.
const TICK: Duration = Duration::from_millis(12);

/// Git inside sees other owners and, over some mounts, other inodes than git outside; neither means a change.
const CONFIG: &str = "[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\ttrustctime = false
\tcheckStat = minimal
[gc]
\tauto = 0
[user]
\tname = agent
\temail = agent@localhost
";

impl Checkout {
    /// Returns the snapshot that was checked out.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    pub(super) fn stamp(&self, path: &str) -> Option<&Stamp> {
        self.files.get(path)
    }
}

impl Stamp {
    pub(super) fn of(stat: &rustix::fs::Stat) -> Self {
        let nanos = |seconds: i64, nanos: i128| i128::from(seconds) * 1_000_000_000 + nanos;
        Self {
            size: u64::try_from(stat.st_size).unwrap_or(0),
            inode: stat.st_ino,
            modified: nanos(stat.st_mtime, i128::from(stat.st_mtime_nsec)),
            changed: nanos(stat.st_ctime, i128::from(stat.st_ctime_nsec)),
        }
    }

    fn of_file(meta: &fs::Metadata) -> Self {
        let nanos = |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        Self {
            size: meta.size(),
            inode: meta.ino(),
            modified: nanos(meta.mtime(), meta.mtime_nsec()),
            changed: nanos(meta.ctime(), meta.ctime_nsec()),
        }
    }
}

impl Objects {
    /// Checks `tree` out into `dir`, which must be missing or empty, and gives everything there to `owner`, a user and a
    /// group; `None` leaves it with this process's.
    ///
    /// `dir` gets a repository whose HEAD is the snapshot. It borrows the objects of this store, which must therefore
    /// be readable at the same path where the checkout is used.
    ///
    /// # Errors
    ///
    /// If `dir` has content already, the store lacks the tree, the disk is full, or the owner cannot be changed.
    pub fn materialize(&self, tree: &Tree, dir: &Path, owner: Option<(u32, u32)>) -> Result<Checkout, Error> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o755).create(dir);
        made.map_err(|error| Error::io(dir, "created", error))?;
        if fs::read_dir(dir)
            .map_err(|error| Error::io(dir, "read", error))?
            .next()
            .is_some()
        {
            let source = std::io::Error::other("it is not empty");
            return Err(Error::Io {
                path: dir.to_owned(),
                action: "used for a checkout",
                source,
            });
        }
        let temporary = self.git.temporary()?;
        let index = temporary.path().join("index");
        let mut read = self.git.command("read-tree");
        read.args(["--reset", "-u", tree.as_str()]).current_dir(dir);
        read.env("GIT_WORK_TREE", dir).env("GIT_INDEX_FILE", &index);
        self.git.run(&mut read, b"")?;
        self.make_repository(tree, dir, &index)
            .map_err(|error| Error::io(&dir.join(".git"), "written", error))??;
        let mut files = BTreeMap::new();
        settle(dir, dir, owner, &mut files).map_err(|error| Error::io(dir, "given to the sandbox's user", error))?;
        // What happens to the files from here on shows in their change times.
        std::thread::sleep(TICK);
        Ok(Checkout {
            tree: tree.clone(),
            files,
        })
    }

    fn make_repository(&self, tree: &Tree, dir: &Path, index: &Path) -> std::io::Result<Result<(), Error>> {
        let commit = match self.commit(tree) {
            Ok(commit) => commit,
            Err(error) => return Ok(Err(error)),
        };
        let git = dir.join(".git");
        for part in ["objects/info", "objects/pack", "refs/heads", "refs/tags", "info"] {
            fs::create_dir_all(git.join(part))?;
        }
        fs::write(git.join("config"), CONFIG)?;
        fs::write(git.join("HEAD"), "ref: refs/heads/main\n")?;
        fs::write(git.join("refs/heads/main"), format!("{commit}\n"))?;
        let mut objects = self.git.objects().canonicalize()?.into_os_string().into_encoded_bytes();
        objects.push(b'\n');
        fs::write(git.join("objects/info/alternates"), objects)?;
        fs::write(
            git.join("info/exclude"),
            fs::read(self.git.excludes()).unwrap_or_default(),
        )?;
        // By its own time git knows which entries it must not trust.
        let modified = index.metadata()?.modified()?;
        fs::copy(index, git.join("index"))?;
        File::options()
            .append(true)
            .open(git.join("index"))?
            .set_modified(modified)?;
        Ok(Ok(()))
    }

    /// Returns a commit of `tree`. The same tree gives the same commit.
    fn commit(&self, tree: &Tree) -> Result<String, Error> {
        let mut commit = self.git.command("commit-tree");
        commit.arg(tree.as_str());
        for role in ["AUTHOR", "COMMITTER"] {
            commit
                .env(format!("GIT_{role}_NAME"), "aca")
                .env(format!("GIT_{role}_EMAIL"), "aca@localhost");
            commit.env(format!("GIT_{role}_DATE"), "1700000000 +0000");
        }
        self.git
            .oid(&mut commit, b"The workspace as it was when the task began\n")
    }
}

/// Gives everything to its owner and notes how each file looks. Nobody else has seen the directory yet.
fn settle(
    root: &Path,
    dir: &Path,
    owner: Option<(u32, u32)>,
    files: &mut BTreeMap<String, Stamp>,
) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            settle(root, &path, owner, files)?;
            continue;
        }
        if let Some((user, group)) = owner {
            lchown(&path, Some(user), Some(group))?;
        }
        if let Some(relative) = path.strip_prefix(root).ok().map(Path::to_string_lossy)
            && !relative.starts_with(".git/")
        {
            files.insert(relative.into_owned(), Stamp::of_file(&fs::symlink_metadata(&path)?));
        }
    }
    match owner {
        Some((user, group)) => lchown(dir, Some(user), Some(group)),
        None => Ok(()),
    }
}
