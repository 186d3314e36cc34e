//! What people do: ask, stop, tell, decide, take back, send back, recover, go back.

use aca_protocol::proposal::Decision;
use aca_protocol::session::{CheckpointReason, Recovery};
use aca_protocol::task::Origin;
use aca_protocol::{HunkId, TaskId};

use super::Dice;
use super::shell::Simulation;
use super::worker::Job;
use crate::core::{Command, Task};

/// The most tasks of a schedule.
const TASKS: usize = 6;

/// How many kinds of wishes there are.
const WISHES: usize = 16;
/// Those that are about proposals and files.
const DECIDES: [usize; 10] = [3, 4, 5, 6, 7, 8, 11, 12, 14, 14];

/// A person does something; what does not fit is refused.
pub(super) fn step(simulation: &mut Simulation, dice: &mut Dice) -> String {
    let reviews = simulation.reviews;
    let Simulation { world, shell, .. } = simulation;
    let Some(shell) = shell.as_mut() else {
        return String::new();
    };
    let tasks: Vec<TaskId> = shell.state.tasks().map(|task| task.id.clone()).collect();
    let made = shell.state.all_tasks().count();
    let chosen = dice.pick(&tasks).cloned();
    let new = if reviews { 25 } else { 5 };
    let Some(task) = chosen.filter(|_| made == TASKS || !dice.one_in(new)) else {
        if made == TASKS {
            return "nothing to ask for".to_owned();
        }
        let task = TaskId::new(format!("t{made}"));
        let text = "Do it.".to_owned();
        let command = Command::Create {
            task,
            title: "Do it.".to_owned(),
            origin: Origin::Text { text },
        };
        return said(shell.send(world, command.clone()), &command);
    };
    let known = shell.state.task(&task).cloned();
    let hunks = known
        .as_ref()
        .map(|task| some(task.pending(), dice))
        .unwrap_or_default();
    let wish = if reviews && !dice.one_in(4) {
        *dice.pick(&DECIDES).unwrap()
    } else {
        dice.below(WISHES)
    };
    let command = match wish {
        0 => Command::Stop { task },
        1 => Command::Pause {
            task,
            paused: dice.one_in(2),
        },
        2 => Command::Tell {
            task,
            id: "id".to_owned(),
            text: "Mind the gap.".to_owned(),
        },
        3..6 => {
            let did = format!("accepts {hunks:?}");
            if !hunks.is_empty() {
                shell.worker.jobs.push_back(Job::Accept(task, hunks));
            }
            return did;
        }
        6 => Command::Decide {
            task,
            hunks,
            decision: Decision::Reject,
        },
        7 | 8 => {
            let operations = known
                .as_ref()
                .map(|task| task.operations.as_slice())
                .unwrap_or_default();
            let Some(operation) = dice.pick(operations).filter(|known| known.ended) else {
                return "nothing to take back".to_owned();
            };
            let operation = operation.operation.id.clone();
            let standing = known.as_ref().map(|task| task.standing(&operation)).unwrap_or_default();
            let hunks = some(standing.iter(), dice);
            let did = format!("takes back {operation}: {hunks:?}");
            shell.worker.jobs.push_back(Job::Undo(task, operation, hunks));
            return did;
        }
        9 => Command::SendBack {
            task,
            remark: "Once more.".to_owned(),
        },
        10 => {
            let ways = known.as_ref().map(Task::recovery).unwrap_or_default();
            let how = dice.pick(&ways).copied().unwrap_or(Recovery::Again);
            Command::Recover { task, how }
        }
        11 => {
            let checkpoint = shell.state.next_checkpoint();
            let made = shell.checkpoint(world, checkpoint, CheckpointReason::Asked);
            return format!("makes a checkpoint: {made:?}");
        }
        12..14 => {
            let all: Vec<_> = shell.state.checkpoints().map(|known| known.view.id.clone()).collect();
            let Some(checkpoint) = dice.pick(&all).cloned() else {
                return "no checkpoint to go back to".to_owned();
            };
            let did = format!("goes back to {checkpoint}");
            return format!("{did}: {:?}", shell.restore(world, checkpoint));
        }
        14 => {
            // What is proposed, and what has landed.
            let mut all: Vec<HunkId> = known.iter().flat_map(Task::hunks).cloned().collect();
            all.extend(world.files.all().cloned());
            return world.files.edit(&all, dice);
        }
        _ => Command::Resume,
    };
    said(shell.send(world, command.clone()), &command)
}

fn said(answer: Result<(), crate::Error>, command: &Command) -> String {
    format!("{command:?}: {answer:?}")
}

/// Some of the hunks, perhaps all.
fn some<'h>(hunks: impl Iterator<Item = &'h HunkId>, dice: &mut Dice) -> Vec<HunkId> {
    let whole = dice.one_in(2);
    hunks.filter(|_| whole || dice.one_in(2)).cloned().collect()
}
