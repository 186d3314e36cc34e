//! The keyring of the operating system: Secret Service, macOS' Keychain, Windows' Credential Manager.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use keyring_core::api::CredentialStore;
use keyring_core::{Entry, Error as KeyringError};
use zeroize::Zeroizing;

use crate::{Error, cipher};

/// What all entries are filed under.
const SERVICE: &str = "aca";

/// How long a keyring may take. One that is locked asks its user, who may not be there.
const PATIENCE: Duration = Duration::from_secs(20);

/// Puts a value into the keyring, in the place of an earlier one, and sees that it is there.
pub(crate) fn put(account: &str, value: &str) -> Result<(), Error> {
    let value = Zeroizing::new(value.to_owned());
    with(account, move |entry| {
        entry.set_password(&value)?;
        let kept = Zeroizing::new(entry.get_password()?);
        if *kept == *value {
            return Ok(());
        }
        Err(KeyringError::BadStoreFormat(
            "it gives back something else than was put in".to_owned(),
        ))
    })
}

/// Takes a value out of the keyring; nothing if there is none.
pub(crate) fn get(account: &str) -> Result<Option<Zeroizing<String>>, Error> {
    with(account, |entry| match entry.get_password() {
        Ok(value) => Ok(Some(Zeroizing::new(value))),
        Err(KeyringError::NoEntry) => Ok(None),
        Err(error) => Err(error),
    })
}

/// Removes a value from the keyring; true if it was there.
pub(crate) fn remove(account: &str) -> Result<bool, Error> {
    with(account, |entry| match entry.delete_credential() {
        Ok(()) => Ok(true),
        Err(KeyringError::NoEntry) => Ok(false),
        Err(error) => Err(error),
    })
}

/// Puts a value of no worth into the keyring, reads it and removes it.
pub(crate) fn test() -> Result<(), Error> {
    let value = cipher::random_name()?;
    let account = format!("self-test-{value}");
    put(&account, &value)?;
    remove(&account).map(drop)
}

/// Does something with an entry, in a thread of its own: a keyring may never answer, and some of these libraries
/// bring an event loop that must not run within another.
fn with<T: Send + 'static>(
    account: &str,
    act: impl FnOnce(&Entry) -> keyring_core::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let account = account.to_owned();
    let (to, from) = mpsc::channel();
    let work = move || {
        let done = store().and_then(|store| act(&store.build(SERVICE, &account, None)?));
        // Nobody waits any more once the time is over.
        let _ = to.send(done);
    };
    let started = std::thread::Builder::new().name("keyring".to_owned()).spawn(work);
    let failed = |reason: String| Error::Keyring { reason };
    started.map_err(|error| failed(error.to_string()))?;
    match from.recv_timeout(PATIENCE) {
        Ok(done) => done.map_err(|error| failed(said(&error))),
        Err(mpsc::RecvTimeoutError::Timeout) => {
            let seconds = PATIENCE.as_secs();
            Err(failed(format!(
                "it did not answer within {seconds} s; it may be locked"
            )))
        }
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(failed("its library failed".to_owned())),
    }
}

/// What an error says, without what is in it.
fn said(error: &KeyringError) -> String {
    match error {
        KeyringError::BadEncoding(_) | KeyringError::BadDataFormat(..) => {
            "it holds something else than was put in".to_owned()
        }
        other => other.to_string().trim_end_matches('.').to_owned(),
    }
}

#[cfg(all(unix, not(target_os = "macos")))]
fn store() -> keyring_core::Result<Arc<CredentialStore>> {
    // Without an address the library would try to start a message bus.
    let bus = std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some_and(|address| !address.is_empty());
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(|dir| std::path::Path::new(&dir).join("bus"));
    if !bus && !runtime.is_some_and(|socket| socket.exists()) {
        return Err(KeyringError::NoStorageAccess("there is no session bus".into()));
    }
    let store: Arc<CredentialStore> = zbus_secret_service_keyring_store::Store::new()?;
    Ok(store)
}

#[cfg(target_os = "macos")]
fn store() -> keyring_core::Result<Arc<CredentialStore>> {
    let store: Arc<CredentialStore> = apple_native_keyring_store::keychain::Store::new()?;
    Ok(store)
}

#[cfg(windows)]
fn store() -> keyring_core::Result<Arc<CredentialStore>> {
    let store: Arc<CredentialStore> = windows_native_keyring_store::Store::new()?;
    Ok(store)
}
