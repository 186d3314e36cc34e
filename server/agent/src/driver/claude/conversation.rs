//! One conversation with Claude Code: what it says, what it is sent, and how far it is.

use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use aca_protocol::agent::{ClaimedReason, End, RecordBody};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::process::Child;
use tokio::sync::mpsc;
use tokio::time::Instant;
use uuid::Uuid;

use super::frames::{self, Seen, TurnResult};
use super::noise::Noise;
use super::outcome::Gone;
use crate::driver::{Context, DriveError, Ending, claims};

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

/// How a conversation begins.
#[derive(Debug, Clone)]
pub(super) struct Opening {
    /// Whether it goes on with the one that is there.
    pub(super) resume: bool,
    /// Our first message.
    pub(super) words: String,
    /// What it was told before and did not take: identifier and words.
    pub(super) untaken: Vec<(String, String)>,
    /// Whether it may have changed a file before.
    pub(super) wrote: bool,
}

/// How far the conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Our first request is not answered yet.
    Starting,
    /// It has the prompt.
    Working,
    /// There is a result, but it may still be busy.
    Settling,
    /// It was asked for the reasons of its changes.
    Asking,
    /// Its input is closed.
    Exiting,
    /// It was interrupted.
    Stopping,
    /// It has exited, and its last output is read.
    Gone,
}

/// A conversation and what came of it so far.
pub(super) struct Conversation<'a> {
    context: &'a Context,
    /// What is sent here is written to its input; dropping it closes the input.
    to_claude: Option<mpsc::UnboundedSender<String>>,
    opening: Opening,
    pub(super) phase: Phase,
    /// When the phase must have ended, except while it works; on the clock that stands still while the run is held.
    pub(super) deadline: Instant,
    /// Messages that it was sent and has not taken, oldest first.
    unheard: Vec<(String, String)>,
    /// Whether it said or did anything.
    lived: bool,
    /// Whether all of the model's words of this turn are there.
    spoken: bool,
    /// Whether it exited while it worked.
    cut_short: bool,
    /// Whether it used a tool that may have changed a file.
    wrote: bool,
    /// Whether it was asked for reasons.
    asked: bool,
    reasons: Vec<ClaimedReason>,
    result: Option<TurnResult>,
    /// The model's last words.
    said: String,
    trouble: String,
    noise: Noise,
}

impl<'a> Conversation<'a> {
    /// Begins with our first request. What is sent to `to_claude` is written to its input.
    pub(super) fn begin(context: &'a Context, to_claude: mpsc::UnboundedSender<String>, opening: Opening) -> Self {
        let conversation = Self {
            context,
            to_claude: Some(to_claude),
            wrote: opening.wrote,
            opening,
            phase: Phase::Starting,
            deadline: context.steering.hold.now() + START_TIME,
            unheard: Vec::new(),
            lived: false,
            spoken: false,
            cut_short: false,
            asked: false,
            reasons: Vec::new(),
            result: None,
            said: String::new(),
            trouble: String::new(),
            noise: Noise::default(),
        };
        conversation.send(&json!({
            "type": "control_request", "request_id": INITIALIZE, "request": {"subtype": "initialize"}
        }));
        conversation
    }

    /// Whether it ended because the conversation to go on with is not there.
    pub(super) fn misses_its_past(&self) -> bool {
        self.opening.resume && self.result.as_ref().is_some_and(TurnResult::misses_conversation)
    }

    /// Whether it died in the middle of a turn. One whose last words are there is finished, although it could not say so.
    pub(super) fn is_interrupted(&mut self) -> bool {
        if self.phase != Phase::Working && !self.cut_short {
            return false;
        }
        if self.spoken && self.unheard.is_empty() {
            self.result = Some(TurnResult::of_words(&self.said));
            return false;
        }
        // One from before says nothing about this turn.
        self.result = None;
        true
    }

    /// Whether it said or did anything.
    pub(super) fn has_lived(&self) -> bool {
        self.lived
    }

    /// Whether it may have changed a file.
    pub(super) fn has_written(&self) -> bool {
        self.wrote
    }

    /// Returns what it was told and has not taken.
    pub(super) fn untaken(&self) -> Vec<(String, String)> {
        self.unheard.clone()
    }

    /// Takes a line of its output: journals it, then acts on it.
    pub(super) fn line(&mut self, line: &[u8]) -> Result<(), DriveError> {
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

    pub(super) fn complaint(&mut self, line: &[u8]) -> Result<(), DriveError> {
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
            // The answer is for the engine, not among its words.
            Seen::Event(RecordBody::Said { .. }) if self.phase == Phase::Asking => self.context.life.sign(),
            Seen::Event(event) => {
                match &event {
                    RecordBody::Said { text } => self.said.clone_from(text),
                    RecordBody::ToolUse { tool, .. } => self.wrote |= claims::may_write(tool),
                    _ => {}
                }
                self.lived |= !matches!(event, RecordBody::Retry { .. });
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
            Seen::Spoken(spoken) => self.spoken = spoken,
            Seen::Ended(result) => self.ended(result),
            Seen::Heard(id) => self.heard(&id),
            Seen::Idle if self.phase == Phase::Settling && self.unheard.is_empty() => self.settle(),
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
        self.say(&Uuid::new_v4().to_string(), &self.opening.words);
        self.phase = Phase::Working;
        // It knows them by their identifiers, so that one it has taken after all is not taken twice.
        for (id, text) in std::mem::take(&mut self.opening.untaken) {
            self.tell(&id, &text);
        }
        Ok(self.context.event(RecordBody::Prompted)?)
    }

    fn say(&self, id: &str, text: &str) {
        // A slash at the beginning would make a task about `/etc` a command that nobody knows.
        let prefix = if text.starts_with('/') { "Task: " } else { "" };
        self.send(&json!({
            "type": "user",
            "message": {"role": "user", "content": format!("{prefix}{text}")},
            "parent_tool_use_id": null,
            "session_id": "",
            "uuid": id,
        }));
    }

    /// Whether it can be told something now.
    pub(super) fn hears(&self) -> bool {
        matches!(self.phase, Phase::Working | Phase::Settling) && !self.asked
    }

    pub(super) fn tell(&mut self, id: &str, text: &str) {
        self.say(id, text);
        self.unheard.push((id.to_owned(), text.to_owned()));
        self.spoken = false;
        self.phase = Phase::Working;
    }

    /// A message that was not taken in the turn before begins one of its own.
    fn heard(&mut self, id: &str) {
        let before = self.unheard.len();
        self.unheard.retain(|(unheard, _)| unheard != id);
        if self.unheard.len() < before && self.phase == Phase::Settling {
            self.spoken = false;
            self.phase = Phase::Working;
        }
    }

    /// Nothing is going on: hears what it was told in the last moment, gives its reasons, or ends.
    fn settle(&mut self) {
        let spec = &self.context.spec;
        let succeeded = self.result.as_ref().is_some_and(TurnResult::succeeded);
        if self.asked {
            self.close();
        } else if !self.context.steering.mailbox.close_if_empty() {
            // The message is taken next.
        } else if succeeded && self.wrote && !spec.ask_reasons.is_empty() {
            self.say(&Uuid::new_v4().to_string(), &spec.ask_reasons);
            self.asked = true;
            self.enter(Phase::Asking, claims::ASK_TIME);
        } else {
            self.close();
        }
    }

    fn enter(&mut self, phase: Phase, time: Duration) {
        self.phase = phase;
        self.deadline = self.context.steering.hold.now() + time;
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
        if self.phase == Phase::Asking {
            self.reasons = if result.succeeded() {
                claims::read(&result.text)
            } else {
                Vec::new()
            };
            self.enter(Phase::Settling, SETTLE_TIME);
            return;
        }
        // The wake-up call of a background task does not replace the result of our own turn.
        if self.result.is_none() || !result.of_background {
            self.result = Some(result);
        }
        match self.phase {
            Phase::Working => self.enter(Phase::Settling, SETTLE_TIME),
            // It has heard the interrupt: there is nothing more to wait for.
            Phase::Stopping => self.enter(Phase::Stopping, Duration::ZERO),
            Phase::Starting | Phase::Settling | Phase::Asking | Phase::Exiting | Phase::Gone => {}
        }
    }

    fn close(&mut self) {
        self.to_claude = None;
        self.enter(Phase::Exiting, EXIT_TIME);
    }

    /// Bounds the reading of what is left: a program that it started may hold its output open forever.
    pub(super) fn gone(&mut self) {
        if self.phase != Phase::Stopping {
            self.cut_short = self.phase == Phase::Working;
            self.enter(Phase::Gone, LAST_WORDS_TIME);
        }
    }

    pub(super) fn interrupt(&mut self) {
        self.send(&json!({
            "type": "control_request", "request_id": INTERRUPT, "request": {"subtype": "interrupt"}
        }));
        self.enter(Phase::Stopping, INTERRUPT_TIME);
    }

    /// Acts on a phase that takes too long. Returns whether to give up waiting.
    pub(super) fn late(&mut self) -> Result<bool, DriveError> {
        let text = match self.phase {
            // While it is asked for reasons, the work itself is done.
            Phase::Working | Phase::Asking | Phase::Stopping | Phase::Gone => return Ok(true),
            Phase::Settling => {
                self.unheard.clear();
                self.settle();
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
    pub(super) async fn exit(
        &mut self,
        child: &mut Child,
        complaints: &mut mpsc::Receiver<Vec<u8>>,
    ) -> Result<Option<ExitStatus>, DriveError> {
        let hold = &self.context.steering.hold;
        let deadline = hold.now() + EXIT_TIME;
        let status = loop {
            tokio::select! {
                biased;
                Some(line) = complaints.recv() => self.complaint(&line)?,
                status = child.wait() => break status.ok(),
                () = hold.until(deadline) => break None,
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

    pub(super) fn ending(self, exit: Option<ExitStatus>) -> Ending {
        let stopped = self.phase == Phase::Stopping;
        let heard = self.noise.beginning();
        if stopped {
            return Ending::new(End::Stopped, self.said);
        }
        let gone = Gone {
            result: self.result,
            said: self.said,
            trouble: self.trouble,
            exit,
            heard,
            spec: &self.context.spec,
        };
        Ending {
            reasons: self.reasons,
            ..gone.ending()
        }
    }
}
