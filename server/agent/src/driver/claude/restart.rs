//! When Claude Code is started again after it died in the middle of a turn, and how it begins then.
//!
//! A request that the model had answered may be made again: Claude Code keeps only what it had got to the end. So there
//! are few restarts, each is journaled, and one that dies before it says or does anything is the last.

use std::time::Duration;

use aca_protocol::agent::{End, RecordBody};

use super::conversation::Opening;
use super::transcript;
use crate::driver::{Context, DriveError, Ending};

/// How long to wait before each restart.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(8),
];

/// The first message to one that goes on.
const GO_ON: &str = "Your work was interrupted and goes on now. The files are as you left them; a command that was \
                     running was ended. Go on from there.";

/// A death in the middle of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Death {
    /// Whether it had said or done anything.
    pub(super) lived: bool,
    /// Whether it may have changed a file.
    pub(super) wrote: bool,
    /// What it was told and had not taken: identifier and words.
    pub(super) untaken: Vec<(String, String)>,
    /// How it died, in a few words.
    pub(super) how: String,
    /// What happened and what to do next, if it is not started again.
    pub(super) reason: String,
    /// The model's last words.
    pub(super) said: String,
}

/// The deaths so far.
#[derive(Debug, Default)]
pub(super) struct Deaths {
    restarts: usize,
}

impl Deaths {
    /// Takes a death into account. Returns how long to wait before the restart, if there is to be one.
    pub(super) fn count(&mut self, death: &Death) -> Option<Duration> {
        let at_once_again = self.restarts > 0 && !death.lived;
        let pause = PAUSES.get(self.restarts).filter(|_| !at_once_again)?;
        self.restarts += 1;
        Some(*pause)
    }

    /// Returns the record of the restart that a death led to.
    pub(super) fn event(&self, death: &Death) -> RecordBody {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        RecordBody::Interrupted {
            reason: death.how.clone(),
            attempt: number(self.restarts),
            max: number(PAUSES.len()),
        }
    }

    /// Returns what became of the work after a death that leads to no restart.
    pub(super) fn last(&self, death: Death) -> Ending {
        let again = match self.restarts {
            0 => String::new(),
            1 => " It had been started again once.".to_owned(),
            times => format!(" It had been started again {times} times."),
        };
        let reason = format!("{}{again}", death.reason);
        Ending::new(End::Failed { reason }, death.said)
    }
}

/// Returns how it begins after a death.
pub(super) fn opening(context: &Context, deaths: &Deaths, death: Death) -> Result<Opening, DriveError> {
    let config = context.home().join(".claude");
    let kept = transcript::mend(&config, &context.spec.conversation)?;
    Ok(Opening {
        resume: kept,
        words: if kept { GO_ON.to_owned() } else { anew(context, deaths) },
        untaken: death.untaken,
        wrote: death.wrote,
    })
}

/// Returns the first message of a conversation that is begun because the one to go on with is not there.
pub(super) fn anew(context: &Context, deaths: &Deaths) -> String {
    let spec = &context.spec;
    let whole = if spec.resume { &spec.story } else { &spec.prompt };
    if deaths.restarts == 0 {
        return whole.clone();
    }
    format!("{whole}\nWork on this was begun and interrupted. What was done is in the files; look there first.\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn death(lived: bool) -> Death {
        Death {
            lived,
            wrote: lived,
            untaken: Vec::new(),
            how: "killed".to_owned(),
            reason: "It was killed.".to_owned(),
            said: String::new(),
        }
    }

    /// How many restarts these deaths lead to, each of a program that had said something or not.
    fn check(lived: &[bool], restarts: usize) {
        let mut deaths = Deaths::default();
        let pauses = lived.iter().map_while(|&lived| deaths.count(&death(lived)));
        assert_eq!(pauses.count(), restarts, "{lived:?}");
    }

    #[test]
    fn restarts_are_few_and_end_where_one_dies_at_once() {
        check(&[true, true, true, true, true], 3);
        check(&[false, true, true, true], 3);
        check(&[false, false, true], 1);
        check(&[true, true, false, true], 2);
    }

    #[test]
    fn the_last_death_says_how_often_it_was_tried() {
        let mut deaths = Deaths::default();
        assert_eq!(
            deaths.last(death(false)).end,
            End::Failed {
                reason: "It was killed.".to_owned()
            }
        );
        deaths.count(&death(true));
        let End::Failed { reason } = deaths.last(death(false)).end else {
            panic!("it is a failure");
        };
        assert_eq!(reason, "It was killed. It had been started again once.");
    }
}
