//! What is to be done for an attempt whose engine ended: what is recorded of it, against what its backend has.
//!
//! | recorded ╲ sandbox | none | another's | made, never ran | runs | ended, outcome | ended, no outcome |
//! |---|---|---|---|---|---|---|
//! | planned | start | refuse | start | lost | lost | lost |
//! | base stored | start | refuse | start | watch | collect | lost |
//! | starting | start | refuse | start | watch | collect | lost |
//! | started | lost | lost | lost | watch | collect | lost |
//! | ended | nothing | nothing | remove | stop, say so | remove | remove |
//!
//! Where the agent has left a sign that it had begun, *start* and *refuse* are *lost* too: it is never begun twice. An
//! outcome that is there is collected whatever became of the sandbox.

use std::collections::BTreeMap;

use aca_sandbox::{Found, Status};

use crate::core::Stage;

/// What the backend has under an attempt's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sandbox {
    /// Nothing.
    Absent,
    /// A sandbox that is not the attempt's own.
    Foreign,
    /// Its sandbox, whose program never ran.
    Created,
    /// Its sandbox, whose program runs, even if the backend holds it.
    Running,
    /// Its sandbox, whose program ended.
    Exited,
}

impl Sandbox {
    /// Says what was found. Its own is one that has all of these labels.
    pub(crate) fn of(found: Option<&Found>, labels: &BTreeMap<String, String>) -> Self {
        let Some(found) = found else { return Self::Absent };
        if found.differs_in(labels).is_some() {
            return Self::Foreign;
        }
        match found.status {
            Status::Absent => Self::Absent,
            Status::Created => Self::Created,
            Status::Running | Status::Held => Self::Running,
            Status::Exited { .. } => Self::Exited,
        }
    }
}

/// What the agent has left in the attempt's directory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Signs {
    /// It had begun.
    pub(crate) begun: bool,
    /// It ended, with an outcome that is this attempt's.
    pub(crate) outcome: bool,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It never ran: make its sandbox, or take the one that was made, and start that.
    Start,
    /// Stay with its sandbox.
    Watch,
    /// Read its result.
    Collect,
    /// Nobody can say what it did: a person decides. The words end a sentence that says that no outcome was found.
    Lose(&'static str),
    /// It cannot begin, because its name is another's. Nothing is touched.
    Refuse,
    /// Nothing is left of it.
    Nothing,
    /// Remove its sandbox.
    Remove,
    /// Its sandbox runs although it has ended: stop it, and say so.
    Stop,
}

/// Returns what is to be done.
pub(crate) fn reconcile(stage: Stage, sandbox: Sandbox, signs: Signs) -> Step {
    use Sandbox::{Absent, Created, Exited, Foreign, Running};
    match (stage, sandbox) {
        (Stage::Ended, Absent | Foreign) => Step::Nothing,
        (Stage::Ended, Created | Exited) => Step::Remove,
        (Stage::Ended, Running) => Step::Stop,
        // What its agent would have begun with is not known.
        (Stage::Planned, Running | Exited) => Step::Lose("its sandbox was started before its files were recorded"),
        (Stage::Planned, _) if signs.begun || signs.outcome => {
            Step::Lose("it had begun before its files were recorded")
        }
        (_, Running) => Step::Watch,
        _ if signs.outcome => Step::Collect,
        (_, Exited) => Step::Lose("its sandbox ended"),
        (_, Absent) if signs.begun => Step::Lose("it had begun, and its sandbox is not there any more"),
        (_, Created) if signs.begun => Step::Lose("it had begun, and its sandbox is there as if it never had"),
        (_, Foreign) if signs.begun => Step::Lose("it had begun, and another sandbox has its name now"),
        (Stage::Started, Absent) => Step::Lose("its sandbox was started and is not there any more"),
        (Stage::Started, Created) => Step::Lose("its sandbox was started and is there as if it never had been"),
        (Stage::Started, Foreign) => Step::Lose("its sandbox was started, and another one has its name now"),
        (_, Foreign) => Step::Refuse,
        (_, Absent | Created) => Step::Start,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Signs = Signs {
        begun: false,
        outcome: false,
    };
    const BEGUN: Signs = Signs {
        begun: true,
        outcome: false,
    };
    const OUTCOME: Signs = Signs {
        begun: true,
        outcome: true,
    };

    fn name(step: Step) -> &'static str {
        match step {
            Step::Start => "start",
            Step::Watch => "watch",
            Step::Collect => "collect",
            Step::Lose(_) => "lost",
            Step::Refuse => "refuse",
            Step::Nothing => "nothing",
            Step::Remove => "remove",
            Step::Stop => "stop",
        }
    }

    /// One row: without a sign, with the sign that it had begun, and with an outcome; each for no sandbox, another's, one
    /// that never ran, one that runs and one that ended.
    fn check(stage: Stage, none: [&str; 5], begun: [&str; 5], outcome: [&str; 5]) {
        let sandboxes = [
            Sandbox::Absent,
            Sandbox::Foreign,
            Sandbox::Created,
            Sandbox::Running,
            Sandbox::Exited,
        ];
        for (signs, wanted) in [(NONE, none), (BEGUN, begun), (OUTCOME, outcome)] {
            for (sandbox, wanted) in sandboxes.into_iter().zip(wanted) {
                let step = reconcile(stage, sandbox, signs);
                assert_eq!(name(step), wanted, "{stage:?}, {sandbox:?}, {signs:?}");
            }
        }
    }

    #[test]
    fn every_cell_of_the_table() {
        let lost = ["lost"; 5];
        let collects = ["collect", "collect", "collect", "watch", "collect"];
        let begun = ["lost", "lost", "lost", "watch", "lost"];
        let startable = ["start", "refuse", "start", "watch", "lost"];
        check(Stage::Planned, ["start", "refuse", "start", "lost", "lost"], lost, lost);
        check(Stage::Snapshotted, startable, begun, collects);
        check(Stage::Starting, startable, begun, collects);
        check(Stage::Started, begun, begun, collects);
        let over = ["nothing", "nothing", "remove", "stop", "remove"];
        check(Stage::Ended, over, over, over);
    }

    #[test]
    fn what_ended_is_never_started_and_what_is_lost_never_begun_again() {
        let stages = [Stage::Planned, Stage::Snapshotted, Stage::Starting, Stage::Started];
        for stage in stages {
            for signs in [NONE, BEGUN, OUTCOME] {
                assert_ne!(
                    reconcile(stage, Sandbox::Exited, signs),
                    Step::Start,
                    "{stage:?} {signs:?}"
                );
            }
            for sandbox in [Sandbox::Absent, Sandbox::Foreign, Sandbox::Created, Sandbox::Exited] {
                assert_ne!(reconcile(stage, sandbox, BEGUN), Step::Start, "{stage:?} {sandbox:?}");
            }
        }
    }

    #[test]
    fn a_sandbox_with_another_label_is_not_its_own() {
        let labels = |spec: &str| BTreeMap::from([("aca.spec".to_owned(), spec.to_owned())]);
        let found = |status| Found {
            name: "a".to_owned(),
            labels: labels("1"),
            status,
        };
        for (status, own) in [
            (Status::Created, Sandbox::Created),
            (Status::Running, Sandbox::Running),
            (Status::Held, Sandbox::Running),
            (Status::Exited { code: 0, oom: false }, Sandbox::Exited),
        ] {
            assert_eq!(Sandbox::of(Some(&found(status)), &labels("1")), own);
            assert_eq!(Sandbox::of(Some(&found(status)), &labels("2")), Sandbox::Foreign);
        }
        assert_eq!(Sandbox::of(None, &labels("1")), Sandbox::Absent);
    }
}
