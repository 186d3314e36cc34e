//! A value that is never shown.

use std::fmt;

use zeroize::Zeroizing;

/// No credential is longer than this, in bytes; a longer file is the wrong file.
pub(crate) const MAX_BYTES: usize = 16 << 10;

/// A value that is never shown, and that is wiped from memory when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a credential, surrounding white space removed, or says what is wrong with it.
    ///
    /// # Errors
    ///
    /// What it is instead of a credential, as the end of a sentence. It never repeats any of it.
    pub fn parse(value: &str) -> Result<Self, &'static str> {
        let value = value.trim();
        if value.is_empty() {
            return Err("empty");
        }
        if value.len() > MAX_BYTES {
            return Err("too long");
        }
        // Quotes and backslashes would look different in JSON, where an echo of the value must be recognised.
        if !value
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
        {
            return Err("more than one word, not ASCII, or holds quotes or backslashes");
        }
        Ok(Self(Zeroizing::new(value.to_owned())))
    }

    /// Returns the value itself, for the one place it belongs in and for looking for it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}
