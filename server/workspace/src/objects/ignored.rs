//! Which new files of a result are ignored, by the rules of the base. What an agent writes into `.gitignore` hides nothing.

use std::collections::BTreeMap;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::tree::Entry;
use super::{Error, Objects};

/// The rules, by the directory that they apply to; the root is the empty string.
pub(super) struct Ignored {
    rules: BTreeMap<String, Gitignore>,
    /// The user's own rules, with the least precedence.
    own: Gitignore,
}

impl Ignored {
    /// Whether a path is ignored that no directory above makes ignored.
    pub(super) fn contains(&self, path: &str, is_dir: bool) -> bool {
        let mut dir = path;
        while !dir.is_empty() {
            dir = dir.rsplit_once('/').map_or("", |(parent, _)| parent);
            let Some(rules) = self.rules.get(dir) else { continue };
            let below = path.get(dir.len()..).unwrap_or_default().trim_start_matches('/');
            match rules.matched(below, is_dir) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
        self.own.matched(path, is_dir).is_ignore()
    }
}

impl Objects {
    /// Collects the rules of a tree and the user's own as of the last snapshot.
    pub(super) fn ignored(&self, entries: &BTreeMap<String, Entry>) -> Result<Ignored, Error> {
        let files: Vec<(&str, &str)> = entries
            .iter()
            .filter(|(_, entry)| entry.mode.is_file())
            .filter_map(|(path, entry)| Some((rules_of(path)?, entry.oid.as_str())))
            .collect();
        let contents = self.read(&files.iter().map(|(_, oid)| *oid).collect::<Vec<_>>())?;
        let by_dir = files
            .iter()
            .zip(contents)
            .map(|((dir, _), content)| ((*dir).to_owned(), rules(&content)))
            .collect();
        let own = rules(&std::fs::read(self.git.excludes()).unwrap_or_default());
        Ok(Ignored { rules: by_dir, own })
    }
}

/// Returns the directory whose rules the file at `path` has, if it is such a file.
fn rules_of(path: &str) -> Option<&str> {
    match path.rsplit_once('/') {
        Some((dir, ".gitignore")) => Some(dir),
        None if path == ".gitignore" => Some(""),
        _ => None,
    }
}

/// A line that is no rule is left out, as git does.
fn rules(content: &[u8]) -> Gitignore {
    let mut builder = GitignoreBuilder::new("");
    for line in String::from_utf8_lossy(content).lines() {
        drop(builder.add_line(None, line));
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}
