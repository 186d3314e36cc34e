//! From what a command did to what stands on the proposal.

use aca_protocol::agent::{End, Outcome};
use aca_protocol::proposal::{CheckState, CheckView, Finding};

use super::findings::Found;
use super::output::{end_of, shorten};
use crate::proposal::Place;

/// The exit code of a shell that has not found a program.
const NOT_FOUND: i32 = 127;

/// How much output the agent is told, in bytes.
const MAX_REMARK: usize = 6 << 10;

/// What there is to judge by.
pub(super) struct Evidence<'a> {
    /// How the run of the command ended.
    pub(super) outcome: &'a Outcome,
    /// What it printed.
    pub(super) output: &'a str,
    /// What it complains about.
    pub(super) found: Vec<Found>,
    /// Where the checked hunks are.
    pub(super) places: &'a [Place],
    /// How many of the chosen hunks were not in the files.
    pub(super) left_out: usize,
}

/// Returns the check as it stands after the command has ended. Its command and hunks are those of `check`.
pub(super) fn judge(check: CheckView, evidence: Evidence<'_>) -> CheckView {
    let Evidence {
        outcome,
        output,
        found,
        places,
        left_out,
    } = evidence;
    let elsewhere = !found.is_empty()
        && found
            .iter()
            .all(|found| places.iter().all(|place| place.path != found.path));
    let findings: Vec<Finding> = found.into_iter().map(|found| finding(found, places)).collect();
    let state = state(outcome, output, findings.is_empty());
    let mut notes = Vec::new();
    if left_out > 0 {
        notes.push(format!(
            "[{left_out} of the chosen hunks were left out, because someone changed the same place.]"
        ));
    }
    if elsewhere && matches!(state, CheckState::Failed { .. }) {
        notes.push("[All of this is in files that the proposal does not touch.]".to_owned());
    }
    notes.push(output.to_owned());
    if !outcome.summary.is_empty() {
        notes.push(format!("[{}]", outcome.summary));
    }
    CheckView {
        state,
        findings,
        output: shorten(notes.join("\n").trim()),
        ..check
    }
}

fn state(outcome: &Outcome, output: &str, nothing_found: bool) -> CheckState {
    let broken = |reason: String| CheckState::Broken { reason };
    match (&outcome.end, outcome.exit_code) {
        (End::Failed { reason }, _) => broken(reason.clone()),
        (End::Stopped, _) => broken("It was stopped.".to_owned()),
        (End::Finished, Some(0)) => CheckState::Passed,
        (End::Finished, Some(NOT_FOUND)) if nothing_found => broken(format!(
            "A program of the check is not in the sandbox ({}). Name an image that has it as `docker.image`, or another \
             check as `checks.command`.",
            output.trim_end().lines().last().unwrap_or("not found").trim()
        )),
        (End::Finished, code) => CheckState::Failed { code },
    }
}

fn finding(found: Found, places: &[Place]) -> Finding {
    let line = usize::try_from(found.line).unwrap_or(usize::MAX);
    let place = places
        .iter()
        .find(|place| place.path == found.path && place.lines.contains(&line));
    Finding {
        path: found.path,
        line: found.line,
        error: found.error,
        message: found.message,
        hunk: place.map(|place| place.hunk.clone()),
    }
}

/// Returns what an agent is told when the check of its result failed.
pub(super) fn remark(command: &str, code: Option<i32>, output: &str) -> String {
    let ended = match code {
        Some(code) => format!("It ended with exit code {code}."),
        None => "It did not end by itself.".to_owned(),
    };
    format!(
        "The project's check was run on your result and failed.\n\n    {command}\n\n{ended} The end of its output:\n\n\
         ```\n{}\n```\n\nMend what your changes broke. If it failed before your changes already, leave that as it is and say so.",
        end_of(output, MAX_REMARK).trim_end().replace("```", "'''")
    )
}

#[cfg(test)]
mod tests {
    use aca_protocol::{AttemptId, HunkId};

    use super::*;

    fn outcome(end: End, exit_code: Option<i32>, summary: &str) -> Outcome {
        Outcome {
            attempt: AttemptId::new("a"),
            nonce: "n".to_owned(),
            end,
            summary: summary.to_owned(),
            reasons: Vec::new(),
            exit_code,
            last_seq: 1,
            ended_ms: 1,
        }
    }

    fn found(path: &str, line: u32) -> Found {
        Found {
            path: path.to_owned(),
            line,
            error: true,
            message: "wrong".to_owned(),
        }
    }

    fn judged(outcome: &Outcome, output: &str, found: Vec<Found>, left_out: usize) -> CheckView {
        let check = super::super::begun("make check", vec![HunkId::new("h")]);
        let places = [Place {
            hunk: HunkId::new("h"),
            path: "a".to_owned(),
            lines: 3..5,
        }];
        let evidence = Evidence {
            outcome,
            output,
            found,
            places: &places,
            left_out,
        };
        judge(check, evidence)
    }

    #[test]
    fn the_state_follows_from_how_the_command_ended() {
        let failed = End::Failed {
            reason: "no disk".to_owned(),
        };
        let cases = [
            (outcome(End::Finished, Some(0), ""), "Passed"),
            (outcome(End::Finished, Some(2), ""), "Failed { code: Some(2) }"),
            (outcome(End::Finished, None, "It took long."), "Failed { code: None }"),
            (outcome(End::Finished, Some(127), ""), "(sh: 1: foo: not found)"),
            (outcome(failed, None, ""), "Broken { reason: \"no disk\" }"),
            (
                outcome(End::Stopped, None, ""),
                "Broken { reason: \"It was stopped.\" }",
            ),
        ];
        for (outcome, want) in cases {
            let state = format!("{:?}", judged(&outcome, "sh: 1: foo: not found\n", Vec::new(), 0).state);
            assert!(state.contains(want), "{state}");
        }
    }

    #[test]
    fn findings_belong_to_the_hunk_whose_lines_they_are_about() {
        let failed = outcome(End::Finished, Some(1), "");
        let check = judged(
            &failed,
            "out\n",
            vec![found("a", 2), found("a", 3), found("a", 5), found("b", 3)],
            0,
        );
        let hunks: Vec<bool> = check.findings.iter().map(|finding| finding.hunk.is_some()).collect();
        assert_eq!(hunks, [false, true, false, false]);
        assert_eq!(check.output, "out");
    }

    #[test]
    fn what_to_know_stands_beside_the_output() {
        let failed = outcome(End::Finished, None, "It took longer than 1 s.");
        let check = judged(&failed, "out\n", vec![found("b", 3)], 2);
        let lines: Vec<&str> = check.output.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.len(), 4, "{}", check.output);
        assert!(lines[0].contains("2 of the chosen hunks were left out"));
        assert!(lines[1].contains("files that the proposal does not touch"));
        assert_eq!(lines[3], "[It took longer than 1 s.]");
    }

    #[test]
    fn the_agent_is_told_a_bounded_end() {
        let remark = remark("make check", Some(2), &"line ```\n".repeat(10_000));
        assert!(remark.len() < MAX_REMARK + 600 && remark.contains("make check") && remark.contains("exit code 2"));
        assert_eq!(remark.matches("```").count(), 2);
    }
}
