//! Times the registration of a tree and a burst of 10,000 changes, beside the bare library on the same files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};

use aca_workspace::watch::{Changes, Watcher};
use divan::Bencher;
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

fn main() {
    divan::main();
}

const FILES: usize = 30_000;
const BURST: usize = 10_000;

fn file(root: &Path, n: usize) -> PathBuf {
    root.join(format!("d{}/e{}/f{n}", n % 40, n % 2_000))
}

/// A tree of 30,000 files in 2,040 directories.
fn tree() -> tempfile::TempDir {
    let Ok(dir) = tempfile::tempdir() else {
        unreachable!("a temporary directory can be made")
    };
    for n in 0..FILES {
        let path = file(dir.path(), n);
        let made = path.parent().map(fs::create_dir_all);
        assert!(made.is_some_and(|made| made.is_ok()) && fs::write(path, "x").is_ok());
    }
    dir
}

fn write_burst(root: &Path) {
    for n in 0..BURST {
        assert!(fs::write(file(root, n), "y").is_ok());
    }
}

fn ours(root: &Path) -> (Watcher, Receiver<Changes>) {
    let (sender, reports) = channel();
    let watcher = Watcher::new(root, move |changes| drop(sender.send(changes)));
    assert!(reports.recv().is_ok_and(|changes| changes.rescan));
    (watcher, reports)
}

fn bare(root: &Path) -> (RecommendedWatcher, Receiver<notify::Result<notify::Event>>) {
    let (sender, events) = channel();
    let Ok(mut watcher) = notify::recommended_watcher(sender) else {
        unreachable!("files can be watched")
    };
    assert!(watcher.watch(root, RecursiveMode::Recursive).is_ok());
    (watcher, events)
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn register(bencher: Bencher<'_, '_>) {
    let dir = tree();
    bencher.bench_local(|| ours(dir.path()));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn register_bare(bencher: Bencher<'_, '_>) {
    let dir = tree();
    bencher.bench_local(|| bare(dir.path()));
}

/// Until the last file has been reported.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn burst(bencher: Bencher<'_, '_>) {
    let dir = tree();
    let (_watcher, reports) = ours(dir.path());
    let last = file(dir.path(), BURST - 1);
    bencher.bench_local(|| {
        write_burst(dir.path());
        while !reports.recv().is_ok_and(|changes| changes.concern(&last)) {}
    });
}

/// Until the last file has been reported, in the set of the paths that were, as a user of the bare library needs it.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn burst_bare(bencher: Bencher<'_, '_>) {
    let dir = tree();
    let (_watcher, events) = bare(dir.path());
    let last = file(dir.path(), BURST - 1);
    bencher.bench_local(|| {
        write_burst(dir.path());
        let mut paths = std::collections::HashSet::new();
        while !paths.contains(&last) {
            paths.extend(events.recv().into_iter().flatten().flat_map(|event| event.paths));
        }
    });
}
