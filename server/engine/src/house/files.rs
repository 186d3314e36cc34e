//! What else lies in the data directory: the trash, logs, copies of stores, programs that are not used any more.

use std::path::{Path, PathBuf};

use super::item::{Item, What, changed_ms};
use crate::config::Config;
use crate::layout;
use crate::session::size;

/// How a copy of a store from before a change of format is called.
const STORE_COPY: &str = "state.db.pre-";

/// The log that is written to.
const LOG: &str = "aca.log";

/// Returns everything of the data directory that belongs to no session.
pub(super) fn items(data_dir: &Path, agent: &Path, config: &Config) -> Vec<Item> {
    let mut items: Vec<Item> = below(&layout::trash(data_dir)).into_iter().map(trash).collect();
    for session in below(&layout::sessions(data_dir)) {
        let copies = below(&session).into_iter();
        items.extend(
            copies
                .filter(|path| name(path).starts_with(STORE_COPY))
                .map(|path| copy(&session, path)),
        );
    }
    items.extend(below(&data_dir.join("logs")).into_iter().map(log));
    let claude = below(&data_dir.join("claude-code")).into_iter();
    let used = config.claude_code.version.as_str();
    items.extend(claude.map(|path| {
        let kept = (name(&path) == used).then(|| "It is the version that the settings name.".to_owned());
        program("claude-code", "Claude Code", path, kept)
    }));
    let agents = below(&data_dir.join("bin")).into_iter();
    items.extend(agents.map(|path| {
        let kept = (path == agent).then(|| "It is in use.".to_owned());
        program("bin", "The agent's program", path, kept)
    }));
    items
}

fn trash(path: PathBuf) -> Item {
    let about = "A session that was deleted; `aca session undelete` brings it back.".to_owned();
    whole("trash", &name(&path), about, path).resting_short()
}

fn copy(session: &Path, path: PathBuf) -> Item {
    let id = format!("{}/{}", name(session), name(&path));
    let about = "What a session's database was before its format changed.".to_owned();
    whole("store", &id, about, path).resting_short()
}

fn log(path: PathBuf) -> Item {
    let kept = (name(&path) == LOG).then(|| "It is written to.".to_owned());
    whole("log", &name(&path), "A log.".to_owned(), path).kept(kept)
}

fn program(folder: &str, what: &str, path: PathBuf, kept: Option<String>) -> Item {
    let id = format!("{folder}/{}", name(&path));
    let about = format!("{what}, {}.", name(&path));
    whole("program", &id, about, path).resting_short().kept(kept)
}

fn whole(kind: &str, name: &str, about: String, path: PathBuf) -> Item {
    let bytes = match path.symlink_metadata() {
        Ok(meta) if meta.is_dir() => size::on_disk(&path),
        Ok(meta) => std::os::unix::fs::MetadataExt::blocks(&meta) * 512,
        Err(_) => 0,
    };
    let used_ms = changed_ms(&path);
    Item::new(kind, name, about, What::Path(path)).measured(bytes, used_ms)
}

fn below(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
