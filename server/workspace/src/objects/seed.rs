//! The first snapshot of a repository: takes over what its own object store and index know, so that nothing is hashed
//! or compressed again.
//!
//! Seeding only saves work. Where anything is unusual it is left out, and the first snapshot reads every file.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::git::{self, bare_command};
use super::{Error, Objects};

/// The user's repository around a workspace. It is only read.
#[derive(Debug)]
pub(super) struct Repository {
    root: PathBuf,
    /// The directory of this work tree's own files: HEAD, index.
    dir: PathBuf,
    /// The directory that all its work trees share.
    common: PathBuf,
    /// Whether the workspace is the whole work tree, not a directory in it.
    whole: bool,
}

impl Repository {
    /// Finds the repository that `root` is in.
    pub(super) fn find(root: &Path) -> Option<Self> {
        let mut parse = query(
            root,
            &["rev-parse", "--absolute-git-dir", "--git-common-dir", "--show-prefix"],
        );
        let answer = text(&mut parse)?;
        let mut lines = answer.split('\n');
        let (dir, common, prefix) = (lines.next()?, lines.next()?, lines.next().unwrap_or_default());
        Some(Self {
            root: root.to_owned(),
            dir: dir.into(),
            common: root.join(common),
            whole: prefix.is_empty(),
        })
    }

    /// Returns what the user has git ignore beside the tree's `.gitignore` files, the most specific last.
    pub(super) fn excludes(root: &Path, repository: Option<&Self>) -> Vec<u8> {
        let configured = text(&mut query(
            root,
            &["config", "--type=path", "--get", "core.excludesFile"],
        ));
        let global = configured.map(PathBuf::from).or_else(default_excludes);
        let own = repository.map(|repository| repository.common.join("info/exclude"));
        let mut excludes = Vec::new();
        for file in [global, own].into_iter().flatten() {
            excludes.extend(fs::read(root.join(file)).unwrap_or_default());
            excludes.push(b'\n');
        }
        excludes.extend_from_slice(format!("{}*\n", crate::landing::PREFIX).as_bytes());
        excludes
    }

    /// Whether the index says for every file what its bytes are: no filter and no line-ending rule applies, and
    /// nothing in it is marked as not to be looked at.
    fn index_is_plain(&self) -> bool {
        let odd = fs::read_dir(&self.dir).is_ok_and(|mut entries| {
            entries
                .any(|entry| entry.is_ok_and(|entry| entry.file_name().as_encoded_bytes().starts_with(b"sharedindex")))
        });
        let converts =
            |key: &str| text(&mut query(&self.root, &["config", "--get", key])).is_some_and(|value| value != "false");
        if !self.whole || odd || converts("core.autocrlf") || converts("core.eol") || converts("core.attributesFile") {
            return false;
        }
        let attributes = [default_attributes(), Some(self.common.join("info/attributes"))];
        let listed = text(&mut query(
            &self.root,
            &["ls-files", "-z", "-co", "--", ":(glob)**/.gitattributes"],
        ));
        let Some(listed) = listed else { return false };
        let in_tree = listed
            .split('\0')
            .filter(|path| !path.is_empty())
            .map(|path| self.root.join(path));
        if attributes
            .into_iter()
            .flatten()
            .chain(in_tree)
            .any(|file| converting(&file))
        {
            return false;
        }
        let flags = text(&mut query(&self.root, &["ls-files", "-v"])).unwrap_or_default();
        flags.lines().all(|line| line.starts_with("H "))
    }
}

impl Objects {
    /// Fills the empty store and its index from the user's repository.
    pub(super) fn seed(&self, repository: &Repository) -> Result<(), Error> {
        let Some(known) = self.copy_objects(repository)? else {
            return Ok(());
        };
        if repository.index_is_plain() && self.copy_index(repository).is_ok() {
            return Ok(());
        }
        // Without the files' times: they are all read once, and those that are tracked though ignored stay in.
        if let (true, Some(tree)) = (repository.whole, known) {
            let index = self.git.index();
            self.git.run(
                self.git.command("read-tree").arg(tree).env("GIT_INDEX_FILE", &index),
                b"",
            )?;
        }
        Ok(())
    }

    /// Copies the objects of HEAD and of the index as one pack. Returns HEAD's tree, or nothing if they are not usable.
    fn copy_objects(&self, repository: &Repository) -> Result<Option<Option<String>>, Error> {
        let root = &repository.root;
        let head = text(&mut query(root, &["rev-parse", "--verify", "--quiet", "HEAD^{tree}"]));
        let head = head.filter(|oid| git::is_oid(oid));
        let mut oids: Vec<String> = head.iter().cloned().collect();
        if let Some(head) = &head {
            let listed = text(&mut query(root, &["ls-tree", "-r", "-t", "--full-tree", head])).unwrap_or_default();
            oids.extend(listed.lines().filter_map(|line| object(line, 2)));
        }
        let staged = text(&mut query(root, &["ls-files", "--stage"])).unwrap_or_default();
        oids.extend(staged.lines().filter_map(|line| object(line, 1)));
        oids.sort_unstable();
        oids.dedup();
        if oids.is_empty() {
            return Ok(None);
        }
        let copied = self.pipe_pack(root, &(oids.join("\n") + "\n"))?;
        Ok(copied.then_some(head))
    }

    /// Returns whether all objects could be packed and stored.
    fn pipe_pack(&self, root: &Path, oids: &str) -> Result<bool, Error> {
        let mut pack = query(
            root,
            &[
                "pack-objects",
                "--stdout",
                "--quiet",
                "--window=0",
                "--delta-base-offset",
            ],
        );
        let spawned = pack
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut packing = spawned.map_err(|source| Error::NoGit { source })?;
        let (stdin, stdout) = (packing.stdin.take(), packing.stdout.take());
        let (Some(mut stdin), Some(stdout)) = (stdin, stdout) else {
            return Err(self.git.answer("no pipe"));
        };
        let mut store = self.git.command("index-pack");
        store
            .args(["--stdin"])
            .stdin(stdout)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let stored = std::thread::scope(|scope| {
            scope.spawn(move || stdin.write_all(oids.as_bytes()));
            store.status()
        });
        let packed = packing.wait().map_err(|source| Error::NoGit { source })?;
        Ok(packed.success() && stored.map_err(|source| Error::NoGit { source })?.success())
    }

    /// Copies the index with its own time, by which git knows the entries that it must not trust.
    fn copy_index(&self, repository: &Repository) -> std::io::Result<()> {
        let mut from = File::open(repository.dir.join("index"))?;
        let modified = from.metadata()?.modified()?;
        let path = self.git.index();
        let copied = File::create(&path).and_then(|mut to| {
            std::io::copy(&mut from, &mut to)?;
            to.set_modified(modified)
        });
        if copied.is_err() {
            drop(fs::remove_file(&path));
        }
        copied
    }
}

/// Returns a git command that reads the user's repository as the user has configured git.
fn query(root: &Path, args: &[&str]) -> Command {
    let mut command = bare_command();
    command
        .env_remove("GIT_CONFIG_GLOBAL")
        .env_remove("GIT_CONFIG_SYSTEM")
        .env_remove("GIT_CONFIG_NOSYSTEM");
    for name in ["HOME", "XDG_CONFIG_HOME"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    // No hook or monitor of the repository is started, nothing is fetched, and whose it is does not matter for reading.
    for setting in [
        "core.hooksPath=/dev/null",
        "core.fsmonitor=false",
        "protocol.allow=never",
        "safe.directory=*",
    ] {
        command.args(["-c", setting]);
    }
    command.arg("-C").arg(root).args(args);
    command
}

/// Returns what a query answers; nothing if it fails.
fn text(query: &mut Command) -> Option<String> {
    let output = git::run(query, b"").ok().filter(|output| output.status.success())?;
    let answer = String::from_utf8(output.stdout).ok()?;
    Some(answer.strip_suffix('\n').map(str::to_owned).unwrap_or(answer))
}

/// Returns the object a line of a listing names, unless it is a nested repository's commit.
fn object(line: &str, field: usize) -> Option<String> {
    let mut fields = line.split([' ', '\t']);
    let oid = fields.clone().nth(field)?;
    (fields.next() != Some("160000") && git::is_oid(oid)).then(|| oid.to_owned())
}

fn default_excludes() -> Option<PathBuf> {
    config_dir().map(|dir| dir.join("git/ignore"))
}

fn default_attributes() -> Option<PathBuf> {
    config_dir().map(|dir| dir.join("git/attributes"))
}

fn config_dir() -> Option<PathBuf> {
    let set = std::env::var_os("XDG_CONFIG_HOME").filter(|value| !value.is_empty());
    set.map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".config")))
}

/// Whether a file of attributes lets git store other bytes than a file has.
fn converting(file: &Path) -> bool {
    let Ok(content) = fs::read(file) else { return false };
    let content = String::from_utf8_lossy(&content);
    content.lines().filter(|line| !line.starts_with('#')).any(|line| {
        line.split_whitespace().skip(1).any(|attribute| {
            let name = attribute.split('=').next().unwrap_or_default();
            matches!(
                name,
                "text" | "crlf" | "eol" | "filter" | "ident" | "working-tree-encoding"
            )
        })
    })
}
