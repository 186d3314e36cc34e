//! `aca resume`: what stands still goes on: a held agent, or a task whose agent brought nothing.

use aca_protocol::TaskId;
use aca_protocol::methods::{Recover, Resume, TaskParams, Tasks, TasksParams, TasksResult};
use aca_protocol::session::{RecoverParams, Recovery};
use aca_protocol::task::{TaskState, TaskView};
use serde_json::json;

use crate::cli::ResumeArgs;
use crate::command::run;
use crate::context::{Context, Link};
use crate::exit::{Exit, Failure};
use crate::{names, words};

/// Said where nothing stands still.
const NOTHING: &str = "Nothing waits to go on in this workspace; `aca status` lists all tasks.";

/// What can be done for a task that stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Let its held agent go on.
    LetGo,
    /// Have it go on in this way.
    Recover(Recovery),
}

/// Has a task go on, or lists those that a person has to decide about.
pub(crate) async fn run(context: &Context, args: ResumeArgs) -> Result<Exit, Failure> {
    let root = context.root()?;
    let mut link = context.link(&root).await?;
    let tasks = link.client.call::<Tasks>(TasksParams { workspace: root }).await?;
    let asked = args.asked();
    let exit = match args.task.as_deref() {
        Some(wanted) => {
            let task = names::task(&tasks, Some(wanted), |_| true, NOTHING)?;
            let step = step(task, asked)?;
            carry_out(context, &mut link, task, step).await?
        }
        None => match only(&tasks, asked)? {
            Some((task, step)) => carry_out(context, &mut link, task, step).await?,
            None => list(context, &tasks)?,
        },
    };
    link.close().await;
    Ok(exit)
}

impl ResumeArgs {
    fn asked(&self) -> Option<Recovery> {
        match (self.again, self.take) {
            (true, _) => Some(Recovery::Again),
            (_, true) => Some(Recovery::Take),
            _ => None,
        }
    }
}

/// Returns what is to be done for a task that was named.
fn step(task: &TaskView, asked: Option<Recovery>) -> Result<Step, Failure> {
    let can = |way: Recovery| task.recovery.contains(&way);
    match asked {
        None if task.state == TaskState::Paused => Ok(Step::LetGo),
        None if can(Recovery::Continue) => Ok(Step::Recover(Recovery::Continue)),
        // There is nothing to go on from.
        None if can(Recovery::Again) => Ok(Step::Recover(Recovery::Again)),
        Some(way) if can(way) => Ok(Step::Recover(way)),
        _ => {
            let mut message = format!("The task {} is {}.", task.id, words::state(&task.state));
            let ways = ways(task);
            if ways.is_empty() {
                message.push_str(" It does not wait to go on.");
            } else {
                message.push_str(" It can go on so: ");
                message.push_str(
                    &ways
                        .iter()
                        .map(|(command, _)| command.as_str())
                        .collect::<Vec<_>>()
                        .join(", "),
                );
            }
            Err(Failure::new(Exit::Nothing, message))
        }
    }
}

/// Returns the task that is meant without a name: the only held one, or the only one that can go on in the way asked for.
fn only(tasks: &TasksResult, asked: Option<Recovery>) -> Result<Option<(&TaskView, Step)>, Failure> {
    let fits = |task: &&TaskView| match asked {
        None => task.state == TaskState::Paused,
        Some(way) => task.recovery.contains(&way),
    };
    let found: Vec<&TaskView> = tasks.tasks.iter().filter(fits).collect();
    match (&found[..], asked) {
        ([task], _) => Ok(Some((task, step(task, asked)?))),
        ([], Some(_)) => Err(Failure::new(Exit::Nothing, NOTHING)),
        (several, Some(_)) => {
            let named: Vec<String> = several.iter().map(|task| task.id.to_string()).collect();
            let message = format!("Several tasks can go on so: {}. Name one.", named.join(", "));
            Err(Failure::new(Exit::Usage, message))
        }
        (_, None) => Ok(None),
    }
}

async fn carry_out(context: &Context, link: &mut Link, task: &TaskView, step: Step) -> Result<Exit, Failure> {
    let how = match step {
        Step::LetGo => {
            let resumed = link.client.call::<Resume>(TaskParams { task: task.id.clone() }).await?;
            context.screen.say(&words::task_line(&resumed));
            context.screen.result(&resumed)?;
            return Ok(Exit::Done);
        }
        Step::Recover(how) => how,
    };
    let task = task.id.clone();
    let recovered = link.client.call::<Recover>(RecoverParams { task, how }).await;
    run::finish(context, link, recovered.map_err(late)?).await
}

/// The task could go on when it was looked at, so what is refused now is what someone else was quicker with.
fn late(failure: Failure) -> Failure {
    match failure.exit {
        Exit::Usage => Failure::new(Exit::Nothing, failure.message),
        _ => failure,
    }
}

/// Lists what stands still, each with the commands that decide it.
fn list(context: &Context, tasks: &TasksResult) -> Result<Exit, Failure> {
    let waiting: Vec<&TaskView> = tasks.tasks.iter().filter(|task| !ways(task).is_empty()).collect();
    if waiting.is_empty() {
        return Err(Failure::new(Exit::Nothing, NOTHING));
    }
    for task in &waiting {
        context.screen.say(&words::task_line(task));
        say_ways(context, task);
    }
    context
        .screen
        .result(&json!({ "session": tasks.session, "tasks": waiting }))?;
    Ok(Exit::Done)
}

/// Says with which commands a task goes on.
pub(crate) fn say_ways(context: &Context, task: &TaskView) {
    let ways = ways(task);
    let width = ways.iter().map(|(command, _)| command.len()).max().unwrap_or_default();
    for (command, words) in &ways {
        context.screen.say(&format!("    {command:width$}  {words}"));
    }
}

/// Returns the commands with which a task goes on, each with what it does.
fn ways(task: &TaskView) -> Vec<(String, &'static str)> {
    let id: &TaskId = &task.id;
    if task.state == TaskState::Paused {
        return vec![(format!("aca resume {id}"), "let its agent go on")];
    }
    let can_continue = task.recovery.contains(&Recovery::Continue);
    let mut ways = Vec::new();
    if can_continue {
        ways.push((format!("aca resume {id}"), "go on from what was found of its work"));
    }
    if task.recovery.contains(&Recovery::Again) {
        let flag = if can_continue { " --again" } else { "" };
        ways.push((format!("aca resume {id}{flag}"), "begin it anew"));
    }
    if task.recovery.contains(&Recovery::Take) {
        ways.push((
            format!("aca resume {id} --take"),
            "review what was found of its work as it is",
        ));
    }
    ways
}

#[cfg(test)]
mod tests {
    use aca_protocol::SessionId;
    use aca_protocol::task::{Origin, Usage};

    use super::*;

    fn task(id: &str, state: TaskState, recovery: &[Recovery]) -> TaskView {
        TaskView {
            id: TaskId::new(id),
            session: SessionId::new("s"),
            workspace: "/w".into(),
            title: "t".into(),
            origin: Origin::Text { text: "t".into() },
            state,
            attempt: None,
            usage: Usage::default(),
            recovery: recovery.to_vec(),
            created_ms: 0,
            changed_ms: 0,
            revision: 1,
        }
    }

    fn lost(id: &str) -> TaskView {
        let reason = "r".to_owned();
        let ways = [Recovery::Again, Recovery::Continue, Recovery::Take];
        task(id, TaskState::Lost { reason }, &ways)
    }

    #[test]
    fn a_named_task_goes_on_as_far_as_there_is_something_to_go_on_from() {
        let never_began = task("b", TaskState::Stopped, &[Recovery::Again]);
        let paused = task("c", TaskState::Paused, &[]);
        for (task, asked, wanted) in [
            (lost("a"), None, Some(Step::Recover(Recovery::Continue))),
            (lost("a"), Some(Recovery::Take), Some(Step::Recover(Recovery::Take))),
            (never_began.clone(), None, Some(Step::Recover(Recovery::Again))),
            (never_began, Some(Recovery::Take), None),
            (paused.clone(), None, Some(Step::LetGo)),
            (paused, Some(Recovery::Again), None),
            (task("d", TaskState::Queued, &[]), None, None),
        ] {
            assert_eq!(step(&task, asked).ok(), wanted, "{} {asked:?}", task.id);
        }
    }

    #[test]
    fn without_a_name_only_one_that_must_be_meant_goes_on() {
        let all = |tasks: Vec<TaskView>| TasksResult {
            session: SessionId::new("s"),
            tasks,
        };
        let paused = || task("c", TaskState::Paused, &[]);
        let meant = |tasks: Vec<TaskView>, asked| {
            let tasks = all(tasks);
            only(&tasks, asked).map(|found| found.map(|(task, step)| (task.id.to_string(), step)))
        };
        assert_eq!(
            meant(vec![lost("a"), paused()], None).unwrap(),
            Some(("c".to_owned(), Step::LetGo))
        );
        assert_eq!(meant(vec![lost("a")], None).unwrap(), None, "a person decides");
        assert_eq!(meant(vec![paused(), paused()], None).unwrap(), None);
        let again = Some(Recovery::Again);
        let found = meant(vec![lost("a"), paused()], again).unwrap();
        assert_eq!(found, Some(("a".to_owned(), Step::Recover(Recovery::Again))));
        assert_eq!(meant(vec![lost("a"), lost("b")], again).unwrap_err().exit, Exit::Usage);
        assert_eq!(meant(vec![paused()], again).unwrap_err().exit, Exit::Nothing);
    }

    #[test]
    fn every_way_has_its_command() {
        let commands = |task: &TaskView| ways(task).into_iter().map(|(command, _)| command).collect::<Vec<_>>();
        assert_eq!(
            commands(&lost("a")),
            ["aca resume a", "aca resume a --again", "aca resume a --take"]
        );
        assert_eq!(
            commands(&task("b", TaskState::Stopped, &[Recovery::Again])),
            ["aca resume b"]
        );
        assert_eq!(commands(&task("c", TaskState::Queued, &[])), [""; 0]);
    }
}
