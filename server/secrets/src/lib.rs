//! Secrets at rest: where credentials and keys are kept, and how contents are sealed with them.
//!
//! A [`Vault`] keeps a credential in the keyring of the operating system, or in a file for the user alone where no
//! keyring answers. A [`MasterKey`] lies in the vault too; it wraps the [`SessionKey`] of each session, which seals
//! contents. A [`RecoveryKey`], printed once, opens a second copy of the master key if the keyring is lost. Which
//! keyring libraries and which cipher are used is known here and nowhere else. All calls block.

mod cipher;
mod error;
mod files;
mod keyring;
mod master;
mod private;
mod recovery;
mod secret;
mod session;
mod vault;

pub use error::Error;
pub use master::{MasterKey, MasterState};
pub use private::{Mended, keep_private};
pub use recovery::RecoveryKey;
pub use secret::Secret;
pub use session::SessionKey;
pub use vault::{Kept, Place, Vault};
