//! The loop of `aca top` on a terminal: keys, news, and the figures now and then.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use aca_protocol::TaskId;
use aca_protocol::methods::{StatusChanged, TaskChanged};
use crossterm::event::{Event, KeyEventKind};
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior};

use super::overview::{self, Overview};
use super::view::{Todo, View};
use crate::client::{Client, Notice};
use crate::command::attach::{Answer, ask};
use crate::exit::Failure;
use crate::figures;
use crate::terminal::{Console, interrupted, unusable};

type Soon<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// How often the times are drawn anew, and what sandboxes take is read, while something is at work.
const TICK: Duration = Duration::from_secs(2);
/// After so many of them everything is read again.
const TICKS: u32 = 5;

/// Why the loop ended.
pub(super) enum Leave {
    Quit,
    Interrupted,
    Disconnected,
    Attach(TaskId),
    Review(TaskId),
}

/// What was read.
enum Read {
    All(Box<Result<Overview, Failure>>),
    Sandboxes(std::collections::HashMap<TaskId, aca_protocol::session::SandboxInfo>),
}

/// Shows everything until the person leaves.
///
/// # Errors
///
/// When the terminal fails.
pub(super) async fn run(console: &mut Console, client: &mut Client, view: &mut View) -> Result<Leave, Failure> {
    let caller = client.caller();
    let mut continued = signal(SignalKind::from_raw(Signal::CONT.as_raw())).map_err(unusable)?;
    let mut ended = Box::pin(interrupted());
    let mut ticks = tokio::time::interval_at(Instant::now() + TICK, TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ticked = 0;
    let mut asked: Option<Soon<Answer>> = None;
    let mut reading: Option<Soon<Read>> = None;
    let mut stale = false;
    loop {
        if stale && reading.is_none() {
            stale = false;
            let caller = caller.clone();
            reading = Some(Box::pin(
                async move { Read::All(Box::new(Overview::read(&caller).await)) },
            ));
        }
        let picture = |frame: &mut ratatui::Frame<'_>| view.draw(frame, figures::now_ms());
        console.screen.draw(picture).map_err(unusable)?;
        let todo = tokio::select! {
            biased;
            () = &mut ended => return Ok(Leave::Interrupted),
            event = console.keys.next() => match event {
                Some(event) => input(view, event.map_err(unusable)?),
                None => return Ok(Leave::Interrupted),
            },
            answer = maybe(&mut asked) => {
                asked = None;
                view.answer(answer);
                Todo::Draw
            }
            read = maybe(&mut reading) => {
                reading = None;
                match read {
                    Read::All(overview) => match *overview {
                        Ok(overview) => view.overview = overview,
                        Err(failure) => view.say(crate::terminal::Said::Refused(failure.message)),
                    },
                    Read::Sandboxes(sandboxes) => view.overview.sandboxes = sandboxes,
                }
                Todo::Draw
            }
            notice = client.notification() => match notice {
                Some(notice) => {
                    stale |= hear(view, &notice);
                    Todo::Draw
                }
                None => return Ok(Leave::Disconnected),
            },
            _ = continued.recv() => Todo::Redraw,
            _ = ticks.tick() => {
                ticked += 1;
                if ticked % TICKS == 0 {
                    stale = true;
                } else if view.overview.is_busy() && reading.is_none() {
                    let caller = caller.clone();
                    reading = Some(Box::pin(async move { Read::Sandboxes(overview::sandboxes(&caller).await) }));
                }
                Todo::Draw
            }
        };
        match todo {
            Todo::Draw => {}
            Todo::Redraw => console.screen.redraw().map_err(unusable)?,
            Todo::Ask(task, request) => {
                let caller = caller.clone();
                asked = Some(Box::pin(async move { ask(&caller, task, request).await }));
            }
            Todo::Suspend => console.suspend().map_err(unusable)?,
            Todo::Attach(task) => return Ok(Leave::Attach(task)),
            Todo::Review(task) => return Ok(Leave::Review(task)),
            Todo::Quit => return Ok(Leave::Quit),
        }
    }
}

fn input(view: &mut View, event: Event) -> Todo {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => view.press(key),
        Event::Paste(text) => {
            view.paste(&text);
            Todo::Draw
        }
        _ => Todo::Draw,
    }
}

/// Takes news; returns whether everything is to be read again.
fn hear(view: &mut View, notice: &Notice) -> bool {
    if let Some(task) = notice.read::<TaskChanged>() {
        view.overview.hear(task);
    } else if let Some(status) = notice.read::<StatusChanged>() {
        let moved = status.workspaces != view.overview.status.workspaces;
        view.overview.status = status;
        return moved;
    }
    false
}

/// Waits for something that may have been asked for.
async fn maybe<T>(soon: &mut Option<Soon<T>>) -> T {
    match soon {
        Some(soon) => soon.await,
        None => std::future::pending().await,
    }
}
