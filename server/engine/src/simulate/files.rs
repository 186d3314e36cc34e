//! The files of the user, what a person does to them, and the object store beside them.

use std::collections::{BTreeMap, BTreeSet};

use aca_protocol::{HunkId, OperationId};

use super::Dice;
use crate::core::Content;

/// What a file says, as far as anybody cares: the hunks that are in it, and what a person typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Text {
    hunks: BTreeSet<HunkId>,
    typed: BTreeSet<u32>,
    /// Hunks in the file that a person typed into, so that they cannot be taken out any more.
    over: BTreeSet<HunkId>,
}

impl Text {
    pub(super) fn has(&self, hunk: &HunkId) -> bool {
        self.hunks.contains(hunk)
    }

    /// Whether the place of a hunk says something else now.
    pub(super) fn overlaps(&self, hunk: &HunkId) -> bool {
        self.over.contains(hunk)
    }

    /// Returns the text with hunks in it, or without them.
    pub(super) fn with(&self, hunks: &[HunkId], there: bool) -> Self {
        let mut text = self.clone();
        hunks.iter().for_each(|hunk| text.put(hunk, there));
        text
    }

    fn put(&mut self, hunk: &HunkId, there: bool) {
        match there {
            true => self.hunks.insert(hunk.clone()),
            false => self.hunks.remove(hunk),
        };
    }
}

/// The files and the object store, which survive a crash.
#[derive(Debug, Default)]
pub(super) struct Files {
    texts: BTreeMap<String, Text>,
    /// What is stored, each named by its place.
    objects: Vec<Text>,
    /// Hunks that a person put in or took out by hand, or that were in a file while a person changed it under a landing.
    pub(super) touched: BTreeSet<HunkId>,
    /// What was typed and not taken out by whoever typed it, and where.
    pub(super) kept: BTreeMap<u32, String>,
    /// What the engine replaced, and for which operation.
    pub(super) replaced: Vec<(OperationId, String, Text)>,
    edits: u32,
}

impl Files {
    pub(super) fn text(&self, path: &str) -> Text {
        self.texts.get(path).cloned().unwrap_or_default()
    }

    pub(super) fn has(&self, hunk: &HunkId) -> bool {
        self.text(&path_of(hunk)).has(hunk)
    }

    /// Whether something that was typed is in the file.
    pub(super) fn has_typed(&self, path: &str, piece: u32) -> bool {
        self.texts.get(path).is_some_and(|text| text.typed.contains(&piece))
    }

    /// Stores a content.
    pub(super) fn store(&mut self, text: &Text) -> Content {
        let known = self.objects.iter().position(|known| known == text);
        let place = known.unwrap_or_else(|| {
            self.objects.push(text.clone());
            self.objects.len() - 1
        });
        Content {
            blob: place.to_string(),
            executable: false,
        }
    }

    /// Returns a content that was stored.
    pub(super) fn stored(&self, content: Option<&Content>) -> Option<&Text> {
        let place = content.and_then(|content| content.blob.parse::<usize>().ok());
        place.and_then(|place| self.objects.get(place))
    }

    /// The engine exchanges the content of a file.
    pub(super) fn write(&mut self, operation: &OperationId, path: &str, after: &Text) {
        let before = self.texts.insert(path.to_owned(), after.clone()).unwrap_or_default();
        self.replaced.push((operation.clone(), path.to_owned(), before));
    }

    /// A person edits a file; of `hunks` one may be what is done by hand.
    pub(super) fn edit(&mut self, hunks: &[HunkId], dice: &mut Dice) -> String {
        let path = format!("f{}", dice.below(2));
        self.edits += 1;
        let piece = self.edits;
        match dice.below(8) {
            0 if !hunks.is_empty() => {
                let hunk = dice.pick(hunks).unwrap().clone();
                let there = !self.has(&hunk);
                let text = self.texts.entry(path_of(&hunk)).or_default();
                text.put(&hunk, there);
                text.over.remove(&hunk);
                self.touched.insert(hunk.clone());
                format!("does {hunk} by hand: {there}")
            }
            1 => {
                let text = self.texts.entry(path).or_default();
                let gone = text.typed.pop_first();
                gone.iter().for_each(|piece| drop(self.kept.remove(piece)));
                format!("takes out what was typed: {gone:?}")
            }
            2 => {
                let text = self.texts.entry(path.clone()).or_default();
                let there: Vec<HunkId> = text.hunks.iter().cloned().collect();
                let into = dice.pick(&there).cloned();
                text.over.extend(into.clone());
                text.typed.insert(piece);
                self.kept.insert(piece, path);
                format!("types {piece} into {into:?}")
            }
            _ => {
                self.texts.entry(path.clone()).or_default().typed.insert(piece);
                let did = format!("types {piece} into {path}");
                self.kept.insert(piece, path);
                did
            }
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &HunkId> {
        self.texts.values().flat_map(|text| &text.hunks)
    }
}

/// Returns the file of a hunk. Different tasks change the same files.
pub(super) fn path_of(hunk: &HunkId) -> String {
    let last = hunk.as_str().ends_with("-h2");
    if last { "f1" } else { "f0" }.to_owned()
}
