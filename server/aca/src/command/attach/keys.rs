//! What each key asks for, while nothing is typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a person asks for by a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Type to the agent.
    Type,
    /// Hold the agent, or let it go on.
    Hold,
    /// Stop the task.
    Stop,
    /// Review its proposal.
    Review,
    /// Have a task go on that ended without a result.
    Recover,
    /// Show or hide what tools returned.
    Fold,
    /// Go up or down by lines.
    Scroll(isize),
    /// Go up, or down, by what is in sight.
    Page { down: bool },
    /// Go to the beginning.
    Beginning,
    /// Go to the end and follow.
    End,
    /// Show an earlier, or a later, round.
    Round { later: bool },
    /// Ask for a text to search.
    Search,
    /// Search it again.
    Find { forward: bool },
    /// Show the keys.
    Help,
    /// Draw everything anew.
    Redraw,
    /// Stop the process, as a shell's job.
    Suspend,
    /// Leave; the work goes on.
    Detach,
}

/// Says what a key asks for, if anything.
pub(super) fn wish(key: KeyEvent) -> Option<Wish> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c' | 'd') => Some(Wish::Detach),
            KeyCode::Char('z') => Some(Wish::Suspend),
            KeyCode::Char('l') => Some(Wish::Redraw),
            KeyCode::Char('f') => Some(Wish::Page { down: true }),
            KeyCode::Char('b') => Some(Wish::Page { down: false }),
            _ => None,
        };
    }
    if key.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    Some(match key.code {
        KeyCode::Enter | KeyCode::Char('t') => Wish::Type,
        KeyCode::Char('p') => Wish::Hold,
        KeyCode::Char('s') => Wish::Stop,
        KeyCode::Char('r') => Wish::Review,
        KeyCode::Char('c') => Wish::Recover,
        KeyCode::Char('o') | KeyCode::Tab => Wish::Fold,
        KeyCode::Char('k') | KeyCode::Up => Wish::Scroll(-1),
        KeyCode::Char('j') | KeyCode::Down => Wish::Scroll(1),
        KeyCode::PageUp | KeyCode::Char('b') => Wish::Page { down: false },
        KeyCode::PageDown | KeyCode::Char(' ') => Wish::Page { down: true },
        KeyCode::Home | KeyCode::Char('g') => Wish::Beginning,
        KeyCode::End | KeyCode::Char('G') => Wish::End,
        KeyCode::Char('[') | KeyCode::Left => Wish::Round { later: false },
        KeyCode::Char(']') | KeyCode::Right => Wish::Round { later: true },
        KeyCode::Char('/') => Wish::Search,
        KeyCode::Char('n') => Wish::Find { forward: true },
        KeyCode::Char('N') => Wish::Find { forward: false },
        KeyCode::Char('?') => Wish::Help,
        KeyCode::Char('q') => Wish::Detach,
        _ => return None,
    })
}

/// Every key, in groups.
pub(super) const HELP: &[(&str, &[(&str, &str)])] = &[
    (
        "The agent",
        &[
            ("Enter", "type to it; Enter sends, Esc goes back, Up recalls; also t"),
            ("p", "hold it where it is; let it go on"),
            ("s", "stop the task"),
            ("r", "review what it made, once it is ready"),
            ("c", "have the task go on that was lost, stopped or failed"),
        ],
    ),
    (
        "Look",
        &[
            ("j  k", "down, up; also the arrows"),
            ("Space  b", "down, up by a page; also PageDown, PageUp"),
            ("g  G", "to the beginning; to the end, and follow what comes"),
            ("o", "show, hide what tools returned; also Tab"),
            ("[  ]", "earlier, later round"),
            ("/  n  N", "search; next, previous match"),
        ],
    ),
    (
        "And",
        &[
            ("?", "this help"),
            ("q", "leave; the work goes on; also Ctrl-C, Ctrl-D"),
            ("Ctrl-Z", "suspend"),
            ("Ctrl-L", "draw anew"),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_help_does_something_and_every_letter_is_in_it() {
        let rows = || {
            HELP.iter()
                .flat_map(|(_, rows)| *rows)
                .flat_map(|(keys, _)| keys.split("  "))
        };
        let letters: Vec<char> = rows()
            .filter(|key| key.chars().count() == 1)
            .flat_map(str::chars)
            .collect();
        for letter in &letters {
            let key = KeyEvent::new(KeyCode::Char(*letter), KeyModifiers::NONE);
            assert!(wish(key).is_some(), "{letter} does nothing");
        }
        for letter in (' '..='~').filter(|letter| !" t".contains(*letter)) {
            let key = KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE);
            assert_eq!(wish(key).is_some(), letters.contains(&letter), "{letter}");
        }
    }

    #[test]
    fn what_is_meant_for_the_shell_leaves_or_suspends() {
        let key = |letter| wish(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL));
        assert_eq!(
            (key('c'), key('d'), key('z')),
            (Some(Wish::Detach), Some(Wish::Detach), Some(Wish::Suspend))
        );
    }
}
