//! Positions against a second, slower way to count, and the corners by hand.

use lsp_types::{Position, PositionEncodingKind, Range};
use proptest::prelude::*;
use ropey::Rope;

use super::Encoding;

const ALL: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32];

fn at(line: u32, character: u32) -> Position {
    Position { line, character }
}

#[test]
fn the_cheapest_offered_encoding_wins() {
    use PositionEncodingKind as Kind;
    let cases: [(Option<&[Kind]>, Encoding); 5] = [
        (None, Encoding::Utf16),
        (Some(&[]), Encoding::Utf16),
        (Some(&[Kind::UTF16]), Encoding::Utf16),
        (Some(&[Kind::UTF16, Kind::UTF32]), Encoding::Utf32),
        (Some(&[Kind::UTF16, Kind::UTF32, Kind::UTF8]), Encoding::Utf8),
    ];
    for (offered, expected) in cases {
        assert_eq!(Encoding::negotiate(offered), expected, "{offered:?}");
    }
}

#[test]
fn a_position_counts_in_the_agreed_unit() {
    // Bytes: a=1, 测=3, 😀=4. UTF-16: 1, 1, 2. Characters: 1, 1, 1.
    let text = Rope::from_str("a测😀z\r\nb");
    let of_z = [(Encoding::Utf8, 8), (Encoding::Utf16, 4), (Encoding::Utf32, 3)];
    for (encoding, character) in of_z {
        assert_eq!(encoding.to_byte(&text, at(0, character)), 8, "{encoding:?}");
        assert_eq!(encoding.to_position(&text, 8), at(0, character), "{encoding:?}");
    }
}

#[test]
fn a_position_inside_a_character_means_its_start() {
    let text = Rope::from_str("测😀");
    assert_eq!(Encoding::Utf8.to_byte(&text, at(0, 1)), 0);
    assert_eq!(Encoding::Utf8.to_byte(&text, at(0, 5)), 3);
    assert_eq!(Encoding::Utf16.to_byte(&text, at(0, 2)), 3);
}

#[test]
fn positions_past_an_end_mean_the_end() {
    for (text, line_end, text_end) in [
        ("ab\r\ncd", 2, 6),
        ("ab\ncd\n", 2, 6),
        ("ab\rcd", 2, 5),
        ("ab", 2, 2),
        ("", 0, 0),
    ] {
        let text = Rope::from_str(text);
        for encoding in ALL {
            assert_eq!(encoding.to_byte(&text, at(0, 99)), line_end);
            assert_eq!(encoding.to_byte(&text, at(99, 0)), text_end);
            assert_eq!(encoding.to_byte(&text, at(u32::MAX, u32::MAX)), text_end);
        }
    }
}

#[test]
fn an_offset_inside_a_line_end_means_the_end_of_the_line() {
    let text = Rope::from_str("ab\r\ncd");
    for encoding in ALL {
        assert_eq!(encoding.to_position(&text, 3), at(0, 2));
        assert_eq!(encoding.to_position(&text, 99), at(1, 2));
    }
}

#[test]
fn a_reversed_range_is_put_in_order() {
    let text = Rope::from_str("abcdef");
    let reversed = Range {
        start: at(0, 4),
        end: at(0, 1),
    };
    assert_eq!(Encoding::Utf16.to_bytes(&text, reversed), 1..4);
}

/// Texts of the characters that make positions hard.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("a"),
        Just("é"),
        Just("测"),
        Just("😀"),
        Just("\u{301}"),
        Just("\t"),
        Just("\n"),
        Just("\r\n"),
        Just("\r"),
        Just("\u{2028}")
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// The same conversion, character by character over the whole text.
fn slow_position(encoding: Encoding, text: &str, byte: usize) -> Position {
    let mut position = at(0, 0);
    let mut chars = text.char_indices().peekable();
    while let Some((start, char)) = chars.next() {
        if start >= byte {
            break;
        }
        let ends_line = char == '\n' || (char == '\r' && chars.peek().is_none_or(|(_, next)| *next != '\n'));
        if ends_line {
            position = at(position.line + 1, 0);
        } else if char != '\r' {
            position.character += match encoding {
                Encoding::Utf8 => char.len_utf8() as u32,
                Encoding::Utf16 => char.len_utf16() as u32,
                Encoding::Utf32 => 1,
            };
        }
    }
    position
}

proptest! {
    #[test]
    fn every_offset_has_the_position_that_counting_gives(text in texts()) {
        let rope = Rope::from_str(&text);
        for encoding in ALL {
            for byte in (0..=text.len()).filter(|byte| text.is_char_boundary(*byte)) {
                prop_assert_eq!(encoding.to_position(&rope, byte), slow_position(encoding, &text, byte), "byte {}", byte);
            }
        }
    }

    #[test]
    fn there_and_back_is_the_same_place(text in texts()) {
        let rope = Rope::from_str(&text);
        for encoding in ALL {
            for byte in (0..=text.len()).filter(|byte| text.is_char_boundary(*byte)) {
                let inside_line_end = text[..byte].ends_with('\r') && text[byte..].starts_with('\n');
                let expected = if inside_line_end { byte - 1 } else { byte };
                prop_assert_eq!(encoding.to_byte(&rope, encoding.to_position(&rope, byte)), expected);
            }
        }
    }

    #[test]
    fn any_position_is_a_place_between_characters(text in texts(), line in 0u32..50, character in 0u32..50) {
        let rope = Rope::from_str(&text);
        for encoding in ALL {
            prop_assert!(text.is_char_boundary(encoding.to_byte(&rope, at(line, character))));
        }
    }
}
