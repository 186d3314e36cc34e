//! An attempt that goes on from an earlier one, because its proposal was sent back or it was interrupted: what its agent
//! starts from and is told, and its conversation.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Write as _};
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
    /// What its agent is told.
    words: Words,
    /// The conversation to go on with.
    earlier: Option<Earlier>,
}

/// What an agent is told that goes on from an earlier attempt.
#[derive(Debug, Clone)]
enum Words {
    /// Its work was reviewed.
    Reviewed {
        /// What became of the proposal.
        report: String,
        /// What the person says.
        remark: String,
    },
    /// It was interrupted.
    Interrupted {
        /// What is in the files of what it had changed.
        report: String,
        /// What the earlier agent was told at first, as far as that is known.
        told: Option<String>,
    },
}

/// A conversation that an earlier attempt has left behind.
#[derive(Debug, Clone)]
struct Earlier {
    dir: AttemptDir,
    conversation: String,
    driver: Driver,
}

impl Round {
    /// Puts into `base` what is open of the task's work: the undecided hunks of its proposal, or what was found of the
    /// work of an attempt that was interrupted. Looks for the conversation among the `earlier` attempts, newest first.
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
        let found = task.as_found().filter(|_| continues.interrupted);
        let task = found.as_ref().unwrap_or(task);
        let open: Vec<_> = task.pending().cloned().collect();
        let started = proposal::with_hunks(objects, base, task, &open)?;
        let report = match &task.proposed {
            Some(proposed) => {
                let files = proposal::named(objects, &proposed.base, &proposed.result, &task.spans)?;
                prompt::report(&files, task, &started.left_out)
            }
            None => String::new(),
        };
        let (words, earlier) = if continues.interrupted {
            let spec = spec_of(session, &continues.attempt);
            let told = spec.map(|spec| if spec.resume { spec.story } else { spec.prompt });
            (
                Words::Interrupted { report, told },
                interrupted(session, &continues.attempt),
            )
        } else {
            let remark = continues.remark.clone();
            let finished = earlier.iter().find_map(|attempt| finished(session, attempt));
            (Words::Reviewed { report, remark }, finished)
        };
        Ok(Self {
            start: started.tree,
            words,
            earlier,
        })
    }

    /// Makes a specification one of this round.
    pub(super) fn specify(&self, spec: &mut AttemptSpec, task: &Task) {
        let next;
        (spec.story, next) = match &self.words {
            Words::Reviewed { report, remark } => (
                prompt::story(&spec.prompt, &task.summary, report, remark),
                prompt::next_round(report, remark),
            ),
            Words::Interrupted { report, told } => (
                prompt::retold(told.as_deref().unwrap_or(&spec.prompt), report),
                prompt::go_on(report),
            ),
        };
        match self.earlier.as_ref().filter(|earlier| earlier.driver == spec.driver) {
            Some(earlier) => {
                spec.resume = true;
                spec.conversation.clone_from(&earlier.conversation);
                spec.prompt = next;
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
        match earlier.driver {
            Driver::ClaudeCode => copy_whole_lines(conversation, &mut copy)?,
            Driver::Direct | Driver::Command => drop(std::io::copy(&mut conversation, &mut copy)?),
        }
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

/// Copies the lines that are whole. A power cut, or the death of who wrote them, may have left others.
fn copy_whole_lines(from: File, to: &mut File) -> std::io::Result<()> {
    let (mut from, mut to) = (BufReader::new(from.take(MAX_CONVERSATION)), BufWriter::new(to));
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        if line.ends_with(b"\n") && serde_json::from_slice::<serde::de::IgnoredAny>(&line).is_ok() {
            to.write_all(&line)?;
        }
        line.clear();
    }
    to.flush()
}

/// Returns what an attempt has left, if it finished: the work of any other is not in the files.
fn finished(session: &Path, attempt: &AttemptId) -> Option<Earlier> {
    let outcome = staging::outcome(&AttemptDir::new(session, attempt)).ok()??;
    left(session, attempt).filter(|_| outcome.end == End::Finished)
}

/// Returns what an attempt has left that brought nothing, if there is a conversation.
fn interrupted(session: &Path, attempt: &AttemptId) -> Option<Earlier> {
    left(session, attempt).filter(|earlier| earlier.transcript().is_some())
}

fn left(session: &Path, attempt: &AttemptId) -> Option<Earlier> {
    let spec = spec_of(session, attempt)?;
    Some(Earlier {
        dir: AttemptDir::new(session, attempt),
        conversation: spec.conversation,
        driver: spec.driver,
    })
}

fn spec_of(session: &Path, attempt: &AttemptId) -> Option<AttemptSpec> {
    staging::read_json(&AttemptDir::new(session, attempt).spec()).ok()
}

#[cfg(test)]
mod tests {
    use aca_protocol::agent::AgentLimits;
    use aca_protocol::task::Origin;
    use aca_protocol::{SessionId, TaskId};
    use aca_workspace::objects::Buffer;

    use super::*;
    use crate::core::{AttemptEnd, Command, Proposed, State};

    const ATTEMPT: &str = "aca-01234567-t-1";
    const BASE: &str = "one\n\n\n\n\ntwo\n\n\n\n\nthree\n";

    struct Fixture {
        dir: tempfile::TempDir,
        objects: Objects,
        base: Tree,
        task: Task,
    }

    fn tree(objects: &Objects, root: &Path, text: &str) -> Tree {
        std::fs::create_dir_all(root).unwrap();
        std::fs::write(root.join("a"), text).unwrap();
        objects.snapshot(root, &[] as &[Buffer]).unwrap()
    }

    fn spec(prompt: &str) -> AttemptSpec {
        AttemptSpec {
            attempt: AttemptId::new(ATTEMPT),
            nonce: "n".into(),
            driver: Driver::ClaudeCode,
            workspace: "/w".into(),
            prompt: prompt.into(),
            system: String::new(),
            model: "m".into(),
            conversation: "c-1".into(),
            resume: false,
            story: String::new(),
            ask_reasons: String::new(),
            gateway_token: String::new(),
            limits: AgentLimits {
                silence_secs: 1,
                total_secs: 1,
                max_turns: 1,
            },
        }
    }

    /// A task whose attempt turned the base into `found` and is lost; what it left is in its directory.
    fn lost(found: &str) -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let objects = Objects::open(&dir.path().join("objects.git")).unwrap();
        let root = dir.path().join("w");
        let (base, result) = (tree(&objects, &root, BASE), tree(&objects, &root, found));
        let mut state = State::new(SessionId::new("0123456789abcdef"), 1);
        let salvaged = Some(Proposed {
            base: base.as_str().to_owned(),
            result: result.as_str().to_owned(),
            hunks: proposal::hunks_between(&objects, &base, &result).unwrap(),
            reasons: std::collections::BTreeMap::new(),
        });
        let commands = [
            Command::Create {
                task: TaskId::new("t"),
                title: "t".to_owned(),
                origin: Origin::Text { text: "x".to_owned() },
            },
            Command::Ended {
                attempt: AttemptId::new(ATTEMPT),
                end: AttemptEnd::Lost {
                    reason: String::new(),
                    salvaged,
                },
            },
        ];
        for command in commands {
            for event in state.decide(command).unwrap() {
                state.apply(&event, 1);
            }
        }
        let task = state.task(&TaskId::new("t")).unwrap().clone();
        Fixture {
            dir,
            objects,
            base,
            task,
        }
    }

    impl Fixture {
        fn attempt(&self) -> AttemptDir {
            AttemptDir::new(self.dir.path(), &AttemptId::new(ATTEMPT))
        }

        /// Leaves a conversation, as Claude Code keeps it.
        fn converse(&self, spec: &AttemptSpec, kept: Option<&str>) {
            let dir = self.attempt();
            std::fs::create_dir_all(dir.path()).unwrap();
            staging::write_json(&dir.spec(), spec).unwrap();
            if let Some(kept) = kept {
                let project = dir.out().join("home/.claude/projects/-w");
                std::fs::create_dir_all(&project).unwrap();
                std::fs::write(project.join("c-1.jsonl"), kept).unwrap();
            }
        }

        /// The round that goes on when the file says `live`.
        fn round(&self, live: &str) -> Round {
            let live = tree(&self.objects, &self.dir.path().join("w"), live);
            let continues = Continues {
                attempt: AttemptId::new(ATTEMPT),
                remark: String::new(),
                interrupted: true,
            };
            let earlier = [continues.attempt.clone()];
            Round::new(
                &self.objects,
                self.dir.path(),
                &live,
                &self.task,
                (&continues, &earlier),
            )
            .unwrap()
        }

        fn text(&self, round: &Round) -> String {
            let found = self.objects.files_at(&round.start, &["a"]).unwrap();
            String::from_utf8(found[0].clone().unwrap().bytes).unwrap()
        }
    }

    #[test]
    fn found_work_goes_into_the_files_as_they_are_now_beside_what_changed_since() {
        let fixture = lost(&BASE.replace("one", "ONE").replace("three", "THREE"));
        assert_ne!(fixture.text(&fixture.round(BASE)), BASE);
        // Someone typed, and took over one of the changes by hand.
        let live = BASE.replace("two", "two, typed").replace("one", "ONE");
        let round = fixture.round(&live);
        assert_eq!(fixture.text(&round), live.replace("three", "THREE"));
        // Someone changed the same line otherwise: it is left as it is, and the agent is told.
        let live = BASE.replace("three", "drei");
        let round = fixture.round(&live);
        assert_eq!(fixture.text(&round), live.replace("one", "ONE"));
        let Words::Interrupted { report, .. } = &round.words else {
            panic!("{:?}", round.words);
        };
        assert!(report.contains("Make these again"), "{report}");
        assert_ne!(round.start, fixture.base);
    }

    #[test]
    fn an_interrupted_conversation_goes_on_without_what_was_written_by_half() {
        let fixture = lost(&BASE.replace("one", "ONE"));
        fixture.converse(&spec("Do it."), Some("{\"a\":1}\n\0\0\0\n{\"b\":2}\n{\"c\":"));
        let round = fixture.round(BASE);
        let mut next = spec("Do it.");
        next.conversation = "c-2".into();
        round.specify(&mut next, &fixture.task);
        assert!(next.resume && next.conversation == "c-1");
        assert!(
            next.prompt.contains("interrupted") && !next.prompt.contains("Do it."),
            "{}",
            next.prompt
        );
        assert!(next.story.starts_with("Do it."), "{}", next.story);
        let to = AttemptDir::new(fixture.dir.path(), &AttemptId::new("aca-01234567-t-2"));
        std::fs::create_dir_all(to.out()).unwrap();
        let owner = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
        round.bring(&to, owner).unwrap();
        let brought = std::fs::read_to_string(to.out().join("home/.claude/projects/-w/c-1.jsonl")).unwrap();
        assert_eq!(brought, "{\"a\":1}\n{\"b\":2}\n");
    }

    #[test]
    fn without_a_conversation_a_new_one_begins_with_the_whole_story() {
        let fixture = lost(&BASE.replace("one", "ONE"));
        let told = AttemptSpec {
            resume: true,
            story: "The story of two rounds.".to_owned(),
            ..spec("More.")
        };
        fixture.converse(&told, None);
        let round = fixture.round(BASE);
        let mut next = spec("Do it.");
        round.specify(&mut next, &fixture.task);
        assert!(!next.resume && next.story.is_empty());
        assert!(next.prompt.starts_with("The story of two rounds.\n"), "{}", next.prompt);
    }
}
