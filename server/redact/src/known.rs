//! The secrets that this process knows by value.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use crate::Redactor;

/// Shorter values are not taken: they would be found everywhere.
const MIN_BYTES: usize = 8;
/// Longer values are not taken: a stream would have to hold so much back.
const MAX_BYTES: usize = 16 << 10;
/// Of more values than these, the oldest are forgotten.
const MAX_VALUES: usize = 64;

/// The secrets that a process knows by value. What it learns counts for the redactors that it hands out afterwards.
pub struct Known {
    values: RwLock<Vec<Box<[u8]>>>,
    /// Made anew when a value is learned, so that handing it out costs nothing.
    redactor: RwLock<Option<Redactor>>,
}

impl Known {
    /// Knows nothing yet.
    pub const fn new() -> Self {
        Self {
            values: RwLock::new(Vec::new()),
            redactor: RwLock::new(None),
        }
    }

    /// The one of this process. A secret is the same secret in every part of it, in its log as in its events.
    pub fn of_process() -> &'static Self {
        static KNOWN: Known = Known::new();
        &KNOWN
    }

    /// Learns a secret. One of fewer than 8 bytes or more than 16 KiB is not taken.
    pub fn learn(&self, secret: &str) {
        let secret = secret.as_bytes();
        if !(MIN_BYTES..=MAX_BYTES).contains(&secret.len()) || self.holds(secret) {
            return;
        }
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        if values.len() >= MAX_VALUES {
            values.remove(0);
        }
        values.push(secret.into());
        let redactor = Redactor::new(values.iter().map(|value| &**value), true);
        *self.redactor.write().unwrap_or_else(PoisonError::into_inner) = Some(redactor);
    }

    /// Returns the redactor of everything learned so far and of every shape. Cheap.
    pub fn redactor(&self) -> Redactor {
        let made = self.redactor.read().unwrap_or_else(PoisonError::into_inner);
        made.clone().unwrap_or_default()
    }

    fn holds(&self, secret: &[u8]) -> bool {
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        values.iter().any(|value| **value == *secret)
    }
}

impl Default for Known {
    fn default() -> Self {
        Self::new()
    }
}

/// Says how many there are, never what they are.
impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Known").field("values", &values.len()).finish()
    }
}

/// What a redactor looks for. Shared, because every stream has it.
#[derive(Clone, Default)]
pub(crate) struct Values(Arc<[Box<[u8]>]>);

impl Values {
    pub(crate) fn new<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut values: Vec<Box<[u8]>> = values
            .into_iter()
            .filter(|value| !value.is_empty())
            .map(Box::from)
            .collect();
        // Of two that begin alike the longer one is the secret.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self(values.into())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|value| &**value)
    }
}
