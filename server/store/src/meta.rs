//! What a session is: rows that are written when it is created.

use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use aca_protocol::SessionId;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::Error;

/// What a session is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// Its identifier.
    pub session: SessionId,
    /// The root directory of its workspace.
    pub workspace: PathBuf,
    /// When it was created, in milliseconds since the Unix epoch.
    pub created_ms: u64,
}

impl Meta {
    /// Describes a session that is created now.
    pub(crate) fn new(session: &SessionId, workspace: &Path) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            session: session.clone(),
            workspace: workspace.to_owned(),
            created_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// Reads what the session at `path` is.
    pub(crate) fn read(connection: &Connection, path: &Path) -> Result<Self, Error> {
        let value = |key: &str| {
            let found = connection.query_row("SELECT v FROM meta WHERE k = ?1", [key], |row| row.get::<_, Vec<u8>>(0));
            let found = found.optional().map_err(|error| Error::database(path, &error))?;
            found.ok_or_else(|| Error::damaged(path, format!("its {key} is missing")))
        };
        let text = |key: &str| {
            String::from_utf8(value(key)?).map_err(|_| Error::damaged(path, format!("its {key} is not text")))
        };
        Ok(Self {
            session: SessionId::new(text("session")?),
            workspace: PathBuf::from(std::ffi::OsString::from_vec(value("workspace")?)),
            created_ms: text("created_ms")?
                .parse()
                .map_err(|_| Error::damaged(path, "its created_ms is not a number"))?,
        })
    }

    pub(crate) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut put = connection.prepare("INSERT INTO meta(k, v) VALUES (?1, ?2)")?;
        put.execute(params!["session", self.session.as_str().as_bytes()])?;
        put.execute(params!["workspace", self.workspace.as_os_str().as_bytes()])?;
        put.execute(params!["created_ms", self.created_ms.to_string().as_bytes()])?;
        Ok(())
    }
    /// Returns whether the content of the session is sealed from some event on.
    pub(crate) fn is_sealed(connection: &Connection) -> rusqlite::Result<bool> {
        connection.query_row("SELECT count(*) FROM meta WHERE k = 'sealed'", [], |row| row.get(0))
    }

    /// Notes that the content of the session is sealed from the next event on, for good.
    pub(crate) fn put_sealed(connection: &Connection) -> rusqlite::Result<()> {
        let sql = "INSERT INTO meta(k, v) VALUES ('sealed', x'31') ON CONFLICT(k) DO NOTHING";
        connection.execute(sql, []).map(drop)
    }
}
