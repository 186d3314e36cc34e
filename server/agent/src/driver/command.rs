//! No model at all: one command of the shell, run once in the workspace.

use std::sync::Arc;
use std::time::Duration;

use aca_protocol::agent::{End, RecordBody, files};
use tokio::process::Command;

use super::{Context, DriveError, Ending, MAX_ABOUT, MAX_RESULT, bounded};
use crate::text::{clip, first_line};

/// How much output is kept from the beginning and from the end, in bytes.
const MAX_HALF: usize = 256 * 1024;

/// The identifier of the one call.
const CALL: &str = "command";

/// Runs the command. It keeps the total limit itself, so that what was printed until then is kept.
pub(super) async fn drive(context: &Arc<Context>) -> Result<Ending, DriveError> {
    let (spec, stop) = (&context.spec, &context.steering.stop);
    context.event(RecordBody::ToolUse {
        id: CALL.to_owned(),
        tool: "shell".to_owned(),
        about: first_line(&spec.prompt, MAX_ABOUT),
    })?;
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &spec.prompt]).current_dir(&spec.workspace);
    let timeout = Duration::from_secs(spec.limits.total_secs);
    let ran = tokio::select! {
        ran = bounded::run(context, &mut shell, timeout, MAX_HALF) => ran,
        () = stop.asked() => return Ok(Ending::new(End::Stopped, "")),
    };
    let ran = match ran {
        Ok(ran) => ran,
        Err(error) => return Ok(Ending::failed(format!("The shell could not be started: {error}."))),
    };
    let written = tokio::fs::write(context.out.join(files::OUTPUT), &ran.output).await;
    context.event(RecordBody::ToolResult {
        id: CALL.to_owned(),
        ok: ran.status.is_some_and(|status| status.success()),
        text: clip(&String::from_utf8_lossy(&ran.output), MAX_RESULT),
    })?;
    if let Err(error) = written {
        return Ok(Ending::failed(format!(
            "The output of the command could not be kept: {error}."
        )));
    }
    let exit_code = ran.status.and_then(|status| status.code());
    let summary = match (ran.status, exit_code) {
        (None, _) => format!("The command took longer than {} s and was ended.", timeout.as_secs()),
        (Some(status), None) => format!("The command was ended ({status})."),
        (Some(_), Some(_)) => String::new(),
    };
    Ok(Ending {
        exit_code,
        ..Ending::new(End::Finished, summary)
    })
}
