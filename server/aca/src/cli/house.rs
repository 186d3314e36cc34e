//! What is said to look back and to keep house: the audit log, use, cleanup.

use std::path::PathBuf;

use chrono::{DateTime, Days, Local, NaiveDate, TimeZone as _};
use clap::{Args, Subcommand, ValueEnum};

/// `aca audit`
#[derive(Debug, Subcommand)]
#[command(after_help = AUDIT_HELP)]
pub(crate) enum AuditCommand {
    /// Print what was recorded: who asked for what, what ran, which files were written, which requests went out.
    #[command(after_help = "Examples:\n  aca audit show --task 4f2a\n  aca audit show --follow")]
    Show(AuditShowArgs),
    /// Check that nothing recorded was changed, moved or removed. The exit code is 1 if something was.
    #[command(after_help = "Examples:\n  aca audit verify\n  aca audit verify --file audit.jsonl  without the session")]
    Verify(AuditVerifyArgs),
    /// Write the whole log, a JSON object for each entry on a line of its own, to be verified anywhere.
    #[command(after_help = "Examples:\n  aca audit export --to audit.jsonl")]
    Export(AuditExportArgs),
}

const AUDIT_HELP: &str = "\
Examples:
  aca audit show                      all of the workspace's session
  aca audit show --task 4f2a          only what is about that task
  aca audit verify                    is it as it was recorded?
  aca audit export --to audit.jsonl   to keep it elsewhere";

/// `aca audit show`
#[derive(Debug, Args)]
pub(crate) struct AuditShowArgs {
    /// Only what is about this task: its id, or the beginning of it.
    #[arg(long)]
    pub(crate) task: Option<String>,
    /// The session: its name, its id, or the beginning of its id [default: the workspace's].
    #[arg(long)]
    pub(crate) session: Option<String>,
    /// Go on with what is recorded from now on, until Ctrl-C.
    #[arg(short, long)]
    pub(crate) follow: bool,
}

/// `aca audit verify`
#[derive(Debug, Args)]
pub(crate) struct AuditVerifyArgs {
    /// The session: its name, its id, or the beginning of its id [default: the workspace's].
    #[arg(long, conflicts_with = "file")]
    pub(crate) session: Option<String>,
    /// An exported log, which is verified without the session.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

/// `aca audit export`
#[derive(Debug, Args)]
pub(crate) struct AuditExportArgs {
    /// The session: its name, its id, or the beginning of its id [default: the workspace's].
    #[arg(long)]
    pub(crate) session: Option<String>,
    /// The file to make [default: stdout].
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
}

/// `aca usage`
#[derive(Debug, Args)]
#[command(after_help = USAGE_HELP)]
pub(crate) struct UsageArgs {
    /// Only what was used since: a number of days (7d) or a day (2026-01-31).
    #[arg(long, value_name = "WHEN", value_parser = since)]
    pub(crate) since: Option<DateTime<Local>>,
    /// What is summed up in one line.
    #[arg(long, value_enum, default_value = "day")]
    pub(crate) by: By,
}

const USAGE_HELP: &str = "\
Examples:
  aca usage                        by day
  aca usage --since 7d --by task   of a week, by task
  aca usage --by model --json      for programs";

/// What the use is summed up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    /// A day of local time.
    Day,
    /// A task.
    Task,
    /// A model.
    Model,
    /// A session.
    Session,
}

/// `aca cleanup`
#[derive(Debug, Args)]
#[command(after_help = CLEANUP_HELP)]
pub(crate) struct CleanupArgs {
    /// What to remove, by the identifiers that --all shows [default: what is proposed].
    pub(crate) items: Vec<String>,
    /// Remove everything that is proposed, also without a terminal to ask on.
    #[arg(long, conflicts_with = "items")]
    pub(crate) all_proposed: bool,
    /// Do not ask.
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Show everything that takes space, with its identifier, and end.
    #[arg(long, conflicts_with_all = ["items", "all_proposed", "yes"])]
    pub(crate) all: bool,
}

const CLEANUP_HELP: &str = "\
aca removes nothing by itself. What waits for review, is lost or at work is never removed. [cleanup] in the settings says \
from which age and size on something is proposed. Deleted sessions go to the trash first.

Examples:
  aca cleanup                        show what is proposed, ask, remove it
  aca cleanup --all                  show everything that takes space
  aca cleanup --all-proposed --yes   remove what is proposed, without a question
  aca cleanup log:aca.log.1          remove that";

/// Reads a number of days before now, or a day.
fn since(text: &str) -> Result<DateTime<Local>, String> {
    let wrong = || format!("`{text}` is neither a number of days like 7d nor a day like 2026-01-31");
    let day = match text.strip_suffix('d').map(str::parse::<u64>) {
        Some(Ok(days)) => Local::now().date_naive().checked_sub_days(Days::new(days)),
        Some(Err(_)) => None,
        None => NaiveDate::parse_from_str(text, "%Y-%m-%d").ok(),
    };
    let midnight = day.and_then(|day| day.and_hms_opt(0, 0, 0)).ok_or_else(wrong)?;
    // Where clocks are put forward at midnight, the day begins later.
    Local.from_local_datetime(&midnight).earliest().ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_given_in_days_or_as_a_day() {
        assert_eq!(
            since("2026-01-31").unwrap().to_rfc3339().get(..19),
            Some("2026-01-31T00:00:00")
        );
        let week = Local::now() - since("7d").unwrap();
        assert!((7..=8).contains(&week.num_days()), "{week}");
        for text in ["", "d", "7", "-1d", "2026-02-30", "yesterday"] {
            assert!(since(text).is_err(), "{text}");
        }
    }
}
