//! Hunks under review, as any client can show and decide them: diagnostics, hovers, code actions and lenses.

mod actions;
mod diagnostics;
mod hover;
mod lenses;
mod message;
mod selected;
mod wider;

pub(crate) use actions::{Context, actions};
pub(crate) use diagnostics::diagnostics;
pub(crate) use hover::hover;
pub(crate) use lenses::lenses;
pub(crate) use message::outcome;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod hover_tests;
#[cfg(test)]
mod shown_tests;
#[cfg(test)]
mod tests;
