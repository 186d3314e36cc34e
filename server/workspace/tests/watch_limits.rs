//! What the platform does not report: an overflow of its queue, a limit of watches. Each needs a process of its own.
//!
//! With the first argument `watch` this program watches the directory in the second and prints what is reported.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use aca_workspace::watch::Watcher;
use libtest_mimic::{Arguments, Failed, Trial};
use rustix::process::{Pid, Signal, kill_process};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> std::process::ExitCode {
    let args: Vec<_> = std::env::args_os().collect();
    if let [_, watch, dir] = &args[..]
        && watch == "watch"
    {
        print_changes(Path::new(dir));
        return std::process::ExitCode::SUCCESS;
    }
    let tests = vec![
        Trial::test("an_overflow_is_a_rescan_and_what_came_in_it_is_watched", overflow),
        Trial::test(
            "the_limit_of_watches_is_told_once_and_files_are_looked_through",
            too_many_directories,
        ),
        Trial::test("the_limit_is_hit_later", too_many_directories_later),
        Trial::test("the_limit_of_watchers_is_told", too_many_watchers),
        Trial::test("ignored_directories_take_no_watches", ignored_directories),
    ];
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

/// Prints what is reported until standard input ends.
fn print_changes(dir: &Path) {
    let _watcher = Watcher::new(dir, |changes| {
        if let Some(problem) = changes.problem {
            println!("problem {problem}");
        }
        if changes.rescan {
            println!("rescan");
        }
        for path in changes.paths {
            println!("path {}", path.display());
        }
    });
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// A process that watches a directory.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    /// Watches `dir` where this user may have so many watches and watchers.
    fn within(limits: &[(&str, u32)], dir: &Path) -> Self {
        let limits: String = limits
            .iter()
            .map(|(name, limit)| format!("echo {limit} > /proc/sys/user/{name} && "))
            .collect();
        let mut shell = Command::new("unshare");
        shell.args([
            "--user",
            "--map-root-user",
            "sh",
            "-c",
            &format!("{limits} exec \"$0\" watch \"$1\""),
        ]);
        shell.arg(std::env::current_exe().unwrap()).arg(dir);
        Self::spawn(shell)
    }

    fn new(dir: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("watch").arg(dir);
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            output
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        Self { child, lines }
    }

    /// Waits for a line that starts like this, and returns it with those before it.
    fn wait_for(&self, start: &str) -> Vec<String> {
        let mut seen = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            let is_it = line.starts_with(start);
            seen.push(line);
            if is_it {
                return seen;
            }
        }
        panic!("no line {start:?}, but {:?}", seen.iter().take(20).collect::<Vec<_>>())
    }

    fn wait_for_path(&self, path: &Path) -> Vec<String> {
        self.wait_for(&format!("path {}", path.display()))
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Returns how many watches the process has.
    fn watches(&self) -> usize {
        let files = fs::read_dir(format!("/proc/{}/fdinfo", self.child.id())).unwrap();
        let infos = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap_or_default());
        infos
            .map(|info| info.lines().filter(|line| line.starts_with("inotify ")).count())
            .sum()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn write(path: &Path, content: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn overflow() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    write(&dir.path().join("old/f"), "");
    let watching = Watching::new(dir.path());
    watching.wait_for("rescan");
    // A process that is stopped reads no events, and the system keeps only so many.
    watching.signal(Signal::STOP);
    let room: usize = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events")?
        .trim()
        .parse()?;
    for n in 0..=room / 2 {
        write(&dir.path().join(format!("old/{n}")), "x");
    }
    fs::rename(dir.path().join("old"), dir.path().join("new"))?;
    write(&dir.path().join("later/d/f"), "");
    watching.signal(Signal::CONT);
    watching.wait_for("rescan");
    for path in ["new/f", "later/d/f"] {
        write(&dir.path().join(path), "after");
        watching.wait_for_path(&dir.path().join(path));
    }
    Ok(())
}

fn too_many_directories() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    for n in 0..100 {
        write(&dir.path().join(format!("d{n}/f")), "before");
    }
    let watching = Watching::within(&[("max_inotify_watches", 50)], dir.path());
    let told = watching.wait_for("rescan");
    assert!(told[0].contains("sudo sysctl fs.inotify.max_user_watches="), "{told:?}");
    assert_eq!(watching.watches(), 0);
    let mut lines = Vec::new();
    for (path, content) in [("d99/f", "after"), ("new/dir/f", "new")] {
        write(&dir.path().join(path), content);
        lines.extend(watching.wait_for_path(&dir.path().join(path)));
    }
    // A root that comes back is tried again, and the limit is not told again.
    let moved = dir.path().with_extension("moved");
    fs::rename(dir.path(), &moved)?;
    lines.extend(watching.wait_for("rescan"));
    fs::rename(&moved, dir.path())?;
    lines.extend(watching.wait_for("rescan"));
    fs::remove_file(dir.path().join("d3/f"))?;
    lines.extend(watching.wait_for_path(&dir.path().join("d3/f")));
    assert!(!lines.iter().any(|line| line.starts_with("problem")), "{lines:?}");
    Ok(())
}

fn too_many_directories_later() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let watching = Watching::within(&[("max_inotify_watches", 50)], dir.path());
    watching.wait_for("rescan");
    for n in 0..100 {
        write(&dir.path().join(format!("d{n}/f")), "before");
    }
    let told = watching.wait_for("rescan");
    assert!(told.iter().any(|line| line.contains("max_user_watches")), "{told:?}");
    write(&dir.path().join("d99/f"), "after");
    watching.wait_for_path(&dir.path().join("d99/f"));
    Ok(())
}

fn too_many_watchers() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let watching = Watching::within(&[("max_inotify_instances", 0)], dir.path());
    let told = watching.wait_for("rescan");
    assert!(
        told[0].contains("sudo sysctl fs.inotify.max_user_instances="),
        "{told:?}"
    );
    write(&dir.path().join("f"), "new");
    watching.wait_for_path(&dir.path().join("f"));
    Ok(())
}

fn ignored_directories() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    for n in 0..30_000 {
        write(&dir.path().join(format!("node_modules/p{}/lib/f{n}", n % 1500)), "");
    }
    write(&dir.path().join(".gitignore"), "node_modules/\n");
    write(&dir.path().join("src/f"), "");
    let watching = Watching::new(dir.path());
    watching.wait_for("rescan");
    assert_eq!(watching.watches(), 2);
    Ok(())
}
