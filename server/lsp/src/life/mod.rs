//! The life of a TODO: which task was made from it, how that task is put into words, and what can be done with it.

mod actions;
mod beside;
#[cfg(test)]
pub(crate) mod fixture;
mod lenses;
mod matching;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use actions::{Context, actions};
pub(crate) use beside::{beside, words_about};
pub(crate) use lenses::lenses;
pub(crate) use matching::tasks_of;
pub(crate) use words::{describe, short};
