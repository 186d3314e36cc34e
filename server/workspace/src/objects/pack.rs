//! Objects that leave a store and enter another one, as one pack; and differences for people to read.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use super::git::{self, Git};
use super::{Error, Objects, Tree};

impl Objects {
    /// Opens the store in `dir` beside whoever uses it. Only for reading: nothing is created or cleared there.
    pub fn look(dir: &Path) -> Self {
        Self::of(Git::look(dir))
    }

    /// Returns those of `names` that the store has, in the same order. Other texts than names of objects are left out.
    ///
    /// # Errors
    ///
    /// If git fails.
    pub fn known(&self, names: &[String]) -> Result<Vec<String>, Error> {
        let names: Vec<&str> = names
            .iter()
            .map(String::as_str)
            .filter(|name| git::is_oid(name))
            .collect();
        let mut check = self.git.command("cat-file");
        check.arg("--batch-check=%(objectname)");
        let listed = self.git.run(&mut check, lines(&names).as_bytes())?;
        let listed = String::from_utf8_lossy(&listed);
        let found = listed.lines().filter(|line| git::is_oid(line));
        Ok(found.map(str::to_owned).collect())
    }

    /// Writes the objects `roots`, and all that belongs to them, to `to` as a pack.
    ///
    /// # Errors
    ///
    /// If the store lacks one of them, or `to` cannot be written.
    pub fn pack(&self, roots: &[String], to: File) -> Result<(), Error> {
        let mut pack = self.git.command("pack-objects");
        pack.args(["--revs", "--stdout", "--quiet", "--delta-base-offset"]);
        let roots: Vec<&str> = roots.iter().map(String::as_str).collect();
        self.run_to(&mut pack, lines(&roots).as_bytes(), Stdio::from(to))
    }

    /// Takes the objects of a pack in. They are on disk when this returns.
    ///
    /// The pack may come from anybody: it is taken only if every object in it is whole, allowed in a repository and
    /// has what it refers to.
    ///
    /// # Errors
    ///
    /// If it is not such a pack, or larger than `max` bytes.
    pub fn unpack(&self, pack: File, max: u64) -> Result<(), Error> {
        let mut index = self.git.command("index-pack");
        index.args(["--stdin", "--strict", "--fsck-objects"]);
        index.arg(format!("--max-input-size={max}")).stdin(pack);
        self.run_to(&mut index, b"", Stdio::null())?;
        self.git.sync()
    }

    /// Returns what differs between two snapshots as a patch that git can apply.
    ///
    /// # Errors
    ///
    /// If the store lacks one of them.
    pub fn patch(&self, base: &Tree, result: &Tree) -> Result<Vec<u8>, Error> {
        // The store's own attributes say that every file is binary, so the question is asked where they do not count.
        let dir = tempfile::tempdir().map_err(|error| Error::io(&std::env::temp_dir(), "written to", error))?;
        let elsewhere = Git::look(dir.path());
        let mut init = elsewhere.command("init");
        init.args([
            "--quiet",
            "--bare",
            "--template=",
            "--object-format=sha1",
            "--initial-branch=main",
        ]);
        elsewhere.run(&mut init, b"")?;
        let mut diff = elsewhere.command("diff-tree");
        diff.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", self.git.objects());
        diff.args([
            "-r",
            "-p",
            "-M",
            "--binary",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
        ]);
        elsewhere.run(diff.args([base.as_str(), result.as_str()]), b"")
    }

    /// Runs a command whose output, or input, is a file.
    fn run_to(&self, command: &mut Command, input: &[u8], output: Stdio) -> Result<(), Error> {
        let given = !input.is_empty();
        if given {
            command.stdin(Stdio::piped());
        }
        let child = command.stdout(output).stderr(Stdio::piped()).spawn();
        let mut child = child.map_err(|source| Error::NoGit { source })?;
        let stdin = child.stdin.take();
        let ended = std::thread::scope(|scope| {
            if let Some(mut stdin) = stdin {
                // A command that ends early says why itself.
                scope.spawn(move || std::io::Write::write_all(&mut stdin, input));
            }
            child.wait_with_output()
        });
        let ended = ended.map_err(|source| Error::NoGit { source })?;
        if ended.status.success() {
            return Ok(());
        }
        Err(self.git.failure(command, &ended))
    }
}

fn lines(names: &[&str]) -> String {
    names.iter().flat_map(|name| [name, "\n"]).collect()
}
