//! Reads a stream of server-sent events as it passes, however it is cut into chunks.
//!
//! Only the data of each event matters here. Nothing a broken stream holds makes this fail or grow without bound.

/// Events with more data than this are skipped: those that carry usage are small.
const MAX_EVENT_BYTES: usize = 256 << 10;

/// An incremental reader of server-sent events.
#[derive(Debug, Default)]
pub(crate) struct SseReader {
    line: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    in_line: bool,
    skipping: bool,
    after_return: bool,
}

impl SseReader {
    /// Takes the next bytes and calls `on_data` with the data of each event they complete.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut on_data: impl FnMut(&[u8])) {
        for &byte in bytes {
            let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' if self.in_line => self.end_line(),
                b'\n' | b'\r' => self.end_event(&mut on_data),
                _ => self.push(byte),
            }
        }
    }

    fn push(&mut self, byte: u8) {
        self.in_line = true;
        if self.line.len() + self.data.len() < MAX_EVENT_BYTES {
            self.line.push(byte);
        } else {
            self.skipping = true;
        }
    }

    fn end_line(&mut self) {
        if let Some(value) = self.line.strip_prefix(b"data:") {
            if self.has_data {
                self.data.push(b'\n');
            }
            self.data.extend_from_slice(value.strip_prefix(b" ").unwrap_or(value));
            self.has_data = true;
        }
        self.line.clear();
        self.in_line = false;
    }

    fn end_event(&mut self, on_data: &mut impl FnMut(&[u8])) {
        if self.has_data && !self.skipping {
            on_data(&self.data);
        }
        self.data.clear();
        self.has_data = false;
        self.skipping = false;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn events(chunks: &[&[u8]]) -> Vec<String> {
        let mut reader = SseReader::default();
        let mut events = Vec::new();
        for chunk in chunks {
            reader.feed(chunk, |data| events.push(String::from_utf8_lossy(data).into_owned()));
        }
        events
    }

    const STREAMS: &[(&str, &[&str])] = &[
        ("event: a\ndata: {\"x\":1}\n\ndata: 2\n\n", &["{\"x\":1}", "2"]),
        (
            "event: a\r\ndata: one\r\ndata: two\r\n\r\ndata:three\r\n\r\n",
            &["one\ntwo", "three"],
        ),
        ("data: one\r\rdata: two\r\r", &["one", "two"]),
        (": comment\n\nid: 7\nretry: 3\n\ndata:\n\n", &[""]),
        ("data: never finished\n", &[]),
        ("<html>\n\nnothing of the kind\n\n", &[]),
        (
            "data: {\"text\":\"h\u{e9}llo \u{1f980}\"}\n\n",
            &["{\"text\":\"h\u{e9}llo \u{1f980}\"}"],
        ),
    ];

    #[test]
    fn a_stream_reads_the_same_split_at_every_byte() {
        for (stream, expected) in STREAMS {
            let bytes = stream.as_bytes();
            for at in 0..=bytes.len() {
                assert_eq!(
                    &events(&[&bytes[..at], &bytes[at..]]),
                    expected,
                    "{stream:?} split at {at}"
                );
            }
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(&events(&single), expected, "{stream:?} byte by byte");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_read_the_same_in_any_chunks(bytes in "(data|:| |\r|\n|\r\n|x|\u{e9}){0,40}", size in 1usize..8) {
            let bytes = bytes.as_bytes();
            prop_assert_eq!(events(&bytes.chunks(size).collect::<Vec<_>>()), events(&[bytes]));
        }
    }

    #[test]
    fn an_endless_line_does_not_grow_and_the_next_event_is_read() {
        for fields in ["data: ", "", "x: "] {
            let mut reader = SseReader::default();
            let mut events = Vec::new();
            let mut feed = |bytes: &[u8]| reader.feed(bytes, |data| events.push(data.to_vec()));
            feed(fields.as_bytes());
            for _ in 0..64 {
                feed(&vec![b'x'; 64 << 10]);
            }
            feed(b"\n\ndata: next\n\n");
            assert!(reader.line.capacity() + reader.data.capacity() <= 4 * MAX_EVENT_BYTES);
            assert_eq!(events, [b"next"], "{fields:?}");
        }
    }
}
