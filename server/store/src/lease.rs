//! Who owns a session: a fence that only grows, and the process that took it last.

use rusqlite::{Connection, params};

/// The last owner of a session. It may have ended since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// How many times the session was taken over. Whoever has an earlier number writes nothing any more.
    pub fence: u64,
    /// The owner's process, on the machine `host`.
    pub pid: u32,
    /// The version of aca it ran.
    pub version: String,
    /// The run of the machine in which `pid` is that process, as Linux names it.
    pub boot_id: Option<String>,
    /// When the process started, in clock ticks since that boot: a later process with the same number differs in it.
    pub start_ticks: Option<u64>,
    /// The machine's name.
    pub host: Option<String>,
}

impl Lease {
    /// Reads it from a database of format `format`.
    pub(crate) fn read(connection: &Connection, format: i64) -> rusqlite::Result<Self> {
        let sql = match format {
            1 => "SELECT fence, pid, version, NULL, NULL, NULL FROM lease WHERE k = 1",
            _ => "SELECT fence, pid, version, boot_id, start_ticks, host FROM lease WHERE k = 1",
        };
        connection.query_row(sql, [], |row| {
            Ok(Self {
                fence: row.get(0)?,
                pid: row.get(1)?,
                version: row.get(2)?,
                boot_id: row.get(3)?,
                start_ticks: row.get(4)?,
                host: row.get(5)?,
            })
        })
    }
}

/// Makes the row that [`take`] changes.
pub(crate) fn create(connection: &Connection) -> rusqlite::Result<()> {
    let values = params![std::process::id(), env!("CARGO_PKG_VERSION")];
    connection.execute(
        "INSERT INTO lease(k, fence, pid, version) VALUES (1, 0, ?1, ?2)",
        values,
    )?;
    Ok(())
}

/// Makes this process the owner and returns its fence.
pub(crate) fn take(connection: &Connection) -> rusqlite::Result<i64> {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    connection.query_row(
        "UPDATE lease SET fence = fence + 1, pid = ?1, version = ?2, boot_id = ?3, start_ticks = ?4, host = ?5
         WHERE k = 1 RETURNING fence",
        params![
            std::process::id(),
            env!("CARGO_PKG_VERSION"),
            boot_id(),
            start_ticks(),
            host
        ],
        |row| row.get(0),
    )
}

/// Shuts out whoever owns a session of any format; nobody is its owner then.
pub(crate) fn revoke(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("UPDATE lease SET fence = fence + 1 WHERE k = 1", [])?;
    Ok(())
}

/// Returns whether the fence is still `mine`.
pub(crate) fn is_mine(connection: &Connection, mine: i64) -> rusqlite::Result<bool> {
    let current: i64 = connection
        .prepare_cached("SELECT fence FROM lease WHERE k = 1")?
        .query_row([], |row| row.get(0))?;
    Ok(current == mine)
}

/// Not every platform says; then nothing is recorded.
fn boot_id() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

/// The 22nd field of `/proc/self/stat`; the second is a name that may hold anything up to its closing parenthesis.
fn start_ticks() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_ascii_whitespace().nth(19)?.parse().ok()
}
