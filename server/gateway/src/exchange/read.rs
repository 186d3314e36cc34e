//! Reading records, those that are still being written and those that were cut off included.

use std::io;
use std::path::Path;

use aca_protocol::AttemptId;
use aca_protocol::session::{ExchangeInfo, ExchangeRecord};
use aca_secrets::SessionKey;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::file::Folder;
use super::lines::{AnsweredLine, AskedLine, EndedLine, Line};
use super::writer::put_line;

/// What is said of a record that has no end.
const NO_END: &str = "No end of it is recorded: it is under way, or aca ended in the middle of it.";

/// Lists the exchanges of an attempt, oldest first, by the directory that its log was opened with. Without a log there
/// are none.
///
/// # Errors
///
/// If a record cannot be read, or was sealed with another key.
pub fn list(dir: &Path, attempt: &AttemptId, key: Option<SessionKey>) -> io::Result<Vec<ExchangeInfo>> {
    let folder = Folder::new(dir, attempt, key);
    let numbers = match folder.numbers() {
        Ok(numbers) => numbers,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut infos = Vec::with_capacity(numbers.len());
    for (number, _) in numbers {
        // One that was cut off before its first line was written says nothing.
        let lines = folder.read(number)?.unwrap_or_default();
        infos.extend(info(attempt, number, &lines));
    }
    Ok(infos)
}

/// Returns one exchange of an attempt; nothing if there is no such number.
///
/// # Errors
///
/// Those of [`list`].
pub fn read(
    dir: &Path,
    attempt: &AttemptId,
    number: u32,
    key: Option<SessionKey>,
) -> io::Result<Option<ExchangeRecord>> {
    let folder = Folder::new(dir, attempt, key);
    let Some(lines) = folder.read(number)? else {
        return Ok(None);
    };
    let Some(info) = info(attempt, number, &lines) else {
        return Ok(None);
    };
    let mut record = ExchangeRecord {
        info,
        request: Value::Null,
        response: Value::Null,
        left_out: 0,
    };
    let (mut head, mut body, mut frames) = (None, None, Vec::new());
    for line in parse::<Line>(&lines) {
        match line {
            Line::Asked(asked) => {
                record.left_out += asked.left_out;
                record.request = json!({
                    "method": asked.method, "path": asked.path, "headers": asked.headers,
                    "body": asked.body.map(|body| value(&body)),
                });
            }
            Line::Answered(answered) => head = Some(answered),
            Line::Frame(frame) => frames.push(value(&frame)),
            Line::Body(answer) => body = Some(value(&answer)),
            Line::Ended(ended) => record.left_out += ended.left_out,
        }
    }
    if let Some(AnsweredLine { status, headers }) = head {
        record.response = match body {
            Some(body) => json!({ "status": status, "headers": headers, "body": body }),
            None => json!({ "status": status, "headers": headers, "frames": frames }),
        };
    }
    Ok(Some(record))
}

/// Returns the lines of a record without the bodies.
pub(super) fn without_bodies(folder: &Folder, number: u32) -> io::Result<Vec<u8>> {
    let lines = folder.read(number)?.unwrap_or_default();
    let mut heads = Vec::new();
    let mut dropped = 0;
    for line in parse::<Line>(&lines) {
        let line = match line {
            Line::Asked(asked) => {
                let body = asked.body.as_ref().map_or(0, |body| body.get().len() as u64);
                Line::Asked(AskedLine {
                    body: None,
                    left_out: asked.left_out + body,
                    ..asked
                })
            }
            Line::Frame(body) | Line::Body(body) => {
                dropped += body.get().len() as u64;
                continue;
            }
            Line::Ended(ended) => Line::Ended(EndedLine {
                left_out: ended.left_out + dropped,
                ..ended
            }),
            answered @ Line::Answered(_) => answered,
        };
        put_line(&mut heads, &line);
    }
    Ok(heads)
}

/// What a list shows of a record; nothing if not even its request is there.
fn info(attempt: &AttemptId, number: u32, lines: &[u8]) -> Option<ExchangeInfo> {
    /// A line as a list sees it, bodies passed over.
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    enum Brief {
        Asked(BriefAsked),
        Answered(BriefAnswered),
        Frame(IgnoredAny),
        Body(IgnoredAny),
        Ended(EndedLine),
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct BriefAsked {
        at_ms: u64,
        model: Option<String>,
    }
    #[derive(Deserialize)]
    struct BriefAnswered {
        status: u16,
    }
    let mut briefs = parse::<Brief>(lines);
    let Some(Brief::Asked(asked)) = briefs.next() else {
        return None;
    };
    let mut info = ExchangeInfo {
        attempt: attempt.clone(),
        number,
        at_ms: asked.at_ms,
        took_ms: None,
        model: asked.model,
        status: None,
        usage: aca_protocol::task::Usage::default(),
        error: Some(NO_END.to_owned()),
    };
    for brief in briefs {
        match brief {
            Brief::Answered(answered) => info.status = Some(answered.status),
            Brief::Ended(ended) => {
                info.took_ms = Some(ended.took_ms);
                info.usage = ended.usage;
                info.model = ended.model.or(info.model);
                info.error = ended.error;
            }
            Brief::Asked(_) | Brief::Frame(_) | Brief::Body(_) => {}
        }
    }
    Some(info)
}

/// Reads the lines that are whole.
fn parse<'a, T: Deserialize<'a>>(lines: &'a [u8]) -> impl Iterator<Item = T> {
    let whole = lines
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| line.ends_with(b"\n"));
    whole.filter_map(|line| serde_json::from_slice(line).ok())
}

fn value(body: &RawValue) -> Value {
    serde_json::from_str(body.get()).unwrap_or(Value::Null)
}
