//! What the scanner must know of a language, as data. A new language is a row in [`super::languages`].

use std::path::Path;

use super::languages::LANGUAGES;

/// A language: how to recognise its files, and what in them is a comment or a string.
#[derive(Debug)]
pub struct Language {
    /// Its name.
    pub name: &'static str,
    /// The names editors have for it (the language server protocol's `languageId`).
    pub ids: &'static [&'static str],
    /// Endings of file names, without the dot.
    pub extensions: &'static [&'static str],
    /// Whole file names.
    pub file_names: &'static [&'static str],
    /// Programs named by a `#!` line.
    pub interpreters: &'static [&'static str],
    /// Comments and strings. The first rule that matches wins, so longer openings come first.
    pub rules: &'static [Rule],
    /// Words after which a `/` begins a regular expression rather than divides; none if the language has no such
    /// literals.
    pub regex_after: Option<&'static [&'static str]>,
    /// How here-documents begin, if there are any.
    pub heredoc: Option<Heredoc>,
    /// Whether a backslash in code takes the meaning from the next character.
    pub escape_in_code: bool,
}

/// A stretch of text in which nothing is code: a comment or a string.
#[derive(Debug)]
pub struct Rule {
    /// What it is.
    pub kind: Kind,
    /// How it begins.
    pub open: &'static str,
    /// What the opening goes on with, for strings whose end repeats a part of their beginning.
    pub fence: Option<Fence>,
    /// How it ends; empty for the end of the line. With a fence, what comes before the repeated part.
    pub close: &'static str,
    /// Where it may begin.
    pub at: At,
    /// Whether it can contain itself.
    pub nested: bool,
    /// Whether a backslash takes the meaning from the next character, the end of a line included.
    pub escape: bool,
    /// Whether it goes on in the next line. A string that must not ends with its line.
    pub multiline: bool,
    /// How code begins inside, if it can.
    pub hole: Option<Hole>,
}

/// What a [`Rule`] describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A comment.
    Comment,
    /// A string, or anything else that is neither code nor comment.
    Text,
    /// A literal of one character, in a language where its quote also means something else.
    Char,
}

/// Where a [`Rule`] may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// Anywhere.
    Anywhere,
    /// Not in the middle of a word.
    NewWord,
    /// At the start of a line, or after a blank or a separator of commands.
    AfterBlank,
    /// Not right after a number, where the quote separates digits.
    NotInNumber,
}

/// The part of an opening that the end repeats.
#[derive(Debug, Clone, Copy)]
pub struct Fence {
    /// What it consists of.
    pub fill: Fill,
    /// What completes the opening after it.
    pub then: &'static str,
    /// What completes the end after it.
    pub after: &'static str,
}

/// What a [`Fence`] consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// This character, any number of times.
    Repeat(char),
    /// Up to sixteen characters other than blanks, parentheses and backslashes.
    Word,
}

/// Code inside a string: a lead, then brackets around it.
#[derive(Debug, Clone, Copy)]
pub struct Hole {
    /// What comes before the bracket.
    pub lead: &'static str,
    /// The opening bracket.
    pub open: u8,
    /// The closing bracket.
    pub close: u8,
}

/// How here-documents begin.
#[derive(Debug, Clone, Copy)]
pub struct Heredoc {
    /// The operator.
    pub open: &'static str,
    /// The mark after the operator that allows tabs before the end word.
    pub indent: u8,
}

/// Finds the language of a file.
///
/// The editor's word (`language_id`) counts most, then the file's name, then the interpreter its first line names.
pub fn language_for(path: &Path, language_id: Option<&str>, first_line: &str) -> Option<&'static Language> {
    let find = |test: &dyn Fn(&Language) -> bool| LANGUAGES.iter().find(|language| test(language));
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let extension = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let interpreter = interpreter(first_line);
    language_id
        .and_then(|id| find(&|language| language.ids.contains(&id)))
        .or_else(|| find(&|language| language.file_names.contains(&name)))
        .or_else(|| find(&|language| language.extensions.contains(&extension)))
        .or_else(|| interpreter.and_then(|program| find(&|language| language.interpreters.contains(&program))))
}

/// Returns the program that a `#!` line names, without its directory and version (`python3.12` is `python`).
fn interpreter(first_line: &str) -> Option<&str> {
    let mut words = first_line.strip_prefix("#!")?.split_whitespace();
    let mut program = words.next()?.rsplit('/').next()?;
    if program == "env" {
        program = words.find(|word| !word.starts_with('-') && !word.contains('='))?;
    }
    Some(program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.'))
}
