//! Runs git on the private store, with nothing of the user's or the machine's configuration.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use super::Error;

/// Settings of every run. Filters and hooks are off; what is written is synced. The user's paths are taken as they are,
/// even such as another system takes for `.git`; those of an agent pass [`crate::paths::check`].
const SETTINGS: [&str; 17] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.autocrlf=false",
    "core.safecrlf=false",
    "core.ignoreCase=false",
    "core.precomposeUnicode=false",
    "core.protectHFS=false",
    "core.protectNTFS=false",
    "core.fsync=all",
    "core.fsyncMethod=batch",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.allow=never",
    "advice.addEmbeddedRepo=false",
];

/// Highest in precedence, so that bytes are stored as they are, whatever the tree's own `.gitattributes` say.
const ATTRIBUTES: &str = "* -text -eol -crlf -filter -ident -working-tree-encoding -diff -merge\n";

/// A bare repository of ours.
#[derive(Debug)]
pub(super) struct Git {
    dir: PathBuf,
}

impl Git {
    pub(super) fn open(dir: &Path) -> Result<Self, Error> {
        let git = Self { dir: dir.to_owned() };
        if !dir.join("HEAD").is_file() {
            git.create()?;
        }
        let info = dir.join("info");
        fs::create_dir_all(&info).map_err(|error| Error::io(&info, "created", error))?;
        let attributes = info.join("attributes");
        fs::write(&attributes, ATTRIBUTES).map_err(|error| Error::io(&attributes, "written", error))?;
        git.clear_leftovers();
        Ok(git)
    }

    /// A store that is there already, left as it is.
    pub(super) fn look(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the objects are; a checkout borrows them.
    pub(super) fn objects(&self) -> PathBuf {
        self.dir.join("objects")
    }

    /// The index of the workspace as of the last snapshot.
    pub(super) fn index(&self) -> PathBuf {
        self.dir.join("workspace.index")
    }

    /// The user's own rules for what is ignored, collected at the last snapshot.
    pub(super) fn excludes(&self) -> PathBuf {
        self.dir.join("info/exclude")
    }

    /// A file name that no other call uses, removed when dropped.
    pub(super) fn temporary(&self) -> Result<tempfile::TempDir, Error> {
        let made = tempfile::Builder::new().prefix("tmp-").tempdir_in(&self.dir);
        made.map_err(|error| Error::io(&self.dir, "written to", error))
    }

    /// Returns a command on this store.
    pub(super) fn command(&self, subcommand: &str) -> Command {
        let mut command = bare_command();
        command.env("GIT_DIR", &self.dir).current_dir(&self.dir);
        command
            .args(SETTINGS.iter().flat_map(|setting| ["-c", setting]))
            .arg(subcommand);
        command
    }

    /// Runs a command with `input` and returns what it wrote.
    pub(super) fn run(&self, command: &mut Command, input: &[u8]) -> Result<Vec<u8>, Error> {
        let output = run(command, input)?;
        if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(self.failure(command, &output))
        }
    }

    /// Runs a command with `input` and returns the object it names.
    pub(super) fn oid(&self, command: &mut Command, input: &[u8]) -> Result<String, Error> {
        let answer = String::from_utf8_lossy(&self.run(command, input)?).trim().to_owned();
        if is_oid(&answer) {
            Ok(answer)
        } else {
            Err(self.answer(format!("{answer:?} is not an object")))
        }
    }

    /// Says why a command failed.
    pub(super) fn failure(&self, command: &Command, output: &Output) -> Error {
        let message = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
        if message.contains("No space left on device") {
            return Error::DiskFull { path: self.dir.clone() };
        }
        Error::Git {
            command: subcommand(command),
            dir: self.dir.clone(),
            message,
        }
    }

    pub(super) fn answer(&self, what: impl Into<String>) -> Error {
        Error::Answer {
            dir: self.dir.clone(),
            what: what.into(),
        }
    }

    /// Makes everything written so far durable.
    pub(super) fn sync(&self) -> Result<(), Error> {
        let dir = fs::File::open(&self.dir).map_err(|error| Error::io(&self.dir, "opened", error))?;
        rustix::fs::syncfs(&dir).map_err(|error| Error::io(&self.dir, "synced to disk", error))
    }

    /// Returns the contents of blobs with one process.
    pub(super) fn blobs(&self, oids: &[&str]) -> Result<Vec<Vec<u8>>, Error> {
        if oids.is_empty() {
            return Ok(Vec::new());
        }
        let mut child = spawn(self.command("cat-file").arg("--batch"))?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let (Some(mut stdin), Some(stdout)) = (stdin, stdout) else {
            return Err(self.answer("no pipe"));
        };
        let request = oids.iter().flat_map(|oid| [oid, "\n"]).collect::<String>();
        let read = std::thread::scope(|scope| {
            // Git answers while it is asked; both pipes would fill up.
            scope.spawn(move || stdin.write_all(request.as_bytes()));
            self.read_blobs(BufReader::new(stdout), oids)
        });
        finish(child);
        read
    }

    fn read_blobs(&self, mut from: BufReader<impl std::io::Read>, oids: &[&str]) -> Result<Vec<Vec<u8>>, Error> {
        let broken = |error: std::io::Error| Error::io(&self.dir, "read", error);
        let mut blobs = Vec::with_capacity(oids.len());
        for oid in oids {
            let mut header = String::new();
            from.read_line(&mut header).map_err(broken)?;
            let len = match header.trim_end().split(' ').collect::<Vec<_>>().as_slice() {
                [_, "blob", len] => len.parse::<usize>().ok(),
                _ => None,
            };
            let len = len.ok_or_else(|| self.answer(format!("{oid} is not a blob in it")))?;
            let mut bytes = vec![0; len + 1];
            from.read_exact(&mut bytes).map_err(broken)?;
            bytes.truncate(len);
            blobs.push(bytes);
        }
        Ok(blobs)
    }

    /// Writes blobs with one process; they are not synced yet.
    pub(super) fn write_blobs(&self, contents: &[&[u8]]) -> Result<Vec<String>, Error> {
        let temporary = self.temporary()?;
        let mut paths = String::new();
        for (n, content) in contents.iter().enumerate() {
            let path = temporary.path().join(n.to_string());
            fs::write(&path, content).map_err(|error| Error::io(&path, "written", error))?;
            // Relative to the store, so that no odd character of its own path stands in the list.
            let path = path.strip_prefix(&self.dir).unwrap_or(&path);
            paths.push_str(&format!("{}\n", path.display()));
        }
        let mut hash = self.command("hash-object");
        hash.args(["-w", "--no-filters", "--stdin-paths"]);
        let listed = self.run(&mut hash, paths.as_bytes())?;
        let listed = String::from_utf8_lossy(&listed);
        let oids: Vec<String> = listed.lines().map(str::to_owned).collect();
        if oids.len() == contents.len() && oids.iter().all(|oid| is_oid(oid)) {
            Ok(oids)
        } else {
            Err(self.answer("hash-object"))
        }
    }

    fn create(&self) -> Result<(), Error> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.dir);
        made.map_err(|error| Error::io(&self.dir, "created", error))?;
        let mut init = bare_command();
        init.args([
            "init",
            "--quiet",
            "--bare",
            "--template=",
            "--object-format=sha1",
            "--initial-branch=main",
        ]);
        init.arg(&self.dir);
        self.run(&mut init, b"")?;
        self.sync()
    }

    /// Locks and temporary files of a process that was killed; this process is the store's only user.
    fn clear_leftovers(&self) {
        let Ok(entries) = fs::read_dir(&self.dir) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let path = entry.path();
            let removed = match () {
                () if name.starts_with("tmp-") => fs::remove_dir_all(&path),
                () if name.ends_with(".lock") => fs::remove_file(&path),
                () => continue,
            };
            if let Err(error) = removed {
                tracing::warn!(
                    "{} is left from a crash and cannot be removed: {error}.",
                    path.display()
                );
            }
        }
    }
}

/// Whether `text` is the name of an object.
pub(super) fn is_oid(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Returns git with an empty environment and no configuration but the repository's own.
pub(super) fn bare_command() -> Command {
    let mut command = Command::new("git");
    command.env_clear();
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
        .env("LC_ALL", "C")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_ATTR_NOSYSTEM", "1")
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_OPTIONAL_LOCKS", "0");
    command
}

/// Starts a command with pipes.
pub(super) fn spawn(command: &mut Command) -> Result<Child, Error> {
    let child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    child.map_err(|source| Error::NoGit { source })
}

/// Runs a command with `input` to its end.
pub(super) fn run(command: &mut Command, input: &[u8]) -> Result<Output, Error> {
    let mut child = spawn(command)?;
    let stdin = child.stdin.take();
    let output = std::thread::scope(|scope| {
        if let Some(mut stdin) = stdin {
            // A command that ends early says why itself.
            scope.spawn(move || stdin.write_all(input));
        }
        child.wait_with_output()
    });
    output.map_err(|source| Error::NoGit { source })
}

/// The process has given its answer or has been found wanting; either way it is not left behind.
fn finish(mut child: Child) {
    drop(child.kill());
    drop(child.wait());
}

fn subcommand(command: &Command) -> String {
    let mut args = command.get_args().filter_map(|arg| arg.to_str());
    let mut found = args.next();
    while found == Some("-c") {
        args.next();
        found = args.next();
    }
    found.unwrap_or_default().to_owned()
}
