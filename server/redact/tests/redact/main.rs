//! What is taken out and what is left, by example, and what holds for every text.

#[cfg(test)]
mod json;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod texts;
