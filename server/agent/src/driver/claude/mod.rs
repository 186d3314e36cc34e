//! Drives Claude Code by its stream-json and control protocol: initialize, prompt, read to the end, ask for reasons,
//! close, exit. What it is told meanwhile is written to it at once; it takes that in the same turn, or in one of its own.
//! When it dies in the middle of a turn, it is started again, with all its flags, to go on with the same conversation.

mod conversation;
mod frames;
mod launch;
mod noise;
mod outcome;
mod restart;
mod transcript;

use std::process::ExitStatus;
use std::sync::Arc;

use aca_protocol::agent::{End, RecordBody};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin};
use tokio::sync::mpsc;

use self::conversation::{Conversation, Opening, Phase};
use self::restart::{Death, Deaths};
use crate::driver::{Context, DriveError, Ending};

/// How the program of Claude Code ended.
enum Ended {
    /// With the end of the work.
    Over(Ending),
    /// At once, because the conversation to go on with is not there.
    WithoutPast,
    /// In the middle of a turn.
    Interrupted(Death),
}

/// Drives Claude Code to its end.
pub(super) async fn drive(context: &Arc<Context>) -> Result<Ending, DriveError> {
    let spec = &context.spec;
    let mut opening = Opening {
        resume: spec.resume,
        words: spec.prompt.clone(),
        untaken: Vec::new(),
        wrote: false,
    };
    let mut deaths = Deaths::default();
    loop {
        let mut child = match context.processes.spawn(&mut launch::command(context, opening.resume)) {
            Ok(child) => child,
            Err(error) => return Ok(Ending::failed(not_started(context, &error))),
        };
        let pid = child.id();
        let ended = converse(context, &mut child, opening.clone()).await;
        context.processes.kill_tree(child.id());
        context.processes.forget(pid);
        match ended? {
            Ended::Over(ending) => return Ok(ending),
            Ended::WithoutPast => {
                opening.words = restart::anew(context, &deaths);
                opening.resume = false;
                let text = "The conversation to continue was not found, so a new one was begun.".to_owned();
                context.event(RecordBody::Watchdog { text })?;
            }
            Ended::Interrupted(death) => {
                let Some(pause) = deaths.count(&death) else {
                    return Ok(deaths.last(death));
                };
                // What it had started goes on without it, in the same files.
                context.processes.kill_all().await;
                context.event(deaths.event(&death))?;
                tokio::select! {
                    () = context.steering.stop.asked() => return Ok(Ending::new(End::Stopped, death.said)),
                    () = context.steering.hold.sleep(pause) => {}
                }
                opening = restart::opening(context, &deaths, death)?;
            }
        }
    }
}

fn not_started(context: &Context, error: &std::io::Error) -> String {
    format!(
        "Claude Code could not be started from {} in {}: {error}. Check the sandbox with `aca doctor`, then run the task again.",
        launch::program().display(),
        context.spec.workspace.display(),
    )
}

async fn converse(context: &Arc<Context>, child: &mut Child, opening: Opening) -> Result<Ended, DriveError> {
    let (Some(input), Some(output), Some(errors)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Ok(Ended::Over(Ending::failed(
            "Claude Code was started without pipes. This is a defect of aca; please report it.",
        )));
    };
    let steering = &context.steering;
    let mut lines = read_lines(output);
    let mut complaints = read_lines(errors);
    let mut conversation = Conversation::begin(context, writer(input), opening);
    let mut exited = None;
    let exit = loop {
        tokio::select! {
            biased;
            // Before its output: one that never ends must not keep the run alive.
            () = steering.stop.asked(), if conversation.phase != Phase::Stopping => conversation.interrupt(),
            () = steering.hold.until(conversation.deadline), if conversation.phase == Phase::Stopping => break exited,
            message = steering.mailbox.next(), if conversation.hears() => conversation.tell(&message.id, &message.text),
            line = lines.recv() => match line {
                Some(line) => conversation.line(&line)?,
                None => break conversation.exit(child, &mut complaints).await?,
            },
            Some(line) = complaints.recv() => conversation.complaint(&line)?,
            status = child.wait(), if exited.is_none() => {
                exited = status.ok();
                conversation.gone();
            }
            () = steering.hold.until(conversation.deadline), if conversation.phase != Phase::Working => {
                if conversation.late()? {
                    break exited;
                }
            }
        }
    };
    context.journal.sync().await?;
    if conversation.misses_its_past() {
        return Ok(Ended::WithoutPast);
    }
    if conversation.is_interrupted() {
        return Ok(Ended::Interrupted(death(conversation, exit)));
    }
    Ok(Ended::Over(conversation.ending(exit)))
}

fn death(conversation: Conversation<'_>, exit: Option<ExitStatus>) -> Death {
    let (lived, wrote, untaken) = (
        conversation.has_lived(),
        conversation.has_written(),
        conversation.untaken(),
    );
    let Ending { end, summary: said, .. } = conversation.ending(exit);
    Death {
        lived,
        wrote,
        untaken,
        how: outcome::exit_words(exit),
        reason: match end {
            End::Failed { reason } => reason,
            End::Finished | End::Stopped => String::new(),
        },
        said,
    }
}

/// Reads lines of any length; nothing limits a frame.
fn read_lines(from: impl AsyncRead + Unpin + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (to, lines) = mpsc::channel(64);
    tokio::spawn(async move {
        let mut from = BufReader::with_capacity(64 * 1024, from);
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line).await.is_ok_and(|got| got > 0) {
            if to.send(std::mem::take(&mut line)).await.is_err() {
                return;
            }
        }
    });
    lines
}

/// Writes what it receives, so that nobody waits for a program that does not read.
fn writer(mut to: ChildStdin) -> mpsc::UnboundedSender<String> {
    let (sender, mut messages) = mpsc::unbounded_channel::<String>();
    tokio::spawn(async move {
        while let Some(message) = messages.recv().await {
            if to.write_all(message.as_bytes()).await.is_err() || to.flush().await.is_err() {
                return;
            }
        }
    });
    sender
}
