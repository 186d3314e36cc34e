//! The command line and environment with which Claude Code starts.
//!
//! Each choice is from trials with Claude Code 2.1.197. The repository's own settings and MCP servers are switched
//! off, because they would be executed unasked; its `CLAUDE.md` comes with the system prompt instead. Permissions are
//! bypassed: the sandbox is the boundary, and nobody is there to be asked.

use std::ffi::{OsStr, OsString};
use std::process::Stdio;

use aca_protocol::agent::inside;
use tokio::process::Command;

use crate::driver::Context;
use crate::driver::environment::environment;
use crate::gateway;

/// Names another program to start in place of Claude Code.
const OVERRIDE: &str = "ACA_CLAUDE";

/// Tools that need a network, a person, or a later day.
const DISALLOWED: &str = "WebFetch,WebSearch,CronCreate,CronDelete,CronList,ScheduleWakeup,EnterWorktree,ExitWorktree,\
                          Workflow,AskUserQuestion,EnterPlanMode,ExitPlanMode";

/// Arguments that are the same for every attempt.
const FIXED: [&str; 17] = [
    "-p",
    "--input-format",
    "stream-json",
    "--output-format",
    "stream-json",
    "--verbose",
    "--include-partial-messages",
    "--replay-user-messages",
    "--permission-mode",
    "bypassPermissions",
    "--setting-sources",
    "",
    "--strict-mcp-config",
    "--disable-slash-commands",
    "--disallowedTools",
    DISALLOWED,
    "--max-turns",
];

/// Variables that are the same for every attempt.
const SWITCHES: [(&str, &str); 9] = [
    ("ANTHROPIC_BASE_URL", "http://aca.gateway"),
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ("DISABLE_AUTOUPDATER", "1"),
    ("DISABLE_TELEMETRY", "1"),
    ("CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS", "1"),
    ("CLAUDE_CODE_DISABLE_BACKGROUND_TASKS", "1"),
    ("CLAUDE_CODE_DISABLE_AUTO_MEMORY", "1"),
    // Lets root bypass permissions, and keeps an overload from ending the run early.
    ("IS_SANDBOX", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
];

/// Returns the program that is started.
pub(super) fn program() -> OsString {
    std::env::var_os(OVERRIDE).unwrap_or_else(|| inside::CLAUDE.into())
}

/// Returns the command that starts Claude Code for this attempt, with a new conversation or the one that is there.
pub(super) fn command(context: &Context, resume: bool) -> Command {
    let mut command = Command::new(program());
    command
        .args(arguments(context, resume))
        .current_dir(&context.spec.workspace)
        .env_clear()
        .envs(environment(context))
        .envs(SWITCHES)
        .env("ANTHROPIC_UNIX_SOCKET", gateway::socket_path(&context.out))
        .env("ANTHROPIC_API_KEY", &context.spec.gateway_token)
        .env("CLAUDE_CONFIG_DIR", context.home().join(".claude"))
        .env("CLAUDE_CODE_TMPDIR", context.temporary())
        // Any value makes it report the progress of long commands.
        .env("CLAUDE_CODE_CONTAINER_ID", context.spec.attempt.as_str())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn arguments(context: &Context, resume: bool) -> Vec<OsString> {
    let spec = &context.spec;
    let turns = spec.limits.max_turns.to_string();
    let own = [
        turns.as_str(),
        if resume { "--resume" } else { "--session-id" },
        &spec.conversation,
        "--model",
        &spec.model,
    ];
    let mut arguments: Vec<OsString> = FIXED.iter().chain(&own).map(|&argument| argument.into()).collect();
    let system = context.system();
    if !system.trim().is_empty() {
        arguments.extend([OsStr::new("--append-system-prompt"), OsStr::new(&system)].map(OsString::from));
    }
    arguments
}
