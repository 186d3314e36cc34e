//! Hunks that wait for a decision, as any client can show and decide them: diagnostics, code actions and lenses.

mod actions;
mod diagnostics;
mod lenses;
mod message;

pub(crate) use actions::actions;
pub(crate) use diagnostics::diagnostics;
pub(crate) use lenses::lenses;

#[cfg(test)]
mod tests;
