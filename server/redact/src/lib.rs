//! Takes secrets out of texts before they are kept.
//!
//! Two kinds of secrets are found: values that are [known](Known), such as the user's credential, and what has the
//! shape of one: keys and tokens of common services, JSON web tokens, private keys, passwords in addresses, and
//! assignments to names that say it. A shape counts only where it is hardly anything else; other text stays as it is,
//! byte for byte.
//!
//! A [`Redactor`] works on whole [texts](Redactor::text), on [JSON](Redactor::json), which stays JSON, and on
//! [streams](Redactor::stream), where chunk borders make no difference. Time is linear in the text; a stream holds
//! back no more than a match can need. There is no IO and no dependency, because the agent in a sandbox uses it too.
//!
//! What is spelled out over several JSON strings, encoded, or split over several files is not found.

mod assignment;
mod json;
mod known;
mod pem;
mod redactor;
mod scan;
mod stream;
mod token;
mod url;

pub use known::Known;
pub use redactor::Redactor;
pub use stream::Stream;
