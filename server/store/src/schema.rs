//! The tables of a session, and the version of their format.

/// The format this program writes, kept in `PRAGMA user_version`.
pub(crate) const VERSION: i64 = 2;

/// Marks a database as a session of aca, in `PRAGMA application_id`; the letters "aca1".
pub(crate) const APPLICATION: i64 = 0x6163_6131;

/// Makes the tables of an empty database.
///
/// The columns that format 2 brought have the defaults that [`FROM_1`] needs, so that both ways give the same table.
pub(crate) const CREATE: &str = "
CREATE TABLE meta(k TEXT PRIMARY KEY, v BLOB NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE lease(
  k INTEGER PRIMARY KEY CHECK(k = 1),
  fence INTEGER NOT NULL,
  pid INTEGER NOT NULL,
  version TEXT NOT NULL,
  boot_id TEXT,
  start_ticks INTEGER,
  host TEXT
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
  hash BLOB NOT NULL,
  rule INTEGER NOT NULL DEFAULT 1,
  who TEXT,
  sealed INTEGER NOT NULL DEFAULT 0
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

CREATE TABLE verified(
  k INTEGER PRIMARY KEY CHECK(k = 1),
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT;

CREATE TABLE fold(
  k INTEGER PRIMARY KEY CHECK(k = 1),
  format INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL,
  sealed INTEGER NOT NULL,
  body BLOB NOT NULL,
  sum BLOB NOT NULL
) STRICT;
";

/// Makes format 2 of format 1. The events stay as they are; their rule says that format 1 computed their hashes.
pub(crate) const FROM_1: &str = "
ALTER TABLE lease ADD COLUMN boot_id TEXT;
ALTER TABLE lease ADD COLUMN start_ticks INTEGER;
ALTER TABLE lease ADD COLUMN host TEXT;

ALTER TABLE event ADD COLUMN rule INTEGER NOT NULL DEFAULT 1;
ALTER TABLE event ADD COLUMN who TEXT;
ALTER TABLE event ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0;

CREATE TABLE verified(
  k INTEGER PRIMARY KEY CHECK(k = 1),
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT;

CREATE TABLE fold(
  k INTEGER PRIMARY KEY CHECK(k = 1),
  format INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL,
  sealed INTEGER NOT NULL,
  body BLOB NOT NULL,
  sum BLOB NOT NULL
) STRICT;

PRAGMA user_version = 2;
";
