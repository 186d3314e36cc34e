//! What git ignores in a workspace: each directory's `.gitignore`, those above the root, the repository's own excludes
//! and the user's. The nearest rule that says anything about a path wins.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The rules read so far. A directory's own are known once [`Rules::enter`] was told of it.
pub(super) struct Rules {
    root: PathBuf,
    by_dir: HashMap<PathBuf, Gitignore>,
    /// Of the directories above the root, of the repository, of the user, in this order of precedence.
    outer: Vec<Gitignore>,
}

impl Rules {
    /// Reads the rules that come from outside the workspace.
    pub(super) fn new(root: &Path) -> Self {
        let repository = root.ancestors().find(|dir| dir.join(".git").exists());
        let mut outer = Vec::new();
        for above in root.ancestors().skip(1) {
            if repository.is_some_and(|repository| above.starts_with(repository)) {
                outer.extend(read(above, &above.join(".gitignore")));
            }
        }
        if let Some(repository) = repository {
            outer.extend(read(repository, &git_dir(repository).join("info/exclude")));
        }
        let (own, _) = GitignoreBuilder::new(repository.unwrap_or(root)).build_global();
        outer.push(own);
        Self {
            root: root.to_owned(),
            by_dir: HashMap::new(),
            outer,
        }
    }

    /// Reads the rules of a directory anew.
    pub(super) fn enter(&mut self, dir: &Path) {
        match read(dir, &dir.join(".gitignore")) {
            Some(rules) => drop(self.by_dir.insert(dir.to_owned(), rules)),
            None => drop(self.by_dir.remove(dir)),
        }
    }

    /// Whether a path is ignored that no directory above makes ignored.
    pub(super) fn ignore(&self, path: &Path, is_dir: bool) -> bool {
        let name = path.file_name().unwrap_or_default();
        if name == ".git" || name.as_encoded_bytes().starts_with(crate::landing::PREFIX.as_bytes()) {
            return true;
        }
        let inside = path.ancestors().skip(1).take_while(|dir| dir.starts_with(&self.root));
        let inside = inside.filter_map(|dir| self.by_dir.get(dir));
        for rules in inside.chain(&self.outer) {
            match rules.matched(path, is_dir) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
        false
    }

    /// Whether a path is ignored, by itself or with a directory above it.
    pub(super) fn ignore_with_parents(&self, path: &Path, is_dir: bool) -> bool {
        let above = path.ancestors().skip(1);
        let mut above = above.take_while(|dir| dir.starts_with(&self.root) && *dir != self.root);
        !path.starts_with(&self.root) || self.ignore(path, is_dir) || above.any(|dir| self.ignore(dir, true))
    }
}

/// Reads a file of rules for what is below `dir`. A line that is no rule is left out, as git does.
fn read(dir: &Path, file: &Path) -> Option<Gitignore> {
    let content = fs::read(file).ok()?;
    let mut builder = GitignoreBuilder::new(dir);
    for line in String::from_utf8_lossy(&content).lines() {
        drop(builder.add_line(None, line));
    }
    builder.build().ok()
}

/// Returns the directory that holds what all work trees of a repository share. In a linked work tree `.git` is a file
/// that names one which names it, see gitrepository-layout(5).
fn git_dir(repository: &Path) -> PathBuf {
    let dot_git = repository.join(".git");
    let Ok(link) = fs::read_to_string(&dot_git) else {
        return dot_git;
    };
    let dir = repository.join(link.trim_start_matches("gitdir:").trim());
    match fs::read_to_string(dir.join("commondir")) {
        Ok(common) => dir.join(common.trim()),
        Err(_) => dir,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(files: &[(&str, &str)], root: &str) -> (tempfile::TempDir, Rules) {
        let dir = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let mut rules = Rules::new(&dir.path().join(root));
        for (path, _) in files {
            let entered = dir.path().join(path);
            rules.enter(entered.parent().unwrap());
        }
        (dir, rules)
    }

    #[test]
    fn the_nearest_rule_wins() {
        let files = [
            (".gitignore", "*.log\nnode_modules/\n/top\n"),
            ("a/.gitignore", "!keep.log\n"),
            (".git/info/exclude", "private\n"),
        ];
        let (dir, rules) = rules(&files, "");
        for (path, is_dir, ignored) in [
            ("x.log", false, true),
            ("a/x.log", false, true),
            ("a/keep.log", false, false),
            ("node_modules", true, true),
            ("node_modules", false, false),
            ("b/node_modules/c/d", false, true),
            ("top", false, true),
            ("a/top", false, false),
            ("a/private", false, true),
            (".git", true, true),
            ("a/.git", false, true),
            (".git/config", false, true),
            ("a/.aca-landing-x", false, true),
            (".gitignore", false, false),
        ] {
            assert_eq!(
                rules.ignore_with_parents(&dir.path().join(path), is_dir),
                ignored,
                "{path}"
            );
        }
    }

    #[test]
    fn rules_above_the_root_count_up_to_the_repository() {
        let files = [
            (".gitignore", "never"),
            ("r/.gitignore", "/w/out\n"),
            ("r/w/f", ""),
            ("r/.git/HEAD", ""),
        ];
        let (dir, rules) = rules(&files, "r/w");
        let ignored = |path: &str| rules.ignore_with_parents(&dir.path().join("r/w").join(path), false);
        assert_eq!((ignored("out"), ignored("never"), ignored("f")), (true, false, false));
    }

    #[test]
    fn a_linked_work_tree_has_the_excludes_of_its_repository() {
        let files = [
            ("r/.git/info/exclude", "private\n"),
            ("r/.git/worktrees/w/commondir", "../..\n"),
            ("w/.git", "gitdir: ../r/.git/worktrees/w\n"),
        ];
        let (dir, rules) = rules(&files, "w");
        assert!(rules.ignore(&dir.path().join("w/private"), false));
    }
}
