//! What is taken out and what is left, by example, and what holds for every text.

mod json;
mod samples;
mod streams;
mod texts;
