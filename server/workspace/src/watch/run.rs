//! The watcher's thread: gathers what the platform reports into batches, and starts anew when it cannot be relied on.

use std::collections::{BTreeSet, HashSet};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use notify::EventHandler;

use super::Changes;
use super::poll::Poll;
use super::problem::{Problem, silent_file_system};
use super::tree::Tree;

/// How long changes are gathered from the first one on: one save by an editor is several of the platform's events.
const BATCH: Duration = Duration::from_millis(30);
/// How many paths a report names before it becomes a rescan.
const MAX_PATHS: usize = 20_000;
/// How often the root is looked at; the platform does not say that a directory above it was renamed.
const ROOT_INTERVAL: Duration = Duration::from_secs(2);
/// How often a root that is not there is looked for.
const AWAY_INTERVAL: Duration = Duration::from_millis(200);
/// How often files are looked through that are not watched, unless that takes more than a tenth of the time.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// The least time between two registrations of the whole tree, so that constant overflows do not make it all we do.
const RESTART_INTERVAL: Duration = Duration::from_secs(1);

/// What the thread is told.
pub(super) enum Message {
    /// An event of the platform's watcher with this number; earlier ones are out of date.
    Event(u64, notify::Result<notify::Event>),
    /// A file to watch whatever the rules say.
    Also(PathBuf),
    End,
}

/// The state of the thread.
pub(super) struct Run<F> {
    root: PathBuf,
    report: F,
    inbox: Sender<Message>,
    messages: Receiver<Message>,
    ended: Arc<AtomicBool>,
    also: BTreeSet<PathBuf>,
    way: Way,
    /// Counts the platform's watchers.
    generation: u64,
    root_inode: Option<(u64, u64)>,
    paths: HashSet<PathBuf>,
    rescan: bool,
    problem: Option<Problem>,
    is_problem_told: bool,
    started: Instant,
    report_at: Option<Instant>,
    restart_at: Option<Instant>,
    look_at: Instant,
}

/// How changes are found.
enum Way {
    Events(Tree),
    Polling(Poll),
    /// The root is not there.
    Away,
}

impl<F: Fn(Changes)> Run<F> {
    pub(super) fn new(
        root: &Path,
        report: F,
        (inbox, messages): (Sender<Message>, Receiver<Message>),
        ended: Arc<AtomicBool>,
    ) -> Self {
        let now = Instant::now();
        Self {
            root: root.to_owned(),
            report,
            inbox,
            messages,
            ended,
            also: BTreeSet::new(),
            way: Way::Away,
            generation: 0,
            root_inode: None,
            paths: HashSet::new(),
            rescan: false,
            problem: None,
            is_problem_told: false,
            started: now,
            report_at: None,
            restart_at: None,
            look_at: now,
        }
    }

    /// Runs until it is told to end.
    pub(super) fn run(mut self) {
        self.start();
        loop {
            self.tick();
            let due = [Some(self.look_at), self.report_at, self.restart_at];
            let next = due.into_iter().flatten().min().unwrap_or(self.look_at);
            match self
                .messages
                .recv_timeout(next.saturating_duration_since(Instant::now()))
            {
                Ok(Message::Event(generation, event)) if generation == self.generation => self.event(event),
                Ok(Message::Event(..)) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Message::Also(path)) => self.add(path),
                Ok(Message::End) | Err(RecvTimeoutError::Disconnected) => return,
            }
            if self.ended.load(Ordering::Acquire) {
                return;
            }
        }
    }

    /// Does what is due.
    fn tick(&mut self) {
        let now = Instant::now();
        if self.restart_at.is_some_and(|at| at <= now) {
            self.start();
        } else if self.look_at <= now {
            self.look();
        }
        if self.report_at.is_some_and(|at| at <= now) {
            self.flush();
        }
    }

    /// Registers the whole tree anew. Whatever has happened until that is done is a rescan.
    fn start(&mut self) {
        self.generation += 1;
        self.started = Instant::now();
        self.restart_at = None;
        // The old watcher's resources are needed for the new one.
        self.way = Way::Away;
        self.root_inode = inode(&self.root);
        self.look_at = self.started
            + if self.root_inode.is_some() {
                ROOT_INTERVAL
            } else {
                AWAY_INTERVAL
            };
        if self.root_inode.is_some() {
            if let Some(kind) = silent_file_system(&self.root) {
                let root = self.root.clone();
                self.poll(Problem::FileSystem { root, kind });
            } else {
                match Tree::new(&self.root, &self.also, self.handler()) {
                    Ok(tree) => self.way = Way::Events(tree),
                    Err(error) => self.poll(Problem::new(&self.root, error)),
                }
            }
        }
        self.rescan = true;
        self.report_at = Some(Instant::now());
    }

    /// The platform's thread must never wait: what it does not read in time is lost.
    fn handler(&self) -> impl EventHandler + use<F> {
        let (inbox, generation) = (self.inbox.clone(), self.generation);
        move |event| drop(inbox.send(Message::Event(generation, event)))
    }

    /// Looks the files through from now on.
    fn poll(&mut self, problem: Problem) {
        tracing::warn!("{problem}");
        if !std::mem::replace(&mut self.is_problem_told, true) {
            self.problem = Some(problem);
        }
        self.generation += 1;
        self.way = Way::Polling(Poll::default());
        self.look();
        self.rescan = true;
        self.report_at = Some(Instant::now());
    }

    fn event(&mut self, event: notify::Result<notify::Event>) {
        let restart_at = self.next_restart();
        let Way::Events(tree) = &mut self.way else { return };
        let files = event.and_then(|event| {
            if event.need_rescan() {
                self.restart_at.get_or_insert(restart_at);
                return Ok(Vec::new());
            }
            if event.paths.contains(&self.root) {
                self.look_at = Instant::now();
            }
            tree.files(&self.root, &self.also, event)
        });
        match files {
            Ok(files) => files.into_iter().for_each(|file| self.changed(file)),
            Err(error) => self.poll(Problem::new(&self.root, error)),
        }
    }

    fn add(&mut self, path: PathBuf) {
        self.also.insert(path.clone());
        if let Way::Events(tree) = &mut self.way
            && let Err(error) = tree.attach(&self.root, &path)
        {
            self.poll(Problem::new(&self.root, error));
        }
        self.changed(path);
    }

    fn changed(&mut self, path: PathBuf) {
        if path.file_name().is_some_and(|name| name == ".gitignore") && matches!(self.way, Way::Events(_)) {
            // Which directories are watched depends on it.
            let restart_at = self.next_restart();
            self.restart_at.get_or_insert(restart_at);
        }
        self.report_at.get_or_insert_with(|| Instant::now() + BATCH);
        self.rescan |= self.paths.len() >= MAX_PATHS;
        if !self.rescan {
            self.paths.insert(path);
        }
    }

    fn next_restart(&self) -> Instant {
        (Instant::now() + BATCH).max(self.started + RESTART_INTERVAL)
    }

    /// Looks whether the root is still the one that is watched, and at the files if nobody reports them.
    fn look(&mut self) {
        let now = Instant::now();
        if inode(&self.root) != self.root_inode {
            self.start();
            return;
        }
        match &mut self.way {
            Way::Events(_) => self.look_at = now + ROOT_INTERVAL,
            Way::Away => self.look_at = now + AWAY_INTERVAL,
            Way::Polling(poll) => {
                let changed = poll.look(&self.root, &self.also);
                self.look_at = Instant::now() + POLL_INTERVAL.max(now.elapsed() * 10);
                changed.into_iter().for_each(|path| self.changed(path));
            }
        }
    }

    fn flush(&mut self) {
        let rescan = std::mem::take(&mut self.rescan);
        let mut paths: Vec<PathBuf> = self.paths.drain().filter(|_| !rescan).collect();
        paths.sort_unstable();
        self.report_at = None;
        (self.report)(Changes {
            paths,
            rescan,
            problem: self.problem.take(),
        });
    }
}

/// What tells a directory from another of the same name.
fn inode(root: &Path) -> Option<(u64, u64)> {
    let meta = root.metadata().ok().filter(std::fs::Metadata::is_dir)?;
    Some((meta.dev(), meta.ino()))
}
