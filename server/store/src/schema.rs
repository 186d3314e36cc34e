//! The tables of a session, and the version of their format.

/// The format this program writes, kept in `PRAGMA user_version`.
pub(crate) const VERSION: i64 = 1;

/// Marks a database as a session of aca, in `PRAGMA application_id`; the letters "aca1".
pub(crate) const APPLICATION: i64 = 0x6163_6131;

/// Makes the tables of an empty database.
pub(crate) const CREATE: &str = "
CREATE TABLE meta(k TEXT PRIMARY KEY, v BLOB NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE lease(
  k INTEGER PRIMARY KEY CHECK(k = 1),
  fence INTEGER NOT NULL,
  pid INTEGER NOT NULL,
  version TEXT NOT NULL
) STRICT;

CREATE TABLE event(
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  ts_ms INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  kind TEXT NOT NULL,
  task TEXT,
  attempt TEXT,
  body BLOB NOT NULL,
  prev BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;
CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
  BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER event_is_never_removed BEFORE DELETE ON event
  BEGIN SELECT RAISE(ABORT, 'events are never removed'); END;

CREATE TABLE task(
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  state TEXT NOT NULL,
  cost_micros INTEGER NOT NULL,
  last_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt(
  id TEXT PRIMARY KEY,
  task TEXT NOT NULL REFERENCES task(id),
  state TEXT NOT NULL,
  last_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";
