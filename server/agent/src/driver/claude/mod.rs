//! Drives Claude Code by its stream-json and control protocol: initialize, prompt, read to the end, close, exit.

mod frames;
mod launch;
mod noise;
mod outcome;

use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use aca_protocol::agent::{End, RecordBody};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin};
use tokio::sync::mpsc;
use tokio::time::Instant;
use uuid::Uuid;

use self::frames::{Seen, TurnResult};
use self::noise::Noise;
use self::outcome::Gone;
use crate::driver::{Context, DriveError, Ending};

/// How long it may take to answer the first request.
const START_TIME: Duration = Duration::from_secs(60);

/// How long after a result it may take to become idle.
const SETTLE_TIME: Duration = Duration::from_secs(5);

/// How long after the end of its input it may take to exit.
const EXIT_TIME: Duration = Duration::from_secs(15);

/// How long an interrupt may take before everything is killed.
const INTERRUPT_TIME: Duration = Duration::from_millis(300);

/// How long after its exit its last complaints may take to come.
const LAST_WORDS_TIME: Duration = Duration::from_millis(100);

/// The identifiers of our control requests.
const INITIALIZE: &str = "aca-initialize";
const INTERRUPT: &str = "aca-interrupt";

/// Drives Claude Code to its end.
pub(super) async fn drive(context: &Arc<Context>) -> Result<Ending, DriveError> {
    let mut child = match context.processes.spawn(&mut launch::command(context)) {
        Ok(child) => child,
        Err(error) => return Ok(Ending::failed(not_started(context, &error))),
    };
    let pid = child.id();
    let ending = converse(context, &mut child).await;
    context.processes.kill_tree(child.id());
    context.processes.forget(pid);
    ending
}

fn not_started(context: &Context, error: &std::io::Error) -> String {
    format!(
        "Claude Code could not be started from {} in {}: {error}. Check the sandbox with `aca doctor`, then run the task again.",
        launch::program().display(),
        context.spec.workspace.display(),
    )
}

async fn converse(context: &Arc<Context>, child: &mut Child) -> Result<Ending, DriveError> {
    let (Some(input), Some(output), Some(errors)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Ok(Ending::failed(
            "Claude Code was started without pipes. This is a defect of aca; please report it.",
        ));
    };
    let mut lines = read_lines(output);
    let mut complaints = read_lines(errors);
    let mut conversation = Conversation {
        context,
        to_claude: Some(writer(input)),
        phase: Phase::Starting,
        deadline: Instant::now() + START_TIME,
        result: None,
        said: String::new(),
        trouble: String::new(),
        noise: Noise::default(),
    };
    conversation.send(&json!({
        "type": "control_request", "request_id": INITIALIZE, "request": {"subtype": "initialize"}
    }));
    let mut exited = None;
    let exit = loop {
        tokio::select! {
            biased;
            line = lines.recv() => match line {
                Some(line) => conversation.line(&line)?,
                None => break conversation.exit(child, &mut complaints).await?,
            },
            Some(line) = complaints.recv() => conversation.complaint(&line)?,
            status = child.wait(), if exited.is_none() => {
                exited = status.ok();
                conversation.gone();
            }
            () = context.stop.asked(), if conversation.phase != Phase::Stopping => conversation.interrupt(),
            () = tokio::time::sleep_until(conversation.deadline), if conversation.phase != Phase::Working => {
                if conversation.late()? {
                    break exited;
                }
            }
        }
    };
    context.journal.sync().await?;
    Ok(conversation.ending(exit))
}

/// How far the conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Our first request is not answered yet.
    Starting,
    /// It has the prompt.
    Working,
    /// There is a result, but it may still be busy.
    Settling,
    /// Its input is closed.
    Exiting,
    /// It was interrupted.
    Stopping,
    /// It has exited, and its last output is read.
    Gone,
}

struct Conversation<'a> {
    context: &'a Context,
    /// What is sent here is written to its input; dropping it closes the input.
    to_claude: Option<mpsc::UnboundedSender<String>>,
    phase: Phase,
    /// When the phase must have ended, except while it works.
    deadline: Instant,
    result: Option<TurnResult>,
    /// The model's last words.
    said: String,
    trouble: String,
    noise: Noise,
}

impl Conversation<'_> {
    /// Takes a line of its output: journals it, then acts on it.
    fn line(&mut self, line: &[u8]) -> Result<(), DriveError> {
        self.context.life.sign();
        let text = String::from_utf8_lossy(line);
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        let frame = serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
        let raw = RawValue::from_string(text.to_owned()).ok();
        let (Some(frame), Some(raw)) = (frame, raw) else {
            return self.noise("stdout", text);
        };
        self.context.journal.frame(&raw)?;
        for seen in frames::read(&frame) {
            self.act(seen)?;
        }
        Ok(())
    }

    fn complaint(&mut self, line: &[u8]) -> Result<(), DriveError> {
        self.noise("stderr", String::from_utf8_lossy(line).trim_end())
    }

    fn noise(&mut self, from: &str, text: &str) -> Result<(), DriveError> {
        match self.noise.hear(from, text) {
            Some(event) => Ok(self.context.journal.event(event)?),
            None => Ok(()),
        }
    }

    fn act(&mut self, seen: Seen) -> Result<(), DriveError> {
        match seen {
            Seen::Event(event) => {
                if let RecordBody::Said { text } = &event {
                    self.said.clone_from(text);
                }
                self.context.event(self.relative(event))?;
            }
            Seen::Answered { request, error } if request == INITIALIZE && self.phase == Phase::Starting => {
                if let Some(error) = error {
                    self.noise("stdout", &format!("initialize was refused: {error}"))?;
                }
                self.prompt()?;
            }
            Seen::Answered { .. } => {}
            Seen::Asked { request, body } => self.answer(&request, &body),
            Seen::Trouble(kind) => self.trouble = kind,
            Seen::Ended(result) => self.ended(result),
            Seen::Idle if self.phase == Phase::Settling => self.close(),
            Seen::Idle => {}
        }
        Ok(())
    }

    /// Shortens the path that a tool call is about, where it is inside the workspace.
    fn relative(&self, event: RecordBody) -> RecordBody {
        let RecordBody::ToolUse { id, tool, about } = event else {
            return event;
        };
        let inner = Path::new(&about).strip_prefix(&self.context.spec.workspace).ok();
        let about = inner.and_then(Path::to_str).map(str::to_owned).unwrap_or(about);
        RecordBody::ToolUse { id, tool, about }
    }

    fn prompt(&mut self) -> Result<(), DriveError> {
        let prompt = &self.context.spec.prompt;
        // A slash at the beginning would make a task about `/etc` a command that nobody knows.
        let prompt = if prompt.starts_with('/') {
            format!("Task: {prompt}")
        } else {
            prompt.clone()
        };
        self.send(&json!({
            "type": "user",
            "message": {"role": "user", "content": prompt},
            "parent_tool_use_id": null,
            "session_id": "",
            "uuid": Uuid::new_v4(),
        }));
        self.phase = Phase::Working;
        Ok(self.context.event(RecordBody::Prompted)?)
    }

    /// Allows every tool, because the sandbox is the boundary, and refuses all other questions.
    fn answer(&self, request: &str, body: &Value) {
        let response = match body.get("subtype").and_then(Value::as_str) {
            Some("can_use_tool") => json!({
                "subtype": "success",
                "request_id": request,
                "response": {"behavior": "allow", "updatedInput": body.get("input")},
            }),
            _ => json!({"subtype": "error", "request_id": request, "error": "nobody is here to answer this"}),
        };
        self.send(&json!({"type": "control_response", "response": response}));
    }

    fn ended(&mut self, result: TurnResult) {
        // The wake-up call of a background task does not replace the result of our own turn.
        if self.result.is_none() || !result.of_background {
            self.result = Some(result);
        }
        match self.phase {
            Phase::Working => {
                self.phase = Phase::Settling;
                self.deadline = Instant::now() + SETTLE_TIME;
            }
            // It has heard the interrupt: there is nothing more to wait for.
            Phase::Stopping => self.deadline = Instant::now(),
            Phase::Starting | Phase::Settling | Phase::Exiting | Phase::Gone => {}
        }
    }

    fn close(&mut self) {
        self.to_claude = None;
        self.phase = Phase::Exiting;
        self.deadline = Instant::now() + EXIT_TIME;
    }

    /// Bounds the reading of what is left: a program that it started may hold its output open forever.
    fn gone(&mut self) {
        self.deadline = Instant::now() + LAST_WORDS_TIME;
        if self.phase != Phase::Stopping {
            self.phase = Phase::Gone;
        }
    }

    fn interrupt(&mut self) {
        self.send(&json!({
            "type": "control_request", "request_id": INTERRUPT, "request": {"subtype": "interrupt"}
        }));
        self.phase = Phase::Stopping;
        self.deadline = Instant::now() + INTERRUPT_TIME;
    }

    /// Acts on a phase that takes too long. Returns whether to give up waiting.
    fn late(&mut self) -> Result<bool, DriveError> {
        let text = match self.phase {
            Phase::Working | Phase::Stopping | Phase::Gone => return Ok(true),
            Phase::Settling => {
                self.close();
                return Ok(false);
            }
            Phase::Starting => format!(
                "Claude Code did not answer within {} s and was ended.",
                START_TIME.as_secs()
            ),
            Phase::Exiting => format!(
                "Claude Code did not exit within {} s and was ended.",
                EXIT_TIME.as_secs()
            ),
        };
        self.context.event(RecordBody::Watchdog { text: text.clone() })?;
        self.noise.note(&text);
        Ok(true)
    }

    /// Waits for the exit of a program that has closed its output, hearing its last complaints.
    async fn exit(
        &mut self,
        child: &mut Child,
        complaints: &mut mpsc::Receiver<Vec<u8>>,
    ) -> Result<Option<ExitStatus>, DriveError> {
        let deadline = Instant::now() + EXIT_TIME;
        let status = loop {
            tokio::select! {
                biased;
                Some(line) = complaints.recv() => self.complaint(&line)?,
                status = child.wait() => break status.ok(),
                () = tokio::time::sleep_until(deadline) => break None,
            }
        };
        let until = Instant::now() + LAST_WORDS_TIME;
        while let Ok(Some(line)) = tokio::time::timeout_at(until, complaints.recv()).await {
            self.complaint(&line)?;
        }
        Ok(status)
    }

    fn send(&self, message: &Value) {
        if let Some(to_claude) = &self.to_claude {
            // A program that no longer reads is about to end; its end says more than this error.
            let _ = to_claude.send(format!("{message}\n"));
        }
    }

    fn ending(self, exit: Option<ExitStatus>) -> Ending {
        let stopped = self.phase == Phase::Stopping;
        let heard = self.noise.beginning();
        if stopped {
            return Ending {
                end: End::Stopped,
                summary: self.said,
            };
        }
        let gone = Gone {
            result: self.result,
            said: self.said,
            trouble: self.trouble,
            exit,
            heard,
            spec: &self.context.spec,
        };
        gone.ending()
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
