//! The lines of aca's own log that are about the session.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use super::writer::Writer;
use crate::Error;
use crate::session::at_rest::AtRest;
use crate::session::package::names;

/// So much of a line of the log is looked at, in bytes.
const MAX_LINE: u64 = 1 << 20;

/// Writes the lines that name the session, one of its tasks or one of its attempts, oldest first.
pub(super) fn write(writer: &mut Writer, data_dir: &Path, session: &AtRest) -> Result<(), Error> {
    let mut ids = vec![session.meta.session.as_str().to_owned()];
    ids.extend(session.summary.ids.iter().map(|task| task.as_str().to_owned()));
    let mut lines = Vec::new();
    for name in ["aca.log.1", "aca.log"] {
        // A log that is not there has no lines.
        let Ok(file) = File::open(data_dir.join("logs").join(name)) else {
            continue;
        };
        let mut log = BufReader::new(file);
        let mut line = Vec::new();
        while log
            .by_ref()
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)
            .is_ok_and(|read| read > 0)
        {
            let text = String::from_utf8_lossy(&line);
            // The names of attempts contain those of their tasks.
            if ids.iter().any(|id| text.contains(id)) {
                lines.extend_from_slice(&line);
            }
            line.clear();
        }
    }
    writer.content(&format!("{}/aca.log", names::LOGS), &lines)
}
