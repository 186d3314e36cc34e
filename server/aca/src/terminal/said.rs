//! What is said under a picture of what was asked.

use ratatui::style::Stylize as _;
use ratatui::text::Line;

use super::Row;

/// Something to say, made harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// It was done.
    Done(String),
    /// It was done, and something is to be known of it.
    Warning(String),
    /// It was not done.
    Refused(String),
}

impl Said {
    /// Returns its lines on a terminal that is `width` columns wide.
    pub(crate) fn lines(&self, width: usize) -> Vec<Line<'static>> {
        let row = match self {
            Self::Done(text) => Row::new(["✓ ".green()], [text.clone().into()]),
            Self::Warning(text) => Row::new(["! ".yellow()], [text.clone().yellow()]),
            Self::Refused(text) => Row::new(["✗ ".red()], [text.clone().into()]),
        };
        row.wrap(width)
    }
}
