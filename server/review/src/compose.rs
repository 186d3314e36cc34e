//! Putting pieces of text behind one another without joining two lines into one.

/// A text that grows by pieces. Where a piece ends without a line end and another follows, one is put between them.
#[derive(Default)]
pub(crate) struct Composer {
    text: String,
}

impl Composer {
    /// Adds a piece that begins with a line of its own.
    pub(crate) fn push(&mut self, piece: &str) {
        if !piece.is_empty() && !self.text.is_empty() && !self.text.ends_with('\n') {
            let last = self.text.rfind('\n').and_then(|end| self.text.get(..end));
            self.text.push_str(match last {
                Some(line) if line.ends_with('\r') => "\r\n",
                _ => "\n",
            });
        }
        self.text.push_str(piece);
    }

    /// Returns the text.
    pub(crate) fn finish(self) -> String {
        self.text
    }
}
