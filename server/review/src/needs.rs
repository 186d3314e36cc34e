//! Which hunks need which: a guess from the names that they introduce and use.

use std::collections::{HashMap, HashSet};

/// A hunk as this guess sees it.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// The file's path. It only tells files apart.
    pub path: &'a str,
    /// The text that goes.
    pub old: &'a str,
    /// The text that comes.
    pub new: &'a str,
}

/// Words before a name that they define, in the languages in common use.
const DEFINING: [&str; 33] = [
    "class",
    "const",
    "constructor",
    "data",
    "def",
    "define",
    "defn",
    "enum",
    "extern",
    "fn",
    "fun",
    "func",
    "function",
    "import",
    "include",
    "interface",
    "let",
    "local",
    "macro_rules",
    "message",
    "mod",
    "module",
    "namespace",
    "package",
    "proc",
    "record",
    "service",
    "static",
    "struct",
    "trait",
    "type",
    "union",
    "var",
];

/// Returns for each hunk the indexes of the other hunks that it needs, in order.
///
/// One hunk needs another if it uses a name that the other introduces: a name of three characters or more that follows
/// a defining word (`fn`, `class`, `import` and the like), stands nowhere in `bases`, the base texts of the changed
/// files, and is introduced by no other hunk. Within one line of definition all new names count as introduced, so that
/// a list of imports or fields is seen.
///
/// It is a guess from words. It does not see what is defined without such a word (a field, a key, a command in a
/// script), what is needed without being named (a changed signature, a changed format), nor what differs in meaning
/// only; a name that merely stands in a comment or a string counts as used. It never says that a hunk needs another
/// because of a name that was there before.
pub fn needs(hunks: &[Change<'_>], bases: &[&str]) -> Vec<Vec<usize>> {
    let known: HashSet<&str> = bases.iter().flat_map(|base| words(base)).collect();
    // The hunk that introduces a name; none if several do.
    let mut introduced: HashMap<&str, Option<usize>> = HashMap::new();
    for (index, hunk) in hunks.iter().enumerate() {
        for name in hunk.new.lines().flat_map(defined) {
            if !known.contains(name) {
                let by = introduced.entry(name).or_insert(Some(index));
                if *by != Some(index) {
                    *by = None;
                }
            }
        }
    }
    let needed = |(index, hunk): (usize, &Change<'_>)| {
        let by = words(hunk.new).filter_map(|word| introduced.get(word).copied().flatten());
        let mut by: Vec<usize> = by.filter(|by| *by != index).collect();
        by.sort_unstable();
        by.dedup();
        by
    };
    hunks.iter().enumerate().map(needed).collect()
}

/// Returns the names that a line defines.
fn defined(line: &str) -> impl Iterator<Item = &str> {
    let mut defining = false;
    words(line).filter(move |word| {
        let is_name = defining && !DEFINING.contains(word) && word.chars().count() >= 3;
        defining |= DEFINING.contains(word);
        is_name
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| !(char.is_alphanumeric() || char == '_'))
        .filter(|word| word.starts_with(|first: char| first.is_alphabetic() || first == '_'))
}
