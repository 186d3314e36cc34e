//! What each key asks for.

use aca_protocol::proposal::{Decision, Resolution};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::walk::Way;

/// What a person asks for by a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Go to a neighbour.
    Step(Way),
    /// Go to a neighbouring file.
    StepFile(Way),
    /// Go to the first or last hunk.
    End(Way),
    /// Go through a long hunk.
    Page(Way),
    /// Decide.
    Decide(Decision, Scope),
    /// Answer a conflict; without a resolution the person's own text stays.
    Resolve(Option<Resolution>),
    /// Change the hunk's text in an editor.
    Edit,
    /// Choose lines to cut out.
    Split,
    /// Make one hunk of this and the next.
    Join,
    /// Take back the last landing.
    Undo,
    /// Take back the last taking back.
    Redo,
    /// Ask the agent to make the hunk again on the files as they are.
    AskAgain,
    /// Send the proposal back with a remark.
    SendBack,
    /// Run the project's check.
    Check(Scope),
    /// Ask for a text to search.
    Search,
    /// Search it again.
    Find(Way),
    /// Show what is known of the proposal as a whole.
    About,
    /// Show the keys.
    Help,
    /// Draw everything anew.
    Redraw,
    /// Stop the process, as a shell's job.
    Suspend,
    /// End.
    Quit,
    /// End, as interrupted.
    Interrupt,
}

/// Which hunks a wish is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// The one that is looked at.
    Hunk,
    /// All undecided ones of its file.
    File,
    /// All undecided ones.
    All,
}

/// Says what a key asks for, if anything.
pub(super) fn wish(key: KeyEvent) -> Option<Wish> {
    use Decision::{Accept, Reject, Reopen};
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => Some(Wish::Interrupt),
            KeyCode::Char('z') => Some(Wish::Suspend),
            KeyCode::Char('l') => Some(Wish::Redraw),
            KeyCode::Char('d') => Some(Wish::Page(Way::Forward)),
            KeyCode::Char('u') => Some(Wish::Page(Way::Back)),
            _ => None,
        };
    }
    if key.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    Some(match key.code {
        KeyCode::Char('a') => Wish::Decide(Accept, Scope::Hunk),
        KeyCode::Char('r') => Wish::Decide(Reject, Scope::Hunk),
        KeyCode::Char('f') => Wish::Decide(Accept, Scope::File),
        KeyCode::Char('F') => Wish::Decide(Reject, Scope::File),
        KeyCode::Char('A') => Wish::Decide(Accept, Scope::All),
        KeyCode::Char('R') => Wish::Decide(Reject, Scope::All),
        KeyCode::Char('b') => Wish::Decide(Reopen, Scope::Hunk),
        KeyCode::Char('m') => Wish::Resolve(None),
        KeyCode::Char('t') => Wish::Resolve(Some(Resolution::Agent)),
        KeyCode::Char('o') => Wish::Resolve(Some(Resolution::Both)),
        KeyCode::Char('d') => Wish::AskAgain,
        KeyCode::Char('j') | KeyCode::Down | KeyCode::Right => Wish::Step(Way::Forward),
        KeyCode::Char('k') | KeyCode::Up | KeyCode::Left => Wish::Step(Way::Back),
        KeyCode::Tab => Wish::StepFile(Way::Forward),
        KeyCode::BackTab => Wish::StepFile(Way::Back),
        KeyCode::Char('g') | KeyCode::Home => Wish::End(Way::Back),
        KeyCode::Char('G') | KeyCode::End => Wish::End(Way::Forward),
        KeyCode::Char(' ') | KeyCode::PageDown => Wish::Page(Way::Forward),
        KeyCode::PageUp => Wish::Page(Way::Back),
        KeyCode::Char('e') => Wish::Edit,
        KeyCode::Char('s') => Wish::Split,
        KeyCode::Char('J') => Wish::Join,
        KeyCode::Char('u') => Wish::Undo,
        KeyCode::Char('U') => Wish::Redo,
        KeyCode::Char('S') => Wish::SendBack,
        KeyCode::Char('c') => Wish::Check(Scope::Hunk),
        KeyCode::Char('C') => Wish::Check(Scope::All),
        KeyCode::Char('/') => Wish::Search,
        KeyCode::Char('n') => Wish::Find(Way::Forward),
        KeyCode::Char('N') => Wish::Find(Way::Back),
        KeyCode::Char('i') => Wish::About,
        KeyCode::Char('?') => Wish::Help,
        KeyCode::Char('q') => Wish::Quit,
        _ => return None,
    })
}

/// What is shown under a hunk that can be decided, the most needed first.
pub(super) const HINTS: &[(&str, &str)] = &[
    ("a", "accept"),
    ("r", "reject"),
    ("j/k", "next/previous"),
    ("?", "all keys"),
    ("q", "quit"),
    ("e", "edit"),
    ("s", "split"),
    ("u", "undo"),
    ("/", "search"),
    ("S", "send back"),
];

/// What is shown under a conflict.
pub(super) const CONFLICT_HINTS: &[(&str, &str)] = &[
    ("m", "mine"),
    ("t", "the agent's"),
    ("o", "both"),
    ("d", "ask the agent again"),
    ("j/k", "next/previous"),
    ("?", "all keys"),
    ("q", "quit"),
];

/// What is shown under a hunk that is decided.
pub(super) const DECIDED_HINTS: &[(&str, &str)] = &[
    ("j/k", "next/previous"),
    ("u", "undo the last landing"),
    ("b", "bring back a rejected one"),
    ("S", "send back"),
    ("?", "all keys"),
    ("q", "quit"),
];

/// Every key, in groups.
pub(super) const HELP: &[(&str, &[(&str, &str)])] = &[
    (
        "Decide",
        &[
            ("a  r", "accept, reject this hunk"),
            ("f  F", "accept, reject all undecided hunks of this file"),
            ("A  R", "accept, reject all undecided hunks"),
            ("u  U", "take back the last landing; take that back"),
            ("b", "bring back a rejected hunk"),
        ],
    ),
    (
        "Where you changed the same lines",
        &[
            ("m", "mine: keep what the file says"),
            ("t", "the agent's: put its text there"),
            ("o", "both, to edit: its text after yours"),
            ("d", "ask the agent to do it again on your version"),
        ],
    ),
    (
        "Change the hunk",
        &[
            ("e", "edit its text in $EDITOR"),
            ("s", "split: cut lines out as a hunk of their own"),
            ("J", "join with the next hunk"),
        ],
    ),
    (
        "The agent and the check",
        &[
            ("S", "send the proposal back with a remark"),
            ("c  C", "run the check with this hunk, with all undecided ones"),
        ],
    ),
    (
        "Move",
        &[
            ("j  k", "next, previous hunk; also the arrows"),
            ("Tab", "next file; with Shift the previous"),
            ("g  G", "first, last hunk"),
            ("Space", "further in a long hunk; PageUp, PageDown"),
            ("/  n  N", "search; next, previous match"),
        ],
    ),
    (
        "And",
        &[
            ("i", "the proposal as a whole: summary, check and its output"),
            ("?", "this help"),
            ("q", "quit; what is undecided waits"),
            ("Ctrl-Z", "suspend"),
            ("Ctrl-L", "draw anew"),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
        KeyEvent::new(code, modifiers)
    }

    #[test]
    fn every_key_of_the_help_does_something_and_every_letter_is_in_it() {
        let named = |letter: char| {
            let mut rows = HELP.iter().flat_map(|(_, rows)| *rows);
            rows.any(|(keys, _)| keys.split("  ").any(|key| key.chars().eq([letter])))
        };
        for letter in ('!'..='~').filter(|letter| *letter != '\\') {
            let does = wish(key(KeyCode::Char(letter), KeyModifiers::NONE)).is_some();
            assert_eq!(does, named(letter), "{letter}");
        }
        let hints = HINTS.iter().chain(CONFLICT_HINTS).chain(DECIDED_HINTS);
        for (keys, _) in hints.filter(|(keys, _)| keys.len() == 1) {
            assert!(keys.chars().all(named), "{keys}");
        }
    }

    #[test]
    fn a_key_with_control_or_alt_never_decides() {
        for letter in 'a'..='z' {
            for modifier in [KeyModifiers::CONTROL, KeyModifiers::ALT] {
                let wish = wish(key(KeyCode::Char(letter), modifier));
                assert!(!matches!(wish, Some(Wish::Decide(..))), "{letter}");
            }
        }
    }
}
