//! The rounds of a task: its attempts, each with what is known of its transcript.

use aca_protocol::methods::{AttemptBrief, TranscriptChangedParams, TranscriptParams, TranscriptResult};
use aca_protocol::task::TaskView;
use aca_protocol::{AttemptId, TaskId};

use super::pane::Pane;
use super::transcript::Transcript;

/// The rounds, oldest first, and which is shown.
#[derive(Debug)]
pub(super) struct Rounds {
    task: TaskId,
    rounds: Vec<Round>,
    shown: usize,
    /// Whether there may be attempts that are not known yet.
    stale: bool,
    /// What is in sight while there is no attempt.
    nothing: Round,
}

/// One attempt.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) brief: AttemptBrief,
    pub(super) transcript: Transcript,
    pub(super) pane: Pane,
    next: u64,
    /// Whether there may be more than is known.
    stale: bool,
}

impl Rounds {
    /// Begins with nothing known.
    pub(super) fn new(task: TaskId) -> Self {
        let nothing = AttemptBrief {
            id: AttemptId::new(""),
            backend: None,
            model: None,
            remark: None,
            ended: false,
        };
        Self {
            task,
            rounds: Vec::new(),
            shown: 0,
            stale: true,
            nothing: Round::new(nothing),
        }
    }

    /// Returns the round that is shown.
    pub(super) fn shown(&self) -> &Round {
        self.rounds.get(self.shown).unwrap_or(&self.nothing)
    }

    /// Returns the round that is shown.
    pub(super) fn shown_mut(&mut self) -> &mut Round {
        self.rounds.get_mut(self.shown).unwrap_or(&mut self.nothing)
    }

    /// Returns the number of the round that is shown, counted from one, and how many there are.
    pub(super) fn position(&self) -> (usize, usize) {
        (self.shown + 1, self.rounds.len())
    }

    /// Whether the newest round is shown.
    pub(super) fn is_newest(&self) -> bool {
        self.shown + 1 >= self.rounds.len()
    }

    /// Shows the round before or after; says whether there is one.
    pub(super) fn step(&mut self, later: bool) -> bool {
        let to = if later {
            Some(self.shown + 1).filter(|to| *to < self.rounds.len())
        } else {
            self.shown.checked_sub(1)
        };
        to.inspect(|to| self.shown = *to).is_some()
    }

    /// Returns what to ask for next, if anything is missing.
    pub(super) fn missing(&self) -> Option<TranscriptParams> {
        let task = self.task.clone();
        if self.stale {
            return Some(TranscriptParams {
                task,
                attempt: None,
                from: 0,
            });
        }
        let shown = self.rounds.get(self.shown).filter(|round| round.stale)?;
        Some(TranscriptParams {
            task,
            attempt: Some(shown.brief.id.clone()),
            from: shown.next,
        })
    }

    /// Notes that an attempt has more.
    pub(super) fn hear(&mut self, news: &TranscriptChangedParams) {
        match self.rounds.iter_mut().find(|round| round.brief.id == news.attempt) {
            Some(round) => round.stale = true,
            None => self.stale = true,
        }
    }

    /// Notes that the task has changed: it may have another attempt, or its agent may have ended.
    pub(super) fn look(&mut self, task: &TaskView) {
        match self
            .rounds
            .last_mut()
            .filter(|round| task.attempt.as_ref() == Some(&round.brief.id))
        {
            // What is known of it besides its transcript becomes known while it is prepared.
            Some(round) if round.brief.model.is_none() => self.stale = true,
            Some(round) => round.stale = true,
            None => self.stale |= task.attempt.is_some(),
        }
    }

    /// Notes that anything may have happened.
    pub(super) fn look_again(&mut self) {
        self.stale = true;
        for round in &mut self.rounds {
            round.stale = true;
        }
    }

    /// Gives up on what was asked for last, which failed.
    pub(super) fn give_up(&mut self) {
        self.stale = false;
        if let Some(round) = self.rounds.get_mut(self.shown) {
            round.stale = false;
        }
    }

    /// Takes an answer to what was [`missing`](Self::missing).
    pub(super) fn take(&mut self, asked: &TranscriptParams, result: TranscriptResult) {
        let was_newest = self.is_newest();
        if asked.attempt.is_none() {
            self.stale = false;
        }
        for brief in result.attempts {
            match self.rounds.iter_mut().find(|round| round.brief.id == brief.id) {
                Some(round) => round.brief = brief,
                None => self.rounds.push(Round::new(brief)),
            }
        }
        if was_newest {
            self.shown = self.rounds.len().saturating_sub(1);
        }
        let round = self
            .rounds
            .iter_mut()
            .find(|round| Some(&round.brief.id) == result.attempt.as_ref());
        let Some(round) = round.filter(|round| round.next == asked.from) else {
            return;
        };
        for record in &result.records {
            if let Some(changed) = round.transcript.push(record) {
                round.pane.changed(changed);
            }
        }
        round.next = result.next;
        round.stale = result.more;
    }
}

impl Round {
    fn new(brief: AttemptBrief) -> Self {
        Self {
            brief,
            transcript: Transcript::default(),
            pane: Pane::new(),
            next: 0,
            stale: true,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::transcript::tests::{records, said};
    use super::*;

    pub(crate) fn brief(id: &str) -> AttemptBrief {
        AttemptBrief {
            id: AttemptId::new(id),
            backend: Some("docker".into()),
            model: Some("claude-sonnet-4-5".into()),
            remark: None,
            ended: false,
        }
    }

    fn answer(attempt: &str, attempts: &[&str], next: u64, more: bool) -> TranscriptResult {
        TranscriptResult {
            attempt: Some(AttemptId::new(attempt)),
            attempts: attempts.iter().map(|id| brief(id)).collect(),
            records: records([said("x")]),
            next,
            more,
        }
    }

    #[test]
    fn pieces_are_asked_for_until_nothing_is_missing() {
        let mut rounds = Rounds::new(TaskId::new("t"));
        let first = rounds.missing().unwrap();
        assert_eq!((first.attempt.clone(), first.from), (None, 0));
        rounds.take(&first, answer("a-1", &["a-1"], 10, true));
        let second = rounds.missing().unwrap();
        assert_eq!((second.attempt.clone(), second.from), (Some(AttemptId::new("a-1")), 10));
        rounds.take(&second, answer("a-1", &[], 20, false));
        assert_eq!((rounds.missing(), rounds.shown().transcript.len()), (None, 2));
        rounds.take(&second, answer("a-1", &[], 20, false));
        assert_eq!(rounds.shown().transcript.len(), 2, "nothing is taken twice");
        let news = |attempt| TranscriptChangedParams {
            task: TaskId::new("t"),
            attempt: AttemptId::new(attempt),
            seq: 3,
        };
        rounds.hear(&news("a-1"));
        assert_eq!(rounds.missing().map(|params| params.from), Some(20));
        rounds.give_up();
        assert_eq!(rounds.missing(), None);
        rounds.hear(&news("a-2"));
        let again = rounds.missing().unwrap();
        rounds.take(&again, answer("a-2", &["a-1", "a-2"], 5, false));
        assert_eq!(rounds.position(), (2, 2), "a new round is shown if the newest was");
        assert!(rounds.step(false) && !rounds.step(false));
        rounds.hear(&news("a-2"));
        assert_eq!(rounds.missing(), None, "what is not shown is not asked for");
        rounds.hear(&news("a-3"));
        rounds.take(&again, answer("a-3", &["a-1", "a-2", "a-3"], 5, false));
        assert_eq!(
            rounds.position(),
            (1, 3),
            "someone who looks at an earlier round stays there"
        );
    }
}
