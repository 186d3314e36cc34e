//! Files as texts: which bytes are text, in which encoding, and how they come back byte for byte.
//!
//! Nothing is normalised. Line ends of any kind, also mixed, and a last line without one stay as they are, because the
//! rest of the crate only ever cuts a text behind `\n` and puts pieces of it together again.

/// How the bytes of a file stand for its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8 without byte order mark.
    Utf8,
    /// UTF-8 behind a byte order mark.
    Utf8Bom,
    /// UTF-16, low byte first, behind a byte order mark.
    Utf16Le,
    /// UTF-16, high byte first, behind a byte order mark.
    Utf16Be,
    /// ISO 8859-1: each byte is the code point of that number.
    Latin1,
}

/// A file that is text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text, without the byte order mark.
    pub text: String,
    /// How the file encodes it.
    pub encoding: Encoding,
}

/// A text has a character that the encoding of its file has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file is ISO 8859-1, which has no {0:?}")]
pub struct Unencodable(
    /// The first such character.
    pub char,
);

const UTF8_BOM: &[u8] = b"\xEF\xBB\xBF";
const UTF16_LE_BOM: &[u8] = b"\xFF\xFE";
const UTF16_BE_BOM: &[u8] = b"\xFE\xFF";

/// Returns the text that the bytes of a file stand for; none if they are binary.
///
/// A byte order mark decides first, then valid UTF-8 is UTF-8, and anything else is ISO 8859-1. Binary is what has a
/// NUL outside UTF-16, a UTF-16 mark before half a unit or half a surrogate pair, or control characters other than
/// those of text (tab, line feed, form feed, carriage return, escape) in bytes that are not Unicode.
pub fn decode(bytes: &[u8]) -> Option<Decoded> {
    let decoded = |text, encoding| Decoded { text, encoding };
    if let Some(rest) = bytes.strip_prefix(UTF16_LE_BOM) {
        return utf16(rest, u16::from_le_bytes).map(|text| decoded(text, Encoding::Utf16Le));
    }
    if let Some(rest) = bytes.strip_prefix(UTF16_BE_BOM) {
        return utf16(rest, u16::from_be_bytes).map(|text| decoded(text, Encoding::Utf16Be));
    }
    if bytes.contains(&0) {
        return None;
    }
    let (rest, encoding) = match bytes.strip_prefix(UTF8_BOM) {
        Some(rest) => (rest, Encoding::Utf8Bom),
        None => (bytes, Encoding::Utf8),
    };
    match std::str::from_utf8(rest) {
        Ok(text) => Some(decoded(text.to_owned(), encoding)),
        Err(_) if bytes.iter().any(is_binary) => None,
        Err(_) => Some(decoded(
            bytes.iter().copied().map(char::from).collect(),
            Encoding::Latin1,
        )),
    }
}

/// Returns the bytes of a file with this text. What [`decode`] gave comes back as the bytes it was given.
///
/// # Errors
///
/// [`Unencodable`], if the text has a character that the encoding has not. Only [`Encoding::Latin1`] lacks any.
pub fn encode(text: &str, encoding: Encoding) -> Result<Vec<u8>, Unencodable> {
    Ok(match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Utf8Bom => [UTF8_BOM, text.as_bytes()].concat(),
        Encoding::Utf16Le => units(UTF16_LE_BOM, text, u16::to_le_bytes),
        Encoding::Utf16Be => units(UTF16_BE_BOM, text, u16::to_be_bytes),
        Encoding::Latin1 => text
            .chars()
            .map(|char| u8::try_from(char).map_err(|_| Unencodable(char)))
            .collect::<Result<_, _>>()?,
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (units, []) = bytes.as_chunks::<2>() else {
        return None;
    };
    char::decode_utf16(units.iter().copied().map(unit))
        .collect::<Result<_, _>>()
        .ok()
}

fn units(mark: &[u8], text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let units = text.encode_utf16().flat_map(bytes);
    mark.iter().copied().chain(units).collect()
}

/// Says whether a byte is a control character that no text has.
fn is_binary(byte: &u8) -> bool {
    matches!(byte, 0x00..=0x08 | 0x0B | 0x0E..=0x1A | 0x1C..=0x1F | 0x7F)
}
