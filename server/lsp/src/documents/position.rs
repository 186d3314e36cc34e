//! Positions: the protocol's lines and code units on one side, the text's bytes on the other.
//!
//! The client and the server agree on a code unit when they meet. Lines end at `\n`, `\r\n` or `\r`, as the protocol
//! says, and the end of a line is no part of what a position can point into. A position past the end of a line means
//! the end of the line; one past the end of the text means the end of the text; one inside a character means its start.

use lsp_types::{Position, PositionEncodingKind, Range};
use ropey::{Rope, RopeSlice};

/// What a position's `character` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Encoding {
    /// Bytes.
    Utf8,
    /// Code units of UTF-16; the protocol's default.
    #[default]
    Utf16,
    /// Characters.
    Utf32,
}

impl Encoding {
    /// Returns the best encoding among those a client offers: the cheapest one first.
    pub(crate) fn negotiate(offered: Option<&[PositionEncodingKind]>) -> Self {
        let offered = offered.unwrap_or_default();
        [Self::Utf8, Self::Utf32]
            .into_iter()
            .find(|encoding| offered.contains(&encoding.kind()))
            .unwrap_or_default()
    }

    /// Returns the protocol's name of the encoding.
    pub(crate) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
            Self::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    /// Returns the byte offset of a position.
    pub(crate) fn to_byte(self, text: &Rope, position: Position) -> usize {
        let Some((start, line)) = line_at(text, position.line as usize) else {
            return text.len_bytes();
        };
        start + self.byte_in_line(line, position.character as usize)
    }

    /// Returns the position of a byte offset. An offset past the end means the end.
    pub(crate) fn to_position(self, text: &Rope, byte: usize) -> Position {
        let byte = byte.min(text.len_bytes());
        let number = text.byte_to_line(byte);
        let Some((start, line)) = line_at(text, number) else {
            return Position::default();
        };
        // An offset between `\r` and `\n` has no position of its own; it is the end of the line.
        let inside = byte.saturating_sub(start).min(line.len_bytes());
        let character = match self {
            Self::Utf8 => inside,
            Self::Utf16 => line.char_to_utf16_cu(line.byte_to_char(inside)),
            Self::Utf32 => line.byte_to_char(inside),
        };
        Position {
            line: narrow(number),
            character: narrow(character),
        }
    }

    /// Returns the byte offsets of a range, in order even if the client sent them the other way round.
    pub(crate) fn to_bytes(self, text: &Rope, range: Range) -> std::ops::Range<usize> {
        let (start, end) = (self.to_byte(text, range.start), self.to_byte(text, range.end));
        start.min(end)..start.max(end)
    }

    /// Returns the range between two byte offsets.
    pub(crate) fn to_range(self, text: &Rope, bytes: std::ops::Range<usize>) -> Range {
        Range {
            start: self.to_position(text, bytes.start),
            end: self.to_position(text, bytes.end),
        }
    }

    fn byte_in_line(self, line: RopeSlice<'_>, character: usize) -> usize {
        match self {
            Self::Utf8 => {
                let byte = character.min(line.len_bytes());
                line.char_to_byte(line.byte_to_char(byte))
            }
            Self::Utf16 => line.char_to_byte(line.utf16_cu_to_char(character.min(line.len_utf16_cu()))),
            Self::Utf32 => line.char_to_byte(character.min(line.len_chars())),
        }
    }
}

/// Returns the byte offset at which a line begins, and the line without its end.
fn line_at(text: &Rope, number: usize) -> Option<(usize, RopeSlice<'_>)> {
    let line = text.get_line(number)?;
    let mut len = line.len_chars();
    if len > 0 && line.get_char(len - 1) == Some('\n') {
        len -= 1;
    }
    if len > 0 && line.get_char(len - 1) == Some('\r') {
        len -= 1;
    }
    Some((text.line_to_byte(number), line.slice(..len)))
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "position_tests.rs"]
mod tests;
