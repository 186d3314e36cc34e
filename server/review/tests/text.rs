//! Bytes that are text come back as they were.

#![expect(clippy::unwrap_used, reason = "a test")]

use aca_review::text::{Encoding, Unencodable, decode, encode};
use proptest::prelude::*;

/// Bytes that are often text in some encoding.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let mark = prop_oneof![
        4 => Just(&b""[..]),
        1 => Just(&b"\xEF\xBB\xBF"[..]),
        1 => Just(&b"\xFF\xFE"[..]),
        1 => Just(&b"\xFE\xFF"[..]),
    ];
    let unit = prop_oneof![
        4 => any::<u8>().prop_map(|byte| vec![byte]),
        2 => Just(b"a".to_vec()),
        2 => Just(b"\r\n".to_vec()),
        1 => Just(b"\n\0".to_vec()),
        1 => Just("é😀".as_bytes().to_vec()),
        1 => Just(b"\x3D\xD8\x00\xDE".to_vec()),
    ];
    (mark, proptest::collection::vec(unit, 0..12)).prop_map(|(mark, units)| [mark, &units.concat()].concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_decodes_comes_back(bytes in bytes()) {
        if let Some(decoded) = decode(&bytes) {
            prop_assert_eq!(encode(&decoded.text, decoded.encoding), Ok(bytes));
        }
    }
}

#[track_caller]
fn check(bytes: &[u8], text: &str, encoding: Encoding) {
    let decoded = decode(bytes).unwrap();
    assert_eq!((decoded.text.as_str(), decoded.encoding), (text, encoding));
}

#[test]
fn encodings_are_told_apart() {
    check(b"", "", Encoding::Utf8);
    check("é\r\nb".as_bytes(), "é\r\nb", Encoding::Utf8);
    check(b"\xEF\xBB\xBF\xC3\xA9\n", "é\n", Encoding::Utf8Bom);
    check(b"\xFF\xFEa\0\r\0\n\0", "a\r\n", Encoding::Utf16Le);
    check(b"\xFE\xFF\0a\xD8\x3D\xDE\x00", "a😀", Encoding::Utf16Be);
    check(b"caf\xE9\n", "café\n", Encoding::Latin1);
}

#[test]
fn other_bytes_are_binary() {
    for binary in [
        &b"a\0b"[..],
        b"\xFF\xFEa",
        b"\xFF\xFE\x3D\xD8",
        b"\xFE\xFF\xDE\x00",
        b"\xE9\x01",
        b"\x7FELF\xE9",
    ] {
        assert_eq!(decode(binary), None, "{binary:?}");
    }
}

#[test]
fn a_character_that_the_encoding_lacks_is_named() {
    assert_eq!(encode("a€ś", Encoding::Latin1), Err(Unencodable('€')));
    assert_eq!(encode("aÿ", Encoding::Latin1), Ok(b"a\xFF".to_vec()));
}
