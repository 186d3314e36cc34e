//! A further round: what the agent starts from and is told after its proposal was sent back, and its conversation.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, chown};
use std::path::{Path, PathBuf};

use aca_protocol::AttemptId;
use aca_protocol::agent::{AttemptSpec, Driver, End, files};
use aca_workspace::objects::{Objects, Tree};
use rustix::fs::{Dir, Mode, OFlags};

use crate::core::{Continues, Task};
use crate::layout::AttemptDir;
use crate::{prompt, proposal, staging};

/// The largest conversation that is gone on with, in bytes.
const MAX_CONVERSATION: u64 = 256 << 20;

/// What is special about an attempt that goes on from an earlier one.
#[derive(Debug, Clone)]
pub(super) struct Round {
    /// The tree its agent starts from.
    pub(super) start: Tree,
    /// What became of the earlier proposal, in words.
    report: String,
    /// What the person says.
    remark: String,
    /// The conversation to go on with.
    earlier: Option<Earlier>,
}

/// A conversation that an earlier attempt has left behind.
#[derive(Debug, Clone)]
struct Earlier {
    dir: AttemptDir,
    conversation: String,
    driver: Driver,
}

impl Round {
    /// Puts the open hunks of the task's proposal into `base`, and looks for the conversation among the `earlier`
    /// attempts, newest first.
    ///
    /// # Errors
    ///
    /// A sentence, if the object store cannot be read or written.
    pub(super) fn new(
        objects: &Objects,
        session: &Path,
        base: &Tree,
        task: &Task,
        (continues, earlier): (&Continues, &[AttemptId]),
    ) -> Result<Self, String> {
        let open: Vec<_> = task.pending().cloned().collect();
        let started = proposal::with_hunks(objects, base, task, &open)?;
        let report = match &task.proposed {
            Some(proposed) => {
                let files = proposal::named(objects, &proposed.base, &proposed.result, &task.spans)?;
                prompt::report(&files, task, &started.left_out)
            }
            None => String::new(),
        };
        Ok(Self {
            start: started.tree,
            report,
            remark: continues.remark.clone(),
            earlier: earlier.iter().find_map(|attempt| finished(session, attempt)),
        })
    }

    /// Makes a specification one of this round.
    pub(super) fn specify(&self, spec: &mut AttemptSpec, task: &Task) {
        spec.story = prompt::story(&spec.prompt, &task.summary, &self.report, &self.remark);
        match self.earlier.as_ref().filter(|earlier| earlier.driver == spec.driver) {
            Some(earlier) => {
                spec.resume = true;
                spec.conversation.clone_from(&earlier.conversation);
                spec.prompt = prompt::next_round(&self.report, &self.remark);
            }
            None => spec.prompt = std::mem::take(&mut spec.story),
        }
    }

    /// Puts the conversation where the agent finds it. One that is not there is begun anew, with the whole story.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub(super) fn bring(&self, dir: &AttemptDir, owner: (u32, u32)) -> std::io::Result<()> {
        let Some(earlier) = &self.earlier else { return Ok(()) };
        let Some((inside, mut conversation)) = earlier.transcript() else {
            tracing::warn!(attempt = %earlier.dir.path().display(), "the conversation of an earlier attempt is not there");
            return Ok(());
        };
        let mut path = dir.out();
        let above = inside.parent().unwrap_or(Path::new(""));
        for name in above {
            path.push(name);
            match std::fs::DirBuilder::new().mode(0o700).create(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
                _ => chown(&path, Some(owner.0), Some(owner.1))?,
            }
        }
        let to = dir.out().join(&inside);
        let mut copy = File::options().write(true).create_new(true).mode(0o600).open(&to)?;
        std::io::copy(&mut conversation, &mut copy)?;
        chown(&to, Some(owner.0), Some(owner.1))
    }
}

impl Earlier {
    /// Opens the conversation; the first part is its path below `out`. The agent wrote all of this, so no link is followed.
    fn transcript(&self) -> Option<(PathBuf, File)> {
        let home = open_dir(
            open_dir(rustix::fs::open(self.dir.out(), DIR, Mode::empty()).ok()?, ".")?,
            files::HOME,
        )?;
        match self.driver {
            Driver::Direct => {
                let name = format!("{}.json", self.conversation);
                let file = open_file(&home, &name)?;
                Some((Path::new(files::HOME).join(name), file))
            }
            Driver::ClaudeCode => {
                let projects = open_dir(open_dir(home, ".claude")?, "projects")?;
                let name = format!("{}.jsonl", self.conversation);
                let entries = Dir::read_from(&projects).ok()?.flatten();
                let slugs = entries.filter_map(|entry| entry.file_name().to_str().ok().map(str::to_owned));
                let plain = |slug: &String| slug.chars().all(|char| char.is_ascii_alphanumeric() || char == '-');
                let found = slugs.filter(plain).find_map(|slug| {
                    let project = rustix::fs::openat(&projects, &slug, DIR, Mode::empty()).ok()?;
                    Some((slug, open_file(&project, &name)?))
                });
                let (slug, file) = found?;
                let path = Path::new(files::HOME).join(".claude/projects").join(slug).join(name);
                Some((path, file))
            }
            Driver::Command => None,
        }
    }
}

const DIR: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

fn open_dir(above: OwnedFd, name: &str) -> Option<OwnedFd> {
    rustix::fs::openat(above, name, DIR, Mode::empty()).ok()
}

/// Opens a plain file of a bearable size.
fn open_file(dir: &OwnedFd, name: &str) -> Option<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(dir, name, flags, Mode::empty()).ok()?);
    let meta = file.metadata().ok()?;
    let fits = meta.is_file() && meta.nlink() == 1 && meta.len() <= MAX_CONVERSATION;
    fits.then_some(file)
}

/// Returns what an attempt has left, if it finished: the work of any other is not in the files.
fn finished(session: &Path, attempt: &AttemptId) -> Option<Earlier> {
    let dir = AttemptDir::new(session, attempt);
    let outcome = staging::outcome(&dir).ok()??;
    let spec: AttemptSpec = staging::read_json(&dir.spec()).ok()?;
    (outcome.end == End::Finished).then_some(Earlier {
        dir,
        conversation: spec.conversation,
        driver: spec.driver,
    })
}
