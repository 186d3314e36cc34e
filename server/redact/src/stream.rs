//! Texts that come in chunks. Wherever they are cut, the result is that of the whole text.

use crate::Redactor;
use crate::scan::{Inside, LOOK_BACK, Scan};

/// A stream on its way through a redactor.
///
/// What may be the beginning of a secret is held back until it is decided, which is after at most 16 KiB.
#[derive(Debug)]
pub struct Stream {
    redactor: Redactor,
    /// What was passed on last, as far as a match looks back, and then what is held back.
    buffer: Vec<u8>,
    /// Where what is held back begins.
    held: usize,
    inside: Option<Inside>,
}

impl Stream {
    pub(crate) fn new(redactor: Redactor) -> Self {
        Self {
            redactor,
            buffer: Vec::new(),
            held: 0,
            inside: None,
        }
    }

    /// Takes the next bytes and returns those that can go on.
    pub fn push(&mut self, chunk: &[u8]) -> Vec<u8> {
        self.buffer.extend_from_slice(chunk);
        self.advance(false)
    }

    /// Returns what was held back, once no more bytes come.
    pub fn finish(&mut self) -> Vec<u8> {
        self.advance(true)
    }

    fn advance(&mut self, last: bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.buffer.len().saturating_sub(self.held));
        let mut scan = Scan::new(&self.redactor, &self.buffer, last);
        scan.resume(self.held, self.inside.take());
        scan.run(&mut out);
        out.extend_from_slice(scan.decided());
        let decided = scan.at;
        self.inside = scan.inside.take();
        let forget = decided.saturating_sub(LOOK_BACK);
        self.buffer.drain(..forget);
        self.held = decided - forget;
        out
    }
}
