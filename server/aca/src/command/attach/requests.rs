//! What is asked of the engine while one watches a task, and what to say of the answers.

use aca_protocol::TaskId;
use aca_protocol::methods::{
    Pause, Recover, Resume, SendBack, SendBackParams, Stop, TaskParams, Tell, TellParams, Transcript, TranscriptParams,
    TranscriptResult,
};
use aca_protocol::session::{RecoverParams, Recovery};
use aca_protocol::task::TaskView;

use crate::client::Caller;
use crate::exit::Failure;
use crate::terminal::{Said, harmless};

/// Something to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    /// Tell the agent something.
    Tell(String),
    /// Send the proposal back with a remark.
    SendBack(String),
    /// Hold the agent.
    Pause,
    /// Let it go on.
    Resume,
    /// Stop the task.
    Stop,
    /// Have it go on that ended without a result.
    Recover(Recovery),
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The task afterwards.
    pub(crate) task: Option<TaskView>,
    /// What to say.
    pub(crate) said: Said,
}

/// Asks about one task. A failure is something to say, too.
pub(crate) async fn ask(caller: &Caller, task: TaskId, request: Request) -> Answer {
    let (asked, done) = match request {
        Request::Tell(text) => (
            caller.call::<Tell>(TellParams { task, text }).await,
            "Told; it reads it when it comes to it.",
        ),
        Request::SendBack(remark) => {
            let params = SendBackParams {
                task,
                remark,
                redo: Vec::new(),
            };
            (
                caller.call::<SendBack>(params).await,
                "Sent back; the next round begins.",
            )
        }
        Request::Pause => (
            caller.call::<Pause>(TaskParams { task }).await,
            "Held; p lets it go on.",
        ),
        Request::Resume => (caller.call::<Resume>(TaskParams { task }).await, "It goes on."),
        Request::Stop => (caller.call::<Stop>(TaskParams { task }).await, "It is being stopped."),
        Request::Recover(how) => {
            let said = match how {
                Recovery::Again => "It begins again.",
                Recovery::Continue => "It goes on.",
                Recovery::Take => "What it had made is the proposal; nothing vouches for it.",
            };
            (caller.call::<Recover>(RecoverParams { task, how }).await, said)
        }
    };
    match asked {
        Ok(task) => Answer {
            task: Some(task),
            said: Said::Done(done.into()),
        },
        Err(failure) => Answer {
            task: None,
            said: Said::Refused(harmless(&failure.message)),
        },
    }
}

/// Asks for a piece of a transcript.
///
/// # Errors
///
/// The server's own message.
pub(super) async fn transcript(caller: &Caller, params: TranscriptParams) -> Result<TranscriptResult, Failure> {
    caller.call::<Transcript>(params).await
}
