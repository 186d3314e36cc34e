//! Reads what compilers, linters and test runners complain about out of their output. Pure, and driven by a table.
//!
//! A place counts only if its file is one of the checked ones, so that text that merely looks like a place does no harm.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// How many findings one check may have.
const MAX_FINDINGS: usize = 200;

/// How long a message may be, in bytes.
const MAX_MESSAGE: usize = 600;

/// How long a line may be to be looked at, in bytes.
const MAX_LINE: usize = 4096;

/// One place that an output complains about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Found {
    /// The file, relative to the workspace.
    pub(super) path: String,
    /// The line, counted from zero.
    pub(super) line: u32,
    /// Whether it is an error, as opposed to a warning.
    pub(super) error: bool,
    /// What it says.
    pub(super) message: String,
}

/// The files of a workspace, to find those that an output names.
pub(super) struct Files<'a> {
    root: &'a Path,
    known: HashSet<&'a str>,
    by_name: HashMap<&'a str, Vec<&'a str>>,
}

impl<'a> Files<'a> {
    /// Takes the files below `root`, by their relative paths.
    pub(super) fn new(root: &'a Path, paths: &'a [String]) -> Self {
        let mut by_name: HashMap<&str, Vec<&str>> = HashMap::new();
        for path in paths {
            by_name.entry(name(path)).or_default().push(path);
        }
        let known = paths.iter().map(String::as_str).collect();
        Self { root, known, by_name }
    }

    /// Returns the file that an output means. Tools that run in a directory of the workspace name files as seen from
    /// there, so the end of a path will do where only one file has it.
    fn resolve(&self, said: &str) -> Option<&'a str> {
        let said = said.strip_prefix("file://").unwrap_or(said);
        let below = match said.strip_prefix('/') {
            Some(_) => Path::new(said).strip_prefix(self.root).ok()?.to_str()?,
            None => said.trim_start_matches("../").trim_start_matches("./"),
        };
        if let Some(known) = self.known.get(below) {
            return Some(known);
        }
        let is_end = |path: &&&str| path.strip_suffix(below).is_some_and(|rest| rest.ends_with('/'));
        let mut ends = self.by_name.get(name(below))?.iter().filter(is_end);
        ends.next().filter(|_| ends.next().is_none()).copied()
    }
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A way to write a place.
struct Form {
    /// With groups `path`, `line` and, where it is on the same line, `message`.
    pattern: &'static str,
    /// Where the message is.
    message: Message,
}

/// Where the message of a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Message {
    /// On the same line.
    Here,
    /// On the line before. If that is a note, the place is no finding.
    Before,
    /// On the line after.
    After,
    /// On the first line after the frames of the stack, of which the last known one is the place.
    AfterFrames,
    /// On the last line that names an error; of the frames that follow it the first known one is the place.
    BeforeFrames,
    /// On a line of its own below the name of the file.
    Below,
}

/// All forms; the first that a line has counts.
const FORMS: &[Form] = &[
    // rustc, ruff: the header is on the line before.
    Form {
        pattern: r"^\s*--> (?<path>.+?):(?<line>\d+):\d+$",
        message: Message::Before,
    },
    // A panic of Rust.
    Form {
        pattern: r"panicked at (?<path>.+?):(?<line>\d+):\d+:$",
        message: Message::After,
    },
    // Python.
    Form {
        pattern: r#"^\s*File "(?<path>[^"]+)", line (?<line>\d+)"#,
        message: Message::AfterFrames,
    },
    // JavaScript engines.
    Form {
        pattern: r"^\s+at (?:.*\()?(?<path>[^\s()]+?):(?<line>\d+):\d+\)?$",
        message: Message::BeforeFrames,
    },
    // ESLint and what prints like it.
    Form {
        pattern: r"^\s+(?<line>\d+):\d+\s+(?<message>(?:error|warning)\s.*)$",
        message: Message::Below,
    },
    // Maven.
    Form {
        pattern: r"^\[(?<severity>ERROR|WARNING)\] (?<path>/.+?):\[(?<line>\d+),\d+\] (?<message>.+)$",
        message: Message::Here,
    },
    // Kotlin.
    Form {
        pattern: r"^(?<severity>[ew]): (?<path>\S+?):(?<line>\d+):\d+:? (?<message>.+)$",
        message: Message::Here,
    },
    // TypeScript and the compilers of .NET.
    Form {
        pattern: r"^\s*(?<path>\S.*?)\((?<line>\d+)(?:,\d+)?\): (?<message>.+)$",
        message: Message::Here,
    },
    // TypeScript on a terminal.
    Form {
        pattern: r"^(?<path>\S.*?):(?<line>\d+):\d+ - (?<message>.+)$",
        message: Message::Here,
    },
    // gcc, clang, go, javac, mypy, pytest, flake8 and everybody else.
    Form {
        pattern: r"^\s*(?<path>[^\s:][^:]*?):(?<line>\d+)(?::\d+)?: (?<message>.+)$",
        message: Message::Here,
    },
];

static PATTERNS: LazyLock<Vec<(Regex, Message)>> = LazyLock::new(|| {
    // A test compiles all of them.
    let compiled = |form: &Form| Some((Regex::new(form.pattern).ok()?, form.message));
    FORMS.iter().filter_map(compiled).collect()
});

/// Returns what an output complains about, in its order, each place and message once.
pub(super) fn findings(output: &str, files: &Files<'_>) -> Vec<Found> {
    let mut reader = Reader::new(files);
    for line in output.lines().filter(|line| line.len() <= MAX_LINE) {
        reader.read(line);
        if reader.found.len() >= MAX_FINDINGS {
            break;
        }
    }
    reader.found
}

/// What was read so far.
struct Reader<'a> {
    files: &'a Files<'a>,
    found: Vec<Found>,
    seen: HashSet<Found>,
    before: &'a str,
    /// A place whose message comes later, and where it comes.
    waiting: Option<(&'a str, u32, Message)>,
    /// The last line that names an error and has no place yet.
    named: Option<&'a str>,
    /// The file that the lines below are about.
    heading: Option<&'a str>,
}

impl<'a> Reader<'a> {
    fn new(files: &'a Files<'a>) -> Self {
        Self {
            files,
            found: Vec::new(),
            seen: HashSet::new(),
            before: "",
            waiting: None,
            named: None,
            heading: None,
        }
    }

    fn read(&mut self, line: &'a str) {
        let matched = PATTERNS
            .iter()
            .find_map(|(pattern, message)| Some((pattern.captures(line)?, *message)));
        match matched {
            Some((captures, message)) => self.place(&captures, message, line),
            None => self.text(line),
        }
        if !line.trim().is_empty() {
            self.before = line;
        }
    }

    fn place(&mut self, captures: &Captures<'a>, message: Message, line: &'a str) {
        let number = captures.name("line").and_then(|line| line.as_str().parse::<u32>().ok());
        let said = captures.name("path").map(|path| path.as_str());
        let path = match message {
            Message::Below => self.heading,
            _ => said.and_then(|said| self.files.resolve(said)),
        };
        let (Some(path), Some(number)) = (path, number) else {
            if message == Message::Here {
                self.text(line);
            }
            return;
        };
        let number = number.saturating_sub(1);
        let text = captures.name("message").map_or("", |message| message.as_str());
        match message {
            Message::Here | Message::Below => {
                let mild = captures
                    .name("severity")
                    .is_some_and(|word| matches!(word.as_str(), "WARNING" | "w"));
                // pytest says the reason before the place, and only its kind there.
                let reason = self
                    .named
                    .take()
                    .filter(|named| named.starts_with("E ") && is_bare(text));
                self.add(
                    path,
                    number,
                    reason.map_or(text, |reason| reason.trim_start_matches(['E', ' '])),
                    mild,
                );
            }
            Message::Before => self.add(path, number, self.before, false),
            Message::After | Message::AfterFrames => self.waiting = Some((path, number, message)),
            Message::BeforeFrames => {
                if let Some(named) = self.named.take() {
                    self.add(path, number, named, false);
                }
            }
        }
    }

    /// Takes a line that has no place.
    fn text(&mut self, line: &'a str) {
        match self.waiting {
            // What is quoted of the source between two frames is indented.
            Some((_, _, Message::AfterFrames)) if line.is_empty() || line.starts_with(char::is_whitespace) => {}
            Some((path, number, _)) if !line.trim().is_empty() => {
                self.add(path, number, line, false);
                self.waiting = None;
            }
            _ => {}
        }
        if names_error(line)
            && !self
                .named
                .is_some_and(|named| named.starts_with("E ") && line.starts_with("E "))
        {
            self.named = Some(line);
        }
        if !line.starts_with(char::is_whitespace) {
            self.heading = self.files.resolve(line.trim_end());
        }
    }

    fn add(&mut self, path: &str, line: u32, message: &str, mild: bool) {
        let message = message.trim();
        let Some((error, message)) = severity(message) else {
            return;
        };
        let end = message.floor_char_boundary(MAX_MESSAGE.min(message.len()));
        let found = Found {
            path: path.to_owned(),
            line,
            error: error && !mild,
            message: message.get(..end).unwrap_or_default().to_owned(),
        };
        if self.seen.insert(found.clone()) {
            self.found.push(found);
        }
    }
}

/// Whether a text is the name of an exception and nothing else.
fn is_bare(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.')
}

/// Whether a line says what went wrong, ahead of the frames that say where.
fn names_error(line: &str) -> bool {
    let line = line.trim_start();
    let name = line.split([':', ' ', '[', '(']).next().unwrap_or_default();
    line.starts_with("E ") || name.ends_with("Error") || name.ends_with("Exception") || name == "expect"
}

/// Returns whether a message is an error, and the message without that word; nothing if it is only a note.
fn severity(message: &str) -> Option<(bool, &str)> {
    const WORDS: [(&str, Option<bool>); 8] = [
        ("fatal error", Some(true)),
        ("error", Some(true)),
        ("warning", Some(false)),
        ("Warning", Some(false)),
        ("note", None),
        ("help", None),
        ("info", None),
        ("remark", None),
    ];
    let (word, error) = WORDS
        .iter()
        .find(|(word, _)| {
            let rest = message.strip_prefix(word);
            rest.is_some_and(|rest| rest.starts_with([':', ' ', '[']))
        })
        .copied()
        .unwrap_or(("", Some(true)));
    let rest = message.strip_prefix(word).unwrap_or(message);
    let plain = rest.strip_prefix(':').or_else(|| rest.strip_prefix("  "));
    // A code behind the word is part of what it says.
    Some((error?, plain.map_or(message, str::trim_start)))
}

#[cfg(test)]
mod tests;
