//! Landings that are killed, or fail, at each of their system calls, and what is found afterwards.
//!
//! With the first argument `land` this program takes one step: in the workspace in the second, with what is displaced in
//! the third, of the kind in the fourth. It succeeds if that landed.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};

use aca_workspace::landing::{Expect, Landed, New, Place, recover, step};
use libtest_mimic::{Arguments, Failed, Trial};

/// What the steps change: `strace` counts each of them on its own.
const WRITING: [&str; 10] = [
    "openat",
    "write",
    "fsync",
    "renameat2",
    "unlinkat",
    "unlink",
    "fchmod",
    "fchown",
    "mkdirat",
    "fsetxattr",
];
/// What they look at. A program that is only starting fails on some, which changes nothing.
const READING: [&str; 6] = ["openat2", "read", "statx", "fstat", "faccessat2", "flistxattr"];

/// A kind of step: its name, the file before and after it.
type Kind = (&'static str, Option<&'static [u8]>, Option<&'static [u8]>);

const KINDS: [Kind; 4] = [
    ("exchange", Some(b"old"), Some(b"new")),
    ("create", None, Some(b"new")),
    ("remove", Some(b"old"), None),
    ("mode", Some(b"old"), Some(b"old")),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    if let [_, land, root, kept, kind] = &args[..]
        && land == "land"
    {
        return land_once(Path::new(root), Path::new(kept), kind);
    }
    let mut tests = Vec::new();
    for (kind, ..) in KINDS {
        tests.push(Trial::test(format!("{kind}_is_killed"), move || {
            every_point(kind, "signal=KILL", &WRITING)
        }));
        for error in ["EIO", "ENOSPC", "EACCES", "EROFS"] {
            let fault = format!("error={error}");
            tests.push(Trial::test(format!("{kind}_meets_{error}"), move || {
                every_point(kind, &fault, &WRITING)?;
                every_point(kind, &fault, &READING)
            }));
        }
    }
    tests.push(Trial::test(
        "a_save_during_an_exchange_survives_every_kill",
        save_at_every_point,
    ));
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

/// Takes the step of a kind.
fn take(place: Place<'_>, kind: &str) -> Result<Landed, aca_workspace::landing::LandError> {
    let (_, before, after) = KINDS.into_iter().find(|(name, ..)| *name == kind).unwrap();
    let executable = (kind == "mode").then_some(true);
    let expect = before.map_or(Expect::Absent, Expect::Bytes);
    let new = after.map_or(New::Remove, |bytes| New::Bytes {
        bytes,
        executable,
        permissions: None,
    });
    step(place, "d/f", expect, new)
}

fn land_once(root: &Path, kept: &Path, kind: &str) -> ExitCode {
    let place = Place {
        root,
        displaced: Some(kept),
    };
    match take(place, kind) {
        Ok(landed) => {
            if let Landed::Displaced(mut displaced) = landed {
                let _ = displaced.finish();
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Lets a step meet a fault at the first of each of these calls, at the second, and so on.
fn every_point(kind: &str, fault: &str, calls: &[&str]) -> Result<(), Failed> {
    let mut points = 0;
    for call in calls {
        for count in 1.. {
            let fixture = Fixture::new(kind);
            let output = fixture.run(&format!("{call}:{fault}:when={count}"));
            let trace = String::from_utf8_lossy(&output.stderr);
            if !trace.contains("(INJECTED)") && output.status.signal().is_none() {
                fixture.check(true, &trace)?;
                break;
            }
            points += 1;
            let told = output.status.success();
            let is_killed = fault.starts_with("signal");
            fixture
                .check_fault(told, is_killed)
                .map_err(|error| format!("{call} {count}: {error:?}\n{trace}"))?;
        }
    }
    if points < 5 {
        return Err(format!("only {points} points were reached").into());
    }
    Ok(())
}

/// Kills an exchange at each of its calls while the user saves in it, so that it has to be taken back.
fn save_at_every_point() -> Result<(), Failed> {
    let mut saves = 0;
    for call in ["openat", "fsync", "renameat2", "unlinkat"] {
        for count in 1.. {
            let fixture = Fixture::new("exchange");
            let mut strace = fixture.strace(&format!("{call}:signal=KILL:when={count}"));
            // The file is closed between its writing and the exchange: there the user has time to save.
            strace.args(["-e", "inject=close:delay_exit=20000"]);
            let mut running = fixture.land(strace).stderr(Stdio::null()).spawn()?;
            let mut has_saved = false;
            let status = loop {
                let is_ready = |entry: fs::DirEntry| entry.file_name().to_string_lossy().ends_with("-ready");
                if !has_saved && fs::read_dir(fixture.root.join("d"))?.flatten().any(is_ready) {
                    fs::write(fixture.root.join("d/f"), "the user's")?;
                    has_saved = true;
                }
                if let Some(status) = running.try_wait()? {
                    break status;
                }
                std::thread::yield_now();
            };
            saves += usize::from(has_saved);
            let is_known = |content: &[u8]| content == b"old" || content == b"new";
            let mut late = Vec::new();
            for mut left in recover(fixture.place(), "d/f", is_known)? {
                late.extend(left.late_write()?);
            }
            let file = fixture.file();
            if has_saved && file.as_deref() != Some(b"the user's") && late != [b"the user's"] {
                return Err(format!("{call} {count}: the file has {file:?}, and late is {late:?}").into());
            }
            if status.signal().is_none() {
                break;
            }
        }
    }
    if saves < 5 {
        return Err(format!("the user saved only {saves} times").into());
    }
    Ok(())
}

struct Fixture {
    _dir: tempfile::TempDir,
    kind: &'static str,
    root: PathBuf,
    kept: PathBuf,
    before: Option<&'static [u8]>,
    after: Option<&'static [u8]>,
}

impl Fixture {
    fn new(kind: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (kind, before, after) = KINDS.into_iter().find(|(name, ..)| *name == kind).unwrap();
        let (root, kept) = (dir.path().join("w"), dir.path().join("kept"));
        fs::create_dir(&root).unwrap();
        fs::create_dir(&kept).unwrap();
        if let Some(before) = before {
            fs::create_dir(root.join("d")).unwrap();
            fs::write(root.join("d/f"), before).unwrap();
        }
        Self {
            _dir: dir,
            kind,
            root,
            kept,
            before,
            after,
        }
    }

    fn place(&self) -> Place<'_> {
        Place {
            root: &self.root,
            displaced: Some(&self.kept),
        }
    }

    /// Takes the step in a process of its own that meets a fault.
    fn run(&self, inject: &str) -> Output {
        self.land(self.strace(inject)).output().unwrap()
    }

    /// Returns a command that runs another which meets a fault.
    fn strace(&self, inject: &str) -> Command {
        let mut strace = Command::new("strace");
        strace.env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        let call = inject.split(':').next().unwrap();
        strace.args(["-f", "-e", &format!("trace={call}"), "-e", &format!("inject={inject}")]);
        strace
    }

    /// Lets a command run this program to take the step.
    fn land(&self, mut command: Command) -> Command {
        command.arg(std::env::current_exe().unwrap()).arg("land");
        command.args([&self.root, &self.kept]).arg(self.kind);
        command
    }

    fn file(&self) -> Option<Vec<u8>> {
        fs::read(self.root.join("d/f")).ok()
    }

    /// Checks what a fault has left: the file is as before or as after, the user's content is somewhere, and what was
    /// said is true. Then recovers.
    fn check_fault(&self, told: bool, is_killed: bool) -> Result<(), Failed> {
        let file = self.file();
        let is_before = file.as_deref() == self.before;
        let is_after = file.as_deref() == self.after;
        if !(is_before || is_after) {
            return Err(format!("the file has {file:?}").into());
        }
        if told && !is_after {
            return Err("it did not land, and was said to have".into());
        }
        if !told && !is_killed && !is_before {
            return Err("it landed, and was said to have failed".into());
        }
        let everything = [files(&self.root), files(&self.kept)].concat();
        if let Some(before) = self.before
            && !told
            && !everything.iter().any(|(_, content)| content == before)
        {
            return Err(format!("the user's content is nowhere: {everything:?}").into());
        }
        if !is_killed && !told && everything.len() > usize::from(self.before.is_some()) {
            // Only what cannot be removed is left until the next start.
            let left = everything.iter().filter(|(path, _)| !path.ends_with("d/f"));
            if left.count() > 1 {
                return Err(format!("much is left: {everything:?}").into());
            }
        }
        self.check(false, "")
    }

    /// Recovers, takes the step again, and checks that it has landed and that nothing is left.
    fn check(&self, is_done: bool, trace: &str) -> Result<(), Failed> {
        if is_done && self.file().as_deref() != self.after {
            return Err(format!("without a fault it did not land: {trace}").into());
        }
        let is_known = |content: &[u8]| Some(content) == self.before || Some(content) == self.after;
        for mut left in recover(self.place(), "d/f", is_known)? {
            if let Some(late) = left.finish()? {
                return Err(format!("{late:?} is taken for the user's").into());
            }
        }
        if let Landed::Displaced(mut displaced) = take(self.place(), self.kind)?
            && let Some(late) = displaced.finish()?
        {
            return Err(format!("{late:?} is taken for a late write").into());
        }
        let everything = [files(&self.root), files(&self.kept)].concat();
        let expected: Vec<_> = self
            .after
            .map(|after| (self.root.join("d/f"), after.to_vec()))
            .into_iter()
            .collect();
        if everything != expected {
            return Err(format!("{everything:?} is there").into());
        }
        Ok(())
    }
}

/// All files below a directory.
fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let content = fs::read(&path).unwrap();
            found.push((path, content));
        }
    }
    found
}
