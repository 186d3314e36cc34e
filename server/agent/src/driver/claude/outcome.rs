//! What became of an attempt, from what Claude Code said at last and how it exited.
//!
//! Neither a `success` result nor exit code 0 means success by itself: every failed model request ends in a
//! `success` with `is_error`, and some broken starts exit with 0 and say nothing.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use aca_protocol::agent::{AttemptSpec, End};

use super::frames::TurnResult;
use crate::driver::Ending;
use crate::driver::reasons::ApiFailure;
use crate::text::clip;

/// The longest quotation of noise in a reason, in bytes.
const MAX_QUOTE: usize = 600;

/// Everything known when Claude Code is gone.
pub(super) struct Gone<'a> {
    /// The last result, if there was one.
    pub(super) result: Option<TurnResult>,
    /// The model's last words.
    pub(super) said: String,
    /// The kind of the last failed model request; may be empty.
    pub(super) trouble: String,
    /// How the process ended, if it did.
    pub(super) exit: Option<ExitStatus>,
    /// What it wrote that is not of its protocol.
    pub(super) heard: String,
    /// The attempt.
    pub(super) spec: &'a AttemptSpec,
}

impl Gone<'_> {
    /// Returns what became of the attempt.
    pub(super) fn ending(self) -> Ending {
        let Some(result) = &self.result else {
            let reason = self.without_result();
            return Ending::new(End::Failed { reason }, self.said);
        };
        if result.succeeded() {
            return Ending::new(End::Finished, result.text.clone());
        }
        let reason = self.with_failed_result(result);
        Ending::new(End::Failed { reason }, self.said)
    }

    fn without_result(&self) -> String {
        let exit = exit_words(self.exit);
        let advice = "Check the sandbox with `aca doctor`, then let it go on with `aca resume`.";
        match self.heard.trim() {
            "" => format!("Claude Code ended without a result ({exit}) and said nothing about it. {advice}"),
            heard => format!(
                "Claude Code ended without a result ({exit}). {advice} It wrote: {}",
                clip(heard, MAX_QUOTE)
            ),
        }
    }

    fn with_failed_result(&self, result: &TurnResult) -> String {
        let turns = self.spec.limits.max_turns;
        match (result.subtype.as_str(), result.terminal_reason.as_str()) {
            ("error_max_turns", _) | (_, "max_turns") => format!(
                "The agent reached the limit of {turns} model turns. Raise the limit in the configuration, or make the task smaller, and run it again."
            ),
            (_, "prompt_too_long" | "blocking_limit" | "image_error") => format!(
                "The conversation has become too large for the model. Make the task smaller, then run it again. It said: {}",
                clip(&result.text, MAX_QUOTE)
            ),
            ("success", "" | "completed" | "model_error") => ApiFailure {
                status: result.status,
                kind: self.trouble.clone(),
                text: result.text.clone(),
            }
            .reason(&self.spec.model),
            (subtype, reason) => format!(
                "Claude Code ended the work early ({subtype}, {reason}). Run the task again. It said: {}",
                clip(&result.text, MAX_QUOTE)
            ),
        }
    }
}

/// Says how the program ended, if it did.
pub(super) fn exit_words(exit: Option<ExitStatus>) -> String {
    match exit.map(|status| (status.code(), status.signal())) {
        Some((Some(code), _)) => format!("exit code {code}"),
        Some((None, Some(9))) => "killed by signal 9, often for want of memory".to_owned(),
        Some((None, signal)) => format!("killed by signal {}", signal.unwrap_or_default()),
        None => "its output was closed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use aca_protocol::AttemptId;
    use aca_protocol::agent::{AgentLimits, Driver};

    use super::*;

    fn spec() -> AttemptSpec {
        AttemptSpec {
            attempt: AttemptId::new("a"),
            nonce: "n".into(),
            driver: Driver::ClaudeCode,
            workspace: "/ws".into(),
            prompt: String::new(),
            system: String::new(),
            model: "m-1".into(),
            conversation: String::new(),
            resume: false,
            story: String::new(),
            ask_reasons: String::new(),
            gateway_token: String::new(),
            limits: AgentLimits {
                silence_secs: 1,
                total_secs: 1,
                max_turns: 7,
            },
        }
    }

    /// A reason that holds `want`, or `None` for a finished attempt.
    fn check(result: Option<TurnResult>, trouble: &str, wait_status: Option<i32>, heard: &str, want: Option<&str>) {
        let spec = spec();
        let exit = wait_status.map(ExitStatus::from_raw);
        let gone = Gone {
            result,
            said: String::new(),
            trouble: trouble.into(),
            exit,
            heard: heard.into(),
            spec: &spec,
        };
        match (gone.ending().end, want) {
            (End::Finished, None) => {}
            (End::Failed { reason }, Some(want)) => assert!(reason.contains(want), "{want:?} is not in {reason:?}"),
            (end, want) => panic!("{end:?} where {want:?} was expected"),
        }
    }

    fn result(subtype: &str, is_error: bool, status: Option<u64>, reason: &str) -> Option<TurnResult> {
        let (subtype, terminal_reason) = (subtype.to_owned(), reason.to_owned());
        Some(TurnResult {
            subtype,
            is_error,
            status,
            text: "words".into(),
            terminal_reason,
            of_background: false,
        })
    }

    #[test]
    fn only_a_result_without_error_is_success() {
        check(result("success", false, None, "completed"), "", Some(0), "", None);
        check(result("success", false, None, ""), "", Some(0), "", None);
        check(result("success", false, None, "completed"), "", None, "", None);
        check(
            result("success", false, None, "hook_stopped"),
            "",
            Some(0),
            "",
            Some("hook_stopped"),
        );
        check(
            result("success", true, Some(401), "completed"),
            "",
            Some(0),
            "",
            Some("credential"),
        );
        check(
            result("success", true, Some(400), "completed"),
            "billing_error",
            Some(256),
            "",
            Some("credit"),
        );
        check(
            result("success", true, None, "completed"),
            "overloaded",
            Some(256),
            "",
            Some("overloaded"),
        );
        check(
            result("success", true, Some(429), "completed"),
            "",
            Some(256),
            "",
            Some("rate limit"),
        );
        check(
            result("success", true, Some(400), "prompt_too_long"),
            "",
            Some(256),
            "",
            Some("too large"),
        );
        check(
            result("error_max_turns", true, None, "max_turns"),
            "",
            Some(256),
            "",
            Some("7 model turns"),
        );
        check(
            result("error_during_execution", true, None, "aborted_tools"),
            "",
            Some(0),
            "",
            Some("aborted_tools"),
        );
    }

    #[test]
    fn without_a_result_every_exit_is_a_failure() {
        check(None, "", Some(0), "", Some("said nothing"));
        check(None, "", Some(256), "No suitable shell found", Some("(exit code 1)"));
        check(
            None,
            "",
            Some(256),
            "No suitable shell found",
            Some("No suitable shell found"),
        );
        check(None, "", Some(9), "", Some("memory"));
        check(None, "", Some(11), "", Some("signal 11"));
        check(None, "", None, "", Some("closed"));
    }
}
