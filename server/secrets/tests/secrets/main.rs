//! Secrets in files, and sealing, in a data directory of each test's own. The real keyring is tested with `aca` itself.

#[cfg(test)]
mod private;
#[cfg(test)]
mod sealing;
#[cfg(test)]
mod vault;
