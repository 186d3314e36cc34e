//! The recovery key: printed once, typed in when the keyring is lost.
//!
//! It is 256 random bits, so it is a key as it is; nothing has to be derived from it slowly. It is written in Crockford's
//! Base32, which has no letters that look alike, in groups of four, with a checksum against typing errors.

use std::fmt;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::Error;
use crate::cipher::Key;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const KEY: usize = 32;
const CHECK: usize = 3;
const GROUP: usize = 4;

/// A key that opens the second copy of the master key.
pub struct RecoveryKey(Key);

impl RecoveryKey {
    pub(crate) fn random() -> Result<Self, Error> {
        Key::random().map(Self)
    }

    pub(crate) fn key(&self) -> &Key {
        &self.0
    }

    /// Reads a recovery key as a person typed it: letter case, blanks and hyphens do not matter.
    ///
    /// # Errors
    ///
    /// [`Error::WrongRecoveryKey`] if it is none or was mistyped.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |reason| Error::WrongRecoveryKey { reason };
        let mut bytes = Zeroizing::new(Vec::with_capacity(KEY + CHECK));
        let (mut bits, mut count) = (0_u32, 0_u32);
        for char in text.chars().filter(|char| !char.is_whitespace() && *char != '-') {
            let digit = digit(char).ok_or_else(|| wrong("it holds a character that no such key has"))?;
            bits = (bits << 5 | digit) & 0xfff;
            count += 5;
            if count >= 8 {
                count -= 8;
                bytes.push((bits >> count & 0xff) as u8);
            }
        }
        if bytes.len() != KEY + CHECK || count != 0 {
            return Err(wrong("it is not 14 groups of four characters"));
        }
        let (key, check) = bytes.split_at(KEY);
        if check != checksum(key) {
            return Err(wrong("it was mistyped"));
        }
        let key = Key::from_bytes(key).ok_or_else(|| wrong("it is too short"))?;
        Ok(Self(key))
    }

    /// Writes the key for its owner, in groups. Show it once and keep it nowhere.
    pub fn show(&self) -> Zeroizing<String> {
        let key = self.0.bytes();
        let mut text = Zeroizing::new(String::with_capacity(80));
        let (mut bits, mut count, mut written) = (0_u32, 0_u32, 0);
        for byte in key.iter().copied().chain(checksum(key)) {
            bits = (bits << 8 | u32::from(byte)) & 0xffff;
            count += 8;
            while count >= 5 {
                count -= 5;
                if written > 0 && written % GROUP == 0 {
                    text.push('-');
                }
                let digit = ALPHABET.get((bits >> count & 31) as usize).copied().unwrap_or(b'0');
                text.push(char::from(digit));
                written += 1;
            }
        }
        text
    }
}

impl fmt::Debug for RecoveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryKey(hidden)")
    }
}

fn checksum(key: &[u8]) -> [u8; CHECK] {
    let digest: [u8; 32] = Sha256::digest(key).into();
    let [a, b, c, ..] = digest;
    [a, b, c]
}

fn digit(char: char) -> Option<u32> {
    let char = match char.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let at = ALPHABET.iter().position(|digit| char::from(*digit) == char)?;
    u32::try_from(at).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_can_be_typed_in() {
        for _ in 0..100 {
            let key = RecoveryKey::random().unwrap();
            let shown = key.show();
            assert_eq!(shown.split('-').count(), 14);
            assert!(shown.split('-').all(|group| group.len() == 4), "{}", *shown);
            for typed in [
                shown.to_string(),
                shown.to_lowercase(),
                shown.replace('-', " "),
                shown.replace('-', "").replace('0', "o").replace('1', "l") + "\n",
            ] {
                assert_eq!(RecoveryKey::parse(&typed).unwrap().0.bytes(), key.0.bytes(), "{typed}");
            }
        }
    }

    #[test]
    fn a_typing_error_is_noticed_and_not_repeated() {
        let shown = RecoveryKey::random().unwrap().show();
        let other = if shown.starts_with('A') { "B" } else { "A" };
        for (typed, reason) in [
            (String::new(), "14 groups"),
            (shown.get(5..).unwrap().to_owned(), "14 groups"),
            (format!("{}-ABCD", *shown), "14 groups"),
            (format!("{other}{}", &shown[1..]), "mistyped"),
            (shown.replacen('-', "!", 1), "character"),
        ] {
            let error = RecoveryKey::parse(&typed).unwrap_err().to_string();
            assert!(error.contains(reason), "{typed}: {error}");
            assert!(typed.is_empty() || !error.contains(&typed));
        }
    }
}
