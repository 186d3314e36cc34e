//! What a driven program writes that is not of its protocol: journalled within bounds, quoted in reasons.

use aca_protocol::agent::RecordBody;

use crate::driver::MAX_NOISE;
use crate::text::clip;

/// How many pieces are journalled.
const MAX_PIECES: usize = 200;

/// How many bytes at the beginning are kept for a reason.
const MAX_BEGINNING: usize = 1024;

/// The noise of one program.
#[derive(Default)]
pub(super) struct Noise {
    pieces: usize,
    beginning: String,
}

impl Noise {
    /// Takes a piece. Returns the event for it, or for the silence about all later ones, or nothing.
    pub(super) fn hear(&mut self, from: &str, text: &str) -> Option<RecordBody> {
        if text.is_empty() {
            return None;
        }
        self.note(text);
        self.pieces += 1;
        let text = match self.pieces {
            ..=MAX_PIECES => clip(text, MAX_NOISE),
            n if n == MAX_PIECES + 1 => "There is more of this; it is not kept.".to_owned(),
            _ => return None,
        };
        Some(RecordBody::Noise {
            from: from.to_owned(),
            text,
        })
    }

    /// Keeps `text` for a reason only.
    pub(super) fn note(&mut self, text: &str) {
        if self.beginning.len() < MAX_BEGINNING {
            self.beginning.push_str(&clip(text, MAX_BEGINNING));
            self.beginning.push('\n');
        }
    }

    /// Returns the beginning of all noise.
    pub(super) fn beginning(&self) -> String {
        self.beginning.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_bounded() {
        let mut noise = Noise::default();
        let events: Vec<_> = (0..10_000)
            .filter_map(|_| noise.hear("stderr", &"x".repeat(5000)))
            .collect();
        assert_eq!(events.len(), MAX_PIECES + 1);
        assert!(noise.beginning().len() < 2 * MAX_BEGINNING);
    }
}
