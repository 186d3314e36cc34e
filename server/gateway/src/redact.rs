//! Takes a secret out of bytes that pass by, even where it is cut by the border of two chunks.

use bytes::Bytes;

/// What stands in the secret's place.
const MARK: &[u8] = b"[redacted]";

/// Replaces every occurrence of one secret. Without a secret it passes everything on as it is.
#[derive(Default)]
pub(crate) struct Redactor {
    secret: Vec<u8>,
    held: Vec<u8>,
}

impl Redactor {
    /// A redactor for this secret.
    pub(crate) fn new(secret: Option<&str>) -> Self {
        Self {
            secret: secret.unwrap_or_default().as_bytes().to_vec(),
            held: Vec::new(),
        }
    }

    /// Takes the next bytes and returns those that can go on. An end that may be the secret's beginning is held back.
    pub(crate) fn push(&mut self, chunk: Bytes) -> Bytes {
        if self.secret.is_empty() {
            return chunk;
        }
        self.held.extend_from_slice(&chunk);
        let mut out = Vec::with_capacity(self.held.len());
        let mut rest = self.held.as_slice();
        while let Some(at) = find(rest, &self.secret) {
            let (before, from) = rest.split_at(at);
            out.extend_from_slice(before);
            out.extend_from_slice(MARK);
            rest = from.get(self.secret.len()..).unwrap_or_default();
        }
        let (go, hold) = rest.split_at(rest.len() - overlap(rest, &self.secret));
        out.extend_from_slice(go);
        self.held = hold.to_vec();
        out.into()
    }

    /// Returns what was held back, once no more bytes come.
    pub(crate) fn finish(&mut self) -> Bytes {
        std::mem::take(&mut self.held).into()
    }

    /// Redacts bytes that are all there.
    pub(crate) fn whole(secret: Option<&str>, bytes: Bytes) -> Bytes {
        let mut redactor = Self::new(secret);
        let mut out = Vec::from(redactor.push(bytes));
        out.extend_from_slice(&redactor.finish());
        out.into()
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// Returns how many bytes at the end of `text` are a beginning of `secret`, but not all of it.
fn overlap(text: &[u8], secret: &[u8]) -> usize {
    let longest = text.len().min(secret.len().saturating_sub(1));
    (1..=longest)
        .rev()
        .find(|&length| secret.get(..length).is_some_and(|start| text.ends_with(start)))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn redact(secret: &str, chunks: &[&[u8]]) -> Vec<u8> {
        let mut redactor = Redactor::new(Some(secret));
        let mut out = Vec::new();
        for chunk in chunks {
            out.extend_from_slice(&redactor.push(Bytes::copy_from_slice(chunk)));
        }
        out.extend_from_slice(&redactor.finish());
        out
    }

    #[test]
    fn the_secret_goes_and_the_rest_stays() {
        for (text, expected) in [
            ("nothing here", "nothing here"),
            ("key=aab.", "key=[redacted]."),
            ("aabaab", "[redacted][redacted]"),
            ("aaab", "a[redacted]"),
            ("aa", "aa"),
            ("", ""),
        ] {
            assert_eq!(redact("aab", &[text.as_bytes()]), expected.as_bytes(), "{text}");
        }
    }

    #[test]
    fn without_a_secret_nothing_is_copied() {
        let bytes = Bytes::from_static(b"as it is");
        assert_eq!(Redactor::new(None).push(bytes.clone()).as_ptr(), bytes.as_ptr());
    }

    proptest! {
        #[test]
        fn chunk_borders_make_no_difference(secret in "[ab]{1,6}", text in "[abc]{0,60}", cuts in prop::collection::vec(0usize..60, 0..12)) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            let out = redact(&secret, &chunks);
            prop_assert_eq!(&out, &text.replace(&secret, "[redacted]").into_bytes());
        }
    }
}
