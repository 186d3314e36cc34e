//! The redactor: what is looked for, and texts that are all there.

use std::borrow::Cow;
use std::fmt;

use crate::known::Values;
use crate::scan::Scan;
use crate::{Stream, json, token};

/// What joins a name or an address with a secret, and what a private key begins with.
const SIGNS: &[u8] = b":=-";

/// Takes secrets out of texts. Cheap to clone. The default knows no value and every shape.
#[derive(Clone)]
pub struct Redactor {
    pub(crate) values: Values,
    /// Whether shapes count.
    pub(crate) shapes: bool,
    /// What each byte can begin.
    pub(crate) triggers: [Trigger; 256],
}

/// What a byte can begin.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// Nothing.
    None,
    /// A secret, where a word can begin.
    Word,
    /// A secret, or what leads to one, anywhere.
    Anywhere,
}

impl Redactor {
    /// Looks for values, and for shapes if asked to. Empty values are left out.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a [u8]>, shapes: bool) -> Self {
        let values = Values::new(values);
        let mut triggers = [Trigger::None; 256];
        let mut set = |byte: u8, trigger| {
            if let Some(known) = triggers.get_mut(usize::from(byte)) {
                *known = trigger;
            }
        };
        if shapes {
            token::FIRST.iter().for_each(|byte| set(*byte, Trigger::Word));
            SIGNS.iter().for_each(|byte| set(*byte, Trigger::Anywhere));
        }
        let firsts = values.iter().filter_map(|value| value.first());
        firsts.for_each(|byte| set(*byte, Trigger::Anywhere));
        Self {
            values,
            shapes,
            triggers,
        }
    }

    /// Looks for this one value only, or for nothing at all.
    pub fn only(value: Option<&str>) -> Self {
        Self::new(value.map(str::as_bytes), false)
    }

    /// Returns the text without its secrets; each is replaced by `[redacted]` or, with its kind, `[redacted:jwt]`.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            // Matches begin and end at ASCII characters, or are values that were text.
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// Returns bytes without the secrets in them, as [`text`](Self::text) does; they need not be text.
    pub fn bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let mut scan = Scan::new(self, bytes, true);
        let mut out = Vec::new();
        scan.run(&mut out);
        if out.is_empty() && !scan.found {
            return Cow::Borrowed(bytes);
        }
        out.extend_from_slice(scan.rest());
        Cow::Owned(out)
    }

    /// Returns JSON without the secrets in its strings. It stays JSON; all else stays byte for byte.
    ///
    /// A string counts as assigned to the name that it is the value of.
    pub fn json<'a>(&self, text: &'a str) -> Cow<'a, str> {
        json::redact(self, text, &[])
    }

    /// As [`json`](Self::json), but the values of these names stay as they are, with everything inside.
    pub fn json_except<'a>(&self, text: &'a str, names: &[&str]) -> Cow<'a, str> {
        json::redact(self, text, names)
    }

    /// Begins a stream.
    pub fn stream(&self) -> Stream {
        Stream::new(self.clone())
    }
}

impl Default for Redactor {
    fn default() -> Self {
        Self::new([], true)
    }
}

/// Leaves out the values.
impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.values.iter().count();
        f.debug_struct("Redactor")
            .field("values", &values)
            .field("shapes", &self.shapes)
            .finish()
    }
}
