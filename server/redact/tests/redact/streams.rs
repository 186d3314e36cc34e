//! Streams: where they are cut makes no difference.

use aca_redact::Redactor;
use proptest::prelude::*;

use crate::samples::{RANDOM, key, private_key, tokens};

/// A known value beside the shapes.
const KNOWN: &str = "the user's own aab-secret";

fn redactor() -> Redactor {
    Redactor::new([KNOWN.as_bytes()], true)
}

fn in_chunks<'a>(redactor: &Redactor, chunks: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut stream = redactor.stream();
    let mut out = Vec::new();
    for chunk in chunks {
        out.extend_from_slice(&stream.push(chunk));
    }
    out.extend_from_slice(&stream.finish());
    out
}

/// Everything that can be found, and what is nearly that.
fn pieces() -> Vec<String> {
    let mut pieces: Vec<String> = tokens().into_iter().map(|(_, token)| token).collect();
    let value = &RANDOM[..20];
    pieces.extend([
        KNOWN.to_owned(),
        "the user's own ".to_owned(),
        private_key("RSA PRIVATE KEY"),
        private_key("PRIVATE KEY").replace('\n', "\\n"),
        format!("API_KEY={value}"),
        format!("\"password\" : \"{value}\""),
        format!("Bearer {value}"),
        "https://me:hunter2!@host/".to_owned(),
        "sk-ant-".to_owned(),
        "eyJabcdefgh.eyJ".to_owned(),
        "-----BEGIN ".to_owned(),
        "://".to_owned(),
        key("x", 30),
    ]);
    pieces.extend(
        [
            " ",
            "\n",
            "\"",
            "\\n",
            "=",
            ":",
            "-",
            "_",
            "token",
            "é",
            "\u{1f980}",
            ".",
        ]
        .map(str::to_owned),
    );
    pieces
}

fn texts() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(pieces()), 0..12).prop_map(|pieces| pieces.concat())
}

#[test]
fn every_piece_reads_the_same_split_at_every_byte_and_byte_by_byte() {
    let redactor = redactor();
    for piece in pieces() {
        let text = format!("before {piece} after");
        let bytes = text.as_bytes();
        let whole = redactor.bytes(bytes).into_owned();
        for at in 0..=bytes.len() {
            assert_eq!(
                in_chunks(&redactor, [&bytes[..at], &bytes[at..]].into_iter()),
                whole,
                "{text} split at {at}"
            );
        }
        assert_eq!(in_chunks(&redactor, bytes.chunks(1)), whole, "{text} byte by byte");
    }
}

proptest! {
    #[test]
    fn any_chunks_give_what_the_whole_gives(text in texts(), sizes in prop::collection::vec(1_usize..40, 1..8)) {
        let redactor = redactor();
        let whole = redactor.bytes(text.as_bytes()).into_owned();
        let mut rest = text.as_bytes();
        let mut sizes = sizes.into_iter().cycle();
        let chunks = std::iter::from_fn(|| {
            let size = sizes.next()?.min(rest.len());
            let (chunk, others) = rest.split_at(size);
            rest = others;
            (!chunk.is_empty()).then_some(chunk)
        });
        prop_assert_eq!(in_chunks(&redactor, chunks), whole);
    }

    #[test]
    fn any_bytes_give_the_same_in_any_chunks(bytes in prop::collection::vec(any::<u8>(), 0..200), size in 1_usize..9) {
        let redactor = redactor();
        prop_assert_eq!(in_chunks(&redactor, bytes.chunks(size)), redactor.bytes(&bytes).into_owned());
    }

    #[test]
    fn no_known_value_survives_and_redacting_again_changes_nothing(
        text in texts(), words in prop::collection::vec(prop::sample::select(pieces()), 0..12)
    ) {
        let redactor = redactor();
        prop_assert!(!redactor.text(&text).contains(KNOWN));
        let once = redactor.text(&words.join(" ")).into_owned();
        prop_assert_eq!(redactor.text(&once).into_owned(), once);
    }

    #[test]
    fn text_without_a_sign_of_a_secret_is_not_touched(text in "[a-z ,.\n\u{e9}()]{0,200}") {
        prop_assert_eq!(redactor().text(&text).into_owned(), text);
    }
}

#[test]
fn little_is_held_back_of_a_stream_that_never_decides() {
    for endless in [
        "sk-ant-a8Kd03mZq9",
        "-----BEGIN PRIVATE KEY-----\nAAAAB3NzaC1yc2EA",
        "eyJhbGciOiJ",
        "https://a:b",
    ] {
        let redactor = redactor();
        let mut stream = redactor.stream();
        stream.push(endless.as_bytes());
        for _ in 0..64 {
            stream.push(&[b'a'; 1024]);
        }
        let held = stream.finish().len();
        assert!(held < 1024, "{endless}: {held} bytes were held back");
    }
}
