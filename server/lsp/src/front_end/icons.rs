//! The signs in lens titles.

/// What each sign looks like.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Icons {
    /// Begins something.
    pub(crate) play: &'static str,
    /// Something is at work.
    pub(crate) working: &'static str,
    /// Something is done, or is taken.
    pub(crate) done: &'static str,
    /// Something is not taken.
    pub(crate) refused: &'static str,
}

/// Characters that any client shows.
pub(super) const PLAIN: Icons = Icons {
    play: "▶",
    working: "⟳",
    done: "✓",
    refused: "✗",
};

/// Icons of VS Code, which others show as they are written.
pub(super) const CODICONS: Icons = Icons {
    play: "$(play)",
    working: "$(sync~spin)",
    done: "$(check)",
    refused: "$(close)",
};
