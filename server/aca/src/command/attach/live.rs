//! The loop of watching a task on a terminal: keys, news and answers as they come.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use aca_protocol::methods::{TaskChanged, TranscriptChanged, TranscriptParams, TranscriptResult};
use crossterm::event::{Event, KeyEventKind};
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior};

use super::board;
use super::requests::{self, Answer};
use super::view::{Todo, View};
use crate::client::{Client, Notice};
use crate::exit::Failure;
use crate::figures;
use crate::terminal::{Console, interrupted, unusable};

type Soon<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// How often the times in the heading are drawn anew while an agent is at work.
const TICK: Duration = Duration::from_secs(1);

/// Why one stopped watching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    /// The person wants to.
    Detached,
    /// The person wants to review the proposal.
    Review,
    /// A signal asked the process to end.
    Interrupted,
    /// The connection has ended.
    Disconnected,
}

/// What came.
enum News {
    Input(Event),
    Notice(Notice),
    Answer(Box<Answer>),
    Piece(TranscriptParams, Result<TranscriptResult, Failure>),
    Continued,
    Tick,
}

/// Watches a task until the person leaves.
///
/// # Errors
///
/// When the terminal fails.
pub(super) async fn watch(console: &mut Console, client: &mut Client, view: &mut View) -> Result<Leave, Failure> {
    let caller = client.caller();
    let mut continued = signal(SignalKind::from_raw(Signal::CONT.as_raw())).map_err(unusable)?;
    let mut ended = Box::pin(interrupted());
    let mut ticks = tokio::time::interval_at(Instant::now() + TICK, TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut asked: Option<Soon<Answer>> = None;
    let mut piece: Option<Soon<(TranscriptParams, Result<TranscriptResult, Failure>)>> = None;
    view.rounds.look_again();
    (view.busy, view.stop_next) = (false, false);
    loop {
        if piece.is_none()
            && let Some(params) = view.rounds.missing()
        {
            let caller = caller.clone();
            piece = Some(Box::pin(async move {
                let result = requests::transcript(&caller, params.clone()).await;
                (params, result)
            }));
        }
        let picture = |frame: &mut ratatui::Frame<'_>| board::draw(frame, view, figures::now_ms());
        console.screen.draw(picture).map_err(unusable)?;
        let news = tokio::select! {
            biased;
            () = &mut ended => return Ok(Leave::Interrupted),
            event = console.keys.next() => match event {
                Some(event) => News::Input(event.map_err(unusable)?),
                None => return Ok(Leave::Interrupted),
            },
            answer = maybe(&mut asked) => News::Answer(Box::new(answer)),
            (params, result) = maybe(&mut piece) => News::Piece(params, result),
            notice = client.notification() => match notice {
                Some(notice) => News::Notice(notice),
                None => return Ok(Leave::Disconnected),
            },
            _ = continued.recv() => News::Continued,
            _ = ticks.tick(), if view.is_at_work() => News::Tick,
        };
        let todo = match news {
            News::Input(Event::Key(key)) if key.kind != KeyEventKind::Release => view.press(key),
            News::Input(Event::Paste(text)) => {
                view.paste(&text);
                Todo::Draw
            }
            News::Input(_) | News::Tick => Todo::Draw,
            News::Answer(answer) => {
                asked = None;
                view.answer(*answer)
            }
            News::Piece(params, result) => {
                piece = None;
                view.take(&params, result.map_err(|failure| failure.message));
                Todo::Draw
            }
            News::Notice(notice) => {
                hear(view, &notice);
                Todo::Draw
            }
            News::Continued => Todo::Redraw,
        };
        match todo {
            Todo::Draw => {}
            Todo::Redraw => console.screen.redraw().map_err(unusable)?,
            Todo::Ask(request) => {
                let (caller, task) = (caller.clone(), view.task.id.clone());
                asked = Some(Box::pin(async move { requests::ask(&caller, task, request).await }));
            }
            Todo::Suspend => console.suspend().map_err(unusable)?,
            Todo::Review => return Ok(Leave::Review),
            Todo::Detach => return Ok(Leave::Detached),
        }
    }
}

fn hear(view: &mut View, notice: &Notice) {
    if let Some(task) = notice.read::<TaskChanged>() {
        view.hear(task);
    } else if let Some(news) = notice.read::<TranscriptChanged>() {
        view.hear_more(&news);
    }
}

/// Waits for something that may have been asked for.
async fn maybe<T>(soon: &mut Option<Soon<T>>) -> T {
    match soon {
        Some(soon) => soon.await,
        None => std::future::pending().await,
    }
}
