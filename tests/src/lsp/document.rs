//! An open document on the client's side, with its own conversion of positions: independent of the server's, so that
//! each checks the other.

use serde_json::{Value, json};

/// What a position's `character` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units.
    Utf16,
    /// Characters.
    Utf32,
}

impl Encoding {
    /// Reads the name in a server's capabilities; UTF-16 when it says nothing.
    pub fn from_capabilities(capabilities: &Value) -> Self {
        match capabilities["positionEncoding"].as_str() {
            Some("utf-8") => Self::Utf8,
            Some("utf-32") => Self::Utf32,
            _ => Self::Utf16,
        }
    }

    fn width(self, character: char) -> usize {
        match self {
            Self::Utf8 => character.len_utf8(),
            Self::Utf16 => character.len_utf16(),
            Self::Utf32 => 1,
        }
    }
}

/// An open document.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its version.
    pub version: i32,
    /// Its text.
    pub text: String,
}

impl Document {
    /// Returns the position of a byte offset.
    pub fn position(&self, offset: usize, encoding: Encoding) -> Value {
        let start = self
            .line_starts()
            .into_iter()
            .rfind(|start| *start <= offset)
            .unwrap_or(0);
        let line = self.line_starts().iter().filter(|other| **other <= offset).count() - 1;
        let character: usize = self.text[start..offset]
            .chars()
            .map(|character| encoding.width(character))
            .sum();
        json!({ "line": line, "character": character })
    }

    /// Returns the byte offset of a position. Past the end of a line means its end, past the last line the text's.
    pub fn offset(&self, position: &Value, encoding: Encoding) -> usize {
        let line = usize::try_from(position["line"].as_u64().unwrap()).unwrap();
        let wanted = usize::try_from(position["character"].as_u64().unwrap()).unwrap();
        let Some(start) = self.line_starts().get(line).copied() else {
            return self.text.len();
        };
        let mut units = 0;
        for (index, character) in self.text[start..].char_indices() {
            if units >= wanted || character == '\n' || character == '\r' {
                return start + index;
            }
            units += encoding.width(character);
        }
        self.text.len()
    }

    /// Applies text edits of the protocol, which all speak of the text before any of them.
    pub fn apply(&mut self, edits: &Value, encoding: Encoding) {
        let mut ranges: Vec<(usize, usize, String)> = edits
            .as_array()
            .unwrap()
            .iter()
            .map(|edit| {
                let start = self.offset(&edit["range"]["start"], encoding);
                let end = self.offset(&edit["range"]["end"], encoding);
                (start, end, edit["newText"].as_str().unwrap().to_owned())
            })
            .collect();
        ranges.sort_by_key(|(start, end, _)| (*start, *end));
        for (start, end, text) in ranges.into_iter().rev() {
            self.text.replace_range(start..end, &text);
        }
    }

    fn line_starts(&self) -> Vec<usize> {
        let bytes = self.text.as_bytes();
        let mut starts = vec![0];
        for (index, byte) in bytes.iter().enumerate() {
            let ends_line = *byte == b'\n' || (*byte == b'\r' && bytes.get(index + 1) != Some(&b'\n'));
            if ends_line {
                starts.push(index + 1);
            }
        }
        starts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_what_the_encoding_says() {
        let document = Document {
            version: 1,
            text: "a\r\nx😀测y\rz".to_owned(),
        };
        let offset = document.text.find('y').unwrap();
        for (encoding, character) in [(Encoding::Utf8, 8), (Encoding::Utf16, 4), (Encoding::Utf32, 3)] {
            let position = document.position(offset, encoding);
            assert_eq!(position, json!({ "line": 1, "character": character }));
            assert_eq!(document.offset(&position, encoding), offset);
        }
        let last = document.text.len();
        assert_eq!(
            document.position(last, Encoding::Utf16),
            json!({ "line": 2, "character": 1 })
        );
    }

    #[test]
    fn edits_speak_of_the_text_before() {
        let at = |line: u32, from: u32, to: u32, text: &str| json!({ "range": { "start": { "line": line, "character": from }, "end": { "line": line, "character": to } }, "newText": text });
        let mut document = Document {
            version: 1,
            text: "abc\ndef\n".to_owned(),
        };
        document.apply(&json!([at(0, 0, 1, "XX"), at(1, 0, 3, "")]), Encoding::Utf8);
        assert_eq!(document.text, "XXbc\n\n");
    }
}
