//! `aca daemon logs`: the end of the log, and what follows.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::cli::LogsArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::log;
use crate::terminal::{self, Screen, harmless};

/// How often the log is looked at while it is followed.
const GLANCE: Duration = Duration::from_millis(200);

/// Prints the last lines; with `--follow` goes on until Ctrl-C.
pub(super) async fn run(context: &Context, args: &LogsArgs) -> Result<Exit, Failure> {
    let path = log::path(&context.data_dir);
    let file = File::open(&path).map_err(|error| {
        let message = format!("There is no log at {}: {error}.", path.display());
        Failure::new(Exit::Nothing, message)
    })?;
    let mut reader = BufReader::new(file);
    let lines = last_lines(&mut reader, args.lines)
        .map_err(|error| Failure::while_doing(&format!("{} cannot be read", path.display()), error))?;
    for line in &lines {
        context.screen.say(&harmless(line));
    }
    context.screen.result(&json!({ "log": path, "lines": lines }))?;
    if !args.follow {
        return Ok(Exit::Done);
    }
    tokio::select! {
        () = follow(context.screen, &path, reader) => Ok(Exit::Done),
        () = terminal::interrupted() => Ok(Exit::Done),
    }
}

/// Reads to the end and keeps the last lines.
fn last_lines(reader: &mut BufReader<File>, count: usize) -> std::io::Result<VecDeque<String>> {
    let mut kept = VecDeque::new();
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        kept.push_back(String::from_utf8_lossy(&line).trim_end().to_owned());
        if kept.len() > count {
            kept.pop_front();
        }
        line.clear();
    }
    Ok(kept)
}

/// Prints what is added, also after the log was put aside and begun anew.
async fn follow(screen: Screen, path: &Path, mut reader: BufReader<File>) {
    let mut begun = String::new();
    loop {
        let mut more = Vec::new();
        // What cannot be read now may be there at the next look.
        let _ = reader.read_to_end(&mut more);
        begun.push_str(&String::from_utf8_lossy(&more));
        if let Some((whole, rest)) = begun.rsplit_once('\n') {
            screen.say(&harmless(whole));
            begun = rest.to_owned();
        }
        if more.is_empty()
            && let Some(newer) = newer(path, reader.get_ref())
        {
            reader = BufReader::new(newer);
            continue;
        }
        tokio::time::sleep(GLANCE).await;
    }
}

/// Opens the log if it is another file than the one that is read.
fn newer(path: &Path, current: &File) -> Option<File> {
    let newer = File::open(path).ok()?;
    let identity = |file: &File| file.metadata().ok().map(|metadata| (metadata.dev(), metadata.ino()));
    (identity(&newer) != identity(current)).then_some(newer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_and_the_next_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        std::fs::write(&path, "a\nb\nc\n").unwrap();
        let mut reader = BufReader::new(File::open(&path).unwrap());
        assert_eq!(last_lines(&mut reader, 2).unwrap(), ["b", "c"]);
        assert!(newer(&path, reader.get_ref()).is_none());
        std::fs::rename(&path, dir.path().join("log.1")).unwrap();
        std::fs::write(&path, "d\n").unwrap();
        assert!(newer(&path, reader.get_ref()).is_some());
    }
}
