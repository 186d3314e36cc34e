//! The loop of a review on a terminal: keys, news and answers as they come.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::pin::Pin;

use aca_protocol::methods::{ProposalChanged, TaskChanged};
use aca_protocol::proposal::ProposalView;
use aca_protocol::task::TaskView;
use crossterm::event::{Event, KeyEventKind};
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

use super::editor;
use super::requests::{Answer, Asker};
use super::session::{Session, Todo};
use crate::client::{Client, Notice};
use crate::exit::{Exit, Failure};
use crate::terminal::{Console, Input, interrupted, unusable};
use crate::words;

type Soon<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// How a review ended.
pub(crate) struct End {
    /// Whether the person, or a signal, broke it off.
    pub(crate) interrupted: bool,
    /// What is said when the terminal is the shell's again.
    pub(crate) farewell: String,
}

/// Goes from hunk to hunk, a key for each decision.
///
/// # Errors
///
/// When the terminal fails, or the process that owns the sessions ends.
pub(super) async fn run(
    console: &mut Console,
    client: &mut Client,
    root: PathBuf,
    task: TaskView,
    proposal: ProposalView,
    file: Option<String>,
) -> Result<End, Failure> {
    let asker = Asker {
        caller: client.caller(),
        task: task.id.clone(),
        workspace: root.clone(),
    };
    let mut session = Session::new(root, task, proposal, file);
    let mut walking = Walking {
        console,
        asker,
        waiting: VecDeque::new(),
        asked: None,
        fetched: None,
        stale: false,
    };
    let interrupted = walking.until_quit(client, &mut session).await?;
    Ok(End {
        interrupted,
        farewell: farewell(&session),
    })
}

struct Walking<'c> {
    console: &'c mut Console,
    asker: Asker,
    /// Keys that were pressed before the last answer came.
    waiting: VecDeque<Event>,
    /// The answer to the last request.
    asked: Option<Soon<Answer>>,
    /// The proposal, since it changed.
    fetched: Option<Soon<Result<ProposalView, Failure>>>,
    /// Whether it changed again since it was asked for.
    stale: bool,
}

/// What came.
enum News {
    Input(Event),
    Notice(Notice),
    Answer(Box<Answer>),
    Proposal(ProposalView),
    Continued,
    Interrupted,
}

impl Walking<'_> {
    /// Returns whether the review was interrupted.
    async fn until_quit(&mut self, client: &mut Client, session: &mut Session) -> Result<bool, Failure> {
        let mut continued = signal(SignalKind::from_raw(Signal::CONT.as_raw())).map_err(unusable)?;
        let mut ended = Box::pin(interrupted());
        loop {
            let size = self.console.screen.size().map_err(unusable)?;
            let board = session.board(size, self.asked.is_some());
            self.console.screen.draw(|frame| board.draw(frame)).map_err(unusable)?;
            let news = tokio::select! {
                // A key that waited is next, once nothing is being asked.
                event = next_input(&mut self.console.keys, &mut self.waiting, self.asked.is_some()) => News::Input(event?),
                answer = maybe(&mut self.asked) => News::Answer(Box::new(answer)),
                proposal = maybe(&mut self.fetched) => News::Proposal(proposal?),
                notice = client.notification() => News::Notice(notice.ok_or_else(owner_ended)?),
                _ = continued.recv() => News::Continued,
                () = &mut ended => News::Interrupted,
            };
            let mut todo = match news {
                News::Input(event) => self.input(session, event),
                News::Notice(notice) => self.hear(session, &notice),
                News::Answer(answer) => {
                    self.asked = None;
                    session.take(*answer);
                    Todo::Draw
                }
                News::Proposal(proposal) => {
                    self.fetched = None;
                    session.refresh(proposal);
                    self.fetch_if_stale();
                    Todo::Draw
                }
                News::Continued => Todo::Redraw,
                News::Interrupted => return Ok(true),
            };
            // An edited text leads to something else to do.
            while let Todo::Edit { text, path, purpose } = todo {
                let edited = self.console.lend(|| editor::edit(&text, &path)).map_err(unusable)?;
                // Ctrl-C was the editor's.
                ended = Box::pin(interrupted());
                todo = session.edited(&text, edited, purpose);
            }
            match todo {
                Todo::Draw | Todo::Edit { .. } => {}
                Todo::Redraw => self.console.screen.redraw().map_err(unusable)?,
                Todo::Ask(request) => {
                    let asker = self.asker.clone();
                    self.asked = Some(Box::pin(async move { asker.ask(request).await }));
                }
                Todo::Suspend => self.console.suspend().map_err(unusable)?,
                Todo::Quit { interrupted } => return Ok(interrupted),
            }
        }
    }

    fn input(&mut self, session: &mut Session, event: Event) -> Todo {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => {
                if self.asked.is_some() && !is_interrupt(&Event::Key(key)) {
                    self.waiting.push_back(Event::Key(key));
                    return Todo::Draw;
                }
                session.press(key)
            }
            Event::Paste(text) => {
                session.paste(&text);
                Todo::Draw
            }
            _ => Todo::Draw,
        }
    }

    fn hear(&mut self, session: &mut Session, notice: &Notice) -> Todo {
        if let Some(task) = notice.read::<TaskChanged>() {
            session.hear(task);
        } else if let Some(changed) = notice.read::<ProposalChanged>()
            && changed.task == self.asker.task
            && changed.revision > session.walk().proposal().revision
        {
            self.stale = true;
            self.fetch_if_stale();
        }
        Todo::Draw
    }

    /// Asks for the proposal if it changed, one request at a time.
    fn fetch_if_stale(&mut self) {
        if self.stale && self.fetched.is_none() {
            self.stale = false;
            let asker = self.asker.clone();
            self.fetched = Some(Box::pin(async move { asker.proposal().await }));
        }
    }
}

/// Returns the key that waits longest, else the next one. While something is asked, keys that wait go on waiting.
async fn next_input(keys: &mut Input, waiting: &mut VecDeque<Event>, is_asking: bool) -> Result<Event, Failure> {
    if !is_asking && let Some(event) = waiting.pop_front() {
        return Ok(event);
    }
    match keys.next().await {
        Some(event) => event.map_err(unusable),
        None => Err(unusable("it has ended")),
    }
}

/// Waits for something that may have been asked for.
async fn maybe<T>(soon: &mut Option<Soon<T>>) -> T {
    match soon {
        Some(soon) => soon.await,
        None => std::future::pending().await,
    }
}

fn is_interrupt(event: &Event) -> bool {
    use crossterm::event::{KeyCode, KeyModifiers};
    let Event::Key(key) = event else { return false };
    key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL)
}

/// What is said when the terminal is the shell's again.
fn farewell(session: &Session) -> String {
    let task = session.task();
    if !task.state.is_settled() {
        return format!(
            "The task is at work again ({}). Its next round: aca review {}",
            words::state(&task.state),
            task.id
        );
    }
    match session.walk().left() {
        0 => "Every hunk is decided.".into(),
        left => format!(
            "{} left; they wait.",
            words::count(u32::try_from(left).unwrap_or(u32::MAX), "hunk")
        ),
    }
}

fn owner_ended() -> Failure {
    Failure::new(
        Exit::Unavailable,
        "The process that owns the sessions ended; what was decided stays decided. Run the command again.",
    )
}
