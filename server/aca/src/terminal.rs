//! Talks to the person: results on stdout, everything else on stderr; colours and spinners only on a terminal.

mod full;
mod paint;

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::exit::Failure;

pub(crate) use full::FullScreen;
pub(crate) use paint::{has_colours, paint};

/// How results are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    json: bool,
}

/// One line that changes while something goes on: a spinner on a terminal, a line per change elsewhere.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    quiet: bool,
    last: String,
}

impl Screen {
    /// Makes the screen of this process.
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether results are JSON.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Whether a person is at a terminal, to see pictures and press keys.
    pub(crate) fn is_interactive(self) -> bool {
        !self.json && io::stdout().is_terminal()
    }

    /// Writes a result for people; nothing where results are JSON.
    pub(crate) fn say(self, text: &str) {
        if !self.json {
            write_out(text);
        }
    }

    /// Writes a result for programs; nothing where results are for people.
    ///
    /// # Errors
    ///
    /// When the result is no JSON, which would be a fault of aca.
    pub(crate) fn result(self, result: &impl Serialize) -> Result<(), Failure> {
        if self.json {
            let text = serde_json::to_string(result)
                .map_err(|error| Failure::while_doing("The result cannot be written as JSON", error))?;
            write_out(&text);
        }
        Ok(())
    }

    /// Writes a remark to stderr, made [`harmless`].
    #[expect(clippy::unused_self, reason = "everything a person reads goes through the screen")]
    pub(crate) fn note(self, text: &str) {
        let _ = writeln!(io::stderr(), "{}", harmless(text));
    }

    /// Begins a line that changes.
    pub(crate) fn progress(self) -> Progress {
        let bar = (io::stderr().is_terminal() && !self.json).then(|| {
            let style = ProgressStyle::with_template("{spinner:.cyan} {wide_msg}");
            let bar = ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Progress {
            bar,
            quiet: self.json,
            last: String::new(),
        }
    }
}

impl Progress {
    /// Shows what goes on now.
    pub(crate) fn show(&mut self, text: &str) {
        if text == self.last {
            return;
        }
        text.clone_into(&mut self.last);
        match &self.bar {
            Some(bar) => bar.set_message(text.to_owned()),
            None if self.quiet => {}
            None => {
                let _ = writeln!(io::stderr(), "{text}");
            }
        }
    }

    /// Writes a remark to stderr, made [`harmless`], above the line that changes.
    pub(crate) fn note(&self, text: &str) {
        let write = || {
            let _ = writeln!(io::stderr(), "{}", harmless(text));
        };
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Returns when the person or the system asks the process to end.
pub(crate) async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}

/// Makes text of agents and files harmless for a terminal: control characters become visible.
pub(crate) fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => out.push(character),
            _ if character.is_control() || is_deceptive(character) => out.extend(character.escape_unicode()),
            _ => out.push(character),
        }
    }
    out
}

/// Makes a text [`harmless`] that is part of a line: it cannot begin lines of its own.
pub(crate) fn harmless_line(text: &str) -> String {
    harmless(text).replace('\n', "\\n").replace('\t', "\\t")
}

/// Whether a character shows nothing, or reorders others: code would look other than what lands.
fn is_deceptive(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{e0000}'..='\u{e007f}')
}

/// Nobody reads any more: that is theirs to decide.
fn write_out(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_cannot_write_to_the_terminal_itself() {
        for (text, expected) in [
            ("plain ü\tline\n", "plain ü\tline\n"),
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("a\rb", "a\\u{d}b"),
            ("if \u{202e}resu", "if \\u{202e}resu"),
            ("\u{2067}a\u{61c}\u{e0041}", "\\u{2067}a\\u{61c}\\u{e0041}"),
            ("\u{9b}31m", "\\u{9b}31m"),
        ] {
            assert_eq!(harmless(text), expected);
        }
        assert_eq!(harmless_line("a\n✓ b\t\u{1b}"), "a\\n✓ b\\t\\u{1b}");
    }
}
