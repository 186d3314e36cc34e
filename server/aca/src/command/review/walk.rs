//! Where a person is in a proposal: pure, the terminal is elsewhere.

use aca_protocol::HunkId;
use aca_protocol::proposal::{FileView, HunkState, HunkView, ProposalView};

/// A place among the hunks of a proposal.
#[derive(Debug)]
pub(super) struct Walk {
    proposal: ProposalView,
    /// Only this file.
    file: Option<String>,
    /// The hunks, as indices of their file and in it.
    hunks: Vec<(usize, usize)>,
    /// The one that is looked at, as an index of `hunks`.
    at: usize,
}

/// Which way to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Towards the end.
    Forward,
    /// Towards the beginning.
    Back,
}

impl Walk {
    /// Begins at the first undecided hunk.
    pub(super) fn new(proposal: ProposalView, file: Option<String>) -> Self {
        let mut walk = Self {
            hunks: places(&proposal, file.as_deref()),
            proposal,
            file,
            at: 0,
        };
        walk.go_to_open(0);
        walk
    }

    /// Returns the proposal as it is shown.
    pub(super) fn proposal(&self) -> &ProposalView {
        &self.proposal
    }

    /// Returns the hunk that is looked at, with its file; `None` where there is no hunk at all.
    pub(super) fn current(&self) -> Option<(&FileView, &HunkView)> {
        self.hunk(self.at)
    }

    /// Returns the current hunk's place, counted from one, and the number of hunks.
    pub(super) fn position(&self) -> (usize, usize) {
        (self.at + 1, self.hunks.len())
    }

    /// Returns how many hunks are undecided.
    pub(super) fn left(&self) -> usize {
        self.all().filter(|(_, hunk)| hunk.state.is_open()).count()
    }

    /// Returns all hunks with their files.
    pub(super) fn all(&self) -> impl Iterator<Item = (&FileView, &HunkView)> {
        (0..self.hunks.len()).filter_map(|index| self.hunk(index))
    }

    /// Goes to the neighbour, if there is one.
    pub(super) fn step(&mut self, way: Way) {
        self.at = match way {
            Way::Forward => (self.at + 1).min(self.hunks.len().saturating_sub(1)),
            Way::Back => self.at.saturating_sub(1),
        };
    }

    /// Goes to the first hunk of the file after or before, if there is one.
    pub(super) fn step_file(&mut self, way: Way) {
        let Some(&(here, _)) = self.hunks.get(self.at) else {
            return;
        };
        let first_of = |file: usize| self.hunks.iter().position(|(other, _)| *other == file);
        let file = match way {
            Way::Forward => self.hunks.iter().map(|(file, _)| *file).find(|file| *file > here),
            Way::Back => self.hunks.iter().rev().map(|(file, _)| *file).find(|file| *file < here),
        };
        if let Some(at) = file.and_then(first_of) {
            self.at = at;
        }
    }

    /// Goes to the first or the last hunk.
    pub(super) fn go_to_end(&mut self, way: Way) {
        self.at = match way {
            Way::Forward => self.hunks.len().saturating_sub(1),
            Way::Back => 0,
        };
    }

    /// Goes to the next undecided hunk, the current one included; from the end it goes on at the beginning.
    pub(super) fn advance(&mut self) {
        self.go_to_open(self.at);
    }

    /// Goes to the next hunk that has `text` in its path, its lines or its reason; says whether there is one. Without
    /// capital letters in it, `text` stands for those with them too.
    pub(super) fn search(&mut self, text: &str, way: Way) -> bool {
        let number = self.hunks.len();
        let exact = text.chars().any(char::is_uppercase);
        let has = |part: &str| {
            if exact {
                part.contains(text)
            } else {
                part.to_lowercase().contains(text)
            }
        };
        let found = (1..=number).find_map(|steps| {
            let at = match way {
                Way::Forward => (self.at + steps) % number,
                Way::Back => (self.at + number - steps) % number,
            };
            let (file, hunk) = self.hunk(at)?;
            let why = hunk.reason.iter().map(|reason| reason.why.as_str());
            let mut parts = [file.path.as_str(), &hunk.old, &hunk.new].into_iter().chain(why);
            parts.any(has).then_some(at)
        });
        self.at = found.unwrap_or(self.at);
        found.is_some()
    }

    /// Begins again at the first undecided hunk.
    pub(super) fn restart(&mut self) {
        self.at = 0;
        self.advance();
    }

    /// Whether only one file is looked at.
    pub(super) fn is_narrowed(&self) -> bool {
        self.file.is_some()
    }

    /// Returns the current hunk and the one after it, if both are of one file.
    pub(super) fn neighbours(&self) -> Option<[HunkId; 2]> {
        let (&(file, hunk), &(next_file, next)) = (self.hunks.get(self.at)?, self.hunks.get(self.at + 1)?);
        let id = |index: usize| Some(self.proposal.files.get(file)?.hunks.get(index)?.id.clone());
        if file == next_file {
            Some([id(hunk)?, id(next)?])
        } else {
            None
        }
    }

    /// Takes over a newer view of the proposal and stays at the same hunk, or where it was if it is gone. Returns how many
    /// hunks that were undecided are decided in it, landed and rejected ones.
    pub(super) fn update(&mut self, proposal: ProposalView) -> (usize, usize) {
        let place = self
            .current()
            .map(|(file, hunk)| (hunk.id.clone(), file.path.clone(), hunk.line));
        let mut open: Vec<HunkId> = self
            .all()
            .filter(|(_, hunk)| hunk.state.is_open())
            .map(|(_, hunk)| hunk.id.clone())
            .collect();
        open.sort_unstable();
        self.hunks = places(&proposal, self.file.as_deref());
        self.proposal = proposal;
        let same = |(id, path, line): &(HunkId, String, u32)| {
            let by_id = self.all().position(|(_, hunk)| hunk.id == *id);
            by_id.or_else(|| {
                self.all()
                    .position(|(file, hunk)| file.path == *path && hunk.line >= *line)
            })
        };
        let at = place.as_ref().and_then(same).unwrap_or(self.at);
        self.at = at.min(self.hunks.len().saturating_sub(1));
        let was_open = |hunk: &HunkView| open.binary_search(&hunk.id).is_ok();
        let decided = |state: &HunkState| {
            self.all()
                .filter(|(_, hunk)| hunk.state == *state && was_open(hunk))
                .count()
        };
        (decided(&HunkState::Landed), decided(&HunkState::Rejected))
    }

    fn hunk(&self, index: usize) -> Option<(&FileView, &HunkView)> {
        let (file, hunk) = *self.hunks.get(index)?;
        let file = self.proposal.files.get(file)?;
        Some((file, file.hunks.get(hunk)?))
    }

    /// Goes to the first undecided hunk from a place on; stays where there is none.
    fn go_to_open(&mut self, from: usize) {
        let number = self.hunks.len();
        let is_open = |at: &usize| self.hunk(*at).is_some_and(|(_, hunk)| hunk.state.is_open());
        let next = (0..number).map(|steps| (from + steps) % number).find(is_open);
        self.at = next.unwrap_or(self.at);
    }
}

fn places(proposal: &ProposalView, file: Option<&str>) -> Vec<(usize, usize)> {
    let files = proposal.files.iter().enumerate();
    let files = files.filter(|(_, view)| file.is_none_or(|path| view.path == path));
    files
        .flat_map(|(index, view)| (0..view.hunks.len()).map(move |hunk| (index, hunk)))
        .collect()
}

#[cfg(test)]
pub(super) mod tests {
    use aca_protocol::TaskId;
    use aca_protocol::proposal::FileChange;

    use super::*;

    /// Two files: `a.rs` with the hunks `a1` and `a2`, `b.rs` with `b1`.
    pub(in crate::command::review) fn proposal() -> ProposalView {
        let file = |path: &str, hunks: &[&str]| FileView {
            path: path.into(),
            change: FileChange::Modify,
            hunks: hunks.iter().map(|id| hunk(id)).collect(),
        };
        let files = vec![file("a.rs", &["a1", "a2"]), file("b.rs", &["b1"])];
        ProposalView::new(TaskId::new("t"), files, 1)
    }

    fn hunk(id: &str) -> HunkView {
        let line = if id == "a2" { 20 } else { 0 };
        let new = format!("new {id}\n");
        HunkView::new(HunkId::new(id), HunkState::Clean, line, 1, "old\n".into(), new)
    }

    fn with(states: &[(&str, HunkState)]) -> ProposalView {
        let mut proposal = proposal();
        for hunk in proposal.files.iter_mut().flat_map(|file| &mut file.hunks) {
            if let Some((_, state)) = states.iter().find(|(id, _)| *id == hunk.id.as_str()) {
                hunk.state = state.clone();
            }
        }
        proposal
    }

    fn at(walk: &Walk) -> &str {
        walk.current().map_or("", |(_, hunk)| hunk.id.as_str())
    }

    /// Goes by letters: `j`, `k`, `>` and `<` for files, `g`, `G`, `a` to advance; returns the hunks on the way.
    fn way(mut walk: Walk, letters: &str) -> String {
        let mut seen = vec![at(&walk).to_owned()];
        for letter in letters.chars() {
            match letter {
                'j' => walk.step(Way::Forward),
                'k' => walk.step(Way::Back),
                '>' => walk.step_file(Way::Forward),
                '<' => walk.step_file(Way::Back),
                'g' => walk.go_to_end(Way::Back),
                'G' => walk.go_to_end(Way::Forward),
                _ => walk.advance(),
            }
            seen.push(at(&walk).to_owned());
        }
        seen.join(" ")
    }

    #[test]
    fn ways_through_a_proposal() {
        for (decided, file, letters, expected) in [
            ([].as_slice(), None, "jjjk", "a1 a2 b1 b1 a2"),
            (&[], None, ">><", "a1 b1 b1 a1"),
            (&[], None, "Gg", "a1 b1 a1"),
            (&[], Some("a.rs"), "jj>G", "a1 a2 a2 a2 a2"),
            (&[("a1", HunkState::Landed)], None, "kja", "a2 a1 a2 a2"),
            (&[("a2", HunkState::Rejected)], None, "jaj", "a1 a2 b1 b1"),
            (&[("b1", HunkState::Rejected)], None, "Ga", "a1 b1 a1"),
        ] {
            let walk = Walk::new(with(decided), file.map(String::from));
            assert_eq!(way(walk, letters), expected, "{letters}");
        }
    }

    #[test]
    fn what_is_searched_is_found_from_here_on() {
        for (text, way, expected) in [
            ("new", Way::Forward, "a2"),
            ("new", Way::Back, "b1"),
            ("NEW", Way::Forward, "a1"),
            ("b.rs", Way::Forward, "b1"),
            ("a1", Way::Forward, "a1"),
            ("nowhere", Way::Back, "a1"),
        ] {
            let mut walk = Walk::new(proposal(), None);
            let found = walk.search(text, way);
            assert_eq!(
                (at(&walk), found),
                (expected, !matches!(text, "NEW" | "nowhere")),
                "{text}"
            );
        }
    }

    #[test]
    fn a_newer_view_does_not_lose_the_place() {
        let mut walk = Walk::new(proposal(), None);
        walk.step(Way::Forward);
        let decided = walk.update(with(&[("a1", HunkState::Landed), ("a2", HunkState::Rejected)]));
        assert_eq!((at(&walk), decided, walk.left()), ("a2", (1, 1), 1));
        let mut split = proposal();
        let halves = [("x1", 20), ("x2", 21)].map(|(id, line)| HunkView { line, ..hunk(id) });
        split.files.first_mut().unwrap().hunks.splice(1.., halves);
        walk.update(split);
        assert_eq!((at(&walk), walk.position()), ("x1", (2, 4)));
        walk.update(ProposalView::new(TaskId::new("t"), Vec::new(), 3));
        assert_eq!((at(&walk), walk.position()), ("", (1, 0)));
    }

    #[test]
    fn neighbours_are_of_one_file() {
        let mut walk = Walk::new(proposal(), None);
        assert_eq!(walk.neighbours(), Some([HunkId::new("a1"), HunkId::new("a2")]));
        walk.step(Way::Forward);
        assert_eq!(walk.neighbours(), None);
    }
}
