//! The walk through a proposal by single keys: pure, the terminal is elsewhere.

use aca_protocol::HunkId;
use aca_protocol::proposal::{Decision, FileView, HunkView, ProposalView, Selection};
use console::Key;

use crate::words;

/// What is shown under each hunk.
pub(super) const PROMPT: &str = "accept [a], reject [r], next [n], previous [p], quit [q], all keys [?]";

/// What every key does.
pub(super) const HELP: &str = "\
Keys:
  a  accept this hunk: it lands in the file
  r  reject this hunk
  A  accept all undecided hunks of this file
  R  reject all undecided hunks of this file
  n  next hunk, decide later
  p  previous hunk
  q  quit; what is undecided waits
  ?  this help";

/// Where a person is in a proposal.
pub(super) struct Walk {
    proposal: ProposalView,
    /// Only this file.
    file: Option<String>,
    /// The hunk that is looked at.
    at: Option<HunkId>,
}

/// What a key asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Show the current hunk.
    Show,
    /// Show [`HELP`].
    Help,
    /// Decide, then [`Walk::update`].
    Decide(Decision, Selection),
    /// End.
    Quit,
}

impl Walk {
    /// Begins at the first undecided hunk.
    pub(super) fn new(proposal: ProposalView, file: Option<String>) -> Self {
        let mut walk = Self {
            proposal,
            file,
            at: None,
        };
        walk.at = walk.undecided().first().map(|(_, hunk)| hunk.id.clone());
        walk
    }

    /// The proposal as it is now.
    pub(super) fn proposal(&self) -> &ProposalView {
        &self.proposal
    }

    /// The hunk that is looked at, with its file; `None` when every hunk is decided.
    pub(super) fn current(&self) -> Option<(&FileView, &HunkView)> {
        let undecided = self.undecided();
        undecided.get(self.index()).copied()
    }

    /// The current hunk's place among the undecided ones, counted from one, and their number.
    pub(super) fn position(&self) -> (usize, usize) {
        (self.index() + 1, self.undecided().len())
    }

    /// Says what a key asks for, and moves.
    pub(super) fn press(&mut self, key: Key) -> Action {
        let Some((file, hunk)) = self.current() else {
            return Action::Quit;
        };
        let this = Selection::Hunks {
            ids: vec![hunk.id.clone()],
        };
        let whole = Selection::File {
            path: file.path.clone(),
        };
        match key {
            Key::Char('a') => Action::Decide(Decision::Accept, this),
            Key::Char('r') => Action::Decide(Decision::Reject, this),
            Key::Char('A') => Action::Decide(Decision::Accept, whole),
            Key::Char('R') => Action::Decide(Decision::Reject, whole),
            Key::Char('n') | Key::ArrowDown | Key::ArrowRight => self.go(self.index() + 1),
            Key::Char('p') | Key::ArrowUp | Key::ArrowLeft => self.go(self.index().saturating_sub(1)),
            Key::Char('q') | Key::Escape | Key::CtrlC => Action::Quit,
            _ => Action::Help,
        }
    }

    /// Takes over what a decision changed, and goes to the hunk that follows the one that was decided.
    pub(super) fn update(&mut self, proposal: ProposalView) {
        let index = self.index();
        let before = self.at.take();
        self.proposal = proposal;
        let undecided = self.undecided();
        // A hunk that was refused is still there: step over it, so that the walk goes on.
        let same = undecided.iter().position(|(_, hunk)| Some(&hunk.id) == before.as_ref());
        let next = same
            .map_or(index, |place| place + 1)
            .min(undecided.len().saturating_sub(1));
        self.at = undecided.get(next).map(|(_, hunk)| hunk.id.clone());
    }

    fn go(&mut self, index: usize) -> Action {
        let undecided = self.undecided();
        let index = index.min(undecided.len().saturating_sub(1));
        self.at = undecided.get(index).map(|(_, hunk)| hunk.id.clone());
        Action::Show
    }

    fn index(&self) -> usize {
        self.undecided()
            .iter()
            .position(|(_, hunk)| Some(&hunk.id) == self.at.as_ref())
            .unwrap_or(0)
    }

    fn undecided(&self) -> Vec<(&FileView, &HunkView)> {
        super::files(&self.proposal, self.file.as_deref())
            .flat_map(|file| file.hunks.iter().map(move |hunk| (file, hunk)))
            .filter(|(_, hunk)| words::is_undecided(hunk))
            .collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use aca_protocol::TaskId;
    use aca_protocol::proposal::{FileChange, HunkState};

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
        HunkView::new(HunkId::new(id), HunkState::Clean, 0, 1, "old\n".into(), "new\n".into())
    }

    /// Decides a selection as an engine would, but refuses hunks named `refused`.
    fn decided(
        mut proposal: ProposalView,
        decision: Decision,
        selection: &Selection,
        refused: &[&str],
    ) -> ProposalView {
        let state = match decision {
            Decision::Accept => HunkState::Landed,
            Decision::Reject => HunkState::Rejected,
            Decision::Reopen => HunkState::Clean,
        };
        for file in &mut proposal.files {
            for hunk in &mut file.hunks {
                let chosen = match selection {
                    Selection::Hunks { ids } => ids.contains(&hunk.id),
                    Selection::File { path } => *path == file.path,
                    Selection::All => true,
                };
                if chosen && words::is_undecided(hunk) && !refused.contains(&hunk.id.as_str()) {
                    hunk.state = state.clone();
                }
            }
        }
        proposal
    }

    /// Presses keys one after the other; returns the hunks that were looked at and the states at the end.
    fn walk(keys: &str, file: Option<&str>, refused: &[&str]) -> String {
        let mut walk = Walk::new(proposal(), file.map(String::from));
        let mut seen = Vec::new();
        for key in keys.chars() {
            let Some((_, hunk)) = walk.current() else { break };
            seen.push(hunk.id.to_string());
            match walk.press(Key::Char(key)) {
                Action::Decide(decision, selection) => {
                    let after = decided(walk.proposal().clone(), decision, &selection, refused);
                    walk.update(after);
                }
                Action::Quit => {
                    seen.push("quit".into());
                    break;
                }
                Action::Help => seen.push("help".into()),
                Action::Show => {}
            }
        }
        let hunks = walk.proposal().files.iter().flat_map(|file| &file.hunks);
        let states: String = hunks
            .map(|hunk| match hunk.state {
                HunkState::Landed => '+',
                HunkState::Rejected => '-',
                _ => '.',
            })
            .collect();
        format!("{} {states}", seen.join(","))
    }

    #[test]
    fn walks() {
        for (keys, file, refused, expected) in [
            ("aaa", None, [].as_slice(), "a1,a2,b1 +++"),
            ("rar", None, &[], "a1,a2,b1 -+-"),
            ("Ar", None, &[], "a1,b1 ++-"),
            ("nR", None, &[], "a1,a2 --."),
            ("nna", None, &[], "a1,a2,b1 ..+"),
            ("nnnna", None, &[], "a1,a2,b1,b1,b1 ..+"),
            ("nnpp", None, &[], "a1,a2,b1,a2 ..."),
            ("q", None, &[], "a1,quit ..."),
            ("?a", None, &[], "a1,help,a1 +.."),
            ("x", None, &[], "a1,help ..."),
            ("aaa", Some("a.rs"), &[], "a1,a2 ++."),
            ("aaa", Some("b.rs"), &[], "b1 ..+"),
            ("aaq", None, &["a1"], "a1,a2,b1,quit .+."),
        ] {
            assert_eq!(walk(keys, file, refused), expected, "{keys} {file:?}");
        }
    }

    #[test]
    fn help_and_prompt_name_every_key() {
        for key in ['a', 'r', 'n', 'p', 'q', '?'] {
            assert!(
                PROMPT.contains(&format!("[{key}]")) && HELP.contains(&format!("  {key}  ")),
                "{key}"
            );
        }
        assert!(HELP.contains("  A  ") && HELP.contains("  R  "));
    }
}
